"""What a site may read of its remittances: amounts, numbers, dates, reasons; neither acts nor identities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Summary:
    """One remittance in a list: `amount` cents at the bank, `deducted` cents less than its invoices are worth.

    `state` is reserved, settled, released or returned; `reason` the bank's code of why it did not go through. Instants
    are microseconds UTC.
    """

    remittance: UUID
    day: date
    amount: int
    invoices: int
    state: str
    reference: str
    operator: str
    payer: str
    ended: int | None
    deducted: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WaitingPart:
    """What one insurer's invoices make due to a site and is not paid yet: cents, a stable code, since when."""

    insurer: str
    operator: str
    amount: int
    reason: str
    since: int


@dataclass(frozen=True, slots=True)
class DeductedPart:
    """What a remittance takes back for one claw-back, in cents; `number` is the invoice's, `left` what stays."""

    claw_back: UUID
    invoice: UUID
    number: str
    care: date
    insurer: str
    reason: str
    amount: int
    left: int


@dataclass(frozen=True, slots=True)
class PenaltyPart:
    """What a remittance pays for late payment in a half-year, in cents, earned by so many invoices."""

    penalty: UUID
    insurer: str
    half: str
    invoices: int
    amount: int


@dataclass(frozen=True, slots=True)
class ClawBackNote:
    """A claw-back as its site sees it: cents, cents deducted so far, the first day of deduction."""

    claw_back: UUID
    invoice: UUID
    number: str
    insurer: str
    amount: int
    deducted: int
    reason: str
    state: str
    notice_ends: date


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
    deductions: tuple[DeductedPart, ...] = ()
    penalties: tuple[PenaltyPart, ...] = ()
