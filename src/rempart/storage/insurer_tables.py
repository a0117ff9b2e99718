"""What insurers publish, over psycopg 3: what binds them, and their stand-in rules. Every version is kept."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any, NamedTuple

import psycopg

Connection = psycopg.Connection[Any]


class StandInRow(NamedTuple):
    """Signed stand-in rules as the insurer made them."""

    insurer: str
    sequence: int
    starts: date
    content: bytes


def add_bindings(connection: Connection, insurer: str, content: str, said_by: str, *, instant: int) -> bool:
    """Keeps a table that was checked; False when the newest one is the same.

    Raises psycopg.errors.ForeignKeyViolation when the insurer is not registered.
    """
    digest = hashlib.sha256(content.encode()).digest()
    return bool(
        connection.execute(
            "insert into rempart.binding_table (insurer, content, digest, said_by, loaded) "
            "select %s, %s, %s, %s, %s where %s is distinct from (select t.digest from rempart.binding_table t "
            "where t.insurer = %s order by t.binding_table desc limit 1)",
            (insurer, content, digest, said_by, instant, digest, insurer),
        ).rowcount
    )


def add_stand_in(connection: Connection, row: StandInRow, instant: int) -> bool:
    """Keeps rules that were verified; False unless their sequence is above every earlier one."""
    return bool(
        connection.execute(
            "insert into rempart.stand_in (insurer, sequence, starts, content, loaded) "
            "select %s, %s, %s, %s, %s where %s > all (select s.sequence from rempart.stand_in s where s.insurer = %s)",
            (*row, instant, row.sequence, row.insurer),
        ).rowcount
    )


def stand_in(connection: Connection, insurer: str) -> bytes | None:
    """The insurer's newest stand-in rules as signed."""
    row = connection.execute(
        "select content from rempart.stand_in where insurer = %s order by sequence desc limit 1", (insurer,)
    ).fetchone()
    return bytes(row[0]) if row else None


def bindings(connection: Connection, insurer: str) -> str | None:
    """The insurer's newest table of what binds it."""
    row = connection.execute(
        "select content from rempart.binding_table where insurer = %s order by binding_table desc limit 1", (insurer,)
    ).fetchone()
    return str(row[0]) if row else None


def stand_ins(connection: Connection) -> list[bytes]:
    """The newest stand-in rules of every insurer, as signed."""
    rows = connection.execute(
        "select distinct on (insurer) content from rempart.stand_in order by insurer, sequence desc"
    )
    return [bytes(row[0]) for row in rows]
