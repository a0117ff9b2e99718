"""What a site reads of its own notices. They are written with the facts they tell, by `notices` and `waits`."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from rempart.storage.door import Database

PAGE = 200  # notices of one answer
# One that is written while an earlier number is not yet seen waits for it: a cursor passes over nothing.
OF_SITE = """
select notice, kind, subject, day, instant from rempart.site_notice
where site = $1 and notice > $2 and tx < pg_snapshot_xmin(pg_current_snapshot()) order by notice limit $3
"""

NEWEST = """
select notice, kind, subject, day, instant from rempart.site_notice
where site = $1 and notice > $2 and tx < pg_snapshot_xmin(pg_current_snapshot()) order by notice desc limit $3
"""


class SiteNotice(NamedTuple):
    """One notice of the site; `instant` in microseconds UTC."""

    number: int
    kind: str
    subject: UUID
    day: date
    instant: int


async def of_site(database: Database, site: str, since: int, *, newest: bool = False) -> list[SiteNotice]:
    """The site's own after number `since`, the oldest first, or the newest first; `PAGE` at most."""
    return [SiteNotice(*row) for row in await database.fetch(NEWEST if newest else OF_SITE, site, since, PAGE)]
