"""Loading rights files, and what officers decide about those in quarantine: functions that jobs and commands call.

The worker only carries: the keeper's loader checks, parses and seals; PostgreSQL stages, weighs and swaps, all in one
transaction. A file that is refused leaves nothing but its report, which names line, field and code, never a value.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
import structlog

from rempart.domain.weighing import (
    Announced,
    Limits,
    Weights,
    month_number,
    over_limit,
    sequence_fault,
    too_many_rejects,
)
from rempart.formats.rights_file import MAX_HEADER, FileFault, Header, read_header
from rempart.ground.instants import PARIS, civil_date
from rempart.ground.settings import Rights
from rempart.sealing.client import KeeperSync
from rempart.sealing.envelope import MAGIC, is_sealed
from rempart.sealing.loading import (
    COPY_END,
    COPY_HEAD,
    REFERENCE_COLUMNS,
    ROW_COLUMNS,
    Begin,
    Begun,
    Block,
    End,
    Fed,
    Feed,
    Promote,
    Reject,
)
from rempart.storage.rights import Connection, FileFacts, RightsBook, Standing, Waiting

log = structlog.get_logger()
_PIECE = 1 << 20
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Rules:
    """The figures of [rights], and where references wait in a temporary file until the records are in."""

    limits: Limits = field(default_factory=Limits)
    prolong_days: int = 7
    retention_months: int = 27
    report_lines: int = 10_000
    spool: Path | None = None
    work_mem: str = "256MB"

    @classmethod
    def of(cls, rights: Rights, spool: Path | None = None) -> Rules:
        """From the configuration."""
        limits = Limits(
            rights.reject_percent,
            rights.reject_most,
            rights.quarantine_closing_percent,
            rights.quarantine_opening_percent,
            rights.quarantine_formula_percent,
        )
        return cls(limits, rights.prolong_days, rights.retention_months, rights.report_lines_most, spool)


@dataclass(frozen=True, slots=True)
class Wish:
    """How a file is to be taken: `strict` refuses on any bad line, `restore` takes an older full file again."""

    strict: bool = False
    restore: bool = False
    allow_clear: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: `state` is applied, quarantined, refused or unchanged, `code` says why.

    `rejects` are bad lines, up to a limit; `rejected` counts them all. `records` are ways of presenting people.
    """

    state: str
    code: str = ""
    field: str = ""
    insurer: str = ""
    sequence: int = 0
    rights_file: int = 0
    generation: int = 0
    lines: int = 0
    people: int = 0
    records: int = 0
    rejected: int = 0
    warned: int = 0
    collisions: int = 0
    carried: int = 0
    weights: Weights | None = None
    over: tuple[str, ...] = ()
    rejects: tuple[Reject, ...] = ()
    warnings: tuple[Reject, ...] = ()


@dataclass(slots=True)
class _Count:
    """Gathered while a file streams through."""

    keep: int
    lines: int = 0
    people: int = 0
    records: int = 0
    rejected: int = 0
    warned: int = 0
    rejects: list[Reject] = field(default_factory=list)
    warnings: list[Reject] = field(default_factory=list)
    spared: list[bytes] = field(default_factory=list)
    closings: list[tuple[bytes, int]] = field(default_factory=list)
    batches: dict[int, bytes] = field(default_factory=dict)
    fault: Fed | None = None

    def add(self, block: Block) -> None:
        """One more block."""
        self.lines += block.lines
        self.people += block.people
        self.records += block.records
        self.rejected += len(block.rejects)
        self.warned += len(block.warnings)
        self.rejects += block.rejects[: self.keep - len(self.rejects)]
        self.warnings += block.warnings[: self.keep - len(self.warnings)]
        self.batches |= block.batches
        spared, closings = block.spared, block.closings
        if len(self.spared) < self.keep:
            self.spared += [spared[at : at + 16] for at in range(0, len(spared), 16)]
        for at in range(0, len(closings), 20):
            self.closings.append((closings[at : at + 16], int.from_bytes(closings[at + 16 : at + 20], "big")))


def load_path(
    connection: Connection, keeper: KeeperSync, path: Path, rules: Rules, *, instant: int, wish: Wish
) -> Outcome:
    """`load` for a file on disk; refused with `file-clear` when it is not sealed and that is not allowed."""
    with path.open("rb") as source:
        if not wish.allow_clear:
            source.readline(MAX_HEADER + 1)
            if not is_sealed(source.read(len(MAGIC))):
                return Outcome("refused", "file-clear")
            source.seek(0)
        return load(connection, keeper, source, rules, instant=instant, wish=wish)


