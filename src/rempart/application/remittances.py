"""What a site may read of its remittances: amounts, numbers, dates, reasons; neither acts nor identities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Summary:
    """One remittance in a list; `amount` in cents, `state` reserved, settled or released, instants microseconds UTC."""

    remittance: UUID
    day: date
    amount: int
    invoices: int
    state: str
    reference: str
    operator: str
    payer: str
    ended: int | None


@dataclass(frozen=True, slots=True)
class LineNote:
    """A line of an invoice that was not wholly accepted: its number, domain, and the code of `domain.reasons`."""

    number: int
    domain: str
    reason: str


@dataclass(frozen=True, slots=True)
class PaidInvoice:
    """One invoice of a remittance, in cents; `paid` is what this remittance pays for it."""

    invoice: UUID
    number: str
    care: date
    spent: int
    amo: int
    paid: int
    patient: int
    notes: tuple[LineNote, ...] = ()


@dataclass(frozen=True, slots=True)
class InsurerPart:
    """What one insurer pays in a remittance."""

    insurer: str
    name: str
    invoices: tuple[PaidInvoice, ...]

    @property
    def amount(self) -> int:
        return sum(invoice.paid for invoice in self.invoices)


@dataclass(frozen=True, slots=True)
class RejectedInvoice:
    """An invoice rejected since this payer's previous remittance to the site; `reason` a code of `domain.reasons`."""

    invoice: UUID
    number: str
    care: date
    insurer: str
    spent: int
    reason: str


@dataclass(frozen=True, slots=True)
class Advice:
    """The detail of one remittance of `site`."""

    site: str
    summary: Summary
    parts: tuple[InsurerPart, ...]
    rejected: tuple[RejectedInvoice, ...]
