"""Dated changes of sites over psycopg 3: only added; what was done on the day is a row of its own."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import psycopg

from rempart.domain.site_changes import SiteChange

Connection = psycopg.Connection[Any]


class Kept(NamedTuple):
    """A change as it stands; `zone` is the site's, `done` microseconds UTC or None."""

    change: int
    site: str
    what: str
    day: date
    officer: str
    because: str
    zone: str
    done: int | None


def add(connection: Connection, change: SiteChange, instant: int) -> int:
    """Its number; 0 when the same change of that day was there already."""
    row = connection.execute(
        """insert into rempart.site_change (site, what, day, officer, because, said) values (%s, %s, %s, %s, %s, %s)
           on conflict (site, what, day) do nothing returning change""",
        (change.site, change.what, change.day, change.officer, change.because, instant),
    ).fetchone()
    return int(row[0]) if row else 0


def changes(connection: Connection, *, done: bool) -> list[Kept]:
    """Those that wait for their day, or all of them, by day."""
    rows = connection.execute(
        """select c.change, c.site, c.what, c.day, c.officer, c.because, s.zone, d.instant from rempart.site_change c
           join rempart.site s using (site) left join rempart.site_change_done d using (change)
           where %s or d.change is null order by c.day, c.change""",
        (done,),
    )
    return [Kept(*row) for row in rows.fetchall()]


def finish(connection: Connection, change: int, instant: int) -> None:
    """What had to be done on its day is done."""
    connection.execute(
        "insert into rempart.site_change_done (change, instant) values (%s, %s) on conflict do nothing",
        (change, instant),
    )


def mandated(connection: Connection, site: str, day: date) -> list[str]:
    """The clients whose mandates of a site last to a day or beyond, accounts among them."""
    rows = connection.execute(
        "select distinct client from rempart.mandate where site = %s and ends >= %s and ended is null order by 1",
        (site, day),
    )
    return [row[0] for row in rows.fetchall()]


def own_clients(connection: Connection, site: str) -> list[str]:
    """The site's own programs that stand."""
    rows = connection.execute(
        "select client from rempart.client where own_site = %s and kind = 'site' and standing <> 'closed' order by 1",
        (site,),
    )
    return [row[0] for row in rows.fetchall()]