def load(
    connection: Connection,
    keeper: KeeperSync,
    source: BinaryIO,
    rules: Rules,
    *,
    instant: int,
    wish: Wish | None = None,
) -> Outcome:
    """Takes one rights file from `source` as it was transported. `connection` in autocommit, `keeper` on the load socket.

    Raises KeeperUnavailable, psycopg.Error and OSError: then nothing changed and the file may be sent again.
    """
    line = source.readline(MAX_HEADER + 1)
    header = read_header(line)
    if isinstance(header, FileFault):
        return Outcome("refused", header.code, header.field)
    loading = _Loading(
        RightsBook(connection), keeper, rules, header=header, line=line, instant=instant, wish=wish or Wish()
    )
    with connection.transaction() as transaction:
        outcome = loading.run(source)
        if outcome.state in ("refused", "unchanged"):
            raise psycopg.Rollback(transaction)
    if outcome.state == "refused" and loading.verified:
        with connection.transaction():
            number = RightsBook(connection).remember(loading.facts(outcome, None), "refused", outcome.code)
        outcome = replace(outcome, rights_file=number)
    log.info(
        "rights file read", insurer=header.insurer, sequence=header.sequence, status=outcome.state, code=outcome.code,
        rows=outcome.records, count=outcome.rejected,
    )  # fmt: skip
    return outcome


class _Loading:
    """One file in its transaction."""

    def __init__(
        self,
        book: RightsBook,
        keeper: KeeperSync,
        rules: Rules,
        *,
        header: Header,
        line: bytes,
        instant: int,
        wish: Wish,
    ) -> None:
        self._book = book
        self._keeper = keeper
        self._rules = rules
        self._header = header
        self._line = line
        self._instant = instant
        self._wish = wish
        self._created = civil_date(header.instant, PARIS)
        self._day = self._created.toordinal() - _EPOCH
        self.verified = False

    def run(self, source: BinaryIO) -> Outcome:
        """Everything; the caller rolls back unless the outcome is applied or quarantined."""
        header, book = self._header, self._book
        outcome = Outcome("refused", insurer=header.insurer, sequence=header.sequence)
        if not book.lock(header.insurer):
            return replace(outcome, code="load-running")
        standing = book.standing(header.insurer)
        if standing is None or standing.standing == "left":
            return replace(outcome, code="insurer-unknown")
        fault = self._fault(standing)
        if fault:
            return replace(outcome, state="unchanged" if fault == "already-loaded" else "refused", code=fault)
        begun = self._begin(standing)
        if begun.refusal:
            return replace(outcome, code=begun.refusal, field=begun.field)
        self.verified = True
        book.prepare(work_mem=self._rules.work_mem)
        try:
            return self._stage(source, standing, begun, outcome)
        finally:
            self._keeper.call("end", [End(begun.session)])

    def _fault(self, standing: Standing) -> str:
        header = self._header
        known = self._book.known(header.insurer, hashlib.sha256(self._line.rstrip(b"\r\n")).digest())
        if known is not None and not self._wish.restore:
            return "already-loaded"
        if standing.quarantined is not None:
            return "quarantine-open"
        return sequence_fault(header.kind, header.sequence, standing.sequence, restore=self._wish.restore)

    def _begin(self, standing: Standing) -> Begun:
        rule = standing.rule
        version = standing.version if self._header.kind == "delta" else 0
        begin = Begin(
            self._line, rule.case, rule.spaces, rule.zeros, rule.min_length, rule.max_length, rule.alphabet, version
        )
        begun: Begun = self._keeper.call("begin", [begin])[0]
        return begun

    def _stage(self, source: BinaryIO, standing: Standing, begun: Begun, outcome: Outcome) -> Outcome:
        header, book = self._header, self._book
        generation = book.make_generation(header.insurer, header.kind, begun.version, instant=self._instant)
        count = _Count(self._rules.report_lines)
        with tempfile.TemporaryFile(dir=self._rules.spool) as references:
            with book.copy_rows(generation, ROW_COLUMNS) as copy:
                copy.write(COPY_HEAD)
                for block in _stream(self._keeper, begun.session, source, count):
                    copy.write(block.rows)
                    references.write(block.references)
                copy.write(COPY_END)
            outcome = _counted(outcome, count)
            refusal = self._refusal(count)
            if refusal:
                return replace(outcome, code=refusal, field=_chunk(count.fault))
            dropped = book.index(generation)
            book.analyze(generation)
            references.seek(0)
            book.open_batches(header.insurer, count.batches, instant=self._instant)
            book.copy_references(header.insurer, REFERENCE_COLUMNS, _pieces(references))
        persons = [*count.spared, *(person for person, _ in count.closings)]
        book.mark(generation, persons, [None] * len(count.spared) + [closed for _, closed in count.closings])
        return self._weigh(
            standing, begun, generation, outcome=replace(outcome, generation=generation, collisions=dropped)
        )

    def _refusal(self, count: _Count) -> str:
        if count.fault is not None:
            return count.fault.refusal
        if count.rejected and self._wish.strict:
            return "strict-rejects"
        return "rejects-over-threshold" if too_many_rejects(count.lines, count.rejected, self._rules.limits) else ""

    def _weigh(self, standing: Standing, begun: Begun, generation: int, *, outcome: Outcome) -> Outcome:
        header, book, live = self._header, self._book, standing.live
        full = header.kind == "full"
        carried = 0
        weights = Weights(0, outcome.people, 0, 0, 0)
        if live is not None:
            if full and begun.version == standing.version:
                carried = book.carry_over(generation, live, day=self._day, forget_before=self._forget_before())
            weights = book.weigh(generation, live, full=full, month=month_number(self._created))
        expected = header.expected
        announced = Announced(expected.opened, expected.closed, expected.changed) if expected is not None else None
        over = over_limit(weights, self._rules.limits, announced)
        state = "quarantined" if over else "applied"
        outcome = replace(
            outcome, state=state, code="weighed-too-heavy" if over else "", carried=carried, weights=weights, over=over
        )
        facts = self.facts(outcome, generation)
        number = book.remember(facts, state, outcome.code)
        book.tell_collisions(generation, number)
        if over:
            book.quarantine(generation, header.insurer, day=self._day, until=self._day + self._rules.prolong_days)
        else:
            waiting = Waiting(number, header.insurer, header.kind, header.sequence, generation, over, begun.version, header.instant)
            more = _apply(book, self._keeper, waiting, standing, instant=self._instant, day=self._day)
            outcome = replace(outcome, collisions=outcome.collisions + more)
        return replace(outcome, rights_file=number)

    def _forget_before(self) -> int:
        """Day before which closed rights are not taken along."""
        return months_before(self._created, self._rules.retention_months).toordinal() - _EPOCH

    def facts(self, outcome: Outcome, generation: int | None) -> FileFacts:
        """The file's row."""
        header = self._header
        digest = hashlib.sha256(self._line.rstrip(b"\r\n")).digest()
        return FileFacts(
            header.insurer, header.kind, header.sequence, digest, header.instant, self._instant, generation,
            outcome.over, report_of(outcome),
        )  # fmt: skip


