"""The folder: gives committed disclosures their leaf numbers, grows each month's tree, has it signed, closes months.

One folder at a time (session advisory lock; a fencing number for the one whose session was lost without its knowing).
Rows are taken in order `(tx, id)` and only below the snapshot horizon: every transaction under it has ended, so a row
that is not visible then never will be, and the last row folded tells which are left. Synchronous psycopg functions; an
asyncio program calls them in a thread.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, NamedTuple, Protocol

from rempart.domain.disclosure import Disclosure
from rempart.domain.leaf import SALT, leaf
from rempart.domain.merkle import HASH, climb, consistency_proof, leaf_hash, root
from rempart.domain.month import MONTHS, month_of, month_start, month_text
from rempart.storage.log_reading import WIDTH, LogDamagedError, log_size, stored_nodes, tile_hashes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, Self

    from psycopg import Connection

LOCK = 0x72656D706C6F67  # "remplog"; the advisory lock of whoever folds
_WAITING = """select d.tx::text, d.id,
    d.instant, d.grant_id, d.account, d.client, d.site, d.operator, d.insurer, d.purpose,
    d.evidence, d.template, d.outcome, d.tag
    from rempart.disclosure d
    where (d.tx, d.id) > (%s::xid8, %s) and d.tx < pg_snapshot_xmin(pg_current_snapshot())
    order by d.tx, d.id limit %s"""


# Rows of `leaf` as PostgreSQL's binary COPY takes them: number of fields, then each with its length before it. Every
# field has a fixed size, so that one call writes a row: a file of a million invoices is a million of them.
_INTO = "copy rempart.leaf (month, number, disclosure_id, instant, tx, salt, hash) from stdin (format binary)"
_COPY_HEAD = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_COPY_END = b"\xff\xff"
_LEAF_ROW = struct.Struct(f">hiiiqiqiqiQi{SALT}si{HASH}s").pack
_AT_ONCE = 1_000


class FencedOffError(Exception):
    """Another folder has taken over; this one must stop."""


@dataclass(frozen=True, slots=True)
class Signed:
    """The signer's answer: a note, or a refusal (code) and the size it signed last."""

    refusal: str = ""
    note: bytes = b""
    last: int = 0


class Signer(Protocol):
    """Who signs a tree head, only forward; the keeper behind an adapter (`worker.log`)."""

    def __call__(self, origin: str, size: int, root: bytes, proof: tuple[bytes, ...], /) -> Signed:
        """Signs size and root when `proof` leads there from the size signed last."""


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """What came of asking for a checkpoint: `refusal` is "" when the head of `size` leaves is signed and stored."""

    size: int
    refusal: str = ""


class _Taken(NamedTuple):
    tx: str
    id: int
    disclosure: Disclosure


class Folder:
    """Holds the lock; made by `acquire`. Owns its connection, which must be in autocommit mode."""

    def __init__(self, connection: Connection[Any], fencing: int, most: int) -> None:
        self._connection = connection
        self._fencing = fencing
        self._most = most

    @classmethod
    def acquire(cls, connection: Connection[Any], *, most: int = 10_000) -> Self | None:
        """Takes the lock and the next fencing number; None while another folds. `most`: rows in one transaction."""
        held = connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
        if held is None or not held[0]:
            return None
        row = connection.execute("update rempart.log_folder set fencing = fencing + 1 returning fencing").fetchone()
        if row is None:
            raise LogDamagedError("log_folder is empty")
        return cls(connection, row[0], most)

    def release(self) -> None:
        """Lets another folder work."""
        self._connection.execute("select pg_advisory_unlock(%s)", (LOCK,))

    def fold(self) -> int:
        """Folds what waits, at most `most` rows, in one transaction; how many. FencedOffError, LogDamagedError."""
        with self._connection.transaction():
            tx, id_ = self._place()
            with self._connection.cursor(binary=True) as cursor:
                rows = cursor.execute(_WAITING, (tx, id_, self._most)).fetchall()
            taken = [_Taken(tx, id_, Disclosure(*fields)) for tx, id_, *fields in rows]
            for month, part in _by_tree(taken, _closed(self._connection)).items():
                _append(self._connection, month, part)
            if taken:
                last = (taken[-1].tx, taken[-1].id)
                self._connection.execute("update rempart.log_folder set tx = %s::xid8, id = %s", last)
        return len(taken)

    def _place(self) -> tuple[str, int]:
        row = self._connection.execute(
            """select fencing, tx::text, id, tx >= pg_snapshot_xmax(pg_current_snapshot())
               from rempart.log_folder for update"""
        ).fetchone()
        if row is None:
            raise LogDamagedError("log_folder is empty")
        if row[0] != self._fencing:
            raise FencedOffError("another folder has taken over")
        if row[3]:
            # A dump restored into another cluster: its transaction numbers start again and would hide new rows.
            raise LogDamagedError("transaction numbers have stepped back: restore base backups, not dumps")
        return row[1], row[2]


