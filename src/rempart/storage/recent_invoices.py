"""A site's own invoices, the newest first: what a list shows of each, no act and no identity.

Ids begin with the millisecond of their deposit, so that the order of ids is that of arrival and a day is a range.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from rempart.storage.copies import EPOCH
from rempart.storage.door import Database

MOST = 50  # on one page
LOOKED = 2_000
"""Invoices looked at for one page of one state: a site may have a million, and few of them held."""
LAST = UUID(int=(1 << 128) - 1)
# `site || ''` is what the index `invoice_of_site` is made on.
HORIZON = """
select invoice from rempart.invoice where site || '' = $1 and invoice < $2 and invoice >= $3
order by invoice desc offset $4 limit 1
"""
PAGE = """
select invoice, number, care_day, received, state, reason, spent, amo, amc, patient from rempart.invoice
where site || '' = $1 and invoice < $2 and invoice >= $3 and ($4 = '' or state = $4) order by invoice desc limit $5
"""


class RecentRow(NamedTuple):
    """One invoice: days and amounts; `received` microseconds UTC, amounts in cents."""

    invoice: UUID
    number: str
    care_date: date
    received: int
    state: str
    reason: str
    spent: int
    amo: int
    amc: int
    patient: int


class Window(NamedTuple):
    """Which invoices: ids from `least` on and below `before`, in `state` ("" for any)."""

    before: UUID = LAST
    least: UUID = UUID(int=0)
    state: str = ""


def first_id(instant: int) -> UUID:
    """The least id that a deposit of this instant (microseconds UTC) or a later one may have."""
    return UUID(bytes=(instant // 1000).to_bytes(6, "big") + bytes(10))


async def recent(database: Database, site: str, window: Window) -> tuple[list[RecentRow], UUID | None]:
    """At most `MOST` invoices of this site, and the id below which older ones may follow; None at the end."""
    least, horizon = window.least, None
    if window.state:
        bounds = (site, window.before, window.least, LOOKED - 1)
        looked = await database.fetch(HORIZON, *bounds)
        horizon = looked[0][0] if looked else None
        least = horizon or least
    rows = await database.fetch(PAGE, site, window.before, least, window.state, MOST + 1)
    found = [RecentRow(row[0], row[1], date.fromordinal(row[2] + EPOCH), *row[3:]) for row in rows[:MOST]]
    return found, found[-1].invoice if len(rows) > MOST else horizon
