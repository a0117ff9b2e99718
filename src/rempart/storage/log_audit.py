"""What an auditor reads to check the log without trusting it; every function runs in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rempart.domain.disclosure import Disclosure
from rempart.domain.log_audit import StoredLeaf
from rempart.domain.month import month_start

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from psycopg import Connection

_ROWS = """select l.number, l.tx::text, l.disclosure_id, l.salt, l.hash, d.id is not null,
    d.instant, d.grant_id, d.account, d.client, d.site, d.operator, d.insurer, d.purpose,
    d.evidence, d.template, d.outcome, d.tag
    from rempart.leaf l
    left join rempart.disclosure d on d.tx = l.tx and d.id = l.disclosure_id and d.instant = l.instant
    where l.month = %s order by l.number"""
# Judged by whichever place is further, the folder's own or the last leaf's, so that setting one back hides nothing.
_UNFOLDED = """with place as (
        (select tx, id from rempart.log_folder) union all
        (select tx, disclosure_id from rempart.leaf where month = %(month)s order by number desc limit 1)),
    furthest as (select tx, id from place order by tx desc, id desc limit 1)
    select count(*), min(d.id) from rempart.disclosure d, furthest f
    where d.instant >= %(start)s and d.instant < %(end)s and (d.tx, d.id) <= (f.tx, f.id)
      and not exists (
          select from rempart.leaf l where l.tx = d.tx and l.disclosure_id = d.id and l.instant = d.instant)"""
_FOLDED = """select l.month, l.number, l.salt,
    d.instant, d.grant_id, d.account, d.client, d.site, d.operator, d.insurer, d.purpose,
    d.evidence, d.template, d.outcome, d.tag
    from rempart.leaf l
    join rempart.disclosure d on d.tx = l.tx and d.id = l.disclosure_id and d.instant = l.instant
    where l.disclosure_id = %s limit 1"""


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A line of the log of months; `note` is the month's final checkpoint."""

    place: int
    month: int
    size: int
    root: bytes
    note: bytes


@dataclass(frozen=True, slots=True)
class Folded:
    """One folded disclosure with what a proof about it needs."""

    month: int
    number: int
    salt: bytes
    disclosure: Disclosure


def stored_leaves(connection: Connection[Any], month: int) -> Generator[StoredLeaf, None, None]:
    """The month's leaves in order of number beside their disclosures, streamed from a server-side cursor."""
    with connection.cursor(name="log_audit") as cursor:
        cursor.itersize = 5_000
        for row in cursor.execute(_ROWS, (month,)):
            disclosure = Disclosure(*row[6:]) if row[5] else None
            yield StoredLeaf(row[0], (int(row[1]), row[2]), disclosure, row[3], row[4])


def stored_tile(connection: Connection[Any], month: int, level: int, index: int) -> tuple[bytes, bytes] | None:
    """Hashes and root of a stored full tile."""
    query = "select hashes, root from rempart.tile where month = %s and level = %s and index = %s"
    row = connection.execute(query, (month, level, index)).fetchone()
    return (row[0], row[1]) if row else None


def stored_notes(connection: Connection[Any], month: int) -> tuple[tuple[int, bytes], ...]:
    """(size, note) of every stored checkpoint of a month, smallest first."""
    query = "select size, note from rempart.checkpoint where month = %s order by size"
    return tuple(connection.execute(query, (month,)).fetchall())


def unfolded(connection: Connection[Any], month: int) -> tuple[int, int | None]:
    """How many of the month's disclosures the folder has passed without giving them a leaf, and the smallest id."""
    values = {"month": month, "start": month_start(month), "end": month_start(month + 1)}
    row = connection.execute(_UNFOLDED, values).fetchone()
    return (row[0], row[1]) if row else (0, None)


def month_is_there(connection: Connection[Any], month: int) -> bool:
    """Whether the month still has its leaves (a dropped month has not)."""
    row = connection.execute("select exists (select from rempart.leaf where month = %s)", (month,)).fetchone()
    return bool(row and row[0])


def closed_months(connection: Connection[Any]) -> tuple[ClosedMonth, ...]:
    """The log of months in order."""
    rows = connection.execute("select place, month, size, root, note from rempart.log_of_months order by place")
    return tuple(ClosedMonth(*row) for row in rows)


def folded(connection: Connection[Any], disclosure_id: int) -> Folded | None:
    """The folded disclosure with this id; None when it is unknown or not folded yet."""
    row = connection.execute(_FOLDED, (disclosure_id,)).fetchone()
    return Folded(row[0], row[1], row[2], Disclosure(*row[3:])) if row else None


def covering_note(connection: Connection[Any], month: int, number: int) -> tuple[int, bytes] | None:
    """(size, note) of the newest checkpoint of the month that covers the leaf; None when none does yet."""
    query = "select size, note from rempart.checkpoint where month = %s and size > %s order by size desc limit 1"
    row = connection.execute(query, (month, number)).fetchone()
    return (row[0], row[1]) if row else None
