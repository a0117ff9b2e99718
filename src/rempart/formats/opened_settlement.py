"""What `rempart insurer settlement open` writes, and reads back as past lines to compare guarantee tables with.

One JSON object a line. An invoice's lines stand together; a handle is a person. Past lines hold no reference, no number
of an invoice and no handle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from rempart.domain import card_receipt
from rempart.domain.authorized import RULE as AGREED
from rempart.domain.binding import LIMIT as GUARANTEE_LIMIT
from rempart.domain.invoice import Line
from rempart.domain.newborns import CEILING_REASON, CEILING_RULE
from rempart.domain.particulars import Correction, Particulars
from rempart.domain.table_diff import PastLine

CEILINGS = frozenset({GUARANTEE_LIMIT, CEILING_RULE})
RIGHTS = frozenset(
    {"rights-closed", "domain-not-covered", "authorization-needed", "too-old", "future-care", *card_receipt.CODES}
)
COUNTERS = frozenset({"allowance-used", "renewal-too-early", CEILING_REASON})
LEFT_OUT = {
    "cancelled": "cancelled by their site",
    "told-twice": "told already in another of the files",
    "not-sealed": "without acts",
    "agreed": "owed as an authorization agreed, whatever the table says",
    "ceiling": "cut by the ceiling of a guarantee or of a newborn",
    "rights": "rejected for rights or dates, which no table changes",
    "counter": "rejected for an allowance, a renewal or a newborn's ceiling",
    "beside": "beside one of these in its invoice, whose lines are decided together",
}
"""Why a line is no past line, in the order in which it is asked."""


class _Particulars(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    item: str = ""
    side: str = ""
    teeth: tuple[str, ...] = ()
    correction: tuple[int, int, bool] | None = None
    basket: str = ""
    price_limit: int | None = None
    pricing: str = ""
    days: int = 0
    renewal: str = ""
    substitution: str = ""
    reference_price: int | None = None
    first_paid: int | None = None
    last_delivery: date | None = None
    blind: bool = False


class _Act(msgspec.Struct, frozen=True):
    care: date
    code: str
    family: str
    quantity: int
    base: int
    rate: int
    amo: int
    spent: int
    asked: int
    exemption: str
    qualifier: str
    place: str
    particulars: _Particulars | None


class _Contract(msgspec.Struct, frozen=True):
    product: str
    level: str
    kind: str
    profession: str
    nature: str
    exemption: str
    age: int


class _Row(msgspec.Struct, frozen=True):
    type: str
    invoice: str = ""
    line: int = 0
    site: str = ""
    care: date | None = None
    reason: str = ""
    rules: tuple[tuple[str, int], ...] = ()
    person: str = ""
    contract: _Contract | None = None
    act: _Act | None = None


_decode = msgspec.json.Decoder(_Row).decode
_encode = msgspec.json.Encoder().encode


class OpenedWrong(Exception):
    """A line that `settlement open` did not write: its 1-based number, never its content."""

    def __init__(self, number: int) -> None:
        super().__init__(f"line {number} is not of an opened settlement file")
        self.number = number


class Past(NamedTuple):
    """A past line and the year of birth, made from the age on the first day of care."""

    line: PastLine
    birth_year: int


@dataclass
class Month:
    """Opened settlement files, read one after the other. `cancelled`: ids of invoices that were, in any of them.

    What was left out is counted by the keys of `LEFT_OUT`. People and invoices get words of this month alone.
    """

    cancelled: frozenset[str]
    left_out: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LEFT_OUT, 0))
    lines: int = 0
    _people: dict[str, str] = field(default_factory=dict)
    _invoices: dict[str, str] = field(default_factory=dict)
    _told: set[tuple[str, int]] = field(default_factory=set)

    def __repr__(self) -> str:
        return f"Month({self.lines} lines)"

    @property
    def people(self) -> int:
        """Distinct people of the lines that were taken."""
        return len(self._people)

    @property
    def invoices(self) -> int:
        """Distinct invoices of the lines that were taken."""
        return len(self._invoices)

    def read(self, rows: Iterable[bytes]) -> Iterator[Past]:
        """The past lines of one file, in order. Raises `OpenedWrong`."""
        lines = (row for row in _rows(rows) if row.type == "line")
        for _, together in groupby(lines, key=lambda row: row.invoice):
            yield from self._invoice(list(together))

    def _invoice(self, rows: list[_Row]) -> Iterator[Past]:
        """All lines of an invoice or none: what one gets may depend on the others."""
        whys = [self._why(row) for row in rows]
        if any(whys):
            for why in whys:
                self.left_out[why or "beside"] += 1
            return
        for row in rows:
            if row.act is None or row.contract is None or row.care is None:
                raise ValueError("a line without acts is left out")
            self._told.add((row.invoice, row.line))
            self.lines += 1
            yield self._past(row, row.act, row.contract, row.care)

    def _why(self, row: _Row) -> str:
        steps = {rule for rule, _ in row.rules}
        found = {
            "cancelled": row.invoice in self.cancelled,
            "told-twice": (row.invoice, row.line) in self._told,
            "not-sealed": row.act is None or row.contract is None or row.care is None or not row.person,
            "agreed": AGREED in steps,
            "ceiling": not CEILINGS.isdisjoint(steps),
            "rights": row.reason in RIGHTS,
            "counter": row.reason in COUNTERS,
        }
        return next((why for why, true in found.items() if true), "")

    def _past(self, row: _Row, act: _Act, contract: _Contract, care: date) -> Past:
        person = self._people.setdefault(row.person, f"p{len(self._people) + 1}")
        invoice = self._invoices.setdefault(row.invoice, f"i{len(self._invoices) + 1}")
        line = Line(
            row.line, act.care, act.code, act.family, act.base, act.rate, act.amo, act.spent, act.asked, act.quantity,
            exemption=act.exemption, qualifier=act.qualifier, place=act.place,
            particulars=_particulars(act.particulars) if act.particulars is not None else None,
        )  # fmt: skip
        year = care.year - contract.age
        past = PastLine(
            person, contract.product, contract.level, contract.kind, contract.profession, line, contract.nature,
            f"{year % 100:02d}0101", invoice=invoice, site=row.site, exemption=contract.exemption,
        )  # fmt: skip
        return Past(past, year)


def row_of(line: Mapping[str, Any], told: Mapping[str, Any]) -> bytes:
    """One decided line with its end: `line` as the file says it, `told` what its invoice's acts opened to, or {}."""
    acts = [act for act in told.get("acts", ()) if act["line"] == line["line"]]
    counters = [one for one in told.get("counters", ()) if one["line"] == line["line"]]
    more: dict[str, Any] = {name: told.get(name, "") for name in ("number", "reference", "person")}
    more |= {"contract": told.get("contract"), "act": acts[0] if acts else None, "counters": counters}
    return _encode({**line, **more}) + b"\n"


def cancelled(rows: Iterable[bytes]) -> set[str]:
    """The ids of invoices that one file tells as cancelled. Raises `OpenedWrong`."""
    return {row.invoice for row in _rows(rows) if row.type == "cancellation"}


def _rows(rows: Iterable[bytes]) -> Iterator[_Row]:
    for number, raw in enumerate(rows, 1):
        try:
            yield _decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise OpenedWrong(number) from None


def _particulars(told: _Particulars) -> Particulars:
    said = {name: getattr(told, name) for name in told.__struct_fields__}
    lens = told.correction
    return Particulars(**said | {"correction": Correction(*lens) if lens is not None else None})
