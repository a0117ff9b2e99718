"""What a site may read of its debts, and what the operator does about them; asking is the payer's daily work."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol
from uuid import UUID

from rempart.domain.claw_back import DUE, RECOVERED, WRITTEN_OFF
from rempart.domain.funds import derived


@dataclass(frozen=True, slots=True)
class DebtStep:
    """The site was asked: demanded, reminded or final-notice, on which day, for how many cents."""

    step: str
    day: date
    amount: int


@dataclass(frozen=True, slots=True)
class Debt:
    """One claim that stands against a site, in cents: amount = deducted + repaid + written_off + left.

    `since` is the day on which it became due, `instalment` the most that a calendar month takes, 0 for no limit.
    """

    claw_back: UUID
    invoice: UUID
    number: str
    site: str
    operator: str
    insurer: str
    insurer_name: str
    reason: str
    state: str
    amount: int
    deducted: int
    repaid: int
    written_off: int
    instalment: int
    since: date
    steps: tuple[DebtStep, ...] = ()

    @property
    def left(self) -> int:
        return self.amount - self.deducted - self.repaid - self.written_off


class Repaid(NamedTuple):
    """What a site paid back by its own transfer, cents; `reference` is the bank's, `said_by` who read it there."""

    claw_back: UUID
    amount: int
    reference: str
    said_by: str


class Due(NamedTuple):
    """A claim locked: its state and cents left."""

    state: str
    left: int


class Proposed(NamedTuple):
    """A write-off that waits for another person."""

    write_off: UUID
    claw_back: UUID
    amount: int
    because: str
    proposed_by: str


class DebtBooks(Protocol):
    """The ledger's side; `whole` is one transaction, what is locked is locked in it."""

    def whole(self) -> AbstractContextManager[None]: ...
    def locked(self, claw_back: UUID) -> Due | None: ...
    def known(self, claw_back: UUID, reference: str) -> bool: ...
    def repay(self, payment: UUID, repaid: Repaid, instant: int) -> None: ...
    def propose(self, proposed: Proposed, instant: int) -> None: ...
    def proposed(self, write_off: UUID) -> Proposed | None: ...
    def waiting(self, claw_back: UUID) -> bool: ...
    def approve(self, proposed: Proposed, approved_by: str, instant: int) -> None: ...
    def plan(self, claw_back: UUID, instalment: int, said_by: str, instant: int) -> None: ...
    def end(self, claw_back: UUID, state: str, *, cause: str, said_by: str, instant: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Debts:
    """The use case over its port. Each answer is "" when done, else the code of why not."""

    books: DebtBooks

    def repaid(self, repaid: Repaid, instant: int) -> str:
        """Money came in from the site; the same reference again is `payment-known`."""
        with self.books.whole():
            due = self.books.locked(repaid.claw_back)
            if due is None:
                return "claw-back-unknown"
            if self.books.known(repaid.claw_back, repaid.reference):
                return "payment-known"
            if due.state != DUE or not 0 < repaid.amount <= due.left:
                return "more-than-left"
            identity = derived(f"debt payment\n{repaid.claw_back}\n{repaid.reference}")
            self.books.repay(identity, repaid, instant)
            if repaid.amount == due.left:
                self.books.end(
                    repaid.claw_back, RECOVERED, cause="repaid", said_by=repaid.said_by, instant=instant
                )  # fmt: skip
            return ""

    def plan(self, claw_back: UUID, instalment: int, said_by: str, instant: int) -> str:
        """At most so many cents a calendar month are deducted from now on; 0 for no limit."""
        with self.books.whole():
            due = self.books.locked(claw_back)
            if due is None:
                return "claw-back-unknown"
            if instalment < 0:
                return "instalment-malformed"
            if due.state != DUE:
                return "transition-not-allowed"
            self.books.plan(claw_back, instalment, said_by, instant)
            return ""

    def propose(self, claw_back: UUID, because: str, said_by: str, instant: int) -> UUID | str:
        """Proposes to give up all that is left; the write-off's id."""
        with self.books.whole():
            due = self.books.locked(claw_back)
            if due is None:
                return "claw-back-unknown"
            if due.state != DUE or due.left <= 0:
                return "transition-not-allowed"
            if not because or not said_by:
                return "because-missing"
            if self.books.waiting(claw_back):
                return "write-off-open"
            identity = derived(f"write-off\n{claw_back}\n{instant}")
            self.books.propose(Proposed(identity, claw_back, due.left, because, said_by), instant)
            return identity

    def approve(self, write_off: UUID, approved_by: str, instant: int) -> str:
        """Gives up what was proposed by somebody else."""
        with self.books.whole():
            found = self.books.proposed(write_off)
            if found is None:
                return "write-off-unknown"
            if found.proposed_by == approved_by:
                return "same-person"
            due = self.books.locked(found.claw_back)
            if due is None or due.state != DUE or found.amount > due.left:
                return "more-than-left"
            self.books.approve(found, approved_by, instant)
            if found.amount == due.left:
                self.books.end(
                    found.claw_back, WRITTEN_OFF, cause="written-off", said_by=approved_by, instant=instant
                )  # fmt: skip
            return ""
