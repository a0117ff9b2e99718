"""Rights in the database: generations, staging, weighing, swap, merge, release, pruning. psycopg, one connection.

Every statement that changes what is answered runs inside the caller's transaction, under the insurer's advisory lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from rempart.domain.member import MemberRule
from rempart.domain.weighing import Weights
from rempart.storage import rights_sql as text

Connection = psycopg.Connection[Any]
UNPROVEN = "rights-release-unproven"


@dataclass(frozen=True, slots=True)
class Standing:
    """An insurer as a load finds it. `generations` live first; `version` the live one's index key, 0 for none."""

    insurer: str
    rule: MemberRule
    sequence: int
    generations: tuple[int, ...]
    version: int
    standing: str
    quarantined: int | None  # rights file that waits for two people

    @property
    def live(self) -> int | None:
        """The generation that answers."""
        return self.generations[0] if self.generations else None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the database remembers of a rights file. Instants in microseconds UTC."""

    insurer: str
    kind: str
    sequence: int
    digest: bytes
    created: int
    received: int
    generation: int | None
    over_limit: tuple[str, ...]
    report: dict[str, Any]


class Waiting(NamedTuple):
    """A quarantined file."""

    rights_file: int
    insurer: str
    kind: str
    sequence: int
    generation: int
    over_limit: tuple[str, ...]
    version: int
    created: int
    digest: bytes = b""
    """SHA-256 of the line that the insurer signed."""


class Word(NamedTuple):
    """Somebody's yes to a quarantined file. `signed`: the keeper's approval; None of an officer on the command line."""

    officer: str
    signed: bytes | None


def _table(generation: int) -> sql.Identifier:
    return sql.Identifier("rempart", f"record_{generation}")


def _only(cursor: psycopg.Cursor[Any]) -> int:
    ((value,),) = cursor.fetchall()
    return int(value)


def _columns(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


class RightsBook:
    """The statements of loading on one connection, which the caller has in a transaction where it matters."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    # -- what is there ------------------------------------------------------------------------------------------

    def lock(self, insurer: str) -> bool:
        """One load an insurer at a time, until the transaction ends; False when another one runs."""
        key = int.from_bytes(hashlib.sha256(f"rights:{insurer}".encode()).digest()[:8], "big", signed=True)
        ((taken,),) = self.connection.execute("select pg_try_advisory_xact_lock(%s)", (key,)).fetchall()
        return bool(taken)

    def prepare(self, *, work_mem: str, parallel: int = 2) -> None:
        """Room for this transaction's sorts and hashes."""
        self.connection.execute(
            "select set_config('work_mem', %s, true), set_config('maintenance_work_mem', %s, true), "
            "set_config('max_parallel_maintenance_workers', %s, true), set_config('jit', 'off', true)",
            (work_mem, work_mem, str(parallel)),
        )

    def standing(self, insurer: str) -> Standing | None:
        """The insurer, or None when nobody of that number is registered."""
        row = self.connection.execute(text.STANDING, (insurer,)).fetchone()
        if row is None:
            return None
        rule, sequence, generations, version, standing, quarantined = row
        return Standing(insurer, MemberRule(**rule), sequence, tuple(generations), version or 0, standing, quarantined)

    def known(self, insurer: str, digest: bytes) -> tuple[int, str] | None:
        """The applied or waiting file with this very header: its number and state."""
        return self.connection.execute(text.KNOWN, (insurer, digest)).fetchone()

    # -- staging ------------------------------------------------------------------------------------------------

    def make_generation(self, insurer: str, kind: str, version: int, *, instant: int) -> int:
        """A new, empty generation whose table nobody reads yet."""
        statement = "select rempart.make_generation(%s, %s, %s, %s)"
        return _only(self.connection.execute(statement, (insurer, kind, version, instant)))

    @contextmanager
    def copy_rows(self, generation: int, columns: Sequence[str]) -> Iterator[psycopg.Copy]:
        """A COPY into the new table, frozen: it needs no vacuum afterwards."""
        statement = sql.SQL("copy {} ({}) from stdin (format binary, freeze)")
        with self.connection.cursor().copy(statement.format(_table(generation), _columns(columns))) as copy:
            yield copy

    def index(self, generation: int) -> int:
        """The unique index over record keys; how many keys were dropped because another person had them first."""
        try:
            with self.connection.transaction():
                self.connection.execute("select rempart.index_generation(%s)", (generation,))
        except psycopg.errors.UniqueViolation:
            dropped = self._run(text.DROP_COLLISIONS, generation, (generation,))
            self.connection.execute("select rempart.index_generation(%s)", (generation,))
            return dropped
        return 0

    def analyze(self, generation: int) -> None:
        """Statistics, without which the joins of weighing are planned blindly."""
        self.connection.execute("select rempart.analyze_generation(%s)", (generation,))

    def mark(self, generation: int, persons: Sequence[bytes], closed: Sequence[int | None]) -> None:
        """Persons kept as they were (closed None) or closed from a day on."""
        if persons:
            self.connection.execute(text.MARK, (generation, list(closed), list(persons)))

    def unmark(self, generation: int) -> None:
        """The marks have been used."""
        self.connection.execute("delete from rempart.rights_mark where generation = %s", (generation,))

    def tell_collisions(self, generation: int, rights_file: int) -> None:
        """Who shares an identity with whom, under the file's number."""
        self.connection.execute(text.TELL_COLLISIONS, {"generation": generation, "file": rights_file})

    def carry_over(self, new: int, old: int, *, day: int, forget_before: int) -> int:
        """Old records that the full file no longer holds, closed on `day`; marked persons as they were; how many.

        Those closed before `forget_before` are not taken along.
        """
        values = {"generation": new, "day": day, "forget": forget_before}
        return self._run(text.CARRY_OVER, new, values, live=old)

    def weigh(self, new: int, old: int, *, full: bool, month: int) -> Weights:
        """What the file does to people, by the columns that need no key."""
        statement = sql.SQL(text.WEIGH).format(new=_table(new), live=_table(old))
        values = {"generation": new, "full": full, "month": month}
        return Weights(*self.connection.execute(statement, values).fetchall()[0])

    # -- references ---------------------------------------------------------------------------------------------

    def open_batches(self, insurer: str, batches: dict[int, bytes], *, instant: int) -> None:
        """The wrapped keys that references are sealed under."""
        self.connection.cursor().executemany(
            "insert into rempart.reference_batch (batch, insurer, wrapped, created) values (%s, %s, %s, %s)",
            [(batch, insurer, wrapped, instant) for batch, wrapped in batches.items()],
        )

    def copy_references(self, insurer: str, columns: Sequence[str], pieces: Iterator[bytes]) -> None:
        """Sealed references, in COPY's binary format, of persons not known yet."""
        fresh = self.connection.execute("select rempart.make_references(%s)", (insurer,)).fetchone() == (True,)
        target = sql.Identifier("rempart", f"member_ref_{insurer}")
        if not fresh:
            self.connection.execute("select rempart.make_reference_staging(%s)", (insurer,))
            target = sql.Identifier("rempart", f"member_ref_new_{insurer}")
        option = sql.SQL("format binary, freeze")
        statement = sql.SQL("copy {} ({}) from stdin ({})").format(target, _columns(columns), option)
        with self.connection.cursor().copy(statement) as copy:
            for piece in pieces:
                copy.write(piece)
        function = "finish_references" if fresh else "merge_references"
        self.connection.execute(sql.SQL("select rempart.{}(%s)").format(sql.Identifier(function)), (insurer,))

    # -- the decision -------------------------------------------------------------------------------------------

    def remember(self, facts: FileFacts, state: str, code: str = "") -> int:
        """The file's own row; its number."""
        done = self.connection.execute(
            text.REMEMBER,
            (
                facts.insurer, facts.kind, facts.sequence, facts.digest, facts.created, facts.received,
                facts.received if state != "quarantined" else None, facts.generation, state, code,
                list(facts.over_limit), Jsonb(facts.report),
            ),
        )  # fmt: skip
        return _only(done)

    def quarantine(self, generation: int, insurer: str, *, day: int, until: int) -> None:
        """The staged generation waits; the previous rights are prolonged until `until`."""
        self._state(generation, "quarantined")
        self.connection.execute(
            "update rempart.insurer set prolonged_from = %s, prolonged_until = %s where insurer = %s",
            (day, until, insurer),
        )

    def swap(self, new: int, standing: Standing, *, sequence: int, instant: int, same_key: bool, day: int) -> None:
        """A full generation begins to answer, in place of the live one; under a new index key that becomes a tail."""
        old = standing.live
        tails = list(standing.generations[1:])
        if old is not None:
            if same_key:
                self._run(text.KEEP_REPLACED, new, {"instant": instant}, live=old)
            else:
                self._run(text.KEEP_TAIL, new, {"instant": instant, "day": day}, live=old)
                self._run(text.CLOSE_TAIL, new, {"generation": new, "day": day}, live=old)
                tails.insert(0, old)
            self._state(old, "superseded" if same_key else "tail", ended=instant)
        self.connection.execute("select rempart.attach_generation(%s)", (new,))
        self._state(new, "live", applied=instant)
        self._answer(standing.insurer, [new, *tails], sequence)

    def merge(self, staged: int, standing: Standing, *, rights_file: int, sequence: int, instant: int, day: int) -> int:
        """A delta's records go into the live generation; how many of its records another person keeps."""
        live = standing.generations[0]
        values = {"generation": staged, "file": rights_file, "instant": instant, "day": day}
        dropped = self._run(text.DELTA_COLLISIONS, staged, values, live=live)
        for statement in text.MERGE:
            self._run(statement, staged, values, live=live)
        self._state(staged, "merged", applied=instant, ended=instant)
        self.unmark(staged)
        self.drop(staged)
        self._answer(standing.insurer, list(standing.generations), sequence)
        return dropped

    def _answer(self, insurer: str, generations: list[int], sequence: int) -> None:
        self.connection.execute(
            "update rempart.insurer set generations = %s, sequence = greatest(sequence, %s), "
            "prolonged_from = null, prolonged_until = null where insurer = %s",
            (generations, sequence, insurer),
        )

    def _state(self, generation: int, state: str, *, applied: int | None = None, ended: int | None = None) -> None:
        self.connection.execute(
            "update rempart.generation set state = %s, applied = coalesce(%s, applied), ended = coalesce(%s, ended) "
            "where generation = %s",
            (state, applied, ended, generation),
        )

    def drop(self, generation: int) -> None:
        """Its table is gone; it must have ended."""
        self.connection.execute("select rempart.drop_generation(%s)", (generation,))

    # -- quarantine ---------------------------------------------------------------------------------------------

    def waiting(self, rights_file: int) -> Waiting | None:
        """A file in quarantine, locked until the transaction ends."""
        row = self.connection.execute(text.WAITING, (rights_file,)).fetchone()
        return Waiting._make((*row[:5], tuple(row[5]), *row[6:])) if row is not None else None

    def voice(self, rights_file: int, officer: str, verdict: str, *, instant: int) -> bool:
        """One officer's word; False when this officer has spoken already."""
        done = self.connection.execute(text.VOICE, (rights_file, officer, verdict, instant))
        return done.rowcount == 1

    def words(self, rights_file: int) -> list[Word]:
        """Who wants it released, in order."""
        rows = self.connection.execute(text.WORDS, (rights_file,)).fetchall()
        return [Word(officer, None if signed is None else bytes(signed)) for officer, signed in rows]

    def unproven(self, rights_file: int, *, words: int, people: int, instant: int) -> bool:
        """Raises the alarm that words of accounts are not what their people signed; False when it rang for this."""
        values = {
            "instant": instant, "code": UNPROVEN, "counts": Jsonb({"words": words, "people": people}),
            "context": Jsonb({"file": rights_file}),
        }  # fmt: skip
        return self.connection.execute(text.UNPROVEN, values).rowcount == 1

    def agreed(self) -> list[int]:
        """Files in quarantine with two words for a release, the oldest first. Whose they are is asked later."""
        rows = self.connection.execute(text.AGREED).fetchall()
        return [row[0] for row in rows]

    def decide(self, rights_file: int, state: str, code: str, *, instant: int) -> None:
        """Quarantine ends. CheckViolation when two different people have not agreed to a release."""
        self.connection.execute(
            "update rempart.rights_file set state = %s, code = %s, decided = %s where rights_file = %s",
            (state, code, instant, rights_file),
        )

    def refuse(self, generation: int) -> None:
        """A staged generation will never answer."""
        self._state(generation, "refused")
        self.unmark(generation)

    # -- tidying ------------------------------------------------------------------------------------------------

    def end_tails(self, before: int, *, instant: int) -> int:
        """Tails that became tails before an instant cease to answer: everything in them was closed by then."""
        return self.connection.execute(text.END_TAILS, {"before": before, "instant": instant}).rowcount

    def forget_replaced(self, before: int) -> int:
        """What was replaced before an instant is no longer answerable."""
        return self.connection.execute("delete from rempart.record_replaced where replaced < %s", (before,)).rowcount

    def ended(self) -> list[int]:
        """Generations whose tables may go."""
        rows = self.connection.execute(text.ENDED).fetchall()
        return [row[0] for row in rows]

    def lock_patience(self, milliseconds: int) -> None:
        """How long this transaction waits for a lock."""
        self.connection.execute("select set_config('lock_timeout', %s, true)", (str(milliseconds),))

    def _run(self, statement: str, new: int, values: Any, *, live: int | None = None) -> int:
        names = {"new": _table(new), "live": _table(live if live is not None else new)}
        done = self.connection.execute(sql.SQL(statement).format(**names), values)
        return done.rowcount
