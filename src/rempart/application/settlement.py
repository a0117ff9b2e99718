"""Settlement: what an insurer is told of each movement that a call for funds asks for, and what it answers.

A file accounts for one call to the cent: decided lines, cancellations, deductions for claw-backs, penalties. Sums are
checked here, invoice by invoice and whole, before anything is signed. An insurer's answer is judged by the same rules
as any claw-back. Left out: decided invoices on which the insurer owes nothing, which no call asks for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol
from uuid import UUID

from rempart.application.claw_backs import Claimed, ClawBacks
from rempart.domain.decision import DecidedLine

ACCEPTED, REJECTED = "accepted", "rejected"
TAKEN, REFUSED = "taken", "refused"


class SettlementDiffersError(Exception):
    """The movements of a call are not what its lines say: nothing was written. The text names no person."""


class Call(NamedTuple):
    """One call for funds, as its file names it: cents, movements, when it was made (microseconds UTC)."""

    fund_call: UUID
    operator: str
    insurer: str
    day: date
    amount: int
    movements: int
    end_to_end: str
    called: int


class Chained(NamedTuple):
    """A file's place among an insurer's files, and the log's note enclosed; `month` says which log, AAAA-MM."""

    sequence: int
    previous: bytes
    checkpoint: bytes
    month: str


class Settled(NamedTuple):
    """An invoice the insurer owes: its lines, what bound the insurer although rights were closed or "", the transfer.

    `sealed` is the insurer's copy as the keeper sealed it (acts, person handle), b"" when none was kept.
    """

    invoice: UUID
    site: str
    care: date
    lines: tuple[DecidedLine, ...]
    guarantee: str
    remittance: str
    amount: int
    sealed: bytes


class Cancelled(NamedTuple):
    """A decided invoice that its site cancelled; `amount` is negative."""

    invoice: UUID
    site: str
    amount: int


class TakenBack(NamedTuple):
    """What a remittance deducted for a claw-back (negative), or gave back when it did not go through (positive).

    What the site paid back by a transfer of its own has no remittance.
    """

    claw_back: UUID
    invoice: UUID
    site: str
    reason: str
    remittance: str
    amount: int


class Penalty(NamedTuple):
    """What a site may claim for late payment in a half-year."""

    penalty: UUID
    site: str
    half: str
    amount: int


Movement = Settled | Cancelled | TakenBack | Penalty


class Answer(NamedTuple):
    """What the insurer says of one invoice: accepted, or rejected late for a reason and cents."""

    invoice: UUID
    verdict: str
    reason: str = ""
    amount: int = 0


class Judged(NamedTuple):
    """What became of an answer: accepted, taken (a claw-back begins) or refused with a code."""

    answer: Answer
    verdict: str
    code: str = ""
    claw_back: UUID | None = None


class AnswerBooks(Protocol):
    """Where answers are kept; `file` finds a written file by insurer, sequence and SHA-256."""

    def file(self, insurer: str, sequence: int, sha256: bytes) -> UUID | None: ...
    def told(self, fund_call: UUID) -> frozenset[UUID]: ...
    def judged(self, fund_call: UUID) -> dict[tuple[UUID, str], Judged]: ...
    def keep(self, fund_call: UUID, judged: Judged, instant: int) -> None: ...
    def whole(self) -> AbstractContextManager[None]: ...


def checked(call: Call, movements: Iterable[Movement]) -> Iterator[Movement]:
    """The movements as they are; raises `SettlementDiffersError` where a sum is not the ledger's, to the cent."""
    total = count = 0
    for movement in movements:
        if isinstance(movement, Settled) and sum(line.amc for line in movement.lines) != movement.amount:
            raise SettlementDiffersError(f"the lines of invoice {movement.invoice} are not its transfer")
        total += movement.amount
        count += 1
        yield movement
    if (total, count) != (call.amount, call.movements):
        raise SettlementDiffersError(f"call {call.end_to_end} asks for other movements than its file holds")


@dataclass(frozen=True, slots=True)
class Answers:
    """Takes an insurer's answers to one of its files."""

    books: AnswerBooks
    claw_backs: ClawBacks

    def take(
        self, insurer: str, file: tuple[int, bytes], answers: Sequence[Answer], today: date, *, instant: int
    ) -> list[Judged] | str:
        """Each answer judged, in order, or why the whole is not taken. What was taken once is not taken again.

        `file`: sequence and SHA-256 of the settlement file that is answered.
        """
        sequence, sha256 = file
        fund_call = self.books.file(insurer, sequence, sha256)
        if fund_call is None:
            return "settlement-unknown"
        told, before = self.books.told(fund_call), self.books.judged(fund_call)
        found: list[Judged] = []
        for answer in answers:
            judged = before.get((answer.invoice, answer.reason))
            if judged is None:
                with self.books.whole():
                    judged = self._judge(insurer, sequence, answer, told, when=(today, instant))
                    self.books.keep(fund_call, judged, instant)
                if judged.verdict != REFUSED:
                    before[answer.invoice, answer.reason] = judged
            found.append(judged)
        return found

    def _judge(
        self, insurer: str, sequence: int, answer: Answer, told: frozenset[UUID], *, when: tuple[date, int]
    ) -> Judged:
        if answer.invoice not in told:
            return Judged(answer, REFUSED, "not-in-settlement")
        if answer.verdict == ACCEPTED:
            return Judged(answer, ACCEPTED)
        claimed = Claimed(answer.invoice, insurer, answer.amount, answer.reason, f"settlement {sequence}")
        said = self.claw_backs.propose(claimed, *when)
        return Judged(answer, REFUSED, said) if isinstance(said, str) else Judged(answer, TAKEN, "", said)
