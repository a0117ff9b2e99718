"""A site's money in sums, for the hub: what was paid by week, how long it took, what was rejected, what is due.

Sums of the site's own rows only; a transfer that was not executed, or came back, does not count as paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from rempart.storage.door import Database

# The row without a week is that of all of them. Each invoice is looked up: what it costs does not grow with the table.
WEEKS = """
with paid as materialized (
    select r.remittance, r.amount, r.invoices, coalesce(e.day, r.day) as day
    from rempart.remittance r
    left join rempart.remittance_end e using (remittance)
    left join rempart.remittance_return b using (remittance)
    where r.site = $1 and r.day >= $2 and r.day < $3 and b.remittance is null
      and e.outcome is distinct from 'released'),
sums as (
    select date_trunc('week', p.day)::date as week, count(*) as transfers, sum(p.amount)::bigint as amount,
           sum(p.invoices)::bigint as invoices
    from paid p group by grouping sets ((1), ())),
delays as (
    select date_trunc('week', p.day)::date as week, percentile_disc(0.5) within group (order by greatest(
               p.day - (to_timestamp(i.received / 1000000.0) at time zone 'Europe/Paris')::date, 0)) as delay
    from paid p join rempart.remittance_line l using (remittance)
    cross join lateral (select x.received from rempart.invoice x where x.invoice = l.invoice offset 0) i
    group by grouping sets ((1), ()))
select s.week, s.transfers, s.amount, s.invoices, d.delay
from sums s left join delays d on d.week is not distinct from s.week order by 1
"""
# What is rejected is never live: it is found by the index of a site's former numbers.
REJECTED = """
select i.reason, count(*) from rempart.invoice i
where i.site = $1 and not i.live and i.state = 'rejected' and i.mode = 'real' and i.decided >= $2
group by 1 order by 2 desc, 1
"""
DUE = """
select coalesce(n.operator, ''), i.insurer, coalesce(n.name, i.insurer),
       (to_timestamp(i.received / 1000000.0) at time zone 'Europe/Paris')::date, count(*), sum(i.amc)::bigint
from rempart.invoice i left join rempart.insurer n on n.insurer = i.insurer
where i.site = $1 and i.state = 'accepted' and i.mode = 'real' and i.amc > 0
  and not exists (select from rempart.remittance_line l where l.invoice = i.invoice and l.live)
group by 1, 2, 3, 4 order by 4, 2
"""
TARGETS = """
select distinct on (operator, insurer) operator, insurer, target_days from rempart.delay_terms
where starts <= $1 and operator = any($2::text[]) order by operator, insurer, starts desc
"""


class Week(NamedTuple):
    """What was paid in one week, named by its Monday (none: all): transfers, cents, invoices, median days of delay."""

    week: date | None
    transfers: int
    amount: int
    invoices: int
    delay: int | None


class Due(NamedTuple):
    """Accepted invoices of one insurer received on one day, in no transfer: how many, cents."""

    operator: str
    insurer: str
    name: str
    received: date
    invoices: int
    amount: int


async def weeks(database: Database, site: str, first: date, end: date) -> tuple[list[Week], int | None]:
    """The weeks of [first, end) in which something was paid, the oldest first; and the median of all of them."""
    found = [Week(*row) for row in await database.fetch(WEEKS, site, first, end)]
    overall = next((one.delay for one in found if one.week is None), None)
    return [one for one in found if one.week is not None], overall


async def rejected(database: Database, site: str, since: int) -> list[tuple[str, int]]:
    """Codes of reasons with the invoices rejected for them since an instant, the most frequent first."""
    return [(row[0], row[1]) for row in await database.fetch(REJECTED, site, since)]


async def due(database: Database, site: str) -> list[Due]:
    """What is accepted and in no transfer, the oldest first."""
    return [Due(*row) for row in await database.fetch(DUE, site)]


async def targets(database: Database, day: date, operators: Sequence[str]) -> dict[tuple[str, str], int]:
    """(operator, insurer or '') → working days that the contract in force on `day` promises."""
    return {(row[0], row[1]): row[2] for row in await database.fetch(TARGETS, day, list(operators))}
