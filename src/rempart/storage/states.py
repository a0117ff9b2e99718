"""What a site may read of its own deposits and invoices: states, amounts, reasons; no acts, no identity."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rempart.domain.decision import DecidedLine
from rempart.storage.copies import read_lines
from rempart.storage.door import Database

# A rejected invoice that a rights file opened counts as what it became: the last it is under its place in the deposit.
COUNTS = """
select state, sum(count)::bigint from (
    select i.state, count(*) from rempart.invoice i where i.inbound = $1 group by i.state
    union all
    select 'rejected', -count(*) from rempart.invoice i
    where i.inbound = $1 and get_byte(uuid_send(i.invoice), 12) >= 128) c
group by state having sum(count) > 0
"""


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice of the site, its decided lines and its events (state, cause, instant), oldest first."""

    invoice: UUID
    number: str
    state: str
    reason: str
    spent: int
    amo: int
    amc: int
    patient: int
    corrects: UUID | None
    corrected_by: UUID | None
    lines: tuple[DecidedLine, ...]
    events: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class FileRow:
    """One deposit and its report; `counts` by invoice state."""

    inbound: UUID
    state: str
    received: int
    report: dict[str, Any]
    counts: dict[str, int]


async def invoice(database: Database, site: str, identity: UUID) -> InvoiceRow | None:
    """An invoice of this site; another site's looks absent."""
    rows = await database.fetch(
        "select i.invoice, i.number, i.state, i.reason, i.spent, i.amo, i.amc, i.patient, i.corrects, "
        "(select n.invoice from ("
        " select l.* from rempart.invoice l where l.site = i.site and l.number = i.number and l.live "
        " union all select f.* from rempart.invoice f where f.site = i.site and f.number = i.number and not f.live) n "
        " where n.corrects = i.invoice order by n.received desc limit 1), d.lines "
        "from rempart.invoice i left join rempart.decision d using (invoice) where i.site = $1 and i.invoice = $2",
        site, identity,
    )  # fmt: skip
    if not rows:
        return None
    events = await database.fetch(
        "select state, cause, instant from rempart.invoice_history where invoice = $1 order by place, event", identity
    )
    row = rows[0]
    return InvoiceRow(
        invoice=row[0], number=row[1], state=row[2], reason=row[3], spent=row[4], amo=row[5], amc=row[6],
        patient=row[7], corrects=row[8], corrected_by=row[9], lines=read_lines(row[10]) if row[10] else (),
        events=tuple((event[0], event[1], event[2]) for event in events),
    )  # fmt: skip


async def by_number(database: Database, site: str, number: str) -> list[UUID]:
    """The site's invoices under one of its numbers, the newest first."""
    rows = await database.fetch(
        "select invoice from (select invoice, received from rempart.invoice where site = $1 and number = $2 and live "
        "union all select invoice, received from rempart.invoice where site = $1 and number = $2 and not live) i "
        "order by received desc, invoice desc limit 50",
        site, number,
    )  # fmt: skip
    return [row[0] for row in rows]


async def awaited(database: Database, client: str, site: str, identity: UUID) -> bool:
    """Whether an invoice that is not written yet lies in a deposit of client and site that is still to be decided."""
    inbound = UUID(bytes=identity.bytes[:12] + bytes(4))
    rows = await database.fetch(
        "select 1 from rempart.inbound "
        "where inbound = $1 and client = $2 and site in ($3, '') and state in ('receiving', 'received')",
        inbound, client, site,
    )  # fmt: skip
    return bool(rows)


async def deposit(
    database: Database, client: str, site: str, identity: UUID, *, of_site: bool = False
) -> FileRow | None:  # fmt: skip
    """A deposit of this client for this site, or a concentrator's own of many sites; any other looks absent.

    `of_site`: one that any client sent for this site, as its people may read.
    """
    rows = await database.fetch(
        "select inbound, state, received, report from rempart.inbound "
        "where inbound = $1 and (client = $2 and site in ($3, '') or $4 and site = $3)",
        identity, client, site, of_site,
    )  # fmt: skip
    if not rows:
        return None
    inbound, state, received, report = rows[0]
    counts = []
    if state == "decided":
        counts = await database.fetch(COUNTS, identity)
    return FileRow(inbound, state, received, json.loads(report), {row[0]: row[1] for row in counts})


async def cancel(database: Database, site: str, identity: UUID, instant: int) -> str:
    """`cancelled`, `taken-back` (it was paid: a claw-back), `not-cancellable` or `not-found`."""
    rows = await database.fetch("select rempart.cancel_invoice($1, $2, $3)", identity, site, instant)
    return str(rows[0][0])


async def say_distinct(database: Database, site: str, identity: UUID) -> bool:
    """The site says that a held invoice is not the one it resembles; it is decided again soon."""
    rows = await database.fetch(
        "update rempart.invoice set distinct_said = true "
        "where invoice = $1 and site = $2 and state = 'held' returning invoice",
        identity, site,
    )  # fmt: skip
    return bool(rows)
