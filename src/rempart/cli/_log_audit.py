"""Checks a log's database against checkpoints somebody kept: the steps of `rempart log verify`, without its words."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rempart.domain.log_audit import Anchor, Finding, audit
from rempart.domain.merkle import Frontier
from rempart.domain.month import MONTHS, month_text
from rempart.formats.checkpoint import Note, NoteFault, parse, verify
from rempart.storage.log_audit import (
    ClosedMonth,
    closed_months,
    month_is_there,
    stored_leaves,
    stored_notes,
    stored_tile,
    unfolded,
)
from rempart.storage.log_reading import month_leaves, month_named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from psycopg import Connection

KEPT = "the checkpoint you kept"


@dataclass(frozen=True, slots=True)
class Verified:
    """The log holds: `size` leaves were recomputed, `signed` of them are under its newest checkpoint."""

    origin: str
    size: int
    signed: int
    dropped: bool = False


def verify_log(connection: Connection[Any], kept: Sequence[Note], public: bytes) -> Verified | Finding:
    """Checks the month (or log of months) the kept checkpoints are of; all of one origin, at least one.

    Reads one snapshot of the database; `connection` must not be in a transaction. Rights: the auditor's.
    """
    with connection.transaction():
        connection.execute("set transaction isolation level repeatable read, read only")
        return verify_snapshot(connection, kept, public)


def verify_snapshot(connection: Connection[Any], kept: Sequence[Note], public: bytes) -> Verified | Finding:
    """The same in the caller's own transaction."""
    origin = kept[0].checkpoint.origin
    month = month_named(origin.rpartition("/")[2])
    if month is None or any(note.checkpoint.origin != origin for note in kept):
        return Finding("wrong-origin", None, "the kept checkpoints are not all of one month of this log")
    for note in kept:
        fault = verify(note, public)
        if fault is not None:
            return Finding("kept-not-signed", None, f"a checkpoint you kept proves nothing: {fault.reason}")
    if month != MONTHS and not month_is_there(connection, month):
        return _dropped(connection, kept, month, public=public)
    anchors = _anchors(connection, month, kept, public)
    if isinstance(anchors, Finding):
        return anchors
    outcome = _months(connection, anchors, origin, public) if month == MONTHS else _leaves(connection, month, anchors)
    if isinstance(outcome, Finding):
        return outcome
    return Verified(origin, outcome.size, max(anchor.size for anchor in anchors))


def _anchors(
    connection: Connection[Any], month: int, kept: Sequence[Note], public: bytes
) -> tuple[Anchor, ...] | Finding:
    """The kept tree heads and every stored one, whose signatures a superuser cannot forge: they narrow a fault down."""
    found = [Anchor(note.checkpoint.size, note.checkpoint.root, KEPT) for note in kept]
    newest = 0
    for size, content in stored_notes(connection, month):
        note = _signed(content, kept[0].checkpoint.origin, public)
        if note is None or note.checkpoint.size != size:
            return Finding("checkpoint-forged", None, f"the stored checkpoint of size {size} is not the log's own")
        found.append(Anchor(size, note.checkpoint.root, "a stored checkpoint"))
        newest = size
    behind = max(note.checkpoint.size for note in kept)
    if newest < behind:
        return Finding(
            "checkpoint-missing",
            newest,
            f"the log was rolled back: its newest checkpoint has {newest} leaves, one you kept has {behind}",
        )
    return tuple(found)


def _signed(content: bytes, origin: str, public: bytes) -> Note | None:
    note = parse(content)
    if isinstance(note, NoteFault) or note.checkpoint.origin != origin or verify(note, public) is not None:
        return None
    return note


def _leaves(connection: Connection[Any], month: int, anchors: Sequence[Anchor]) -> Frontier | Finding:
    with closing(stored_leaves(connection, month)) as leaves:
        outcome = audit(leaves, anchors, partial(stored_tile, connection, month))
    if isinstance(outcome, Finding):
        return outcome
    passed, first = unfolded(connection, month)
    if passed:
        return Finding(
            "disclosure-unfolded",
            outcome.size,
            f"{passed} disclosures (first: number {first}) have no leaf although the folder has passed them:"
            " they were put in afterwards",
        )
    closed = next((line for line in closed_months(connection) if line.month == month), None)
    if closed is not None and (closed.size, closed.root) != (outcome.size, outcome.root()):
        return Finding("closed-month-differs", min(closed.size, outcome.size), "the month changed after it was closed")
    return outcome


def _months(connection: Connection[Any], anchors: Sequence[Anchor], origin: str, public: bytes) -> Frontier | Finding:
    """Checks the log of months: its roots, and that each line holds a final checkpoint the log signed."""
    lines, leaves = closed_months(connection), month_leaves(connection)
    prefix = origin.rpartition("/")[0]
    for expected, line in enumerate(lines):
        if line.place != expected or not _line_holds(line, f"{prefix}/{month_text(line.month)}", public):
            return Finding(
                "month-differs", expected, f"line {expected} of the log of months is not that of a signed month"
            )
    for anchor in sorted(anchors, key=lambda anchor: anchor.size):
        if anchor.size > len(leaves):
            return Finding("log-cut", len(leaves), f"the log of months was cut: {anchor.whose} has {anchor.size} lines")
        if Frontier().extend(leaves[: anchor.size]).root() != anchor.root:
            return Finding("root-differs", 0, f"the log of months was rewritten before line {anchor.size}")
    return Frontier().extend(leaves)


def _line_holds(line: ClosedMonth, origin: str, public: bytes) -> bool:
    note = _signed(line.note, origin, public)
    return note is not None and (note.checkpoint.size, note.checkpoint.root) == (line.size, line.root)


def _dropped(connection: Connection[Any], kept: Sequence[Note], month: int, *, public: bytes) -> Verified | Finding:
    """A month without leaves must be closed, in a signed log of months, and not shorter than what was kept."""
    origin = kept[0].checkpoint.origin
    prefix = origin.rpartition("/")[0]
    notes = stored_notes(connection, MONTHS)
    head = _signed(notes[-1][1], f"{prefix}/months", public) if notes else None
    line = next((line for line in closed_months(connection) if line.month == month), None)
    if head is None or line is None or line.place >= head.checkpoint.size:
        return Finding("log-cut", 0, "all leaves of the month are gone, and no signed log of months says it was closed")
    lines = _months(
        connection, (Anchor(head.checkpoint.size, head.checkpoint.root, "its checkpoint"),), f"{prefix}/months", public
    )
    if isinstance(lines, Finding):
        return lines
    for note in kept:
        head = note
        if head.checkpoint.size > line.size or (
            head.checkpoint.size == line.size and head.checkpoint.root != line.root
        ):
            return Finding(
                "root-differs", 0, "the month's final tree head is not a continuation of the checkpoint you kept"
            )
    return Verified(origin, line.size, line.size, dropped=True)