def report_of(outcome: Outcome) -> dict[str, Any]:
    """What the insurer and the on-call engineer are told: counts, and bad lines by line, field and code."""
    weights = outcome.weights
    return {
        "lines": outcome.lines, "people": outcome.people, "records": outcome.records, "rejected": outcome.rejected,
        "warned": outcome.warned, "collisions": outcome.collisions, "carried": outcome.carried, "field": outcome.field,
        "weights": {name: getattr(weights, name) for name in Weights.__dataclass_fields__} if weights else None,
        "rejects": [[reject.line, reject.field, reject.code] for reject in outcome.rejects],
        "warnings": [[warning.line, warning.field, warning.code] for warning in outcome.warnings],
    }  # fmt: skip


def _apply(
    book: RightsBook, keeper: KeeperSync, waiting: Waiting, standing: Standing, *, instant: int, day: int
) -> int:
    """The staged generation begins to answer; how many more identities another person keeps."""
    if waiting.kind == "delta":
        return book.merge(
            waiting.generation,
            standing,
            rights_file=waiting.rights_file,
            sequence=waiting.sequence,
            instant=instant,
            day=day,
        )
    same_key = waiting.version == standing.version
    book.swap(waiting.generation, standing, sequence=waiting.sequence, instant=instant, same_key=same_key, day=day)
    book.unmark(waiting.generation)
    # Before the commit: a version that is live and finds nothing costs a look-up; one that is not live finds nobody.
    promoted = keeper.call("promote", [Promote(waiting.insurer, waiting.version)])[0]
    if promoted.refusal:
        raise RuntimeError(f"the keeper did not promote the index key: {promoted.refusal}")
    return 0


def release(connection: Connection, keeper: KeeperSync, rights_file: int, officer: str, *, instant: int) -> Outcome:
    """One officer agrees; with the second different one the file is applied.

    Refused: `not-in-quarantine`, `officer-missing`, `officer-already-spoke`, `load-running`. While one officer is
    missing the state stays `quarantined`.
    """
    return _speak(connection, keeper, rights_file, officer, verdict="release", instant=instant)