def _closed(connection: Connection[Any]) -> frozenset[int]:
    return frozenset(month for (month,) in connection.execute("select month from rempart.log_of_months"))


def _by_tree(taken: Iterable[_Taken], closed: frozenset[int]) -> dict[int, list[_Taken]]:
    """The rows by the tree they go to: their month's, or the next one still open for a row that came after closing."""
    trees: dict[int, list[_Taken]] = {}
    for row in taken:
        own = month_of(row.disclosure.instant)
        month = next(month for month in count(own) if month not in closed)
        trees.setdefault(month, []).append(row)
    return trees


def _append(connection: Connection[Any], month: int, rows: Sequence[_Taken]) -> None:
    connection.execute("select rempart.ensure_log_month(%s)", (month,))
    connection.execute("insert into rempart.log_state (month) values (%s) on conflict do nothing", (month,))
    old = log_size(connection, month)
    with connection.cursor() as cursor, cursor.copy(_INTO) as copy:
        copy.write(_COPY_HEAD)
        for at in range(0, len(rows), _AT_ONCE):
            copy.write(b"".join(_leaf_rows(month, old + at, rows[at : at + _AT_ONCE])))
        copy.write(_COPY_END)
    new = old + len(rows)
    _tile(connection, month, old, new)
    connection.execute("update rempart.log_state set size = %s where month = %s", (new, month))


def _leaf_rows(month: int, first: int, rows: Sequence[_Taken]) -> list[bytes]:
    salts = os.urandom(SALT * len(rows))
    made: list[bytes] = []
    for place, (tx, id_, disclosure) in enumerate(rows):
        salt = salts[place * SALT : (place + 1) * SALT]
        hashed = leaf_hash(leaf(disclosure, salt))
        values = (4, month, 8, first + place, 8, id_, 8, disclosure.instant, 8, int(tx), SALT, salt, HASH, hashed)
        made.append(_LEAF_ROW(7, *values))
    return made


def _tile(connection: Connection[Any], month: int, old: int, new: int) -> None:
    """Writes the tiles that become full between two sizes, lowest level first."""
    for level in count():
        old, new = old // WIDTH, new // WIDTH
        if new == 0:
            return
        for index in range(old, new):
            hashes = tile_hashes(connection, month, level, index)
            if len(hashes) != WIDTH:
                raise LogDamagedError(f"tile {level}/{index} of month {month} has hashes missing")
            connection.execute(
                "insert into rempart.tile (month, level, index, hashes, root) values (%s, %s, %s, %s, %s)",
                (month, level, index, b"".join(hashes), climb(hashes)),
            )


def origin(prefix: str, month: int) -> str:
    """Origin line of a month's checkpoints, e.g. `rempart.example/log/2026-11`; `…/months` for the log of months."""
    return f"{prefix}/{'months' if month == MONTHS else month_text(month)}"


