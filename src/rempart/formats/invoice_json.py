"""Invoices as our own JSON (POST /v1/invoices) ↔ domain invoices. The shapes are those of `wire.invoices`.

Refusal is at the smallest level: a body that is not the JSON expected is refused whole; anything inside one invoice
refuses that invoice, with the field and a stable code, never its content.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import msgspec

from rempart.domain.binding import DECLARED_KINDS, Declared
from rempart.domain.identifiers import Fault, parse_amc, parse_birth, parse_nir, parse_rank, parse_site_reference
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.particulars import BASKETS, ITEMS, PRICINGS, RENEWALS, SIDES, Correction, Particulars
from rempart.wire.invoices import (
    CorrectionRequest,
    DeclaredRequest,
    InvoiceRequest,
    InvoicesRequest,
    LineRequest,
    ParticularsRequest,
)
from rempart.wire.once import repeats_a_name
from rempart.wire.sealed import NAME as SEALED
from rempart.wire.sealed import SealedInvoicesRequest, opened

MOST_INVOICES = 1000
MOST_LINES = 200
MOST_DAYS = 400
MOST_TEETH = 32
MOST_RECEIPT = 400  # characters; what is cut is unreadable, which stops no invoice
MOST_CENTS = 10_000_000_00
MODES = frozenset({"real", "test", "demo"})
_decode = msgspec.json.Decoder(InvoicesRequest).decode
_decode_sealed = msgspec.json.Decoder(SealedInvoicesRequest).decode


@dataclass(frozen=True, slots=True)
class Refused:
    """One invoice that cannot be taken: its own number and what is wrong."""

    number: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """One sound invoice, and whether the site says that it is distinct from one it resembles."""

    invoice: Invoice
    distinct: bool


def read(body: bytes, site: str) -> tuple[Taken | Refused, ...] | Fault:
    """The invoices of `site` in their order, or what is wrong with the whole body."""
    try:
        requests = _requests(body)
    except msgspec.ValidationError as error:
        text = str(error)
        at = text.rfind("`$")
        return Fault(text[at + 1 : -1].removeprefix("$").removeprefix(".") if at >= 0 else "", "wrong-shape")
    except (msgspec.DecodeError, UnicodeDecodeError):  # the latter for a text that is not UTF-8
        return Fault("", "malformed-body")
    if repeats_a_name(body):
        return Fault("", "repeated-field")
    if not 0 < len(requests) <= MOST_INVOICES:
        return Fault("invoices", "too-many-invoices" if requests else "no-invoices")
    return tuple(_one(invoice, site, jwe) for invoice, jwe in requests)


def _requests(body: bytes) -> list[tuple[InvoiceRequest, str]]:
    """The requests, each with its sealed identity or ""; in one body all are sealed, or none."""
    if SEALED not in body:
        return [(invoice, "") for invoice in _decode(body).invoices]
    told = [opened(InvoiceRequest, one) for one in _decode_sealed(body).invoices]  # type: ignore[attr-defined]  # a type made at run time
    return [(invoice, sealed.jwe) for invoice, sealed in told]


def _one(request: InvoiceRequest, site: str, jwe: str) -> Taken | Refused:
    faults: list[Fault] = []
    number = request.number if request.number.isascii() and request.number.isdigit() else ""
    if not 0 < len(number) <= 9 or not int(number):
        faults.append(Fault("number", "invoice-number-malformed"))
    presented = _presented(request, faults) if not jwe else _sealed(request, jwe, faults)
    issued = _day("issued", request.issued, faults)
    if request.mode not in MODES:
        faults.append(Fault("mode", "unknown-mode"))
    reference = request.site_reference
    if reference:
        found = parse_site_reference(reference)
        if isinstance(found, Fault):
            faults.append(found)
    if not 0 < len(request.lines) <= MOST_LINES:
        faults.append(Fault("lines", "too-many-lines" if request.lines else "no-lines"))
    lines = tuple(_line(index, line, faults) for index, line in enumerate(request.lines, 1))
    declared = _declared(request.declared, faults)
    if faults:
        return Refused(number.zfill(9) if len(number) <= 9 and number else "", tuple(faults))
    return Taken(
        Invoice(
            site, number.zfill(9), issued, presented, lines,
            sum(line.spent for line in lines), sum(line.amo for line in lines), sum(line.amc for line in lines),
            request.nature, request.exemption, request.accreditation, reference, request.mode,
            declared=declared, receipt=request.receipt[:MOST_RECEIPT].strip(),
        ),
        request.distinct,
    )  # fmt: skip


def _presented(request: InvoiceRequest, faults: list[Fault]) -> Presented:
    amc, birth = parse_amc(request.amc_number), parse_birth(request.birth_date)
    nir = parse_nir(request.nir) if request.nir is not None else None
    rank = parse_rank(request.rank) if request.rank is not None else None
    faults.extend(value for value in (amc, birth, nir, rank) if isinstance(value, Fault))
    return Presented(
        amc if isinstance(amc, str) else "", request.member, nir[0] if isinstance(nir, tuple) else None,
        birth if isinstance(birth, str) else "", rank if isinstance(rank, str) else None,
        request.convention, request.csr,
    )  # fmt: skip


def _sealed(request: InvoiceRequest, jwe: str, faults: list[Fault]) -> Presented:
    """What is told in clear beside a sealed identity; the rest is the keeper's to check."""
    amc = parse_amc(request.amc_number)
    if isinstance(amc, Fault):
        faults.append(amc)
        amc = ""
    return Presented(amc, "", None, "", None, request.convention, request.csr, jwe)


