"""Who joins an operator, as its desk's agents see and answer it; and that an account was recovered.

Every change is a function of the database, which asks the agent's role again. Instants are microseconds UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from rempart.domain.enrolment import AWAITING, DAY, ENDED, Step, present
from rempart.storage.door import Database

MOST, DAYS = 200, 60
ALL = """
select enrolment, site, finess, profession, mode, listed, asked, expires from rempart.enrolment
where operator = $1 and asked >= $2 order by asked desc limit $3
"""
ONE = """
select enrolment, site, finess, profession, mode, listed, asked, expires from rempart.enrolment
where operator = $1 and enrolment = $2
"""
STEPS = """
select enrolment, number, state, said_by, reason, instant from rempart.enrolment_event
where enrolment = any($1::uuid[]) order by enrolment, number
"""
WORDS = "select enrolment, document, account from rempart.desk_enrolment_words($1) where enrolment = any($2::uuid[])"
DOCUMENT = "select number, sealed from rempart.desk_enrolment_document($1, $2, $3)"
AGREE = "select rempart.desk_enrolment_agree($1, $2, $3, $4, $5, $6)"
ANSWER = "select rempart.desk_enrolment_answer($1, $2, $3, $4, $5)"
RECOVERED = "select rempart.desk_recovered($1, $2, $3)"


class Join(NamedTuple):
    """An enrolment with its steps; `words` are (document, account) of who said yes."""

    enrolment: UUID
    site: str
    finess: str
    profession: str
    mode: str
    listed: str
    asked: int
    expires: int
    steps: tuple[Step, ...]
    words: tuple[tuple[int, str], ...]

    def state(self, instant: int) -> str:
        """Where it stands."""
        return present(self.steps, self.expires, instant)

    def document(self, instant: int) -> int:
        """The number of the document that waits, 0 when none does."""
        if self.state(instant) != AWAITING:
            return 0
        return max((each.number for each in self.steps if each.state == AWAITING), default=0)

    def agreed(self) -> tuple[str, ...]:
        """Who said yes to the last document that was sent."""
        last = max((each.number for each in self.steps if each.state == AWAITING), default=0)
        return tuple(account for document, account in self.words if document == last)


async def joins(database: Database, operator: str, instant: int) -> list[Join]:
    """Those of the last 60 days: what waits first, then the rest, the newest first."""
    found = await _made(database, operator, await database.fetch(ALL, operator, instant - DAYS * DAY, MOST))
    return sorted(found, key=lambda each: (each.state(instant) != AWAITING, each.state(instant) in ENDED))


async def join(database: Database, operator: str, enrolment: UUID) -> Join | None:
    """One of the operator's."""
    found = await _made(database, operator, await database.fetch(ONE, operator, enrolment))
    return found[0] if found else None


async def document(database: Database, agent: str, enrolment: UUID, instant: int) -> bytes | None:
    """The sealed document, once it is written down who fetched it; None when there is none."""
    rows = await database.fetch(DOCUMENT, agent, enrolment, instant)
    return bytes(rows[0][1]) if rows else None


class Yes(NamedTuple):
    """What an agent signed; `signed` is the keeper's approval."""

    agent: str
    enrolment: UUID
    document: int
    reached: str
    signed: bytes


async def agree(database: Database, yes: Yes, instant: int) -> str:
    """Writes a yes down. "" or purpose, not-found, not-awaiting, officer-already-spoke."""
    return str((await database.fetch(AGREE, *yes, instant))[0][0])


class No(NamedTuple):
    """An agent's no, or that another document is wanted: the state it leads to, and why."""

    agent: str
    enrolment: UUID
    state: str
    reason: str


async def answer(database: Database, said: No, instant: int) -> str:
    """Writes it down. "" or purpose, not-found, not-awaiting."""
    return str((await database.fetch(ANSWER, *said, instant))[0][0])


async def recovered(database: Database, agent: str, account: str, instant: int) -> str:
    """Writes down that the keeper let an account back in. "" or purpose, not-found."""
    return str((await database.fetch(RECOVERED, agent, account, instant))[0][0])


async def _made(database: Database, operator: str, rows: Sequence[Sequence[object]]) -> list[Join]:
    names = [row[0] for row in rows]
    steps = await database.fetch(STEPS, names) if rows else []
    words = await database.fetch(WORDS, operator, names) if rows else []
    return [
        Join._make(
            (
                *row,
                tuple(Step(*each[1:]) for each in steps if each[0] == row[0]),
                tuple((each[1], each[2]) for each in words if each[0] == row[0]),
            )
        )
        for row in rows
    ]
