"""Loading rights files, and what officers decide about those in quarantine: functions that jobs and commands call.

The worker only carries: the keeper's loader checks, parses and seals; PostgreSQL stages, weighs and swaps, all in one
transaction. A file that is refused leaves nothing but its report, which names line, field and code, never a value.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import BinaryIO

import psycopg
import structlog

from rempart.domain.weighing import Announced, Weights, month_number, over_limit, sequence_fault, too_many_rejects
from rempart.formats.rights_file import MAX_HEADER, FileFault, Header, read_header
from rempart.ground.instants import PARIS, civil_date
from rempart.sealing.client import KeeperSync
from rempart.sealing.envelope import MAGIC, is_sealed
from rempart.sealing.loading import COPY_END, COPY_HEAD, REFERENCE_COLUMNS, ROW_COLUMNS, Begin, Begun, End
from rempart.storage.rights import Connection, FileFacts, RightsBook, Standing, Waiting
from rempart.worker.rights_outcome import Outcome, Rules, Wish, report_of
from rempart.worker.rights_release import apply, months_before, prune, refuse, release
from rempart.worker.rights_stream import Count, chunk_of, counted, pieces, stream

__all__ = ["Outcome", "Rules", "Wish", "load", "load_path", "prune", "refuse", "release"]

log = structlog.get_logger()
_EPOCH = date(1970, 1, 1).toordinal()


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
    """Takes one rights file from `source` as transported. `connection` in autocommit, `keeper` on the load socket.

    Raises KeeperUnavailable, psycopg.Error and OSError: then nothing changed and the file may be sent again.
    """
    line = source.readline(MAX_HEADER + 1)
    header = read_header(line)
    if isinstance(header, FileFault):
        return Outcome("refused", header.code, header.field)
    loading = _Loading(
        RightsBook(connection), keeper, rules, header=header, line=line, instant=instant, wish=wish or Wish()
    )
    try:
        with connection.transaction() as transaction:
            outcome = loading.run(source)
            if outcome.state in ("refused", "unchanged"):
                raise psycopg.Rollback(transaction)
    except psycopg.Rollback as error:  # it comes out where the server is gone: nothing is kept, and nobody was told
        raise psycopg.OperationalError("the server went away while a file was undone") from error
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
        count = Count(self._rules.report_lines)
        with tempfile.TemporaryFile(dir=self._rules.spool) as references:
            with book.copy_rows(generation, ROW_COLUMNS) as copy:
                copy.write(COPY_HEAD)
                for block in stream(self._keeper, begun.session, source, count):
                    copy.write(block.rows)
                    references.write(block.references)
                copy.write(COPY_END)
            outcome = counted(outcome, count)
            refusal = self._refusal(count)
            if refusal:
                return replace(outcome, code=refusal, field=chunk_of(count.fault))
            dropped = book.index(generation)
            book.analyze(generation)
            references.seek(0)
            book.open_batches(header.insurer, count.batches, instant=self._instant)
            book.copy_references(header.insurer, REFERENCE_COLUMNS, pieces(references))
        persons = [*count.spared, *(person for person, _ in count.closings)]
        book.mark(generation, persons, [None] * len(count.spared) + [closed for _, closed in count.closings])
        return self._weigh(
            standing, begun, generation, outcome=replace(outcome, generation=generation, collisions=dropped)
        )

    def _refusal(self, count: Count) -> str:
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
            waiting = Waiting(
                number, header.insurer, header.kind, header.sequence, generation, over, begun.version, header.instant
            )
            more = apply(book, self._keeper, waiting, standing, instant=self._instant, day=self._day)
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
