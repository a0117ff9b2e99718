"""Batches of questions in the database: taken in whole, settled chunk by chunk, read again, forgotten. asyncpg.

A chunk is the job (decision 1). It goes in the transaction that settles it, so killed anywhere it is settled once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import asyncpg

from rempart.application.batches import Chunk, Settling
from rempart.application.together import Unavailable
from rempart.storage.door import LOST, UNABLE, Database

LATE_STEP = 60_000_000  # microseconds: a release that was missed comes at a later whole minute
ANNOUNCED_KEPT = 900  # days of the counts of announced appointments, longer than a day of care may lie back

ANSWER = """
select rempart.answer_batch(
    $1::uuid, $2::int, $3::bigint, $4::bigint, $5::int[], $6::text[], $7::int, $8::int, $9::int, $10::bytea,
    $11::int[], $12::int[], $13::bytea[], $14::bytea[], $15::bigint[], $16::text[], $17::text[], $18::text[],
    $19::text[], $20::text[], $21::text[], $22::text[], $23::bytea[], $24::bytea[], $25::int[],
    $26::bytea[], $27::bytea[], $28::int[], $29::int[], $30::int[], $31::int[], $32::text[])
"""
SETTLED = (
    "instant", "operator", "insurer", "evidence", "template", "template_known", "outcome", "outcome_known", "tag",
    "meeting", "cost", "accreditation", "accreditation_mac", "domains", "first_day", "last_day", "known_until",
    "reference",
)  # fmt: skip
"""The fields of `Settle` that `answer_batch` takes, in its order; client, site, grant and caps are the batch's."""


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch as it is taken in. `chunks`: (item numbers, sealed); `refused`: (item number, code)."""

    batch: bytes
    client: str
    site: str
    grant_id: bytes
    received: int
    ready: int
    items: int
    key_mac: bytes
    request_mac: bytes
    receipt: bytes
    chunks: Sequence[tuple[tuple[int, ...], bytes]]
    refused: Sequence[tuple[int, str]]


class BatchRow(NamedTuple):
    """Where a batch stands. `state`: waiting, answered or expired."""

    batch: UUID
    state: str
    items: int
    ready: int


class BatchIntake:
    """The hub's side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replayed(self, client: str, key_mac: bytes) -> tuple[bytes, bytes] | None:
        """(request fingerprint, receipt) of an Idempotency-Key seen before."""
        rows = await self._database.fetch(
            "select request_mac, receipt from rempart.batch where client = $1 and key_mac = $2", client, key_mac
        )
        return (rows[0][0], rows[0][1]) if rows else None

    async def take(self, new: NewBatch) -> bool:
        """One commit; False when the key came before. Raises `Unavailable`."""
        connection = await self._database.connection()
        try:
            async with connection.transaction():
                await _insert(connection, new)
        except asyncpg.UniqueViolationError:
            return False
        except LOST as error:
            connection.terminate()
            raise Unavailable("database") from error
        except UNABLE as error:
            raise Unavailable("database") from error
        return True

    async def find(self, client: str, site: str, batch: UUID) -> BatchRow | None:
        """The batch, if this client sent it for this site."""
        rows = await self._database.fetch(
            "select batch, state, items, ready from rempart.batch where batch = $1 and client = $2 and site = $3",
            batch, client, site,
        )  # fmt: skip
        return BatchRow(*rows[0]) if rows else None

    async def answers(self, batch: UUID) -> list[tuple[int, str, bytes | None]]:
        """(item number, refusal, sealed answer) each, by number."""
        rows = await self._database.fetch(
            "select number, refusal, sealed from rempart.batch_answer where batch = $1 order by number", batch
        )
        return [(row[0], row[1], row[2]) for row in rows]


async def _insert(connection: asyncpg.Connection[asyncpg.Record], new: NewBatch) -> None:
    batch = UUID(bytes=new.batch)
    await connection.execute(
        "insert into rempart.batch (batch, client, site, grant_id, received, ready, items, key_mac, request_mac, "
        "receipt, state) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        batch, new.client, new.site, new.grant_id, new.received, new.ready, new.items, new.key_mac, new.request_mac,
        new.receipt, "waiting" if new.chunks else "answered",
    )  # fmt: skip
    await connection.executemany(
        "insert into rempart.batch_chunk (batch, chunk, numbers, sealed) values ($1, $2, $3, $4)",
        [(batch, place, list(numbers), sealed) for place, (numbers, sealed) in enumerate(new.chunks)],
    )
    await connection.executemany(
        "insert into rempart.batch_answer (batch, number, refusal) values ($1, $2, $3)",
        [(batch, number, code) for number, code in new.refused],
    )