def refuse(connection: Connection, keeper: KeeperSync, rights_file: int, officer: str, *, instant: int) -> Outcome:
    """One officer is enough to refuse: the previous rights go on, and the insurer sends that sequence number again."""
    return _speak(connection, keeper, rights_file, officer, verdict="refuse", instant=instant)


def _speak(
    connection: Connection, keeper: KeeperSync, rights_file: int, officer: str, *, verdict: str, instant: int
) -> Outcome:
    name = officer.strip().lower()
    if not name:
        return Outcome("refused", "officer-missing", rights_file=rights_file)
    book = RightsBook(connection)
    with connection.transaction():
        waiting = book.waiting(rights_file)
        if waiting is None:
            return Outcome("refused", "not-in-quarantine", rights_file=rights_file)
        outcome = Outcome(
            "quarantined", "weighed-too-heavy", "", waiting.insurer, waiting.sequence, rights_file, waiting.generation,
            over=waiting.over_limit,
        )  # fmt: skip
        if not book.lock(waiting.insurer):
            return replace(outcome, state="refused", code="load-running")
        if not book.voice(rights_file, name, verdict, instant=instant):
            return replace(outcome, state="refused", code="officer-already-spoke")
        if verdict == "refuse":
            book.decide(rights_file, "refused", "refused-by-officer", instant=instant)
            book.refuse(waiting.generation)
            return replace(outcome, state="refused", code="refused-by-officer")
        if book.voices(rights_file) < 2:
            return replace(outcome, code="second-officer-missing")
        standing = book.standing(waiting.insurer)
        if standing is None:  # cannot be: the file refers to the insurer
            raise LookupError("the insurer of a quarantined file is gone")
        book.prepare(work_mem="256MB")
        book.decide(rights_file, "applied", "released", instant=instant)
        day = civil_date(waiting.created, PARIS).toordinal() - _EPOCH
        _apply(book, keeper, waiting, standing, instant=instant, day=day)
        return replace(outcome, state="applied", code="released")


def months_before(day: date, months: int) -> date:
    """The first day of the month so many months before."""
    place = day.year * 12 + day.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)


def prune(connection: Connection, rules: Rules, *, instant: int, lock_milliseconds: int = 500) -> tuple[int, ...]:
    """Drops what has ended: tables of superseded and refused generations, tails and replaced records beyond retention.

    Each in a transaction of its own that gives up rather than let questions wait; what was busy is dropped next time.
    Gives the generations dropped.
    """
    book = RightsBook(connection)
    start = months_before(civil_date(instant, PARIS), rules.retention_months)
    before = (start - date(1970, 1, 1)) // timedelta(microseconds=1)
    with connection.transaction():
        book.end_tails(before, instant=instant)
        book.forget_replaced(before)
    dropped = []
    for generation in book.ended():
        try:
            with connection.transaction():
                book.lock_patience(lock_milliseconds)
                book.drop(generation)
            dropped.append(generation)
        except psycopg.errors.LockNotAvailable:
            log.warning("a generation is busy and is dropped next time", generation=generation)
    return tuple(dropped)


def _stream(keeper: KeeperSync, session: bytes, source: BinaryIO, count: _Count) -> Iterator[Block]:
    """Blocks in the order of the file; a fault of the body ends them and stands in `count`."""
    wanted, ended = True, False
    while True:
        data = b""
        if wanted and not ended:
            data = source.read(_PIECE)
            ended = len(data) < _PIECE
            feed = Feed(session, data, ended)
        else:
            feed = Feed(session, b"")
        fed: Fed = keeper.call("feed", [feed])[0]
        wanted = fed.wanted
        for block in fed.blocks:
            count.add(block)
            yield block
        if fed.refusal:
            count.fault = fed
            return
        if fed.finished or count.rejected > count.keep:
            return


def _counted(outcome: Outcome, count: _Count) -> Outcome:
    return replace(
        outcome, lines=count.lines, people=count.people, records=count.records, rejected=count.rejected,
        warned=count.warned, rejects=tuple(count.rejects), warnings=tuple(count.warnings),
    )  # fmt: skip


def _chunk(fault: Fed | None) -> str:
    return f"chunks[{fault.chunk}]" if fault is not None and fault.chunk >= 0 else ""


def _pieces(references: Any) -> Iterator[bytes]:
    yield COPY_HEAD
    while piece := references.read(_PIECE):
        yield piece
    yield COPY_END
