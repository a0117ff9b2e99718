"""An insurer's own settlement files, for the hub: listed, fetched, answered. Another insurer's look absent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import NamedTuple
from uuid import UUID

from rempart.domain.funds import derived
from rempart.storage.door import Database

LIST_MOST = 100
ANSWERS_MOST = 10_000

SUMMARY = """
select s.fund_call, s.operator, s.sequence, c.day, s.amount, c.movements, s.rows, s.sha256, s.written,
       exists (select from rempart.settlement_content k where k.fund_call = s.fund_call and k.kind = 'settlement'),
       exists (select from rempart.settlement_content k where k.fund_call = s.fund_call and k.kind = 'references'),
       exists (select from rempart.settlement_answer a where a.fund_call = s.fund_call)
from rempart.settlement_file s join rempart.fund_call c using (fund_call)
where s.insurer = $1
"""
REPLIES = """
select r.reply, r.received, t.reply is not null, coalesce(t.code, ''), coalesce(t.answers, 0), coalesce(t.refused, 0)
from rempart.settlement_reply r left join rempart.settlement_reply_taken t using (reply)
where r.fund_call = $1 order by r.received, r.reply
"""
ANSWERS = """
select invoice, verdict, reason, code, amount, claw_back, instant from rempart.settlement_answer
where fund_call = $1 order by answer desc limit $2
"""
PIECE = "select content from rempart.settlement_content where fund_call = $1 and kind = $2 and place = $3"
REPLY = """
insert into rempart.settlement_reply (reply, fund_call, client, digest, content, received)
values ($1, $2, $3, $4, $5, $6) on conflict (fund_call, digest) do nothing
"""


class Summary(NamedTuple):
    """One file: the id of its call, and whether its content, its list of people and answers are there."""

    settlement: UUID
    operator: str
    sequence: int
    day: date
    amount: int
    movements: int
    rows: int
    sha256: bytes
    written: int
    ready: bool
    references: bool
    answered: bool


class Reply(NamedTuple):
    """Answers that were sent, and whether the worker took them."""

    reply: UUID
    received: int
    taken: bool
    code: str
    answers: int
    refused: int


class Answer(NamedTuple):
    """One answer and what became of it."""

    invoice: UUID
    verdict: str
    reason: str
    code: str
    amount: int
    claw_back: UUID | None
    instant: int


async def listed(database: Database, insurer: str, before: date | None = None) -> list[Summary]:
    """The newest first, at most 100; `before` goes on from a day, which is left out."""
    rows = await database.fetch(
        SUMMARY + "and ($2::date is null or c.day < $2) order by c.day desc, s.sequence desc limit $3",
        insurer, before, LIST_MOST,
    )  # fmt: skip
    return [Summary(*row) for row in rows]


async def one(database: Database, insurer: str, settlement: UUID) -> Summary | None:
    """One of this insurer's."""
    rows = await database.fetch(SUMMARY + "and s.fund_call = $2", insurer, settlement)
    return Summary(*rows[0]) if rows else None


async def replies(database: Database, settlement: UUID) -> tuple[list[Reply], list[Answer]]:
    """What was sent, the oldest first, and what became of each answer, the newest first."""
    sent = [Reply(*row) for row in await database.fetch(REPLIES, settlement)]
    return sent, [Answer(*row) for row in await database.fetch(ANSWERS, settlement, ANSWERS_MOST)]


async def pieces(database: Database, settlement: UUID, kind: str) -> AsyncIterator[bytes]:
    """The file's bytes, piece by piece."""
    place = 0
    while rows := await database.fetch(PIECE, settlement, kind, place):
        yield rows[0][0]
        place += 1


async def reply(database: Database, settlement: UUID, client: str, sent: tuple[bytes, bytes], *, instant: int) -> UUID:
    """Keeps answers for the worker; `sent` is (SHA-256, content). The same again is the same one."""
    digest, content = sent
    identity = derived(f"settlement reply\n{settlement}\n{digest.hex()}")
    await database.fetch(REPLY, identity, settlement, client, digest, content, instant)
    return identity