class WaitingBatches:
    """The worker's side, over one lane's connection; the lock of a chunk is that connection's.

    `late_step` in microseconds: what is answered after its release waits for the next whole step after it.
    """

    def __init__(self, database: Database, *, late_step: int = LATE_STEP) -> None:
        self._database = database
        self._late_step = late_step

    async def take(self) -> Chunk | None:
        """The oldest chunk that waits and nobody holds, locked; None when there is none."""
        rows = await self._database.fetch(
            "select c.batch, c.chunk from rempart.batch_chunk c join rempart.batch b using (batch) "
            "order by b.received, c.chunk limit 50"
        )
        for batch, place in rows:
            if not await self._locked(batch, place):
                continue
            found = await self._database.fetch(
                "select b.client, b.site, c.numbers, c.sealed from rempart.batch_chunk c "
                "join rempart.batch b using (batch) where c.batch = $1 and c.chunk = $2",
                batch, place,
            )  # fmt: skip
            if found:
                client, site, numbers, sealed = found[0]
                return Chunk(batch.bytes, place, client, site, tuple(numbers), sealed)
            await self._database.fetch("select pg_advisory_unlock($1)", _lock(batch, place))
        return None

    async def _locked(self, batch: UUID, place: int) -> bool:
        rows = await self._database.fetch("select pg_try_advisory_lock($1)", _lock(batch, place))
        return bool(rows[0][0])

    async def instants(self, now: int, count: int) -> int:
        """The first of `count` following microseconds, now or later, that no question of any batch had before.

        Committed at once: whatever becomes of the chunk, nobody else gets them, nor does the chunk when taken up again.
        """
        rows = await self._database.fetch(
            "update rempart.batch_instant set last = greatest(last + 1, $1::bigint) + $2::bigint - 1 "
            "returning last + 1 - $2::bigint",
            now, count,
        )  # fmt: skip
        first: int = rows[0][0]
        return first

    async def release(self, chunk: Chunk) -> None:
        """Gives the lock back."""
        await self._database.fetch("select pg_advisory_unlock($1)", _lock(UUID(bytes=chunk.batch), chunk.place))

    async def settle(self, chunk: Chunk, settling: Settling, now: int) -> int:
        """One commit of facts and answers; how many it answered, -1 when the chunk was settled before."""
        columns = [[getattr(line, name) for line in settling.lines] for name in SETTLED]
        refused = settling.refused
        rows = await self._database.fetch(
            ANSWER,
            UUID(bytes=chunk.batch), chunk.place, now, self._late_step,
            [number for number, _ in refused], [code for _, code in refused],
            *settling.caps, settling.grant_id, settling.numbers, settling.care_days, settling.shown,
            settling.shown_known, *columns,
        )  # fmt: skip
        count: int = rows[0][0]
        return count

    async def tidy(self, now: int, kept: int) -> None:
        """Destroys answers `kept` microseconds after their release, and old counts."""
        await self._database.fetch(
            "with old as (update rempart.batch set state = 'expired' where state = 'answered' and ready < $1 "
            "returning batch) delete from rempart.batch_answer a using old where a.batch = old.batch",
            now - kept,
        )
        await self._database.fetch(
            "delete from rempart.announced where day < $1", now // 86_400_000_000 - ANNOUNCED_KEPT
        )

    async def counts(self, now: int) -> tuple[int, int]:
        """(batches that wait for the worker, those of them whose release has passed)."""
        rows = await self._database.fetch(
            "select count(*), count(*) filter (where ready < $1) from rempart.batch where state = 'waiting'", now
        )
        return rows[0][0], rows[0][1]

    async def ring(self, now: int, alarm: str) -> int:
        """Raises one alarm for the batches that became late since the last look; how many they are."""
        rows = await self._database.fetch(
            "with late as (update rempart.batch set rung = true where state = 'waiting' and ready < $1 and not rung "
            "returning 1), told as (insert into rempart.alarm (instant, code, counts) "
            "select $1::bigint, $2::text, jsonb_build_object('items', count(*)) from late having count(*) > 0) "
            "select count(*) from late",
            now, alarm,
        )  # fmt: skip
        count: int = rows[0][0]
        return count


def _lock(batch: UUID, place: int) -> int:
    return int.from_bytes(batch.bytes[:8], "big", signed=True) ^ place
