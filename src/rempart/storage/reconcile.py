"""Reads the keeper's journal and the disclosures forward and keeps what one has and the other lacks. psycopg, blocking.

Both are read in an order in which nothing is ever inserted behind: the journal by its bytes, disclosures by `(tx, id)`
below the snapshot horizon. The positions and what waits are stored in one transaction, so a restart forgets nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rempart.application.reconcile import (
    DISCLOSURE,
    HUB_FROZEN,
    JOURNAL,
    STORED,
    Alarm,
    Judgement,
    Matching,
    Pair,
    Sighting,
    alarms,
    judge,
    must_freeze,
    overdue,
)

if TYPE_CHECKING:
    from psycopg import Connection

LOCK = 0x72656D7072656363  # "remprecc"; the advisory lock of whoever reconciles
DAY = 86_400_000_000  # microseconds
MINUTE = 60_000_000
GRANT_LIFE = 2 * 3_600_000_000  # longer than a grant, a clock's skew and a batch together, in microseconds
CHUNK = 50_000
HELD_UP = "disclosures-held-up"
OFFICER = "reconciliation"  # who closes the hub by itself: a program
STEPPED_BACK = "transactions-stepped-back"


@dataclass(frozen=True, slots=True)
class JournalPart:
    """A piece of the journal: (grant, tag, purpose, minute) each; read on from `next_offset`."""

    refusal: str
    entries: Sequence[tuple[bytes, bytes, str, int]]
    next_offset: int


ReadJournal = Callable[[int, int], JournalPart]
"""(offset, about how many entries) → the next piece."""


@dataclass(frozen=True, slots=True)
class Rules:
    """`grace`: µs that one side may lag the other; `freeze_above`: undisclosed openings a day that close the hub."""

    grace: int
    freeze_above: int


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did. `code` is "" or why nothing could be compared; `entries` and `disclosures` were read."""

    code: str = ""
    entries: int = 0
    disclosures: int = 0
    judgement: Judgement = field(default_factory=Judgement)
    alarms: tuple[Alarm, ...] = ()

    @property
    def frozen(self) -> bool:
        """Whether this round closed the hub."""
        return any(alarm.code == HUB_FROZEN for alarm in self.alarms)


@dataclass(frozen=True, slots=True)
class _Place:
    offset: int
    tx: str
    id: int


