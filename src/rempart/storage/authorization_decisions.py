"""The insurer's side of authorizations in the database: what waits, what is sealed to it, and its signed decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from rempart.application.authorization_decisions import Carried
from rempart.application.together import Unavailable
from rempart.domain.authorization import AGREED, INVOICED, MODIFIED, PARTLY_INVOICED, PENDING, Event, Ruling
from rempart.domain.authorized import AgreedLine
from rempart.domain.decision import DecidedLine
from rempart.domain.deliveries import HeldLine, held_for
from rempart.storage.authorizations import moved, read_lines, stored_lines, told
from rempart.storage.copies import EPOCH
from rempart.storage.door import LOST, UNABLE, Database

EVERY_OPERATOR = None
"""For an insurer's own program, which is at no portal; a person reads one operator's sites."""
MOST = 500  # cases of one list
WAITING = """
select r.request, r.requested, r.site, r.domain, r.reason, r.spent, r.amc
from rempart.authorization_request r join rempart.site s using (site)
where r.insurer = $1 and r.state = 'pending' and ($2::text is null or s.operator = $2) order by r.requested limit $3
"""
CASE = """
select r.request, r.requested, r.site, r.domain, r.reason, r.spent, r.amc, r.lines, r.first_day, r.last_day,
       r.latest_day, r.line_cents, r.total_cents, r.cut, r.state, r.replaces
from rempart.authorization_request r join rempart.site s using (site)
where r.insurer = $1 and r.request = $2 and r.state = 'pending' and ($3::text is null or s.operator = $3)
"""
DECIDE = """
update rempart.authorization_request set state = $2, reason = $3, last_day = $4, latest_day = $5, lines = $6, amc = $7
where request = $1
"""


HOLDS = "select line, place, unit, amount, outside, free from rempart.holds_of($1, $2)"
HOLD = "select rempart.hold_agreed($1, $2, $3, $4, $5, $6, $7)"


class Outcome(NamedTuple):
    """`refusal`: "" when decided; or `not-changeable`, `former-invoiced`, `allowance-used`, `allowance-held`."""

    refusal: str
    held_until: date | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """One request that waits, as a list shows it; cents."""

    request: UUID
    requested: int
    site: str
    domain: str
    reason: str
    spent: int
    amc: int


@dataclass(frozen=True, slots=True)
class Case:
    """One request whole. `parts` are (place, kind, sealed); `marks` the agreed lines' fingerprints.

    `held`: what its lines would hold of allowances, each with what is free of it now.
    """

    request: UUID
    requested: int
    site: str
    domain: str
    reason: str
    ruling: Ruling
    marks: tuple[AgreedLine, ...]
    parts: tuple[tuple[int, str, bytes], ...]
    replaces: UUID | None
    held: tuple[tuple[HeldLine, int], ...] = ()

    @property
    def lines(self) -> tuple[DecidedLine, ...]:
        return self.ruling.lines


async def waiting(database: Database, insurer: str, *, operator: str | None) -> list[Waiting]:
    """The insurer's at sites of this operator, or of `EVERY_OPERATOR`; the oldest first."""
    return [Waiting(*row) for row in await database.fetch(WAITING, insurer, operator, MOST)]


async def case(database: Database, insurer: str, request: UUID, *, operator: str | None) -> Case | None:
    """One that waits for this insurer at a site of this operator, or of `EVERY_OPERATOR`; any other looks absent."""
    rows = await database.fetch(CASE, insurer, request, operator)
    if not rows:
        return None
    row = rows[0]
    parts = await database.fetch(
        "select place, kind, sealed from rempart.authorization_sealed where request = $1 order by place", request
    )
    held = [(HeldLine(*tuple(each)[:5]), each[5]) for each in await database.fetch(HOLDS, request, row["replaces"])]
    marks, lines = read_lines(row["lines"])
    first, last, latest = (_date(row[name]) for name in ("first_day", "last_day", "latest_day"))
    ruling = Ruling(
        PENDING, row["reason"], row["domain"], lines, first, last, latest, row["line_cents"], row["total_cents"],
        row["cut"],
    )  # fmt: skip
    return Case(
        row["request"], row["requested"], row["site"], row["domain"], row["reason"], ruling, marks,
        tuple((part[0], part[1], part[2]) for part in parts), row["replaces"], tuple(held),
    )  # fmt: skip


async def decide(database: Database, of: Case, ruling: Ruling, carried: Carried, *, instant: int) -> Outcome:
    """The decision in one commit, with what it holds; or why nothing was written. Raises `Unavailable`."""
    connection = await database.connection()
    try:
        async with connection.transaction():
            return await _decide(connection, of, ruling, carried, instant=instant)
    except LOST as error:
        connection.terminate()
        raise Unavailable("database") from error
    except UNABLE as error:
        raise Unavailable("database") from error


async def _decide(
    connection: asyncpg.Connection[Any], of: Case, ruling: Ruling, carried: Carried, *, instant: int
) -> Outcome:  # fmt: skip
    agreed = ruling.state == AGREED
    if agreed:  # counters before requests, as everybody does
        await connection.execute("select rempart.lock_agreement($1, $2)", of.request, of.replaces)
    stands = "select site from rempart.authorization_request where request = $1 and state = 'pending' for update"
    site = await connection.fetchval(stands, of.request)
    if site is None:
        return Outcome("not-changeable")
    if agreed and await _former(connection, of, site) in {PARTLY_INVOICED, INVOICED}:
        return Outcome("former-invoiced")
    if agreed and (until := await _hold(connection, of, ruling, instant)) is not None:
        return Outcome("allowance-held", _date(until)) if until else Outcome("allowance-used")
    await connection.execute(
        DECIDE, of.request, ruling.state, ruling.reason, ruling.last.toordinal() - EPOCH,
        ruling.latest.toordinal() - EPOCH, stored_lines(of.marks, ruling.lines), ruling.amc,
    )  # fmt: skip
    await connection.execute(
        "insert into rempart.authorization_decision (request, client, statement, signature, instant) "
        "values ($1, $2, $3, $4, $5)",
        of.request, *carried, instant,
    )  # fmt: skip
    await told(connection, of.request, site, Event(ruling.state, instant, ruling.reason or "insurer"))
    if agreed and of.replaces is not None:
        await moved(connection, (of.replaces, site), MODIFIED, "authorization-replaced", instant=instant)
    return Outcome("")


async def _former(connection: asyncpg.Connection[Any], of: Case, site: str) -> str:
    """The locked state of the authorization that this one replaces, "" when it replaces none."""
    if of.replaces is None:
        return ""
    stands = "select state from rempart.authorization_request where request = $1 and site = $2 for update"
    return str(await connection.fetchval(stands, of.replaces, site))


async def _hold(connection: asyncpg.Connection[Any], of: Case, ruling: Ruling, instant: int) -> int | None:
    """None when all that was agreed is held, else until which day it is held elsewhere, 0 when it is spent."""
    held = [one for one, _ in of.held]
    amounts = [held_for(one, ruling.lines[one.line].amc) for one in held]
    found: int | None = await connection.fetchval(
        HOLD, of.request, of.replaces, [one.line for one in held], [one.place for one in held], amounts,
        ruling.latest.toordinal() - EPOCH, instant,
    )  # fmt: skip
    return found


def _date(number: int) -> date:
    return date.fromordinal(number + EPOCH)
