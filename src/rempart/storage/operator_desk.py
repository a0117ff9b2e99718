"""The operator's desk in the database: what it reads of its own sites and accounts, and the functions that change them.

Every statement names the operator: another one's sites and accounts are absent. Instants are microseconds UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from rempart.storage.door import Database

MOST_ACCOUNTS = 200
MOST_EVENTS = 60
SITES = """
select s.site, s.profession, coalesce(s.region, ''), s.standing, count(distinct a.account), d.of is not null
from (select * from rempart.site where operator = $1 and site > $2 and starts_with(site, $3)
      order by site limit $4) s
left join rempart.mandate m on m.site = s.site and m.ended is null and $5 between m.starts and m.ends
left join rempart.account a on a.account = m.client
left join rempart.desk_suspension d on (d.kind, d.of) = ('site', s.site)
group by s.site, s.profession, s.region, s.standing, d.of order by s.site
"""
SITES_IN_ALL = "select count(*) from rempart.site where operator = $1 and standing <> 'closed'"
_ACCOUNT = """
select a.account, a.role, c.standing, a.invited, a.insurer, coalesce(m.site, ''), min(m.starts), max(m.ends),
       bool_or(d.of is not null)
from rempart.account a join rempart.client c on c.client = a.account
left join rempart.mandate m on m.client = a.account and m.ended is null and m.ends >= $2
left join rempart.desk_suspension d on (d.kind, d.of) = ('account', a.account)
"""
# Of an insurer whose contract with the operator has ended, the desk sees nobody.
_SERVED = " and (a.insurer = '' or rempart.insurer_served(a.operator, a.insurer, $2))"
_GROUPED = " group by a.account, a.role, c.standing, a.invited, a.insurer, m.site"
AT_SITE = (
    _ACCOUNT + "where a.operator = $1 and m.site = $3" + _GROUPED + " order by a.role, a.account limit $4"
)  # fmt: skip
AT_DESKS = (
    _ACCOUNT + "where a.operator = $1 and a.role not in ('professional', 'staff', 'manager')" + _SERVED + _GROUPED
    + " order by a.insurer, a.role, a.account limit $3"
)  # fmt: skip
ONE = _ACCOUNT + "where a.operator = $1 and a.account = $3" + _SERVED + _GROUPED + " order by m.site limit 20"
STANDING = "select rempart.desk_standing($1, $2, $3, $4, $5)"
INVITED = "select rempart.desk_invited($1, $2, $3, $4, $5, $6, $7, $8)"
SHUT = "select rempart.desk_shut($1, $2, $3, $4, $5, $6, $7, $8)"
OPEN = "select refusal, state from rempart.desk_open($1, $2, $3, $4)"
HISTORY = """
select instant, compartment, step, officer, reason, reopens, french, english, closing from rempart.desk_history($1, $2)
"""
NOW = """
select compartment, state, changed, reason, reopens, french, english from rempart.compartment
where compartment = any($1::text[])
"""


class Site(NamedTuple):
    """A site with how many accounts work there on a day; `here`: a desk suspended it."""

    site: str
    profession: str
    region: str
    standing: str
    people: int
    here: bool


class Account(NamedTuple):
    """An account at one site, or at a desk (`site` ""); `invited` microseconds UTC."""

    account: str
    role: str
    standing: str
    invited: int
    insurer: str
    site: str
    first: date | None
    last: date | None
    here: bool


class Step(NamedTuple):
    """What happened to a compartment; `closing`: the closing that a voice was about."""

    instant: int
    compartment: str
    step: str
    officer: str
    reason: str
    reopens: int | None
    french: str
    english: str
    closing: int


class Held(NamedTuple):
    """A compartment as it stands."""

    compartment: str
    state: str
    changed: int
    reason: str
    reopens: int | None
    french: str
    english: str


class Shutting(NamedTuple):
    """What is done to a compartment, by which account."""

    account: str
    compartment: str
    state: str
    reason: str
    reopens: int | None
    french: str
    english: str


class Invited(NamedTuple):
    """An account that the keeper registered; `site` "" at a desk. `accountable`: who answers for staff, if anybody."""

    agent: str
    account: str
    role: str
    site: str
    first: date | None
    last: date | None
    accountable: str | None = None


async def sites(
    database: Database, operator: str, day: date, *, prefix: str = "", after: str = "", most: int
) -> list[Site]:  # fmt: skip
    """The operator's sites after a number, those that begin so."""
    return [Site(*row) for row in await database.fetch(SITES, operator, after, prefix, most, day)]


async def site(database: Database, operator: str, number: str, day: date) -> Site | None:
    """One site of the operator."""
    found = await sites(database, operator, day, prefix=number, most=1)
    return found[0] if found and found[0].site == number else None


async def sites_in_all(database: Database, operator: str) -> int:
    """How many sites the operator has that are not closed."""
    return int((await database.fetch(SITES_IN_ALL, operator))[0][0])


async def at_site(database: Database, operator: str, number: str, day: date) -> list[Account]:
    """Who of the operator's accounts may work at a site, on that day or later."""
    return [Account(*row) for row in await database.fetch(AT_SITE, operator, day, number, MOST_ACCOUNTS)]


async def at_desks(database: Database, operator: str, day: date) -> list[Account]:
    """The people of desks at the operator's portal."""
    return [Account(*row) for row in await database.fetch(AT_DESKS, operator, day, MOST_ACCOUNTS)]


async def account(database: Database, operator: str, name: str, day: date) -> list[Account]:
    """One account of the operator, once for each of its sites; nothing when there is none."""
    return [Account(*row) for row in await database.fetch(ONE, operator, day, name)]


async def set_standing(
    database: Database, agent: str, of: tuple[str, str], *, standing: str, instant: int
) -> str:  # fmt: skip
    """Suspends or restores; `of`: site or account, and its name. "" or a refusal code."""
    return str((await database.fetch(STANDING, agent, *of, standing, instant))[0][0])


async def add(database: Database, invited: Invited, instant: int) -> str:
    """Writes down whom the keeper registered. "" or a refusal code."""
    return str((await database.fetch(INVITED, *invited, instant))[0][0])


async def shut(database: Database, asked: Shutting, instant: int) -> str:
    """Closes or restricts. "" or a refusal code."""
    return str((await database.fetch(SHUT, *asked, instant))[0][0])


async def open_again(
    database: Database, agent: str, compartment: str, closing: int, *, instant: int
) -> tuple[str, str]:  # fmt: skip
    """One voice; a refusal code or "", and the state now."""
    refusal, state = (await database.fetch(OPEN, agent, compartment, closing, instant))[0]
    return str(refusal), str(state)


async def history(database: Database, operator: str) -> list[Step]:
    """The last steps of the operator's own compartments, the newest first."""
    return [Step(*row) for row in await database.fetch(HISTORY, operator, MOST_EVENTS)]


async def held(database: Database, names: Sequence[str]) -> dict[str, Held]:
    """How these compartments stand, those that were ever closed."""
    return {row[0]: Held(*row) for row in await database.fetch(NOW, list(names))}
