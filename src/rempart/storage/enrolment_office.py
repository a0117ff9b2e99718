"""Enrolments for the operator's officers, over psycopg 3: what waits, a document that is still sealed, their words."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from rempart.application.enrolment import Enrolment
from rempart.domain.enrolment import AWAITING, ENDED, Step, Word
from rempart.storage.enrolments import STEPS, made_of

Connection = psycopg.Connection[Any]

ALL = """
select e.enrolment, e.operator, e.person, e.site, e.finess, e.profession, e.mode, e.listed, e.asked, e.expires
from rempart.enrolment e where (%(operator)s = '' or e.operator = %(operator)s)
  and (%(enrolment)s::uuid is null or e.enrolment = %(enrolment)s::uuid)
order by e.asked, e.enrolment
"""


class Spoken(NamedTuple):
    """A word for a document; `signed` is the keeper's approval of one said at a desk, None on the command line."""

    officer: str
    called_back: str
    document: int
    signed: bytes | None


class Waiting(NamedTuple):
    """An enrolment and the words for its present document."""

    enrolment: Enrolment
    words: tuple[Spoken, ...]

    @property
    def spoke(self) -> tuple[str, ...]:
        """Who said them: officers by name, agents by account."""
        return tuple(each.officer for each in self.words)


class Answer(NamedTuple):
    """A step that an officer takes: the state it leads to, who, why, and when (microseconds UTC)."""

    state: str
    officer: str
    reason: str
    instant: int


class EnrolmentOffice:
    """The officers' books. The connection is in autocommit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def listed(self, operator: str, instant: int) -> list[Waiting]:
        """Those that have not ended, the oldest first; what is too old ends on the way."""
        self.sweep(instant)
        found = [self._waiting(row) for row in self._connection.execute(ALL, {"operator": operator, "enrolment": None})]
        return [each for each in found if each.enrolment.state(instant) not in ENDED]

    def one(self, enrolment: UUID) -> Waiting | None:
        """One of them, ended or not."""
        rows = self._connection.execute(ALL, {"operator": "", "enrolment": enrolment}).fetchall()
        return self._waiting(rows[0]) if rows else None

    def document(self, enrolment: UUID) -> bytes | None:
        """The latest document, sealed; None when none is kept."""
        row = self._connection.execute(
            "select sealed from rempart.enrolment_document where enrolment = %s order by number desc limit 1",
            (enrolment,),
        ).fetchone()
        return None if row is None else bytes(row[0])

    def speak(self, waiting: Waiting, word: Word, instant: int) -> None:
        """An officer's word for the document that is there."""
        self._connection.execute(
            """insert into rempart.enrolment_approval (enrolment, officer, called_back, because, document, instant)
               values (%s, %s, %s, %s, %s, %s)""",
            (waiting.enrolment.enrolment, word.officer, word.called_back, word.because, _document(waiting), instant),
        )

    def move(self, waiting: Waiting, answer: Answer) -> bool:
        """One step; False when somebody took one meanwhile, or the database knows no such step."""
        step = Step(len(waiting.enrolment.steps) + 1, *answer)
        try:
            self._connection.execute(
                """insert into rempart.enrolment_event (enrolment, number, state, said_by, reason, instant)
                   values (%s, %s, %s, %s, %s, %s)""",
                (waiting.enrolment.enrolment, *step),
            )
        except (psycopg.errors.UniqueViolation, psycopg.errors.CheckViolation):
            return False
        return True

    def sweep(self, instant: int) -> int:
        """Ends what is 30 days old, deletes documents of what has ended, and old tickets; how many ended now."""
        ended = self._connection.execute(
            """insert into rempart.enrolment_event (enrolment, number, state, said_by, instant)
               select e.enrolment, v.number + 1, 'expired', 'clock', %(now)s from rempart.enrolment e
               cross join lateral (select x.number, x.state from rempart.enrolment_event x
                                   where x.enrolment = e.enrolment order by x.number desc limit 1) v
               where e.expires <= %(now)s and v.state in ('asked', 'documents', 'awaiting')
               on conflict do nothing""",
            {"now": instant},
        ).rowcount
        self._connection.execute(
            """delete from rempart.enrolment_document d where exists (
                   select from rempart.enrolment_event v where v.enrolment = d.enrolment
                   and v.state in ('approved', 'refused', 'withdrawn', 'expired'))"""
        )
        self._connection.execute("delete from rempart.enrolment_ticket where expires <= %s", (instant,))
        return ended

    def paid(self, site: str, operator: str) -> bool:
        """Whether the site has a payee there."""
        return bool(
            self._connection.execute(
                "select 1 from rempart.payee where site = %s and operator = %s limit 1", (site, operator)
            ).fetchone()
        )

    def _waiting(self, row: tuple[Any, ...]) -> Waiting:
        made = made_of(row, self._connection.execute(STEPS, (row[0],)).fetchall())
        found = Waiting(made, ())
        words = self._connection.execute(
            """select officer, called_back, document, signed from rempart.enrolment_approval
               where enrolment = %s and document = %s order by instant""",
            (row[0], _document(found)),
        )
        return Waiting(made, tuple(Spoken(*each) for each in words.fetchall()))


def _document(waiting: Waiting) -> int:
    """The number of the step that brought the present document, 0 when there is none."""
    return max((each.number for each in waiting.enrolment.steps if each.state == AWAITING), default=0)
