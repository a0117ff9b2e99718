"""GET /v1/remittances and what it says of one. Amounts are integer cents of euro; days are civil days in Paris."""

from __future__ import annotations

import msgspec


class RemittanceSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """One payment to the site.

    `state`: reserved (ordered at the bank), settled (executed), released (not executed), returned (sent back by the
    site's bank). `reference` is the EndToEndId on the bank statement; `payer` whose account paid. `deducted`: cents
    less than its invoices are worth, for claw-backs. `bank_reason`: ISO code of why it did not go through.
    """

    remittance: str
    day: str
    amount: int
    invoices: int
    state: str
    reference: str
    operator: str
    payer: str
    ended: str = ""
    deducted: int = 0
    bank_reason: str = ""


class WaitingPayment(msgspec.Struct, frozen=True):
    """What one insurer's invoices make due and is not paid: cents, a stable code, its French sentence, since when."""

    insurer: str
    operator: str
    amount: int
    reason: str
    sentence: str
    since: str


class RemittanceList(msgspec.Struct, frozen=True):
    """The newest first. `next_before` is the day to ask with as `before` for older ones, empty at the end.

    `waiting` is what the last payment run left due, and why.
    """

    remittances: tuple[RemittanceSummary, ...]
    next_before: str = ""
    waiting: tuple[WaitingPayment, ...] = ()


class AdviceDeduction(msgspec.Struct, frozen=True):
    """What this payment takes back of an invoice paid before, in cents; `left` is still to be taken."""

    claw_back: str
    invoice: str
    number: str
    care_date: str
    insurer: str
    reason: str
    sentence: str
    amount: int
    left: int


class ClawBackState(msgspec.Struct, frozen=True):
    """A claw-back: cents, cents deducted so far, its state, the first day of deduction (until then it is disputable).

    `state`: notified, disputed, due, recovered, withdrawn or written-off.
    """

    claw_back: str
    invoice: str
    number: str
    insurer: str
    amount: int
    deducted: int
    reason: str
    sentence: str
    state: str
    not_before: str


class AdvicePenalty(msgspec.Struct, frozen=True):
    """What late payment in a half-year earned the site, paid here; `insurer` whose payments were late."""

    penalty: str
    insurer: str
    half: str
    invoices: int
    reason: str
    sentence: str
    amount: int


class DebtAsked(msgspec.Struct, frozen=True):
    """The site was asked to pay: demanded, reminded or final-notice, the day, the cents left then."""

    step: str
    day: str
    amount: int


class SiteDebt(msgspec.Struct, frozen=True):
    """A claw-back that stands: amount = deducted + repaid + written_off + left, in cents.

    `since` is the day it became due, `instalment` the most deducted in a calendar month (0: no limit), `reference` what
    a transfer of the site's own must name.
    """

    claw_back: str
    invoice: str
    number: str
    insurer: str
    operator: str
    amount: int
    deducted: int
    repaid: int
    written_off: int
    left: int
    reason: str
    sentence: str
    since: str
    instalment: int
    reference: str
    asked: tuple[DebtAsked, ...] = ()


class DebtList(msgspec.Struct, frozen=True):
    """What the site owes, the oldest first; `left` in all, in cents."""

    left: int
    debts: tuple[SiteDebt, ...]


class AdviceNote(msgspec.Struct, frozen=True):
    """A line that was not wholly accepted: its number, the card's domain, a stable code and what it means in French."""

    line: int
    domain: str
    reason: str
    sentence: str


class AdviceInvoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """One invoice: spent = amo + paid + patient. No act and no identity."""

    invoice: str
    number: str
    care_date: str
    spent: int
    amo: int
    paid: int
    patient: int
    notes: tuple[AdviceNote, ...] = ()


class AdvicePart(msgspec.Struct, frozen=True):
    """What one insurer pays."""

    insurer: str
    name: str
    amount: int
    invoices: tuple[AdviceInvoice, ...]


class AdviceRejection(msgspec.Struct, frozen=True):
    """An invoice rejected since the payer's previous remittance to this site."""

    invoice: str
    number: str
    care_date: str
    insurer: str
    spent: int
    reason: str
    sentence: str


class RemittanceAdvice(msgspec.Struct, frozen=True):
    """The detail of one remittance, by insurer."""

    site: str
    remittance: RemittanceSummary
    insurers: tuple[AdvicePart, ...]
    rejected: tuple[AdviceRejection, ...]
    deductions: tuple[AdviceDeduction, ...] = ()
    penalties: tuple[AdvicePenalty, ...] = ()
