"""What was deposited and waits: sealed chunks, who sent them, what became of them. The row is the job.

A worker holds an advisory lock while it decides one, or cuts one into parts (`shared_files`); when it dies the lock is
gone and another takes over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import psycopg

from rempart.application.together import Unavailable
from rempart.storage.door import LOST, UNABLE, Database


@dataclass(frozen=True, slots=True)
class Inbound:
    """One deposit. `site` is the token's, "" for a concentrator's file of many; instants in microseconds UTC."""

    inbound: bytes
    client: str
    site: str
    channel: str
    grant_id: bytes
    fingerprint: bytes
    received: int


class Reopened(NamedTuple):
    """Why an invoice is decided again: the site said `distinct`, it is `waited_out`, or it waited for a budget."""

    distinct: bool
    waited_out: bool


@dataclass(frozen=True, slots=True)
class Earlier:
    """The same content, deposited before by the same client."""

    inbound: bytes


class Intake:
    """The hub's side: a deposit is a row that receives, then one that is received; only then acknowledged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replayed(self, client: str, key_mac: bytes) -> tuple[bytes, bytes] | None:
        """(request fingerprint, answer) of an Idempotency-Key seen before."""
        rows = await self._database.fetch(
            "select request_mac, answer from rempart.idempotency where client = $1 and key_mac = $2", client, key_mac
        )
        return (rows[0][0], rows[0][1]) if rows else None

    async def begin(self, inbound: Inbound) -> None:
        """A row whose chunks are still coming; its fingerprint is its own id until the content is known."""
        await self._run(
            "insert into rempart.inbound (inbound, client, site, channel, grant_id, fingerprint, received) "
            "values ($1, $2, $3, $4, $5, $6, $7)",
            UUID(bytes=inbound.inbound), inbound.client, inbound.site, inbound.channel, inbound.grant_id,
            inbound.inbound, inbound.received,
        )  # fmt: skip

    async def chunk(self, inbound: bytes, number: int, sealed: bytes) -> None:
        """One sealed chunk."""
        await self._run(
            "insert into rempart.inbox (inbound, chunk, sealed) values ($1, $2, $3)",
            UUID(bytes=inbound),
            number,
            sealed,
        )

    async def finish(self, inbound: Inbound, size: int, answer: tuple[bytes, bytes, bytes] | None) -> Earlier | None:
        """Marks it received; `answer` is (key MAC, request MAC, answer) to keep for a repeat.

        `Earlier` when it came before.
        """
        connection = await self._database.connection()
        try:
            async with connection.transaction():
                await connection.execute(
                    "update rempart.inbound set state = 'received', bytes = $2, fingerprint = $3 where inbound = $1",
                    UUID(bytes=inbound.inbound), size, inbound.fingerprint,
                )  # fmt: skip
                if answer is not None:
                    await connection.execute(
                        "insert into rempart.idempotency (client, key_mac, request_mac, inbound, answer, instant) "
                        "values ($1, $2, $3, $4, $5, $6)",
                        inbound.client, answer[0], answer[1], UUID(bytes=inbound.inbound), answer[2], inbound.received,
                    )  # fmt: skip
        except asyncpg.UniqueViolationError:
            return await self._earlier(inbound)
        except LOST as error:
            connection.terminate()
            raise Unavailable("database") from error
        except UNABLE as error:
            raise Unavailable("database") from error
        return None

    async def _earlier(self, inbound: Inbound) -> Earlier:
        await self._run(
            "update rempart.inbound set state = 'refused', report = $2 where inbound = $1",
            UUID(bytes=inbound.inbound), json.dumps({"faults": [{"code": "file-already-received", "level": "file"}]}),
        )  # fmt: skip
        rows = await self._database.fetch(
            "select inbound from rempart.inbound where client = $1 and fingerprint = $2 and state <> 'refused'",
            inbound.client, inbound.fingerprint,
        )  # fmt: skip
        return Earlier(rows[0][0].bytes if rows else b"")

    async def refuse(self, inbound: bytes, code: str) -> None:
        """Ends a deposit that cannot be taken; what came of it is never decided."""
        await self._run(
            "update rempart.inbound set state = 'refused', report = $2 where inbound = $1",
            UUID(bytes=inbound), json.dumps({"faults": [{"code": code, "level": "file"}]}),
        )  # fmt: skip

    async def _run(self, statement: str, *arguments: Any) -> None:
        await self._database.fetch(statement, *arguments)


