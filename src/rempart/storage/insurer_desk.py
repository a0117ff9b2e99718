"""What people of an insurer read of its own: delays, rights files, published tables, funds. Another's look absent.

No row here is a person's: counts, states, amounts, lines of a file by their number.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from rempart.application.together import Unavailable
from rempart.storage.copies import EPOCH
from rempart.storage.door import LOST, UNABLE, Database

FILES_MOST = 50
CALLS_MOST = 30
LINES_MOST = 500
"""Bad lines of one answer; the report keeps more."""

WAITS = """
select r.request, r.planned_day, r.latest_day, r.amo
from rempart.authorization_request r join rempart.site s using (site)
where r.insurer = $1 and s.operator = $2 and r.state = 'pending' order by r.requested limit $3
"""
WAITS_OF = """
select r.planned_day, r.latest_day, r.amo from rempart.authorization_request r join rempart.site s using (site)
where r.insurer = $1 and s.operator = $2 and r.request = $3 and r.state = 'pending'
"""
# By week of Paris, Monday: how many were decided by hand, how many agreed, and the median wait in minutes.
DECIDED = """
select date_trunc('week', to_timestamp(d.instant / 1000000.0) at time zone 'Europe/Paris')::date as week, count(*),
       count(*) filter (where r.reason = ''),
       (percentile_cont(0.5) within group (order by d.instant - r.requested) / 60000000)::bigint
from rempart.authorization_decision d join rempart.authorization_request r using (request)
join rempart.site s on s.site = r.site
where d.instant >= $3 and r.insurer = $1 and s.operator = $2 group by 1 order by 1
"""
FILES = """
select f.rights_file, f.kind, f.sequence, f.created, f.received, coalesce(f.decided, 0), f.state, f.code, f.over_limit,
       (f.report - 'rejects' - 'warnings')::text,
       array(select v.verdict || ' ' || v.officer from rempart.rights_release v where v.rights_file = f.rights_file
             order by v.instant, v.officer), f.digest
from rempart.rights_file f where f.insurer = $1
"""
LINES = """
select e.line, e.field, e.code, e.warned from (
    select (x.value ->> 0)::int as line, x.value ->> 1 as field, x.value ->> 2 as code, false as warned
    from rempart.rights_file f, jsonb_array_elements(f.report -> 'rejects') x where f.rights_file = $1
    union all
    select (x.value ->> 0)::int, x.value ->> 1, x.value ->> 2, true
    from rempart.rights_file f, jsonb_array_elements(f.report -> 'warnings') x where f.rights_file = $1) e
order by e.line, e.field limit $2
"""
CODES = """
select x.value ->> 2, count(*) from rempart.rights_file f, jsonb_array_elements(f.report -> 'rejects') x
where f.rights_file = $1 group by 1 order by 2 desc, 1
"""
STANDING = (
    "select name, operator, standing, sequence, coalesce(prolonged_until, 0) from rempart.insurer where insurer = $1"
)
TABLE = """
select t.guarantee_table, t.content, t.digest, t.loaded, (select count(*) from rempart.guarantee_table o
       where o.insurer = t.insurer) from rempart.guarantee_table t
where t.insurer = $1 order by t.guarantee_table desc limit 1
"""
BINDING = """
select content, digest, loaded from rempart.binding_table where insurer = $1 order by binding_table desc limit 1
"""
STAND_IN = "select content, loaded from rempart.stand_in where insurer = $1 order by sequence desc limit 1"
FUNDS = "select ceiling, available, waiting, sites, since from rempart.insurer_funds($1, $2, $3)"
CALLS = """
select c.fund_call, c.day, c.amount, c.movements, c.end_to_end, coalesce(e.outcome, 'called'), coalesce(e.reason, '')
from rempart.fund_call c left join rempart.fund_call_end e using (fund_call)
where c.operator = $1 and c.insurer = $2 order by c.day desc limit $3
"""
SPEAK = "select rempart.speak_on_rights($1, $2, $3, $4, $5, $6)"


class Waits(NamedTuple):
    """What a list shows of a request beside `authorization_decisions.Waiting`: days, and the compulsory share."""

    planned: date
    until: date
    amo: int


class Week(NamedTuple):
    """Decisions made by hand in one week: how many, how many agreed, minutes of the median wait."""

    week: date
    decided: int
    agreed: int
    minutes: int


class Report(msgspec.Struct, frozen=True):
    """Counts of a rights file's report; `weights`: base, opened, closed, changed, extended."""

    lines: int = 0
    people: int = 0
    records: int = 0
    rejected: int = 0
    warned: int = 0
    collisions: int = 0
    carried: int = 0
    field: str = ""
    weights: dict[str, int] | None = None


class RightsFile(NamedTuple):
    """One rights file. `voices` are (verdict, officer): an account's begin with `account:`. `digest`: SHA-256."""

    rights_file: int
    kind: str
    sequence: int
    created: int
    received: int
    decided: int
    state: str
    code: str
    over: tuple[str, ...]
    report: Report
    voices: tuple[tuple[str, str], ...]
    digest: bytes


class Line(NamedTuple):
    """A bad line, or one that was only warned of."""

    line: int
    field: str
    code: str
    warned: bool


class Standing(NamedTuple):
    """The insurer itself; `prolonged` the last day for which a file in quarantine prolongs rights, None for none."""

    name: str
    operator: str
    standing: str
    sequence: int
    prolonged: date | None


