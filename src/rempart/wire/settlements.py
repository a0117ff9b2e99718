"""GET /v1/settlements and what an insurer's client reads and answers there. Cents; days are civil days in Paris."""

from __future__ import annotations

import msgspec


class SettlementSummary(msgspec.Struct, frozen=True):
    """One settlement file.

    `amount` and `movements` are those of its call for funds, `rows` its lines, `sha256` of the file as it is fetched.
    `state`: preparing (not to be fetched yet), ready, or answered. `references`: a list of people comes with it.
    """

    settlement: str
    operator: str
    sequence: int
    day: str
    amount: int
    movements: int
    rows: int
    sha256: str
    state: str
    references: bool
    written: str


class SettlementList(msgspec.Struct, frozen=True):
    """The newest first. `next_before` is the day to ask with as `before` for older ones, empty at the end."""

    settlements: tuple[SettlementSummary, ...]
    next_before: str = ""


class SettlementReply(msgspec.Struct, frozen=True):
    """One file of answers that was sent: waiting, taken, or refused whole with a code; answers, and refused ones."""

    reply: str
    received: str
    state: str
    code: str = ""
    answers: int = 0
    refused: int = 0


class SettlementAnswer(msgspec.Struct, frozen=True):
    """What became of one answer: accepted, taken (a claw-back begins) or refused with a code; cents."""

    invoice: str
    verdict: str
    reason: str
    code: str
    amount: int
    claw_back: str
    instant: str


class SettlementState(msgspec.Struct, frozen=True):
    """One settlement file, the answers sent to it, and what became of each."""

    settlement: SettlementSummary
    replies: tuple[SettlementReply, ...]
    answers: tuple[SettlementAnswer, ...]


class ReplyReceipt(msgspec.Struct, frozen=True):
    """Answers were received: durable, not taken yet. The same bytes again get the same receipt."""

    reply: str
    state: str
