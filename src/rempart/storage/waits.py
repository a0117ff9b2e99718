"""Waits in the database: sealed rejected invoices, the loads that may open them, and the commit of those that open.

A row names an invoice and an insurer, never a person or a record: the keeper alone knows which record a wait looks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec
import psycopg

from rempart.application.invoice_records import Decided
from rempart.application.rights_again import CAUSE, NOTICE, original_of
from rempart.domain.binding import Declared
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.parameters import REOPENED_WITHIN_DAYS
from rempart.domain.particulars import Particulars
from rempart.storage.copies import EPOCH

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY = 86_400_000_000  # microseconds
_encode = msgspec.msgpack.Encoder().encode
LOCK = 0x52_4D_50_52_41  # "RMPRA": one worker looks

# Whoever wrote a wait may have read rights that a load has changed since: then that load's waits are looked at again.
LOOK_AGAIN = """
insert into rempart.rights_again (insurer, rights_file, since)
select f.insurer, f.rights_file, $2 from unnest($1::text[]) w(insurer)
cross join lateral (
    select x.insurer, x.rights_file from rempart.rights_file x where x.insurer = w.insurer and x.state = 'applied'
    order by x.rights_file desc limit 1) f
where exists (select from rempart.rights_again_done d where d.rights_file = f.rights_file and d.instant >= $2)
on conflict (insurer) do nothing
"""
REWIND = "update rempart.rights_again set reached = null, turn = turn + 1 where insurer = any($1::text[])"

# What the site sent under the number since, or what stands already of the same content, is what it meant.
SUPERSEDED = """
exists (select from rempart.invoice n where n.site = i.site and n.number = i.number and n.live)
or exists (select from rempart.invoice n where n.site = i.site and n.number = i.number and not n.live
           and n.invoice <> i.invoice and n.received >= i.received and n.reason <> 'duplicate')
"""
TAKE = f"""
with taken as (delete from rempart.invoice_wait where invoice = any($1::uuid[]) returning invoice)
select i.invoice from taken join rempart.invoice i using (invoice) where not ({SUPERSEDED})
"""  # noqa: S608 - a constant of this module
SAME_CONTENT = "select content from rempart.invoice where content = any($1::bytea[]) and live"

PAGE = f"""
select w.invoice, w.sealed, i.position, b.channel, {SUPERSEDED} as superseded
from rempart.invoice_wait w join rempart.invoice i using (invoice) left join rempart.inbound b on b.inbound = i.inbound
where w.insurer = %s and (%s::uuid is null or w.invoice > %s::uuid) and w.since >= %s
order by w.invoice limit %s
"""  # noqa: S608 - a constant of this module


class Wait(NamedTuple):
    """One wait as it is looked at."""

    invoice: bytes
    sealed: bytes
    position: int
    channel: str
    superseded: bool


class Job(NamedTuple):
    """A load whose insurer's waits are to be looked at, from after `reached` on, in this turn."""

    insurer: str
    rights_file: int
    reached: UUID | None
    turn: int


class Looked(NamedTuple):
    """What a look did."""

    looked: int = 0
    reopened: int = 0
    dropped: int = 0


def write_invoice(invoice: Invoice) -> bytes:
    """An invoice as msgpack, for the keeper to seal: it holds an identity."""
    return _encode(invoice)


def read_invoice(stored: bytes) -> Invoice:
    """The inverse of `write_invoice`."""
    told: dict[str, Any] = msgspec.msgpack.decode(stored)
    declared = told.pop("declared")
    return Invoice(
        **told | {
            "issued": date.fromisoformat(told["issued"]),
            "presented": Presented(**told["presented"]),
            "lines": tuple(_line(line) for line in told["lines"]),
            "declared": msgspec.convert(declared, Declared) if declared is not None else None,
            "source": tuple((name, value) for name, value in told["source"]),
        }
    )  # fmt: skip


def _line(told: Mapping[str, Any]) -> Line:
    particulars = told["particulars"]
    return Line(
        **dict(told) | {
            "care_date": date.fromisoformat(told["care_date"]),
            "detail": tuple((system, code, count) for system, code, count in told["detail"]),
            "particulars": msgspec.convert(particulars, Particulars) if particulars is not None else None,
        }
    )  # fmt: skip


# --- in the commit of a batch ---


async def put(connection: asyncpg.Connection[Any], decided: Sequence[Decided], instant: int) -> None:
    """The waits of what was just rejected for its rights."""
    rows = [(UUID(bytes=one.submitted.identity), one.insurer, instant, one.wait) for one in decided if one.wait]
    if not rows:
        return
    columns = ("invoice", "insurer", "since", "sealed")
    await connection.copy_records_to_table("invoice_wait", records=rows, columns=columns, schema_name="rempart")
    insurers = sorted({row[1] for row in rows})
    await connection.execute(REWIND, insurers)
    await connection.execute(LOOK_AGAIN, insurers, instant)