class Kept(NamedTuple):
    """A text as it was loaded: its number (0: none is told), how many versions there were."""

    number: int
    content: str
    digest: bytes
    loaded: int
    versions: int


class Funds(NamedTuple):
    """Of one operator, in cents. `ceiling` None: not watched. `waiting`: due to so many sites for want of funds."""

    ceiling: int | None
    available: int
    waiting: int
    sites: int
    since: int


class Called(NamedTuple):
    """One call for funds: called, received or refused."""

    fund_call: UUID
    day: date
    amount: int
    movements: int
    reference: str
    outcome: str
    reason: str


async def waits(database: Database, insurer: str, operator: str, most: int) -> dict[UUID, Waits]:
    """By request, of those that wait at sites of this operator."""
    rows = await database.fetch(WAITS, insurer, operator, most)
    return {row[0]: Waits(_day(row[1]), _day(row[2]), row[3]) for row in rows}


async def waits_of(database: Database, insurer: str, operator: str, request: UUID) -> Waits | None:
    """Of one that waits at a site of this operator."""
    rows = await database.fetch(WAITS_OF, insurer, operator, request)
    return Waits(_day(rows[0][0]), _day(rows[0][1]), rows[0][2]) if rows else None


async def decided(database: Database, insurer: str, operator: str, since: int) -> list[Week]:
    """Weeks in which somebody decided what sites of this operator had asked, the oldest first."""
    return [Week(*row) for row in await database.fetch(DECIDED, insurer, operator, since)]


async def standing(database: Database, insurer: str) -> Standing | None:
    """The insurer as it is registered."""
    rows = await database.fetch(STANDING, insurer)
    if not rows:
        return None
    name, operator, state, sequence, prolonged = rows[0]
    return Standing(name, operator, state, sequence, _day(prolonged) if prolonged else None)


async def rights_files(database: Database, insurer: str, before: int = 0) -> list[RightsFile]:
    """The newest first, `FILES_MOST` at most; `before` goes on from a file's number, 0 from the newest."""
    rows = await database.fetch(
        FILES + "and ($2 = 0 or f.rights_file < $2) order by f.rights_file desc limit $3", insurer, before, FILES_MOST
    )
    return [_file(row) for row in rows]


async def rights_file(database: Database, insurer: str, number: int) -> RightsFile | None:
    """One of this insurer's."""
    rows = await database.fetch(FILES + "and f.rights_file = $2", insurer, number)
    return _file(rows[0]) if rows else None


async def report(database: Database, number: int) -> tuple[list[Line], list[tuple[str, int]]]:
    """The report of a file that was found to be the insurer's: lines in order, and how many of each code."""
    lines = [Line(*row) for row in await database.fetch(LINES, number, LINES_MOST)]
    return lines, [(row[0], row[1]) for row in await database.fetch(CODES, number)]


async def speak(database: Database, of: tuple[str, int], account: str, signed: bytes | None, *, instant: int) -> str:
    """One voice on a file in quarantine, `of` (insurer, number): what `rempart.speak_on_rights` says of it.

    A release is `signed`, with the keeper's approval; without one it is refused.

    Raises `Unavailable`, also while the file is just being released.
    """
    connection = await database.connection()
    try:
        verdict = "refuse" if signed is None else "release"
        said: str = await connection.fetchval(SPEAK, *of, account, verdict, signed, instant)
    except asyncpg.LockNotAvailableError as error:
        raise Unavailable("rights-file-busy") from error
    except LOST as error:
        connection.terminate()
        raise Unavailable("database") from error
    except UNABLE as error:
        raise Unavailable("database") from error
    return said


async def published(database: Database, insurer: str) -> tuple[Kept | None, Kept | None, Kept | None]:
    """The newest guarantee table, table of what binds, and stand-in rules (their first line)."""
    table = await database.fetch(TABLE, insurer)
    binding = await database.fetch(BINDING, insurer)
    stand_in = await database.fetch(STAND_IN, insurer)
    return (
        Kept(table[0][0], table[0][1], table[0][2], table[0][3], table[0][4]) if table else None,
        Kept(0, binding[0][0], binding[0][1], binding[0][2], 1) if binding else None,
        Kept(0, bytes(stand_in[0][0]).decode().partition("\n")[0], b"", stand_in[0][1], 1) if stand_in else None,
    )


async def funds(database: Database, operator: str, insurer: str, day: date) -> tuple[Funds, list[Called]]:
    """What is left, what waits for it, and the last calls, the newest first."""
    ((ceiling, available, waiting, sites, since),) = await database.fetch(FUNDS, operator, insurer, day)
    rows = await database.fetch(CALLS, operator, insurer, CALLS_MOST)
    return Funds(ceiling, available, waiting, sites, since), [Called(*row) for row in rows]


def _file(row: Any) -> RightsFile:
    number, kind, sequence, created, received, decided_at, state, code, over, told, said, digest = row
    voices = tuple((verdict, officer) for verdict, _, officer in (each.partition(" ") for each in said))
    found = msgspec.json.decode(told, type=Report)
    return RightsFile(
        number, kind, sequence, created, received, decided_at, state, code, tuple(over), found, voices, bytes(digest)
    )


def _day(number: int) -> date:
    return date.fromordinal(number + EPOCH)
