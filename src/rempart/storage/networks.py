"""Networks of care from files, over psycopg 3: a file is compared with what is known; what it supersedes is kept.

A file is taken whole or not at all. An operator speaks of its own sites alone: what it says of others is kept, and
counts only while the site is its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import psycopg

from rempart.domain.guarantee import Membership
from rempart.domain.network_files import Change, Differences, compare

Connection = psycopg.Connection[Any]
LOCK = 0x52_4D_50_4E_57  # "RMPNW": one import at a time


class Source(NamedTuple):
    """A file: whose, of which day, its SHA-256 (32 bytes), and who imports it, when (microseconds UTC)."""

    operator: str
    as_of: date
    digest: bytes
    said_by: str
    instant: int


class Imported(NamedTuple):
    """What an import did; `again`: this very file was imported before, and nothing was changed."""

    differences: Differences
    again: bool = False


class File(NamedTuple):
    """A file that was imported, with what it changed."""

    operator: str
    as_of: date
    listed: int
    joined: int
    departed: int
    altered: int
    said_by: str


def take(connection: Connection, source: Source, listed: Sequence[Membership]) -> Imported | str:
    """Imports a file, in one transaction; `as-of-not-later` when one of its networks was told of that day or later."""
    names = sorted({one.network for one in listed})
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        before = connection.execute(
            "select joined, departed, altered, listed from rempart.network_file where operator = %s and digest = %s",
            (source.operator, source.digest),
        ).fetchone()
        if before is not None:
            return Imported(Differences(len(listed), len(listed), 0, 0, 0), again=True)
        latest = connection.execute(
            "select max(f.as_of) from rempart.network_file f join rempart.network_file_of n using (file) "
            "where f.operator = %s and n.network = any(%s)",
            (source.operator, names),
        ).fetchone()
        if latest is not None and latest[0] is not None and source.as_of <= latest[0]:
            return "as-of-not-later"
        differences, changes = compare(_known(connection, source.operator, names), listed, source.as_of)
        _write(connection, _file(connection, source, names, differences), source.operator, changes)
    return Imported(differences)


def strangers(connection: Connection, operator: str, listed: Sequence[Membership]) -> int:
    """How many of the sites listed are none of this operator's, registered as they stand now."""
    numbers = sorted({one.site for one in listed})
    found = connection.execute(
        "select count(*) from rempart.site where operator = %s and site = any(%s)", (operator, numbers)
    ).fetchone()
    return len(numbers) - (int(found[0]) if found is not None else 0)


def files(connection: Connection) -> tuple[File, ...]:
    """Every file that was imported, by operator, the latest first."""
    rows = connection.execute(
        "select operator, as_of, listed, joined, departed, altered, said_by from rempart.network_file "
        "order by operator, as_of desc, file desc"
    ).fetchall()
    return tuple(File(*row) for row in rows)


def _known(connection: Connection, operator: str, names: Sequence[str]) -> list[Membership]:
    rows = connection.execute(
        "select network, site, starts, ends from rempart.network_member "
        "where operator = %s and network = any(%s) and superseded is null",
        (operator, list(names)),
    ).fetchall()
    return [Membership(*row) for row in rows]


def _file(connection: Connection, source: Source, names: Sequence[str], found: Differences) -> int:
    row = connection.execute(
        "insert into rempart.network_file (operator, as_of, digest, listed, joined, departed, altered, said_by, noted) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning file",
        (source.operator, source.as_of, source.digest, found.listed, found.joined, found.left, found.altered,
         source.said_by, source.instant),
    ).fetchone()  # fmt: skip
    if row is None:
        raise RuntimeError("an inserted row gave no number")
    connection.cursor().executemany(
        "insert into rempart.network_file_of (file, network) values (%s, %s)", [(row[0], name) for name in names]
    )
    return int(row[0])


def _write(connection: Connection, file: int, operator: str, changes: Sequence[Change]) -> None:
    cursor = connection.cursor()
    cursor.executemany(
        "update rempart.network_member set superseded = %s where operator = %s and network = %s and site = %s "
        "and starts = %s and superseded is null",
        [(file, operator, one.before.network, one.before.site, one.before.start) for one in changes if one.before],
    )
    cursor.executemany(
        "insert into rempart.network_member (operator, network, site, starts, ends, told_by) "
        "values (%s, %s, %s, %s, %s, %s)",
        [(operator, *one.after, file) for one in changes if one.after],
    )
