"""What becomes of authorizations beside their sites' own acts: invoices made from them, and the end of validity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import psycopg

from rempart.application.invoice_records import ACCEPTED, REJECTED, Decided
from rempart.domain.adjudication import rejected
from rempart.domain.authorization import AGREED, INVOICED, Event
from rempart.storage.authorizations import told

USED = "authorization-used"
# One row a request, locked: of two invoices that race for it, the second sees the first one's.
TAKEN = """
select r.state, i.invoice is not null as used from rempart.authorization_request r
left join rempart.invoice i on i.invoice = r.invoice and i.live and i.invoice <> $2
where r.request = $1 for update of r
"""
END = """
with ended as (
    update rempart.authorization_request set state = 'expired'
    where state in ('agreed', 'pending') and latest_day < %s returning request, site)
insert into rempart.authorization_event (request, site, state, cause, instant)
select request, site, 'expired', 'authorization-expired', %s from ended returning request
"""


# Counters are locked before requests, as everybody does.
LOCK = """
select rempart.lock_held(array(select request from rempart.authorization_request
                               where state in ('agreed', 'pending') and latest_day < %s))
"""
RELEASE = "select rempart.release_counters(ended, null, %s) from unnest(%s::uuid[]) ended"
STRAY = 600_000_000  # microseconds: a hold older than that whose request was not written is nobody's


async def claim(
    connection: asyncpg.Connection[Any], decided: Sequence[Decided], instant: int
) -> list[Decided]:  # fmt: skip
    """Inside the commit of a batch: each accepted invoice takes the authorization that it was made from.

    One that comes too late is rejected in the same commit.
    """
    made = [one for one in decided if one.authorization and one.state == ACCEPTED]
    lost: dict[bytes, Decided] = {}
    for one in sorted(made, key=lambda each: each.authorization):  # one order, whoever locks
        request, invoice = UUID(bytes=one.authorization), UUID(bytes=one.submitted.identity)
        row = await connection.fetchrow(TAKEN, request, invoice)
        if row is None or row["used"] or row["state"] not in {AGREED, INVOICED}:
            lost[one.submitted.identity] = await _too_late(connection, one)
            continue
        await connection.execute(
            "update rempart.authorization_request set state = $2, invoice = $3 where request = $1",
            request, INVOICED, invoice,
        )  # fmt: skip
        if row["state"] == AGREED:
            await told(connection, request, one.submitted.site.site, Event(INVOICED, instant, "invoice"))
    return [lost.get(one.submitted.identity, one) for one in decided]


async def _too_late(connection: asyncpg.Connection[Any], one: Decided) -> Decided:
    decision = rejected(one.submitted.invoice, USED)
    await connection.execute(
        "update rempart.invoice set state = 'rejected', reason = $2, live = false, amc = $3, patient = $4, "
        "content = null where invoice = $1",
        UUID(bytes=one.submitted.identity), USED, decision.amc, decision.patient,
    )  # fmt: skip
    return one._replace(state=REJECTED, reason=USED, decision=decision, content=None, meeting=None, kept=None)


def expire(connection: psycopg.Connection[Any], today: int, instant: int) -> int:
    """Ends what was agreed or waits beyond its last day (`today`: days since 1970); how many."""
    with connection.transaction():
        connection.execute(LOCK, (today,))
        ended = connection.execute(END, (today, instant)).fetchall()
        connection.execute(RELEASE, (instant, [row[0] for row in ended]))
        connection.execute("select rempart.release_stray_holds(%s, %s)", (instant - STRAY, instant))
    return len(ended)