class Reconciler:
    """Holds the lock; its connection must be in autocommit mode."""

    def __init__(self, connection: Connection[Any], read: ReadJournal, rules: Rules) -> None:
        self._connection = connection
        self._read = read
        self._rules = rules

    def acquire(self) -> bool:
        """Takes the lock; False while another reconciles."""
        return bool(self._one("select pg_try_advisory_lock(%s)", LOCK)[0])

    def release(self) -> None:
        """Lets another reconcile."""
        self._one("select pg_advisory_unlock(%s)", LOCK)

    def round(self, instant: int) -> Round:
        """Reads both sides to their end and judges what has waited longer than the grace. `instant` in µs UTC."""
        offset, tx, id_, halted, rewound = self._one(
            "select journal_offset, tx::text, id, halted, tx >= pg_snapshot_xmax(pg_current_snapshot()) "
            "from rempart.reconciliation"
        )
        if halted:
            return Round(halted)
        place = _Place(offset, tx, id_)
        if rewound:
            return self._halt(STEPPED_BACK, instant)
        if self._held_up(place, instant):
            return Round(HELD_UP)
        matching = Matching()
        matching.add(self._waiting())
        after, entries, refusal = self._journal(matching, place, instant)
        if refusal:
            return self._halt(_HALTS.get(refusal, refusal), instant)
        after, disclosures = self._disclosures(matching, after, instant)
        old, young = overdue(matching.waiting(), instant - self._rules.grace)
        judgement = judge(old, young, self._disclosed(old, instant))
        found = self._store(place, after, Round("", entries, disclosures, judgement, alarms(judgement)), instant)
        return Round("", entries, disclosures, judgement, found)

    # -- reading -----------------------------------------------------------------------------------------------------

    def _held_up(self, place: _Place, instant: int) -> bool:
        """Whether a long transaction hides disclosures that are older than the grace: judging would accuse wrongly."""
        (held,) = self._one(
            "select exists (select from rempart.disclosure d where (d.tx, d.id) > (%s::xid8, %s) "
            "and d.tx >= pg_snapshot_xmin(pg_current_snapshot()) and d.instant < %s)",
            place.tx, place.id, instant - self._rules.grace,
        )  # fmt: skip
        return bool(held)

    def _waiting(self) -> list[Sighting]:
        rows = self._connection.execute(
            "select side, grant_id, tag, purpose, minute, since from rempart.reconciliation_waiting order by since"
        ).fetchall()
        return [Sighting(*row) for row in rows]

    def _journal(self, matching: Matching, place: _Place, instant: int) -> tuple[_Place, int, str]:
        offset, count = place.offset, 0
        while True:
            part = self._read(offset, CHUNK)
            if part.refusal:
                return place, count, part.refusal
            matching.add(
                Sighting(JOURNAL, grant, tag, purpose, minute, instant)
                for grant, tag, purpose, minute in part.entries
                if purpose != "iban"
            )
            count += len(part.entries)
            if part.next_offset == offset:
                return _Place(offset, place.tx, place.id), count, ""
            offset = part.next_offset

    def _disclosures(self, matching: Matching, place: _Place, instant: int) -> tuple[_Place, int]:
        tx, id_, count = place.tx, place.id, 0
        while True:
            rows = self._connection.execute(
                "select d.tx::text, d.id, d.grant_id, d.tag, d.purpose, d.instant from rempart.disclosure d "
                "where (d.tx, d.id) > (%s::xid8, %s) and d.tx < pg_snapshot_xmin(pg_current_snapshot()) "
                "order by d.tx, d.id limit %s",
                (tx, id_, CHUNK),
                binary=True,
            ).fetchall()
            matching.add(
                Sighting(DISCLOSURE, row[2], row[3], row[4], row[5] // MINUTE, instant)
                for row in rows
                if row[4] not in STORED
            )
            count += len(rows)
            if rows:
                tx, id_ = rows[-1][0], rows[-1][1]
            if len(rows) < CHUNK:
                return _Place(place.offset, tx, id_), count

    def _disclosed(self, old: Sequence[Sighting], instant: int) -> frozenset[Pair]:
        """Which of these openings some disclosure names after all: what was opened twice and disclosed once."""
        opened = [sighting for sighting in old if sighting.side == JOURNAL]
        if not opened:
            return frozenset()
        minutes = [sighting.minute * MINUTE for sighting in opened]
        rows = self._connection.execute(
            "select distinct d.grant_id, d.tag from unnest(%s::bytea[], %s::bytea[]) q(grant_id, tag) "
            "join rempart.disclosure d on d.grant_id = q.grant_id and d.tag = q.tag "
            "where d.instant between %s and %s and d.purpose <> all(%s)",
            (
                [sighting.grant for sighting in opened], [sighting.tag for sighting in opened],
                min(minutes) - GRANT_LIFE, max(*minutes, instant) + GRANT_LIFE, list(STORED),
            ),
        ).fetchall()  # fmt: skip
        return frozenset((row[0], row[1]) for row in rows)

    # -- writing -----------------------------------------------------------------------------------------------------

    def _store(self, before: _Place, after: _Place, done: Round, instant: int) -> tuple[Alarm, ...]:
        judgement = done.judgement
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(
                "update rempart.reconciliation set journal_offset = %s, tx = %s::xid8, id = %s, instant = %s, "
                "entries = entries + %s, disclosures = disclosures + %s, opened_again = opened_again + %s "
                "where journal_offset = %s and tx = %s::xid8 and id = %s",
                (
                    after.offset, after.tx, after.id, instant, done.entries, done.disclosures, len(judgement.again),
                    before.offset, before.tx, before.id,
                ),
            )  # fmt: skip
            if cursor.rowcount != 1:
                raise RuntimeError("another worker reconciles")
            cursor.execute("delete from rempart.reconciliation_waiting")
            cursor.executemany(
                "insert into rempart.reconciliation_waiting (side, grant_id, tag, purpose, minute, since) "
                "values (%s, %s, %s, %s, %s, %s)",
                judgement.waiting,
            )
            cursor.executemany(
                "insert into rempart.opened_undisclosed (grant_id, tag, purpose, minute, found) "
                "values (%s, %s, %s, %s, %s)",
                [(s.grant, s.tag, s.purpose, s.minute, instant) for s in judgement.undisclosed],
            )
            found = done.alarms + (self._freeze(instant) if judgement.undisclosed else ())
            for alarm in found:
                self._alarm(alarm, instant)
        return found

    def _freeze(self, instant: int) -> tuple[Alarm, ...]:
        """Closes compartment `hub` when too much was opened since yesterday, or since the last time it was closed."""
        (count,) = self._one(
            "select count(distinct (grant_id, tag)) from rempart.opened_undisclosed "
            "where found > greatest(%s, coalesce((select max(instant) from rempart.alarm where code = %s), 0))",
            instant - DAY, HUB_FROZEN,
        )  # fmt: skip
        if not must_freeze(count, self._rules.freeze_above):
            return ()
        self._connection.execute(
            "insert into rempart.compartment (compartment, state, reason, changed, officer) "
            "values ('hub', 'closed', %s, %s, %s) on conflict (compartment) do update "
            "set state = 'closed', reason = excluded.reason, changed = excluded.changed, officer = excluded.officer, "
            "reopens = null, french = '', english = ''",
            ("opened-undisclosed", instant, OFFICER),
        )
        return (Alarm(HUB_FROZEN, {"people": count, "above": self._rules.freeze_above}),)

    def _halt(self, code: str, instant: int) -> Round:
        alarm = Alarm(code)
        with self._connection.transaction():
            self._connection.execute("update rempart.reconciliation set halted = %s, instant = %s", (code, instant))
            self._alarm(alarm, instant)
        return Round(code, alarms=(alarm,))

    def _alarm(self, alarm: Alarm, instant: int) -> None:
        self._connection.execute(
            "insert into rempart.alarm (instant, code, counts, context) values (%s, %s, %s, %s)",
            (instant, alarm.code, json.dumps(alarm.counts), json.dumps(alarm.context)),
        )

    def _one(self, statement: Any, *arguments: Any) -> tuple[Any, ...]:
        row = self._connection.execute(statement, arguments or None).fetchone()
        if row is None:
            raise RuntimeError("rempart.reconciliation is empty")
        return tuple(row)


_HALTS = {"offset-out-of-range": "journal-shortened", "journal-damaged": "journal-damaged"}
