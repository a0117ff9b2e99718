"""Taking back what an invoice was paid: closed list of reasons, notice and dispute, deduction by instalments.

A claw-back is deducted from what the same insurer owes the same site, never from another insurer's money, and never
makes a transfer negative; what cannot be deducted is a debt of the site (`debts`). The notice is 15 days and a late
reason holds for 12 months after payment: figures of the trade's practice (unsourced, likely), so they are rows here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from rempart.domain.parameters import months_before

NOTIFIED, DISPUTED, DUE, RECOVERED, WITHDRAWN = "notified", "disputed", "due", "recovered", "withdrawn"
WRITTEN_OFF = "written-off"
NOTICE = timedelta(days=15)
OLDEST_MONTHS = 12

TRANSITIONS: dict[str, frozenset[str]] = {
    "": frozenset({NOTIFIED, DUE}),
    NOTIFIED: frozenset({DISPUTED, DUE, WITHDRAWN}),
    DISPUTED: frozenset({DUE, WITHDRAWN}),  # upheld by whoever judges it, or given up
    DUE: frozenset({RECOVERED, WITHDRAWN, WRITTEN_OFF}),
    RECOVERED: frozenset({DUE}),  # the remittance that deducted it did not go through
    WITHDRAWN: frozenset(),
    WRITTEN_OFF: frozenset({DUE}),  # of what was deducted before, some did not go through
}
"""From each state, those that may follow; "" is before it exists. Each step is an event with its cause."""


@dataclass(frozen=True, slots=True)
class LateReason:
    """Why money may be taken back: a code of `domain.reasons`.

    `notice`: the site is told before; `guarantee_stops`: not under a guarantee.
    """

    code: str
    notice: bool = True
    guarantee_stops: bool = False


LATE_REASONS: tuple[LateReason, ...] = (
    LateReason("duplicate"),
    LateReason("not-delivered"),
    LateReason("over-billing"),
    LateReason("fraud"),
    LateReason("authorization-mismatch"),
    LateReason("rights-closed", guarantee_stops=True),
    LateReason("amo-rejected"),  # the compulsory scheme refused what this insurer completed
    LateReason("cancelled-after-payment", notice=False),
)
_BY_CODE = {reason.code: reason for reason in LATE_REASONS}


@dataclass(frozen=True, slots=True)
class Paid:
    """A paid invoice: cents paid, cents claimed already, day of payment, whether a guarantee stands."""

    amount: int
    claimed: int
    day: date
    guaranteed: bool


def refusal(reason: str, amount: int, paid: Paid, today: date) -> str:
    """Why an insurer's claim is not taken, "" when it is."""
    row = _BY_CODE.get(reason)
    if row is None:
        return "late-reason-unknown"
    if row.guarantee_stops and paid.guaranteed:
        return "guarantee-stands"
    if paid.day < months_before(today, OLDEST_MONTHS):
        return "too-late"
    if amount <= 0 or amount + paid.claimed > paid.amount:
        return "more-than-paid"
    return ""


def opening(reason: str, today: date) -> tuple[str, date]:
    """The state in which a claim of this reason begins, and the first day on which it may be deducted."""
    return (NOTIFIED, today + NOTICE) if _BY_CODE[reason].notice else (DUE, today)


def step(present: str, following: str, *, deducted: int = 0) -> str:
    """Why a claim may not pass from `present` to `following`, "" when it may; `deducted` cents were taken so far."""
    if following not in TRANSITIONS.get(present, frozenset()):
        return "transition-not-allowed"
    return "deducted-already" if following == WITHDRAWN and deducted else ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claw-back that is due: cents left, and cents that may still be taken this calendar month."""

    claw_back: UUID
    site: str
    operator: str
    insurer: str
    left: int
    month_left: int
    owned: date | None = None  # since when the owner of that care has the site, None where no other had it before


@dataclass(frozen=True, slots=True)
class Deduction:
    """What one remittance takes for one claw-back, in cents."""

    claw_back: UUID
    insurer: str
    amount: int


def month_left(instalment: int, left: int, taken_this_month: int) -> int:
    """Cents that may be taken this month: all that is left, or what the month's instalment leaves."""
    return left if not instalment else max(0, min(left, instalment - taken_this_month))


def deductions(gross: Sequence[tuple[str, int]], claims: Iterable[Claim], keep: int) -> tuple[Deduction, ...]:
    """What is deducted of one remittance: `gross` is (insurer, cents), at least `keep` cents of the whole stay.

    Claims are served in the order given, each from its own insurer's part.
    """
    left: dict[str, int] = {}
    for insurer, amount in gross:
        left[insurer] = left.get(insurer, 0) + amount
    spare = max(0, sum(left.values()) - keep)
    taken: list[Deduction] = []
    for claim in claims:
        amount = min(claim.left, claim.month_left, left.get(claim.insurer, 0), spare)
        if amount > 0:
            taken.append(Deduction(claim.claw_back, claim.insurer, amount))
            left[claim.insurer] -= amount
            spare -= amount
    return tuple(taken)
