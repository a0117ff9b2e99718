"""An insurer's rejected invoices for its own people: counts and amounts by reason, and which. No person, no act."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from rempart.storage.copies import EPOCH
from rempart.storage.door import Database

MOST = 50
BY_REASON = """
select i.reason, coalesce(s.profession, ''), count(*), sum(i.spent)::bigint, sum(i.amc)::bigint
from rempart.invoice i left join rempart.site s on s.site = i.site
where i.state = 'rejected' and i.insurer = $1 and i.decided >= $2 and i.mode = 'real'
group by 1, 2 order by 3 desc, 1, 2
"""
BY_WEEK = """
select date_trunc('week', to_timestamp(decided / 1000000.0) at time zone 'Europe/Paris')::date, count(*),
       sum(amc)::bigint
from rempart.invoice where state = 'rejected' and insurer = $1 and decided >= $2 and mode = 'real' group by 1 order by 1
"""
LISTED = """
select invoice, number, site, care_day, decided, spent, amc, state from rempart.invoice
where state = 'rejected' and insurer = $1 and decided >= $2 and reason = $3 and mode = 'real'
  and ($4::uuid is null or (decided, invoice) < ($5, $4::uuid))
order by decided desc, invoice desc limit $6
"""
DECIDED = "select decided from rempart.invoice where invoice = $1 and insurer = $2 and state = 'rejected'"


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


async def by_reason(database: Database, insurer: str, since: int) -> list[Rejection]:
    """The greatest first; `since` microseconds UTC."""
    return [Rejection(*row) for row in await database.fetch(BY_REASON, insurer, since)]


async def by_week(database: Database, insurer: str, since: int) -> list[Week]:
    """In their order, those without any left out."""
    return [Week(*row) for row in await database.fetch(BY_WEEK, insurer, since)]


async def listed(
    database: Database, insurer: str, since: int, reason: str, *, before: UUID | None = None
) -> list[Rejected]:  # fmt: skip
    """The newest first, at most `MOST`; `before`: an invoice of the answer before, for older ones."""
    at = 0
    if before is not None:
        rows = await database.fetch(DECIDED, before, insurer)
        if not rows:
            return []
        at = int(rows[0][0])
    found = await database.fetch(LISTED, insurer, since, reason, before, at, MOST)
    return [Rejected._make((*row[:3], date.fromordinal(EPOCH + row[3]), *row[4:])) for row in found]
