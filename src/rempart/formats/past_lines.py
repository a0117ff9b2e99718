"""Past invoice lines without identities, one JSON object a line: what `rempart table diff` reads.

An insurer makes the file on its own side: from opened settlement files (`rempart insurer settlement past-lines`) or
from its own records. `person` is any word that is the same for one person inside the file and nowhere else; a word that
looks like a NIR is refused. Amounts are integer cents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

import msgspec

from rempart.domain.invoice import Line
from rempart.domain.particulars import Correction, Particulars
from rempart.domain.table_diff import PastLine

_NIR = re.compile(r"[1-478][0-9]{6}[0-9AB][0-9]{5,7}")


class _Wire(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    person: str
    product: str
    level: str
    kind: str
    profession: str
    care_date: date
    family: str
    base: int
    rate: int
    amo: int
    spent: int
    amc: int
    code: str = ""
    quantity: int = 1
    place: str = ""
    exemption: str = ""
    qualifier: str = ""
    nature: str = "10"
    birth_year: int | None = None
    item: str = ""
    side: str = ""
    basket: str = ""
    pricing: str = ""
    price_limit: int | None = None
    days: int = 0
    renewal: str = ""
    substitution: str = ""
    reference_price: int | None = None
    correction: tuple[int, int, bool] | None = None
    first_paid: int | None = None
    last_delivery: date | None = None
    blind: bool = False
    networks: tuple[str, ...] = ()
    teeth: tuple[str, ...] = ()
    described: bool = False
    invoice: str = ""
    site: str = ""
    invoice_exemption: str = ""


_decode = msgspec.json.Decoder(_Wire).decode
_encode = msgspec.json.Encoder().encode


class PastLineWrong(Exception):
    """A line that cannot be read: its 1-based number and a stable code, never its content."""

    def __init__(self, number: int, code: str) -> None:
        super().__init__(f"line {number}: {code}")
        self.number, self.code = number, code


def read_past(lines: Iterable[bytes]) -> Iterator[PastLine]:
    """Every line in order; `PastLineWrong` at the first that is not one."""
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            wire = _decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise PastLineWrong(number, "line-malformed") from None
        if _NIR.search(wire.person):
            raise PastLineWrong(number, "person-identifies")
        yield _past(wire, number)


def _past(wire: _Wire, number: int) -> PastLine:
    told = (wire.item, wire.side, wire.basket, wire.pricing, wire.renewal, wire.substitution)
    figures = (wire.price_limit, wire.reference_price, wire.first_paid, wire.last_delivery)
    flags = wire.described or wire.blind or wire.days or wire.correction or wire.teeth
    more = any(told) or flags or any(each is not None for each in figures)
    particulars = Particulars(
        item=wire.item,
        side=wire.side,
        teeth=wire.teeth,
        correction=Correction(*wire.correction) if wire.correction else None,
        basket=wire.basket,
        price_limit=wire.price_limit,
        pricing=wire.pricing,
        days=wire.days,
        renewal=wire.renewal,
        substitution=wire.substitution,
        reference_price=wire.reference_price,
        first_paid=wire.first_paid,
        last_delivery=wire.last_delivery,
        blind=wire.blind,
    )
    line = Line(
        number, wire.care_date, wire.code, wire.family, wire.base, wire.rate, wire.amo, wire.spent, wire.amc,
        wire.quantity, exemption=wire.exemption, qualifier=wire.qualifier, place=wire.place,
        particulars=particulars if more else None,
    )  # fmt: skip
    birth = f"{wire.birth_year % 100:02d}0101" if wire.birth_year is not None else ""
    return PastLine(
        wire.person, wire.product, wire.level, wire.kind, wire.profession, line, wire.nature, birth,
        frozenset(wire.networks), wire.invoice, wire.site, wire.invoice_exemption,
    )  # fmt: skip


def write_past(past: PastLine, birth_year: int) -> bytes:
    """One line with its end, which `read_past` gives back; of the birth date the year alone is written."""
    line, told = past.line, past.line.particulars or Particulars()
    lens = told.correction
    wire = _Wire(
        past.person, past.product, past.level, past.kind, past.profession, line.care_date, line.family, line.base,
        line.rate, line.amo, line.spent, line.amc, line.code, line.quantity, line.place, line.exemption, line.qualifier,
        past.nature, birth_year, told.item, told.side, told.basket, told.pricing, told.price_limit, told.days,
        told.renewal, told.substitution, told.reference_price,
        (lens.sphere, lens.cylinder, lens.multifocal) if lens is not None else None, told.first_paid,
        told.last_delivery, told.blind, tuple(sorted(past.networks)), told.teeth, line.particulars is not None,
        past.invoice, past.site, past.exemption,
    )  # fmt: skip
    return _encode(wire) + b"\n"
