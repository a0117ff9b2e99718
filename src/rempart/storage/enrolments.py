"""Enrolments in the database for the hub, over psycopg 3: it writes a sealed document."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from rempart.application.enrolment import Enrolment, Ticket, withdrawal
from rempart.domain.enrolment import Place, Step
from rempart.storage.parties import Connections

LATEST = """
select e.enrolment, e.operator, e.person, e.site, e.finess, e.profession, e.mode, e.listed, e.asked, e.expires
from rempart.enrolment e where e.operator = %s and e.person = %s order by e.asked desc, e.enrolment limit 1
"""
STEPS = """
select number, state, said_by, reason, instant from rempart.enrolment_event where enrolment = %s order by number
"""
# Of a FINESS: what any directory lists today; then what one listed once; then whether one was ever imported.
DIRECTORY = """
select case when exists (select from rempart.directory_place where place = %(p)s and ends = '9999-12-31') then 'listed'
            when exists (select from rempart.directory_place where place = %(p)s) then 'ended'
            when exists (select from rempart.directory_place) then 'unlisted' else 'none-imported' end
"""


class Enrolments:
    """The `EnrolmentBooks` port."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def latest(self, operator: str, person: bytes) -> Enrolment | None:
        """A person's newest enrolment at an operator."""
        async with self._connections() as connection:
            row = await (await connection.execute(LATEST, (operator, person))).fetchone()
            if row is None:
                return None
            steps = await (await connection.execute(STEPS, (row[0],))).fetchall()
        return made_of(row, steps)

    async def keep_ticket(self, digest: bytes, ticket: Ticket) -> None:
        """One more ticket."""
        places = Jsonb([[each.finess, each.profession, each.mode] for each in ticket.places])
        async with self._connections() as connection:
            await connection.execute(
                """insert into rempart.enrolment_ticket (hash, operator, person, binding, places, expires)
                   values (%s, %s, %s, %s, %s, %s)""",
                (digest, ticket.operator, ticket.person, ticket.binding, places, ticket.expires),
            )

    async def ticket(self, digest: bytes, instant: int) -> Ticket | None:
        """None when unknown or too old."""
        async with self._connections() as connection:
            found = await connection.execute(
                """select operator, person, binding, places, expires from rempart.enrolment_ticket
                   where hash = %s and expires > %s""",
                (digest, instant),
            )
            row = await found.fetchone()
        if row is None:
            return None
        operator, person, binding, places, expires = row
        return Ticket(operator, person, binding, tuple(Place(*each) for each in places), expires)

    async def registered(self, site: str) -> bool:
        """Whether there is such a site, whosever it is."""
        async with self._connections() as connection:
            found = await connection.execute("select 1 from rempart.site where site = %s", (site,))
            return await found.fetchone() is not None

    async def directory(self, finess: str) -> str:
        """`listed`, `ended`, `unlisted` or `none-imported`."""
        async with self._connections() as connection:
            row = await (await connection.execute(DIRECTORY, {"p": finess})).fetchone()
        return str(row[0]) if row else "none-imported"

    async def add(self, enrolment: Enrolment, instead_of: Enrolment | None, instant: int) -> None:
        """A new one with its first step; the one it replaces is withdrawn."""
        e = enrolment
        async with self._connections() as connection:
            if instead_of is not None:
                await _write(connection, instead_of.enrolment, withdrawal(instead_of, instant))
            await connection.execute(
                """insert into rempart.enrolment (enrolment, operator, person, site, finess, profession, mode, listed,
                                                  asked, expires)
                   values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
                (
                    e.enrolment, e.operator, e.person, e.site, e.place.finess, e.place.profession, e.place.mode,
                    e.listed, e.asked, e.expires,
                ),
            )  # fmt: skip
            for each in e.steps:
                await _write(connection, e.enrolment, each)

    async def move(self, enrolment: Enrolment, following: Step, sealed: bytes | None) -> bool:
        """One step, with the document that makes it; False when somebody else took one meanwhile."""
        try:
            async with self._connections() as connection:
                if sealed is not None:
                    await connection.execute(
                        "insert into rempart.enrolment_document (enrolment, number, sealed, instant) "
                        "values (%s, %s, %s, %s)",
                        (enrolment.enrolment, following.number, sealed, following.instant),
                    )
                await _write(connection, enrolment.enrolment, following)
        except (psycopg.errors.UniqueViolation, psycopg.errors.CheckViolation):
            return False
        return True


async def _write(connection: AsyncConnection[Any], enrolment: UUID, each: Step) -> None:
    await connection.execute(
        """insert into rempart.enrolment_event (enrolment, number, state, said_by, reason, instant)
           values (%s, %s, %s, %s, %s, %s)""",
        (enrolment, *each),
    )


def made_of(row: tuple[Any, ...], steps: list[tuple[Any, ...]]) -> Enrolment:
    """An enrolment from its row (`LATEST`'s columns) and its steps."""
    enrolment, operator, person, site, finess, profession, mode, listed, asked, expires = row
    told = tuple(Step(*each) for each in steps)
    place = Place(finess, profession, mode)
    return Enrolment(enrolment, operator, bytes(person), site, place, listed, asked, expires, told)
