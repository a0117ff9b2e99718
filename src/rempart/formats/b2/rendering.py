"""A domain invoice as its B2 records (2, 2M, 2P when needed, 4 with complements, 5).

Not carried by B2, hence dropped: `site_reference`, `corrects`, the family (it follows from code and complements), and
of `source` everything but operator, payee and contract.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from rempart.formats._fixed import PackError, day_text
from rempart.formats.b2.layout_act import ACT, BIOLOGY, CCAM, HOSPITAL_DRUG, PHARMACY, PRODUCT
from rempart.formats.b2.layout_head import INVOICE, ROUTING, SETTLEMENT, TOTAL
from rempart.formats.b2.mapping import ORDINARY_PAYEE
from rempart.formats.b2.nir import nir_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rempart.domain.invoice import Invoice, Line

_REPEATED: Final = ("site", "insured_nir", "insured_key", "number")
_HEAD = INVOICE.template(
    *_REPEATED, "marking", "issued", "nature", "exemption", "birth", "rank", "member", "payee", "contract", "amc"
)
_ROUTING = ROUTING.template(*_REPEATED, "amc", "member")
_SETTLEMENT = SETTLEMENT.template(*_REPEATED, "operator", "accreditation", "convention", "csr")
_ACT = ACT.template(
    *_REPEATED, "sequence", "exemption", "performer", "care", "code", "quantity", "coefficient", "count", "unit_price",
    "base", "rate", "amo", "spent", "qualifier", "place", "amc",
)  # fmt: skip
_TOTAL = TOTAL.template(*_REPEATED, "acts", "spent", "amo", "before_amc", "amc")
_BIOLOGY = [
    BIOLOGY.template(
        *_REPEATED, "sequence", *(f"{name}_{at}" for at in range(1, n + 1) for name in ("care", "quantity", "code"))
    )
    for n in range(1, 6)
]
_PHARMACY = [
    PHARMACY.template(
        *_REPEATED, "sequence", *(f"{name}_{at}" for at in range(1, n + 1) for name in ("code", "quantity"))
    )
    for n in range(1, 6)
]
_PRODUCT = PRODUCT.template(*_REPEATED, "sequence", "code", "service", "from", "quantity")
_CCAM = CCAM.template(*_REPEATED, "sequence", "code", "activity")
_DRUG = HOSPITAL_DRUG.template(*_REPEATED, "sequence", "code", "quantity")
_MARKS: Final = {"real": " ", "test": "T", "demo": "D"}
_SHORT_MEMBER: Final = 8
MAX_LINES: Final = 999


def to_records(invoice: Invoice) -> list[bytes]:
    """The records of one invoice. Raises PackError, naming record, field and position, for what B2 cannot hold."""
    shown = invoice.presented
    _refuse_unreadable(invoice)
    route = dict(invoice.source)
    key = nir_key(shown.nir) if shown.nir else ""
    same = (invoice.site, shown.nir or "", key, invoice.number)
    short = shown.member if len(shown.member) <= _SHORT_MEMBER else ""
    payee, contract = route.get("payee", ORDINARY_PAYEE), route.get("contract", "")
    records = [
        _HEAD.fill(
            *same, _MARKS[invoice.mode], day_text(invoice.issued), invoice.nature, invoice.exemption, shown.birth,
            shown.rank or "", short, payee, contract, shown.amc_number,
        ),
        _ROUTING.fill(*same, shown.amc_number, shown.member),
    ]  # fmt: skip
    settlement = (route.get("operator", ""), invoice.accreditation or "", shown.convention, shown.csr)
    if any(settlement):
        records.append(_SETTLEMENT.fill(*same, *settlement))
    for line in invoice.lines:
        records.extend(_line(line, same))
    before = max(invoice.total_spent - invoice.total_amo, 0)
    totals = (len(invoice.lines), invoice.total_spent, invoice.total_amo, before, invoice.total_amc)
    records.append(_TOTAL.fill(*same, *totals))
    return records


def _refuse_unreadable(invoice: Invoice) -> None:
    """What would fit its zone and yet come back refused or different."""
    shown, number = invoice.presented, invoice.number
    lines = invoice.lines
    for sound, field in (
        (len(number) == 9 and number.isascii() and number.isdigit() and number.strip("0"), "number"),
        (len(invoice.site) == 9 and invoice.site.isascii() and invoice.site.isalnum(), "site"),
        (len(shown.birth) == 6 and shown.birth.isascii() and shown.birth.isdigit(), "birth"),
        (shown.rank is None or shown.rank in "123456789", "rank"),
        (bool(shown.amc_number) and not shown.amc_number.endswith("M"), "amc"),
        (bool(shown.member), "member"),
    ):
        if not sound:
            raise PackError("2", field, INVOICE.field(field).start)
    if not 1 <= len(lines) <= MAX_LINES or any(line.number != at for at, line in enumerate(lines, start=1)):
        raise PackError("4", "sequence", ACT.field("sequence").start)
    if invoice.accreditation is not None and not (len(invoice.accreditation) == 20 and invoice.accreditation.isalnum()):
        raise PackError("2P", "accreditation", SETTLEMENT.field("accreditation").start)


def _line(line: Line, same: tuple[str, str, str, str]) -> Iterator[bytes]:
    sequence, care = line.number % 100, day_text(line.care_date)
    yield _ACT.fill(
        *same, sequence, line.exemption, same[0], care, line.code, line.quantity, line.coefficient,
        min(line.quantity, 99), line.unit_price, line.base, line.rate, line.amo, line.spent, line.qualifier,
        line.place, line.amc,
    )  # fmt: skip
    for system, run in groupby(line.detail, key=lambda item: item[0]):
        products = [(code, quantity) for _, code, quantity in run]
        start = (*same, sequence)
        if system == "CIP":
            for at in range(0, len(products), 5):
                five = products[at : at + 5]
                yield _PHARMACY[len(five) - 1].fill(*start, *(part for item in five for part in item))
        elif system == "BIO":
            for at in range(0, len(products), 5):
                five = products[at : at + 5]
                parts = (part for code, quantity in five for part in (care, quantity, code))
                yield _BIOLOGY[len(five) - 1].fill(*start, *parts)
        else:
            for code, quantity in products:
                yield _single(system, start, (code, quantity, care))


def _single(system: str, start: tuple[str, str, str, str, int], product: tuple[str, int, str]) -> bytes:
    code, quantity, care = product
    if system == "LPP":
        return _PRODUCT.fill(*start, code, "A", care, quantity)
    if system == "UCD":
        return _DRUG.fill(*start, code, quantity)
    if system == "CCAM" and quantity == 1:  # record 4M has no quantity: one act, one record
        return _CCAM.fill(*start, code, "1")
    raise PackError("4", "detail", 36)
