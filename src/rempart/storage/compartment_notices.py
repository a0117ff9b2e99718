"""Which sites a compartment holds, and the notice of each change of state to them: in parts, once each.

An insurer's closing is told by its answers and the status page: it concerns whoever meets its cards, and nobody lists
them. Instants are microseconds UTC.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from psycopg import Connection

    from rempart.storage.door import Database

PART = 5_000  # sites of one commit
FRESH = 86_400_000_000  # a change that is older is nobody's news
PREFIX = "compartment-"
WITHIN = """s.standing = 'good' and case split_part({name}, ':', 1)
    when 'portal' then exists (select from rempart.mandate m join rempart.account a on a.account = m.client
                               where m.site = s.site and m.ended is null and a.operator = split_part({name}, ':', 2))
    when 'operator' then s.operator = split_part({name}, ':', 2)
    when 'profession' then s.profession = split_part({name}, ':', 2)
    when 'region' then s.region = split_part({name}, ':', 2)
    when 'insurer' then false
    else true end"""
NEXT = """
select e.event, e.compartment, e.state, coalesce(t.last_site, '') from rempart.compartment_event e
left join rempart.compartment_told t using (event)
where not coalesce(t.done, false) and e.instant > $1 order by e.event limit 1
"""
_TELL = """
with chosen as (
    select s.site from rempart.site s where s.site > $3 and {within} order by s.site limit $6::int
), told as (
    insert into rempart.site_notice (site, kind, subject, day, instant)
    select c.site, $4::text, md5('compartment ' || $1::bigint || ' ' || c.site)::uuid, $5::date, $7::bigint
    from chosen c
    on conflict (kind, subject) do nothing
)
insert into rempart.compartment_told (event, last_site, done)
select $1::bigint, coalesce(max(c.site), $3), count(*) < $6::int from chosen c
on conflict (event) do update set last_site = excluded.last_site, done = excluded.done
"""
TELL = _TELL.format(within=WITHIN.format(name="$2::text"))
_SITES = "select s.site, s.profession from rempart.site s where {within} order by s.site"
SITES = _SITES.format(within=WITHIN.format(name="%(name)s::text"))
LAST = """
select compartment, state, reason, instant, reopens, french, english from rempart.compartment_event
where compartment = %s order by event desc limit 1
"""


class Change(NamedTuple):
    """The last step of a compartment: its state, and what is told of it."""

    compartment: str
    state: str
    reason: str
    instant: int
    reopens: int | None
    french: str
    english: str


async def tell(database: Database, instant: int, day: date) -> bool:
    """One part of the oldest change that is not told to everybody yet; False when there is none."""
    rows = await database.fetch(NEXT, instant - FRESH)
    if not rows:
        return False
    event, name, state, last = rows[0]
    await database.fetch(TELL, event, name, last, PREFIX + state, day, PART, instant)
    return True


def last_change(connection: Connection[Any], name: str) -> Change | None:
    """None when it never changed."""
    row = connection.execute(LAST, (name,)).fetchone()
    return Change(*row) if row else None


def sites_within(connection: Connection[Any], name: str) -> list[tuple[str, str]]:
    """(site, profession) of every site in good standing that it holds, by number; of an insurer none."""
    return connection.execute(SITES, {"name": name}).fetchall()
