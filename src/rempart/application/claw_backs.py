"""Claw-backs: an insurer claims back, the site is told and may dispute, somebody judges. Deducting is the payer's."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol
from uuid import UUID

from rempart.domain.claw_back import Paid, opening, refusal, step
from rempart.domain.funds import derived


class PaidInvoice(NamedTuple):
    """A paid invoice as claw-backs see it; `paid` what a claim is judged by."""

    site: str
    operator: str
    insurer: str
    paid: Paid


class Row(NamedTuple):
    """One claw-back as it stands: cents deducted and left, `instalment` most cents a calendar month or 0."""

    claw_back: UUID
    invoice: UUID
    site: str
    operator: str
    insurer: str
    amount: int
    reason: str
    state: str
    notice_ends: date
    instalment: int
    deducted: int
    left: int


class New(NamedTuple):
    """A claw-back to write."""

    claw_back: UUID
    invoice: UUID
    site: str
    operator: str
    insurer: str
    amount: int
    reason: str
    state: str
    notice_ends: date
    instalment: int
    said_by: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """What an insurer claims back of a paid invoice: cents, a late reason, who says so; most cents a month or 0."""

    invoice: UUID
    insurer: str
    amount: int
    reason: str
    said_by: str
    instalment: int = 0


class ClaimBooks(Protocol):
    """The ledger's side; `whole` is one transaction, rows are locked in it."""

    def whole(self) -> AbstractContextManager[None]: ...
    def paid_invoice(self, invoice: UUID) -> PaidInvoice | None: ...
    def add(self, new: New, *, cause: str, instant: int) -> None: ...
    def locked(self, claw_back: UUID) -> Row | None: ...
    def listed(self, states: Sequence[str]) -> Sequence[Row]: ...
    def pass_to(self, row: Row, state: str, *, cause: str, said_by: str, instant: int) -> None: ...


@dataclass(frozen=True, slots=True)
class ClawBacks:
    """The use case over its port."""

    books: ClaimBooks

    def propose(self, claimed: Claimed, today: date, instant: int) -> UUID | str:
        """The claw-back's id, or why the claim is not taken."""
        with self.books.whole():
            found = self.books.paid_invoice(claimed.invoice)
            if found is None or found.insurer != claimed.insurer:
                return "not-paid"
            identity = derived(f"claw-back\n{claimed.invoice}\n{claimed.reason}")
            if self.books.locked(identity) is not None:
                return "claimed-already"
            said = refusal(claimed.reason, claimed.amount, found.paid, today)
            if said or claimed.instalment < 0:
                return said or "instalment-malformed"
            state, first_day = opening(claimed.reason, today)
            new = New(
                identity, claimed.invoice, found.site, found.operator, found.insurer, claimed.amount, claimed.reason,
                state, first_day, claimed.instalment, claimed.said_by,
            )  # fmt: skip
            self.books.add(new, cause="insurer", instant=instant)
            return identity

    def pass_to(self, claw_back: UUID, state: str, *, cause: str, said_by: str, instant: int) -> str:
        """Takes one step; "" when done, else why not."""
        with self.books.whole():
            row = self.books.locked(claw_back)
            if row is None:
                return "claw-back-unknown"
            said = step(row.state, state, deducted=row.amount - row.left)
            if not said:
                self.books.pass_to(row, state, cause=cause, said_by=said_by, instant=instant)
            return said
