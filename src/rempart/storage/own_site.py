"""What a site knows of itself, for the hub: its questions by day, where its bank details stand, who may work for it.

Questions and bank details are read through functions that give instants, purposes and clients alone: the hub reads
neither the log nor an account's number.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from rempart.storage.door import Database

PAGE = 100  # questions of one answer
QUESTIONS = "select instant, client, purpose, reference, agent from rempart.site_questions($1, $2, $3, $4, $5)"
COUNTS = "select client, hour, questions, agent from rempart.site_question_counts($1, $2, $3)"
KINDS = "select client from rempart.client where client = any($1::text[]) and kind = 'account'"
BANK = "select operator, state, changed, starts from rempart.site_bank_details($1, $2)"
MEMBERS = """
select m.client, c.kind, coalesce(a.role, ''), coalesce(a.operator, ''), min(m.starts), max(m.ends),
       bool_and(m.delegated_by is not null), coalesce(max(m.accountable), '')
from rempart.mandate m join rempart.client c using (client) left join rempart.account a on a.account = m.client
where m.site = $1 and m.ended is null and m.ends >= $2 and c.standing = 'good'
group by 1, 2, 3, 4
union all select p.client, 'site', '', '', p.first, date '9999-12-31', false, '' from rempart.site_programs($1) p
order by 2, 5, 1
"""


class Question(NamedTuple):
    """One question of the site; `instant` in microseconds UTC; `agent` who sat at the program, in the site's word."""

    instant: int
    client: str
    purpose: str
    reference: str
    agent: str = ""


class Bank(NamedTuple):
    """Bank details with one operator: in-force, waiting or proposed; microseconds UTC, first day of payment."""

    operator: str
    state: str
    changed: int
    starts: date | None


class Member(NamedTuple):
    """A client with a mandate of the site, on `first` to `last` included; the site's own program by a code has no end.

    `delegated`: as a locum alone; `accountable`: the account that answers for it, "" when it answers itself.
    """

    client: str
    kind: str
    role: str
    operator: str
    first: date
    last: date
    delegated: bool = False
    accountable: str = ""


async def questions(database: Database, site: str, span: tuple[int, int], reference: str = "") -> list[Question]:
    """The site's questions in [start, end), the newest first, `PAGE` at most; `reference` "" for all."""
    return [Question(*row) for row in await database.fetch(QUESTIONS, site, *span, reference, PAGE)]


async def counts(database: Database, site: str, span: tuple[int, int]) -> list[tuple[str, int, int, str]]:
    """Client, hours since the start, questions, who sat at it: those in [start, end)."""
    return [(row[0], row[1], row[2], row[3]) for row in await database.fetch(COUNTS, site, *span)]


async def accounts(database: Database, clients: Sequence[str]) -> frozenset[str]:
    """Which of these clients are people's accounts."""
    return frozenset(row[0] for row in await database.fetch(KINDS, sorted(set(clients))))


async def bank(database: Database, site: str, day: date) -> list[Bank]:
    """What is paid to on `day` and what may follow, by operator, the latest first."""
    return [Bank(*row) for row in await database.fetch(BANK, site, day)]


async def members(database: Database, site: str, day: date) -> list[Member]:
    """Who has a mandate of the site on `day` or later, and is in good standing."""
    return [Member(*row) for row in await database.fetch(MEMBERS, site, day)]
