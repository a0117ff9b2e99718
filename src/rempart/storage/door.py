"""The door's two hot statements: read sealed records, and `settle`. asyncpg, one connection a lane, autocommit.

A connection that breaks during `settle` leaves the outcome unknown: the caller gets `Unavailable` and nothing leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from rempart.application.ports import Row, Settle, Settled, Unavailable
from rempart.storage.arrays import blobs, numbers, texts

# Starting every insurer's table costs more than a small batch's look-ups. The generations that answered last are
# therefore named one by one, as parameters: PostgreSQL then starts those tables only. A row whose insurer answers by
# another generation says so, and the batch is put again: one snapshot decides both.
FIND = """
select q.ord, case when not i.generations <@ $3::int[] then i.generations end,
       r.key_version, r.person, r.payload, r.closed, i.prolonged_from, i.prolonged_until
from unnest($1::text::text[], $2::text::bytea[]) with ordinality q(insurer, key, ord)
cross join lateral (
    select x.generations, x.prolonged_from, x.prolonged_until from rempart.insurer x where x.insurer = q.insurer
    limit 1) i
cross join lateral unnest(i.generations) g(generation)
left join lateral (
    select x.key_version, x.person, x.payload, x.closed from rempart.record x
    where {started}x.generation = g.generation and x.record_key = q.key
    offset 0) r on true
"""
STARTED = (2, 8, 32)  # tables; a batch over more of them starts all: naming many costs more than it saves
NO_GENERATION = 0
FINDS = {
    most: FIND.format(started=f"x.generation in ({', '.join(f'${4 + place}::int' for place in range(most))}) and ")
    for most in STARTED
} | {0: FIND.format(started="")}

COLUMNS: tuple[Callable[[Any], str], ...] = (
    numbers, blobs, blobs, texts, texts, texts, texts, texts, texts, texts, texts, texts, texts, texts, blobs, blobs,
    numbers, numbers, numbers, blobs, blobs, numbers, numbers, numbers, numbers, texts,
)  # fmt: skip
"""How each field of `Settle` is written, in the order of its fields but the last two, which come apart."""
NO_CAP = 2**31 - 1
CARD_SITES = 6  # that may first meet one person by a signed card in a day, where the configuration says nothing
HOUR_SHARE = 19  # the place of the one argument that is not an array
SETTLE = (
    "select verdict, known from rempart.settle($1::text::bigint[], $2::text::bytea[], $3::text::bytea[], "
    "$4::text::text[], $5::text::text[], $6::text::text[], $7::text::text[], $8::text::text[], $9::text::text[], "
    "$10::text::text[], $11::text::text[], $12::text::text[], $13::text::text[], $14::text::text[], "
    "$15::text::bytea[], $16::text::bytea[], $17::text::int[], $18::text::int[], $19::text::int[], $20::int, "
    "$21::text::bytea[], $22::text::bytea[], $23::text::int[], $24::text::int[], $25::text::int[], $26::text::int[], "
    "$27::text::text[], $28::int, $29::text::text[], $30::text::int[])"
)

LOST = (
    asyncpg.PostgresConnectionError, asyncpg.IdleInTransactionSessionTimeoutError, asyncpg.InterfaceError, OSError,
    TimeoutError,
)  # fmt: skip
UNABLE = (
    asyncpg.InsufficientResourcesError,  # disk full, too many connections, out of memory
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.InternalClientError,
)
# An index look-up is forced whatever the planner believes: a freshly loaded partition has no statistics yet.
SESSION = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
    "enable_bitmapscan": "off",
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    # A process that is frozen in the middle of a commit must not keep its rows from who takes its work over.
    "idle_in_transaction_session_timeout": "15s",
}


class Database:
    """One lane's connection; it comes back by itself after a loss."""

    def __init__(self, url: str, *, timeout: float = 5.0, card_sites: int = CARD_SITES) -> None:
        self._url = url
        self._timeout = timeout
        self._card_sites = card_sites
        self._connection: asyncpg.Connection[Any] | None = None
        self._generations: dict[str, tuple[int, ...]] = {}  # by insurer, as last read: only ever a guess

    async def connection(self) -> asyncpg.Connection[Any]:
        """The open connection, made anew after a loss. Raises `Unavailable`."""
        if self._connection is None or self._connection.is_closed():
            try:
                self._connection = await asyncpg.connect(
                    self._url, server_settings=SESSION, command_timeout=self._timeout, timeout=self._timeout
                )
            except (*LOST, asyncpg.PostgresError) as error:
                raise Unavailable("database") from error
        return self._connection

    async def close(self) -> None:
        """Ends the connection."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def find(self, wanted: Sequence[tuple[str, bytes]]) -> list[Row | None]:
        """The live record for each (insurer, record key), or None."""
        insurers, keys = [w[0] for w in wanted], [w[1] for w in wanted]
        while True:
            found: list[Row | None] = [None] * len(wanted)
            moved: dict[str, tuple[int, ...]] = {}
            for order, generations, *row in await self.fetch(*self._finding(insurers, keys)):
                if generations is not None:
                    moved[insurers[order - 1]] = tuple(generations)
                if row[0] is not None and found[order - 1] is None:
                    found[order - 1] = Row(*row)
            if not moved:
                return found
            self._generations |= moved

    def _finding(self, insurers: list[str], keys: list[bytes]) -> tuple[Any, ...]:
        """The statement that starts the tables these insurers answered by last, and its arguments."""
        named = [number for insurer in dict.fromkeys(insurers) for number in self._generations.get(insurer, ())]
        for most in STARTED:
            if len(named) <= most:
                return FINDS[most], texts(insurers), blobs(keys), named, *named, *[NO_GENERATION] * (most - len(named))
        return FINDS[0], texts(insurers), blobs(keys), named

    async def settle(self, lines: Sequence[Settle], hour_share: int) -> list[Settled]:
        """The door's last word on each line, durable when this returns."""
        *told, accounts, caps = zip(*lines, strict=True)
        columns: list[Any] = [write(each) for write, each in zip(COLUMNS, told, strict=True)]
        columns.insert(HOUR_SHARE, hour_share)
        columns.append(self._card_sites)
        further = any(accounts) or min(caps) < NO_CAP  # else null: the usual statement
        columns += (texts(accounts), numbers(caps)) if further else (None, None)
        ((verdicts, known),) = await self.fetch(SETTLE, *columns)
        return [Settled(*pair) for pair in zip(verdicts, known, strict=True)]

    async def fetch(self, statement: str, *arguments: Any) -> list[Any]:
        """Rows of one autocommitted statement. Raises `Unavailable`."""
        connection = await self.connection()
        try:
            return await connection.fetch(statement, *arguments)  # type: ignore[no-any-return]  # records unpack like tuples
        except asyncio.CancelledError:
            connection.terminate()
            raise
        except LOST as error:
            connection.terminate()
            raise Unavailable("database") from error
        except UNABLE as error:
            raise Unavailable("database") from error


class Databases:
    """A few connections lent one at a time to requests that are not in a lane."""

    def __init__(self, url: str, size: int, *, card_sites: int = CARD_SITES) -> None:
        self._free: asyncio.LifoQueue[Database] = asyncio.LifoQueue()
        self._all = [Database(url, card_sites=card_sites) for _ in range(size)]
        for database in self._all:
            self._free.put_nowait(database)

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[Database]:
        """One connection; whoever finds none free waits."""
        database = await self._free.get()
        try:
            yield database
        finally:
            self._free.put_nowait(database)

    async def close(self) -> None:
        """Ends them all."""
        for database in self._all:
            await database.close()