class Waiting:
    """The worker's side, over psycopg: which deposits wait, their chunks, and their end."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def take(self) -> Inbound | None:
        """The oldest deposit that waits and nobody holds, locked for this connection; None when there is none.

        A file that was cut is taken part by part: `shared_files`.
        """
        rows = self.connection.execute(
            "select inbound, client, site, channel, grant_id, fingerprint, received from rempart.inbound i "
            "where state = 'received' and not exists (select from rempart.inbound_part p where p.inbound = i.inbound) "
            "order by received limit 50"
        ).fetchall()
        for row in rows:
            inbound = Inbound(row[0].bytes, *row[1:])
            if self.hold(inbound.inbound):
                return inbound
        return None

    def hold(self, inbound: bytes) -> bool:
        """Takes the lock of a deposit that is still to be decided; False when another worker has it or it is done."""
        if not self.lock(inbound):
            return False
        state, shared = self._one(
            "select state, exists (select from rempart.inbound_part p where p.inbound = i.inbound) "
            "from rempart.inbound i where inbound = %s",
            (UUID(bytes=inbound),),
        )
        if state in {"received", "decided"} and not shared:
            return True
        self.release(inbound)
        return False

    def lock(self, inbound: bytes) -> bool:
        """Takes its lock whatever its state; False when another worker has it."""
        (held,) = self._one("select pg_try_advisory_lock(%s)", (int.from_bytes(inbound[:8], "big", signed=True),))
        return bool(held)

    def release(self, inbound: bytes) -> None:
        """Gives the lock back."""
        self._one("select pg_advisory_unlock(%s)", (int.from_bytes(inbound[:8], "big", signed=True),))

    def inbound(self, identity: bytes) -> Inbound:
        """One deposit by its id."""
        row = self._one(
            "select inbound, client, site, channel, grant_id, fingerprint, received "
            "from rempart.inbound where inbound = %s",
            (UUID(bytes=identity),),
        )
        return Inbound(row[0].bytes, *row[1:])

    def chunks(self, inbound: bytes, number: int = 0) -> Iterator[bytes]:
        """Its sealed chunks in order from the given one, one in memory at a time."""
        while True:
            row = self.connection.execute(
                "select sealed from rempart.inbox where inbound = %s and chunk = %s",
                (UUID(bytes=inbound), number),
                binary=True,
            ).fetchone()
            if row is None:
                return
            yield bytes(row[0])
            number += 1

    def begun(self, inbound: bytes) -> bool:
        """Whether an invoice of this deposit was written already, by a worker that died before the end."""
        last = inbound[:12] + b"\xff" * 4
        (found,) = self._one(
            "select exists (select from rempart.invoice where invoice between %s and %s)",
            (UUID(bytes=inbound), UUID(bytes=last)),
        )
        return bool(found)

    def written(self, invoices: Sequence[bytes]) -> set[bytes]:
        """Which of these invoices were written already, by a worker that died before the end."""
        rows = self.connection.execute(
            "select invoice from rempart.invoice where invoice = any(%s)", ([UUID(bytes=i) for i in invoices],)
        ).fetchall()
        return {row[0].bytes for row in rows}

    def reopened(self, before: int) -> list[tuple[bytes, dict[bytes, Reopened]]]:
        """Deposits with invoices to decide again, each with those invoices.

        They are: the waiting ones received before `before`; the held ones that the site called distinct; those held as
        a suspicion for ten working days (fourteen days, holidays not counted); and those held because the insurer's
        table did not answer, received before `before`.
        """
        rows = self.connection.execute(
            "select inbound, invoice, distinct_said, "
            "state = 'held' and reason = 'possible-duplicate' and not distinct_said "
            "from rempart.invoice where (state = 'waiting' and received < %s) or (state = 'held' and "
            "(distinct_said or received < %s or (reason <> 'possible-duplicate' and received < %s))) "
            "order by inbound limit 100000",
            (before, before - 14 * 86_400_000_000, before),
        ).fetchall()
        found: dict[bytes, dict[bytes, Reopened]] = {}
        for inbound, invoice, distinct, waited in rows:
            found.setdefault(inbound.bytes, {})[invoice.bytes] = Reopened(distinct, waited)
        return list(found.items())

    def end(self, inbound: bytes, state: str, report: dict[str, Any]) -> None:
        """Closes it: `decided` or `refused` with its report; sealed chunks go unless an invoice of it still waits."""
        key = UUID(bytes=inbound)
        with self.connection.transaction():
            self.connection.execute(
                "update rempart.inbound set state = %s, report = %s where inbound = %s",
                (state, json.dumps(report), key),
            )
            self.connection.execute("delete from rempart.inbound_part where inbound = %s", (key,))
            self.connection.execute(
                "delete from rempart.inbox b where b.inbound = %s and not exists ("
                "select from rempart.invoice i where i.inbound = b.inbound and i.state in ('waiting', 'held'))",
                (key,),
            )

    def tidy(self, inbound: bytes) -> None:
        """Drops the sealed chunks once nothing of the deposit waits any more."""
        self.connection.execute(
            "delete from rempart.inbox b where b.inbound = %s and not exists ("
            "select from rempart.invoice i where i.inbound = b.inbound and i.state in ('waiting', 'held'))",
            (UUID(bytes=inbound),),
        )

    def counts(self, inbound: bytes) -> dict[str, int]:
        """How many invoices of a deposit stand in each state."""
        rows = self.connection.execute(
            "select state, count(*) from rempart.invoice where inbound = %s group by state", (UUID(bytes=inbound),)
        ).fetchall()
        return dict(rows)

    def _one(self, statement: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        row = self.connection.execute(statement, arguments).fetchone()
        if row is None:
            raise LookupError("no such deposit")
        return tuple(row)