def open_months(connection: Connection[Any]) -> tuple[int, ...]:
    """Months with a tree that is not closed, oldest first."""
    rows = connection.execute(
        """select month from rempart.log_state
           where month not in (select month from rempart.log_of_months) order by month"""
    )
    return tuple(month for (month,) in rows)


def checkpoint(
    connection: Connection[Any], month: int, signer: Signer, *, prefix: str, instant: int, every: int = 0
) -> Checkpointed | None:
    """Has the month's head signed and stores the note; None when nothing is new or the last is under `every` µs old.

    No transaction is open while the signer works; killed after signing, the next call repeats it from where it got.
    """
    size = log_size(connection, month)
    row = connection.execute(
        "select size, instant from rempart.checkpoint where month = %s order by size desc limit 1", (month,)
    ).fetchone()
    last, signed_at = row or (0, None)
    if size == last or (signed_at is not None and instant - signed_at < every):
        return None
    nodes = stored_nodes(connection, month)
    head, name = root(nodes, size), origin(prefix, month)
    answer = signer(name, size, head, consistency_proof(nodes, last, size))
    if answer.refusal and last != answer.last <= size:
        answer = signer(name, size, head, consistency_proof(nodes, answer.last, size))
    if answer.refusal:
        return Checkpointed(size, answer.refusal)
    connection.execute(
        """insert into rempart.checkpoint (month, size, root, note, instant) values (%s, %s, %s, %s, %s)
           on conflict do nothing""",
        (month, size, head, answer.note, instant),
    )
    return Checkpointed(size)


def close_month(
    connection: Connection[Any], month: int, signer: Signer, *, prefix: str, instant: int
) -> Checkpointed | None:
    """Signs the month's final tree head, enters it in the log of months and signs that. Running it again is harmless.

    Refusals: `month-not-over`, `no-such-month`, `earlier-month-open`, `rows-waiting`, or the signer's.
    """
    if month not in _closed(connection):
        refusal = _may_close(connection, month, instant)
        if refusal:
            return Checkpointed(log_size(connection, month), refusal)
        final = checkpoint(connection, month, signer, prefix=prefix, instant=instant)
        if final is not None and final.refusal:
            return final
        if not _enter(connection, month, instant):
            return Checkpointed(log_size(connection, month), "rows-waiting")
    return checkpoint(connection, MONTHS, signer, prefix=prefix, instant=instant)


def _may_close(connection: Connection[Any], month: int, instant: int) -> str:
    if instant < month_start(month + 1):
        return "month-not-over"
    still = open_months(connection)
    if month not in still:
        return "no-such-month"
    return "" if still[0] == month else "earlier-month-open"


def _enter(connection: Connection[Any], month: int, instant: int) -> bool:
    """Enters the month; False when rows of it still wait or came after its last checkpoint."""
    with connection.transaction():
        connection.execute("select from rempart.log_folder for update")  # nobody folds meanwhile
        entered = connection.execute(
            """insert into rempart.log_of_months (place, month, size, root, note, instant)
               select (select count(*) from rempart.log_of_months), s.month, c.size, c.root, c.note, %(instant)s
               from rempart.log_state s join rempart.checkpoint c on c.month = s.month and c.size = s.size
               where s.month = %(month)s and not exists (
                   select from rempart.disclosure d, rempart.log_folder f
                   where d.instant >= %(start)s and d.instant < %(end)s and (d.tx, d.id) > (f.tx, f.id))""",
            {"month": month, "instant": instant, "start": month_start(month), "end": month_start(month + 1)},
        )
        return entered.rowcount == 1


def drop_month(connection: Connection[Any], month: int) -> str:
    """Drops leaves, tiles, checkpoints and disclosures of a closed month, as the owner; "" or the code of a refusal.

    Its size, root and final checkpoint stay in the log of months. `month-not-closed`, `rows-in-another-tree`.
    """
    row = connection.execute("select rempart.drop_log_month(%s)", (month,)).fetchone()
    return str(row[0]) if row else "month-not-closed"
