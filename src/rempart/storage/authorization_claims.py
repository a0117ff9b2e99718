"""What becomes of authorizations beside their sites' own acts: invoices made from them, and the end of validity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import psycopg

from rempart.application.invoice_records import ACCEPTED, REJECTED, Decided
from rempart.domain.adjudication import rejected
from rempart.domain.authorization import CANCELLED, EXPIRED, INVOICED, step
from rempart.domain.deliveries import (
    AgreedLine,
    HeldLine,
    Part,
    Tolerance,
    by_line,
    drawn,
    refused,
    state_of,
)
from rempart.storage.authorizations import read_lines, told

USED = "authorization-used"
ENDED = {CANCELLED: "authorization-cancelled", EXPIRED: "authorization-expired"}
# One row a request, locked: of two invoices that race for it, the second sees what the first one took.
STANDS = """
select state, lines, line_cents, total_cents from rempart.authorization_request where request = $1 for update
"""
TAKEN = """
select p.line, sum(p.units)::int, sum(p.amc)::bigint
from rempart.authorization_part p join rempart.invoice i using (invoice)
where p.request = $1 and i.live and p.invoice <> $2 group by p.line
"""
HELD = """
select line, place, unit, amount, outside, counter, day from rempart.authorization_hold where request = $1
"""
DRAW = "select rempart.draw_counters($1, $2, $3, $4, $5, $6, $7)"
REST = "select rempart.release_counters($1, null, $2)"
END = """
with ended as (
    update rempart.authorization_request set state = 'expired'
    where state in ('agreed', 'partly-invoiced', 'pending') and latest_day < %s returning request, site)
insert into rempart.authorization_event (request, site, state, cause, instant)
select request, site, 'expired', 'authorization-expired', %s from ended returning request
"""


# Counters are locked before requests, as everybody does.
LOCK = """
select rempart.lock_held(array(select request from rempart.authorization_request
                               where state in ('agreed', 'partly-invoiced', 'pending') and latest_day < %s))
"""
RELEASE = "select rempart.release_counters(ended, null, %s) from unnest(%s::uuid[]) ended"
STRAY = 600_000_000  # microseconds: a hold older than that whose request was not written is nobody's


async def claim(
    connection: asyncpg.Connection[Any], decided: Sequence[Decided], instant: int
) -> list[Decided]:  # fmt: skip
    """Inside the commit of a batch: each accepted invoice takes its part of the authorization that it was made from.

    One that comes too late is rejected in the same commit. The counters of all are locked already.
    """
    made = [one for one in decided if one.authorization and one.state == ACCEPTED]
    lost: dict[bytes, Decided] = {}
    for one in sorted(made, key=lambda each: each.authorization):  # one order, whoever locks
        if reason := await _take(connection, one, instant):
            lost[one.submitted.identity] = await _too_late(connection, one, reason)
    return [lost.get(one.submitted.identity, one) for one in decided]


async def _take(connection: asyncpg.Connection[Any], one: Decided, instant: int) -> str:
    """Writes the part, the event and what it draws of allowances; or why it cannot be taken any more."""
    request, invoice = UUID(bytes=one.authorization), UUID(bytes=one.submitted.identity)
    row = await connection.fetchrow(STANDS, request)
    if row is None:
        return USED
    lines, _ = read_lines(row[1])
    taken = [Part(*part) for part in await connection.fetch(TAKEN, request, invoice)]
    wanted = parts_of(one, lines)
    reason = refused(lines, taken, wanted, Tolerance(row[2], row[3]))
    state = state_of(lines, [*taken, *wanted])
    event = step(row[0], state, instant=instant, cause="invoice")
    if reason or isinstance(event, str):
        return ENDED.get(row[0], reason or USED)
    await connection.executemany(
        "insert into rempart.authorization_part (request, invoice, line, units, amc, instant) "
        "values ($1, $2, $3, $4, $5, $6)",
        [(request, invoice, *part, instant) for part in wanted],
    )
    await connection.execute(
        "update rempart.authorization_request set state = $2, invoice = $3 where request = $1", request, state, invoice
    )
    await told(connection, request, one.submitted.site.site, event)
    await _draw(connection, (request, invoice), lines, taken, wanted=wanted, instant=instant)
    if state == INVOICED:
        await connection.execute(REST, request, instant)
    return ""


def parts_of(one: Decided, lines: Sequence[AgreedLine]) -> list[Part]:
    """What an accepted invoice takes of each agreed line: of the lines that are owed, what is owed."""
    parts = [
        Part(place, units, line.amc)
        for (place, units), line in zip(one.takes, one.decision.lines, strict=True)
        if not line.reason
    ]
    return [part for part in by_line(lines, parts) if part.units]


async def _draw(
    connection: asyncpg.Connection[Any], of: tuple[UUID, UUID], lines: Sequence[AgreedLine], taken: Sequence[Part], *,
    wanted: Sequence[Part], instant: int,
) -> None:  # fmt: skip
    """Of (authorization, invoice): what each delivered line holds is spent, or released where it costs less."""
    before = by_line(lines, taken)
    draws: dict[tuple[bytes, int], list[int]] = {}
    parts = {part.line: part for part in wanted}
    for row in await connection.fetch(HELD, of[0]):
        held = HeldLine(*tuple(row)[:5])
        if held.line in parts:
            released, spent = drawn(held, lines[held.line], before[held.line].units, parts[held.line])
            sums = draws.setdefault((row[5], row[6]), [0, 0])
            sums[0] += released
            sums[1] += spent
    if draws:
        columns = [[key[0] for key in draws], [key[1] for key in draws]]
        columns += [[sums[place] for sums in draws.values()] for place in (0, 1)]
        await connection.execute(DRAW, *of, *columns, instant)


async def _too_late(connection: asyncpg.Connection[Any], one: Decided, reason: str) -> Decided:
    decision = rejected(one.submitted.invoice, reason)
    await connection.execute(
        "update rempart.invoice set state = 'rejected', reason = $2, live = false, amc = $3, patient = $4, "
        "content = null where invoice = $1",
        UUID(bytes=one.submitted.identity), reason, decision.amc, decision.patient,
    )  # fmt: skip
    return one._replace(state=REJECTED, reason=reason, decision=decision, content=None, meeting=None, kept=None)


def expire(connection: psycopg.Connection[Any], today: int, instant: int) -> int:
    """Ends what was agreed or waits beyond its last day (`today`: days since 1970); how many."""
    with connection.transaction():
        connection.execute(LOCK, (today,))
        ended = connection.execute(END, (today, instant)).fetchall()
        connection.execute(RELEASE, (instant, [row[0] for row in ended]))
        connection.execute("select rempart.release_stray_holds(%s, %s)", (instant - STRAY, instant))
    return len(ended)
