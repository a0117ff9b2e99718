"""An insurer's rejected invoices for its own people: counts and amounts by reason, and which. No person, no act.

Of sites of one operator: the one at whose portal they are read.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from rempart.storage.copies import EPOCH
from rempart.storage.door import Database

MOST = 50
BY_REASON = """
select i.reason, s.profession, count(*), sum(i.spent)::bigint, sum(i.amc)::bigint
from rempart.invoice i join rempart.site s on s.site = i.site
where i.state = 'rejected' and i.insurer = $1 and s.operator = $2 and i.decided >= $3 and i.mode = 'real'
group by 1, 2 order by 3 desc, 1, 2
"""
BY_WEEK = """
select date_trunc('week', to_timestamp(i.decided / 1000000.0) at time zone 'Europe/Paris')::date, count(*),
       sum(i.amc)::bigint
from rempart.invoice i join rempart.site s on s.site = i.site
where i.state = 'rejected' and i.insurer = $1 and s.operator = $2 and i.decided >= $3 and i.mode = 'real'
group by 1 order by 1
"""
LISTED = """
select i.invoice, i.number, i.site, i.care_day, i.decided, i.spent, i.amc, i.state
from rempart.invoice i join rempart.site s on s.site = i.site
where i.state = 'rejected' and i.insurer = $1 and s.operator = $2 and i.decided >= $3 and i.reason = $4
  and i.mode = 'real' and ($5::uuid is null or (i.decided, i.invoice) < ($6, $5::uuid))
order by i.decided desc, i.invoice desc limit $7
"""
DECIDED = """
select i.decided from rempart.invoice i join rempart.site s on s.site = i.site
where i.invoice = $3 and i.insurer = $1 and s.operator = $2 and i.state = 'rejected'
"""


class Desk(NamedTuple):
    """Whose people read, and at which operator's portal."""

    insurer: str
    operator: str


class Rejection(NamedTuple):
    """One reason at sites of one profession; amounts in cents."""

    reason: str
    profession: str
    invoices: int
    spent: int
    amc: int


class Week(NamedTuple):
    """The week that begins on that Monday."""

    week: date
    invoices: int
    amc: int


class Rejected(NamedTuple):
    """One invoice."""

    invoice: UUID
    number: str
    site: str
    care_date: date
    decided: int
    spent: int
    amc: int
    state: str


async def by_reason(database: Database, desk: Desk, since: int) -> list[Rejection]:
    """The greatest first; `since` microseconds UTC."""
    return [Rejection(*row) for row in await database.fetch(BY_REASON, *desk, since)]


async def by_week(database: Database, desk: Desk, since: int) -> list[Week]:
    """In their order, those without any left out."""
    return [Week(*row) for row in await database.fetch(BY_WEEK, *desk, since)]


async def listed(
    database: Database, desk: Desk, since: int, reason: str, *, before: UUID | None = None
) -> list[Rejected]:  # fmt: skip
    """The newest first, at most `MOST`; `before`: an invoice of the answer before, for older ones."""
    at = 0
    if before is not None:
        rows = await database.fetch(DECIDED, *desk, before)
        if not rows:
            return []
        at = int(rows[0][0])
    found = await database.fetch(LISTED, *desk, since, reason, before, at, MOST)
    return [Rejected._make((*row[:3], date.fromordinal(EPOCH + row[3]), *row[4:])) for row in found]
