"""Quotes that need an insurer's agreement: spectacles, two ears, a crown, a hospital stay; and whose they are.

Prices are round and invented; bases are those of `domain.tariffs` or of free prices (class B optics: 0.05 €).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from rempart.domain.invoice import Presented
from rempart.domain.money import percent
from rempart.simulation.country import Country
from rempart.simulation.people import Person
from rempart.wire.authorizations import Attachment, AuthorizationRequest, QuoteLine
from rempart.wire.invoices import CorrectionRequest, InvoiceRequest, LineRequest, ParticularsRequest

DOMAINS = {"optician": "OPTI", "hearing": "AUDI", "dentist": "DEPR", "hospital": "HOSP"}
"""The column of the card that a profession's quotes fall under."""


def _lens(side: str, sphere: int) -> QuoteLine:
    told = ParticularsRequest("lens", side, correction=CorrectionRequest(sphere, 50), basket="B")
    return QuoteLine("VER", "optics", 5, 60, 120_00, unit_price=120_00, particulars=told)


def _ear(side: str) -> QuoteLine:
    told = ParticularsRequest("aid", side, basket="2")
    return QuoteLine("AUD", "hearing", 400_00, 60, 1_100_00, unit_price=1_100_00, particulars=told)


QUOTES: dict[str, tuple[QuoteLine, ...]] = {
    "optician": (
        _lens("right", -225), _lens("left", -250),
        QuoteLine("MON", "optics", 5, 60, 90_00, unit_price=90_00, particulars=ParticularsRequest("frame", basket="B")),
    ),
    "hearing": (_ear("left"), _ear("right")),
    "dentist": (
        QuoteLine(
            "HBLD490", "dental-prosthesis", 120_00, 60, 550_00,
            particulars=ParticularsRequest(teeth=("26",), basket="free"),
        ),
    ),
    "hospital": (
        QuoteLine(
            "FJ", "hospital-stay", 0, 0, 92_00, quantity=4, particulars=ParticularsRequest("daily-fee", days=4)
        ),
        QuoteLine(
            "CHB", "hospital-stay", 0, 0, 180_00, quantity=4, particulars=ParticularsRequest("private-room", days=4)
        ),
    ),
}  # fmt: skip
"""By profession."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """One quote: the person (number in the country) at one site (index), and what its software sends."""

    person: int
    site: int
    profession: str
    request: AuthorizationRequest


def presented(country: Country, person: Person) -> Presented:
    """What the person's card shows, the usual way."""
    insurer, way = country.insurer_of(person), person.ways[0]
    return Presented(insurer.number, insurer.printed_member(way[0]), way[1], way[2], way[3], insurer.convention)


def quotes(
    country: Country, planned: date, *, profession: str, attachments: tuple[Attachment, ...] = ()
) -> Iterator[Quoted]:  # fmt: skip
    """A quote for everyone whose rights are open for it on the planned day and who has had no such equipment yet."""
    sites = [site for site in country.all_sites() if site.profession == profession]
    domain = DOMAINS[profession]
    for person in country.everyone():
        coverage = country.coverage(person)
        opened = any(p.domain == domain and p.start <= planned <= p.end for p in coverage.periods)
        if not opened or coverage.last_equipment or coverage.kind != "responsible" or person.ways[0][1] is None:
            continue
        site = sites[person.number % len(sites)]
        request = request_for(
            presented(country, person), planned, QUOTES[profession], attachments=attachments
        )  # fmt: skip
        yield Quoted(person.number, site.index, profession, request)


def request_for(
    shown: Presented, planned: date, lines: tuple[QuoteLine, ...], *, attachments: tuple[Attachment, ...] = (),
    reference: str = "",
) -> AuthorizationRequest:  # fmt: skip
    """What the site's software sends."""
    return AuthorizationRequest(
        shown.amc_number, shown.member, shown.birth, "machine", planned.isoformat(), lines, shown.convention,
        shown.csr, shown.nir, shown.rank, site_reference=reference, attachments=attachments,
    )  # fmt: skip


def invoice_of(
    asked: AuthorizationRequest, agreed: tuple[int, ...], *, number: str, delivered: date, reference: str
) -> InvoiceRequest:  # fmt: skip
    """The invoice made from an authorization: the quote's lines on the day of delivery, asking what was agreed."""
    lines = tuple(_billed(line, amc, delivered) for line, amc in zip(asked.lines, agreed, strict=True))
    return InvoiceRequest(
        number, delivered.isoformat(), asked.amc_number, asked.member, asked.birth_date, lines, asked.nir, asked.rank,
        asked.convention, asked.csr, accreditation=reference,
    )  # fmt: skip


def _billed(line: QuoteLine, amc: int, delivered: date) -> LineRequest:
    amo = percent(min(line.base, line.spent), line.rate)
    return LineRequest(
        delivered.isoformat(), line.code, line.family, line.base, line.rate, amo, line.spent, amc, line.quantity,
        line.coefficient, line.unit_price, line.exemption, line.qualifier, line.place, line.detail, line.particulars,
    )  # fmt: skip
