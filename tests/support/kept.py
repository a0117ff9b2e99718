"""What a running installation keeps, to be searched: tables, logs, spool, outputs, key ring, journal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from support.houses import Town


def kept(made: Town) -> Iterator[tuple[str, bytes]]:
    """Every table of the hub's database, and every file of the installation but PostgreSQL's own."""
    with psycopg.connect(made.house.database.url("admin"), autocommit=True) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = 'rempart'").fetchall()
        for (table,) in tables:
            statement = sql.SQL("copy (select * from rempart.{}) to stdout").format(sql.Identifier(table))
            with connection.cursor().copy(statement) as copy:
                yield table, b"".join(copy)
    for path in made.house.folder.rglob("*"):
        if path.is_file() and "postgres" not in path.parts:
            yield path.name, path.read_bytes()
