"""Parts of a large file that several workers decide: cut once, claimed by row lock, held by a lease, fenced.

A worker that dies or hangs loses its part when the lease ends; whoever takes it over raises the fence, and the former
one can write nothing any more. What was written by then is found by the invoices' ids and skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import psycopg

from rempart.storage.inbound import Inbound

CLAIM = """
with free as (
    select q.inbound, q.part from rempart.inbound_part q join rempart.inbound i using (inbound)
    where i.state = 'received' and q.report is null and q.until <= %(instant)s
      and (q.modes <> '' or not exists (
           select from rempart.inbound_part o
           where o.inbound = q.inbound and o.modes <> '' and o.report is null))
    order by i.received, q.part limit 1 for update of q skip locked)
update rempart.inbound_part p set fence = p.fence + 1, until = %(until)s
from free join rempart.inbound i using (inbound)
where p.inbound = free.inbound and p.part = free.part
returning i.inbound, i.client, i.site, i.channel, i.grant_id, i.fingerprint, i.received,
    p.part, p.fence, p.chunk, p.skip, p.record, p.lot, p.modes, p.later
"""
HELD = "select 1 from rempart.inbound_part where inbound = $1 and part = $2 and fence = $3 for share"
RENEW = (
    "update rempart.inbound_part set until = $4::bigint + $5::bigint "
    "where inbound = $1 and part = $2 and fence = $3 and until < $4::bigint + $5::bigint * 2 / 3"
)


class Stretch(NamedTuple):
    """Where a part lies: stored chunk and bytes to skip in it, its first record and lot; `modes` as in `b2.Part`."""

    chunk: int
    skip: int
    record: int
    lot: int
    modes: bytes
    later: tuple[int, ...]


class Claim(NamedTuple):
    """One part in a worker's hands; `again` says that another began it."""

    inbound: Inbound
    part: int
    fence: int
    stretch: Stretch

    @property
    def last(self) -> bool:
        """Whether it is what all other parts left."""
        return not self.stretch.modes

    @property
    def again(self) -> bool:
        """Whether somebody held it before."""
        return self.fence > 1

    @property
    def key(self) -> tuple[UUID, int, int]:
        """Its row and fence, as SQL takes them."""
        return UUID(bytes=self.inbound.inbound), self.part, self.fence


class OvertakenError(Exception):
    """Another worker holds the part by now: nothing of this one was written."""


class SharedFiles:
    """The worker's side, over psycopg. Instants in microseconds UTC."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def cut(self, inbound: bytes, stretches: Sequence[Stretch]) -> None:
        """Makes the parts of a file, all or none, and one more for what they leave, if anything."""
        rows = list(stretches)
        if any(stretch.later for stretch in stretches):
            rows.append(Stretch(0, 0, 0, 0, b"", ()))
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(
                "insert into rempart.inbound_part (inbound, part, chunk, skip, record, lot, modes, later) "
                "values (%s, %s, %s, %s, %s, %s, %s, %s)",
                [(UUID(bytes=inbound), part, *row[:5], list(row.later)) for part, row in enumerate(rows, 1)],
            )

    def claim(self, instant: int, lease: int) -> Claim | None:
        """The first part that is free or whose lease has ended, now held until `instant + lease`."""
        row = self._connection.execute(CLAIM, {"instant": instant, "until": instant + lease}).fetchone()
        if row is None:
            return None
        inbound = Inbound(row[0].bytes, *row[1:7])
        return Claim(inbound, row[7], row[8], _stretch(row[9:]))

    def release(self, claim: Claim) -> None:
        """Gives an undecided part back before its lease ends."""
        self._connection.execute(
            "update rempart.inbound_part set until = 0 "
            "where inbound = %s and part = %s and fence = %s and report is null",
            claim.key,
        )

    def left(self, inbound: bytes) -> list[Stretch]:
        """The stretches that left something to the last part, in order."""
        rows = self._connection.execute(
            "select chunk, skip, record, lot, modes, later from rempart.inbound_part "
            "where inbound = %s and later <> '{}' order by part",
            (UUID(bytes=inbound),),
        )
        return [_stretch(row) for row in rows]

    def done(self, claim: Claim, report: bytes) -> list[bytes] | None:
        """Keeps a part's report; all reports in order once no part is left. Raises `OvertakenError`.

        Of two workers that end their parts at once, the second sees the first one's: the deposit's row is locked.
        """
        with self._connection.transaction():
            self._connection.execute("select from rempart.inbound where inbound = %s for update", (claim.key[0],))
            ended = self._connection.execute(
                "update rempart.inbound_part set report = %s where inbound = %s and part = %s and fence = %s",
                (report, *claim.key),
            )
            if not ended.rowcount:
                raise OvertakenError
            return self._reports(claim.key[0])

    def ended(self) -> list[tuple[Inbound, list[bytes]]]:
        """Files all of whose parts are decided and that nobody closed: whoever did the last part died just then."""
        rows = self._connection.execute(
            "select inbound, client, site, channel, grant_id, fingerprint, received from rempart.inbound i "
            "where state = 'received' and exists (select from rempart.inbound_part p where p.inbound = i.inbound) "
            "and not exists (select from rempart.inbound_part p where p.inbound = i.inbound and p.report is null)"
        ).fetchall()
        found = [(Inbound(row[0].bytes, *row[1:]), self._reports(row[0])) for row in rows]
        return [(inbound, reports) for inbound, reports in found if reports is not None]

    def _reports(self, inbound: UUID) -> list[bytes] | None:
        rows = self._connection.execute(
            "select report from rempart.inbound_part where inbound = %s order by part", (inbound,)
        ).fetchall()
        return None if any(row[0] is None for row in rows) else [bytes(row[0]) for row in rows]


def _stretch(row: Sequence[Any]) -> Stretch:
    chunk, skip, record, lot, modes, later = row
    return Stretch(chunk, skip, record, lot, bytes(modes), tuple(later))


async def held(connection: asyncpg.Connection[Any], claim: Claim) -> None:
    """Inside a commit: the part is still ours and stays so until it ends. Raises `OvertakenError`."""
    if await connection.fetchval(HELD, *claim.key) is None:
        raise OvertakenError


async def renew(connection: asyncpg.Connection[Any], claim: Claim, instant: int, lease: int) -> None:
    """Holds the part for another lease once a third of it has passed; of one that is lost, the next commit says so."""
    await connection.execute(RENEW, *claim.key, instant, lease)