def _declared(told: DeclaredRequest | None, faults: list[Fault]) -> Declared | None:
    if told is None:
        return None
    if told.kind not in DECLARED_KINDS:
        faults.append(Fault("declared.kind", "unknown-word"))
    seen = _day("declared.seen", told.seen, faults)
    return Declared(told.kind, seen, _day("declared.until", told.until, faults) if told.until else None)


def _day(field: str, text: str, faults: list[Fault]) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.append(Fault(field, "impossible-date"))
        return date(1970, 1, 1)


def quote_line(index: int, line: LineRequest, faults: list[Fault]) -> Line:
    """One line that is not invoiced yet, checked like one that is; what is wrong is added to `faults`."""
    return _line(index, line, faults)


_AMOUNTS = ("base", "amo", "spent", "amc", "unit_price")


def _line(index: int, line: LineRequest, faults: list[Fault]) -> Line:
    where = f"lines[{index - 1}]"
    faults += [
        Fault(f"{where}.{name}", "amount-out-of-range")
        for name in _AMOUNTS
        if not 0 <= getattr(line, name) <= MOST_CENTS
    ]
    if not 0 <= line.rate <= 100:
        faults.append(Fault(f"{where}.rate", "rate-out-of-range"))
    if not (0 < line.quantity <= 9999 and 0 < line.coefficient <= 1_000_000):
        faults.append(Fault(f"{where}.quantity", "quantity-out-of-range"))
    return Line(
        index, _day(f"{where}.care_date", line.care_date, faults), line.code, line.family, line.base, line.rate,
        line.amo, line.spent, line.amc, line.quantity, line.coefficient, line.unit_price, line.exemption,
        line.qualifier, line.place, line.detail, _particulars(f"{where}.particulars", line.particulars, faults),
    )  # fmt: skip


_WORDS = (
    ("item", frozenset(ITEMS)),
    ("side", frozenset(SIDES)),
    ("basket", frozenset(BASKETS)),
    ("pricing", frozenset(PRICINGS)),
    ("renewal", frozenset(RENEWALS)),
    ("substitution", frozenset({"refused", "justified"})),
)


def _particulars(where: str, told: ParticularsRequest | None, faults: list[Fault]) -> Particulars | None:
    if told is None:
        return None
    for name, words in _WORDS:
        word = getattr(told, name)
        if word and word not in words:
            faults.append(Fault(f"{where}.{name}", "unknown-word"))
    for name in ("price_limit", "reference_price", "first_paid"):
        price = getattr(told, name)
        if price is not None and not 0 <= price <= MOST_CENTS:
            faults.append(Fault(f"{where}.{name}", "amount-out-of-range"))
    if not 0 <= told.days <= MOST_DAYS:
        faults.append(Fault(f"{where}.days", "days-out-of-range"))
    if len(told.teeth) > MOST_TEETH or any(re.fullmatch("[1-8][1-8]", tooth, re.ASCII) is None for tooth in told.teeth):
        faults.append(Fault(f"{where}.teeth", "tooth-malformed"))
    lens = told.correction
    if lens is not None and not (-9999 <= lens.sphere <= 9999 and 0 <= lens.cylinder <= 9999):
        faults.append(Fault(f"{where}.correction", "correction-out-of-range"))
    last = _day(f"{where}.last_delivery", told.last_delivery, faults) if told.last_delivery else None
    return Particulars(
        told.item, told.side, told.teeth,
        None if lens is None else Correction(lens.sphere, lens.cylinder, lens.multifocal),
        told.basket, told.price_limit, told.pricing, told.days, told.renewal, told.substitution, told.reference_price,
        told.first_paid, last, told.blind,
    )  # fmt: skip


def write(invoices: tuple[Invoice, ...]) -> bytes:
    """The body that a site's software sends for these invoices."""
    return msgspec.json.encode(InvoicesRequest(tuple(_request(invoice) for invoice in invoices)))


def _request(invoice: Invoice) -> InvoiceRequest:
    who = invoice.presented
    return InvoiceRequest(
        invoice.number, invoice.issued.isoformat(), who.amc_number, who.member, who.birth,
        tuple(_line_request(line) for line in invoice.lines), who.nir, who.rank, who.convention, who.csr,
        invoice.nature, invoice.exemption, invoice.accreditation, invoice.site_reference, invoice.mode,
        declared=_declared_request(invoice.declared), receipt=invoice.receipt,
    )  # fmt: skip


def _declared_request(declared: Declared | None) -> DeclaredRequest | None:
    if declared is None:
        return None
    until = declared.until.isoformat() if declared.until is not None else ""
    return DeclaredRequest(declared.kind, declared.seen.isoformat(), until)


def _line_request(line: Line) -> LineRequest:
    return LineRequest(
        line.care_date.isoformat(), line.code, line.family, line.base, line.rate, line.amo, line.spent, line.amc,
        line.quantity, line.coefficient, line.unit_price, line.exemption, line.qualifier, line.place, line.detail,
        _particulars_request(line.particulars),
    )  # fmt: skip


def _particulars_request(told: Particulars | None) -> ParticularsRequest | None:
    if told is None:
        return None
    lens = told.correction
    return ParticularsRequest(
        told.item, told.side, told.teeth,
        None if lens is None else CorrectionRequest(lens.sphere, lens.cylinder, lens.multifocal),
        told.basket, told.price_limit, told.pricing, told.days, told.renewal, told.substitution, told.reference_price,
        told.first_paid, told.last_delivery.isoformat() if told.last_delivery is not None else "", told.blind,
    )  # fmt: skip