async def take(connection: asyncpg.Connection[Any], decided: Sequence[Decided]) -> list[Decided]:
    """Those whose wait still stands, each once: it ends here, and with it what the site has sent again meanwhile."""
    originals = [UUID(bytes=original_of(one.submitted.identity)) for one in decided]
    taken = {row[0].bytes for row in await connection.fetch(TAKE, originals)}
    contents = [one.content for one in decided if one.content]
    met = {bytes(row[0]) for row in await connection.fetch(SAME_CONTENT, contents)}
    kept: list[Decided] = []
    for one in decided:
        content = one.content or b""
        if original_of(one.submitted.identity) in taken and content not in met:
            kept.append(one)
            met |= {content} - {b""}
    return kept


async def tell(connection: asyncpg.Connection[Any], decided: Sequence[Decided], instant: int) -> None:
    """The rejected ones' histories say that rights opened, and their sites are told."""
    events = [(UUID(bytes=original_of(one.submitted.identity)), "rejected", CAUSE, instant) for one in decided]
    columns = ("invoice", "state", "cause", "instant")
    await connection.copy_records_to_table("invoice_event", records=events, columns=columns, schema_name="rempart")
    day = date.fromordinal(EPOCH + instant // DAY)
    await connection.executemany(
        "insert into rempart.site_notice (site, kind, subject, day, instant) values ($1, $2, $3, $4, $5) "
        "on conflict (kind, subject) do nothing",
        [(one.submitted.site.site, NOTICE, UUID(bytes=one.submitted.identity), day, instant) for one in decided],
    )


# --- a load's look ---


class Waits:
    """The worker's side, over psycopg: the jobs that loads leave, and their waits in pages."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def hold(self) -> bool:
        """Whether this worker may look; another one does otherwise."""
        return self._connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone() == (True,)

    def release(self) -> None:
        """Gives the lock back."""
        self._connection.execute("select pg_advisory_unlock(%s)", (LOCK,))

    def job(self) -> Job | None:
        """The oldest load that nobody has looked at to its end."""
        row = self._connection.execute(
            "select insurer, rights_file, reached, turn from rempart.rights_again order by since limit 1"
        ).fetchone()
        return Job(*row) if row is not None else None

    def page(self, job: Job, instant: int, most: int) -> list[Wait]:
        """The next waits of the job's insurer, in the order of invoices."""
        since = instant - REOPENED_WITHIN_DAYS * DAY
        rows = self._connection.execute(PAGE, (job.insurer, job.reached, job.reached, since, most)).fetchall()
        return [Wait(row[0].bytes, bytes(row[1]), row[2], row[3] or "api", row[4]) for row in rows]

    def went_on(self, job: Job, reached: bytes) -> Job:
        """So far was looked; a wait that came before it meanwhile begins again."""
        at = UUID(bytes=reached)
        self._connection.execute(
            "update rempart.rights_again set reached = %s where insurer = %s and turn = %s",
            (at, job.insurer, job.turn),
        )
        return job._replace(reached=at)

    def ended(self, job: Job, looked: Looked, instant: int) -> None:
        """Nothing is left to look at, unless a newer load or a new wait came meanwhile."""
        with self._connection.transaction():
            self._connection.execute(
                "delete from rempart.rights_again where insurer = %s and turn = %s", (job.insurer, job.turn)
            )
            self._connection.execute(
                "insert into rempart.rights_again_done (insurer, rights_file, instant, looked, reopened, dropped) "
                "values (%s, %s, %s, %s, %s, %s)",
                (job.insurer, job.rights_file, instant, *looked),
            )

    def drop(self, invoices: Sequence[bytes]) -> None:
        """These wait no longer."""
        if invoices:
            self._connection.execute(
                "delete from rempart.invoice_wait where invoice = any(%s)", ([UUID(bytes=one) for one in invoices],)
            )

    def reseal(self, sealed: Sequence[tuple[bytes, bytes]]) -> None:
        """(invoice, sealed anew) of those that go on waiting, with what was seen of their records by now."""
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "update rempart.invoice_wait set sealed = %s where invoice = %s",
                [(content, UUID(bytes=one)) for one, content in sealed],
            )

    def forget(self, instant: int) -> int:
        """Destroys the waits that are too old; how many."""
        before = instant - REOPENED_WITHIN_DAYS * DAY
        return self._connection.execute("delete from rempart.invoice_wait where since < %s", (before,)).rowcount


def stirred(connection: psycopg.Connection[Any], insurer: str, rights_file: int, instant: int) -> None:
    """In the transaction of a load: its insurer's waits are to be looked at, from the first on."""
    connection.execute(
        "insert into rempart.rights_again (insurer, rights_file, since) values (%s, %s, %s) "
        "on conflict (insurer) do update set rights_file = excluded.rights_file, reached = null, "
        "turn = rights_again.turn + 1",
        (insurer, rights_file, instant),
    )
