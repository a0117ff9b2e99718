"""Databases for tests: one embedded server per test process, one fresh clone of a migrated template per test.

The server lies in memory, and a clone is a copy of files: on a disk, and through the log, it costs several times more.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql

from rempart.storage.embedded import LOGINS, EmbeddedPostgres
from support.memory import quick_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = "rempart_template"
# Durability is tested by the crash tests with servers of their own; here it would only cost time.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "autovacuum": "off",
}


@dataclass(frozen=True, slots=True)
class Database:
    """One database of the shared server."""

    server: EmbeddedPostgres
    name: str

    def url(self, role: str = "admin") -> str:
        """URL for `admin` (superuser), `owner`, `hub`, `worker` or `auditor`."""
        return self.server.url(role, self.name)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """The server of this test process, durable writes off."""
    with quick_folder() as folder, EmbeddedPostgres(folder / "server", SETTINGS) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: EmbeddedPostgres) -> str:
    """A migrated database that nobody stays connected to."""
    from rempart.storage.migrate import upgrade

    postgres_server.make_database(TEMPLATE)
    upgrade(postgres_server.url("owner", TEMPLATE))
    return TEMPLATE


_numbers = itertools.count(1)


@pytest.fixture
def empty_postgres(postgres_server: EmbeddedPostgres) -> Iterator[Database]:
    """A fresh database without any migration."""
    yield from _fresh(postgres_server, None)


@pytest.fixture
def postgres(postgres_server: EmbeddedPostgres, postgres_template: str) -> Iterator[Database]:
    """A fresh migrated database for one test."""
    yield from _fresh(postgres_server, postgres_template)


def _fresh(server: EmbeddedPostgres, template: str | None) -> Iterator[Database]:
    name = f"test_{next(_numbers)}"
    if template is None:
        server.make_database(name)
    else:
        _clone(server, name, template)
    try:
        yield Database(server, name)
    finally:
        server.drop_database(name)


def _clone(server: EmbeddedPostgres, name: str, template: str) -> None:
    """What `make_database` does, file by file."""
    made, groups = sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, LOGINS.values()))
    make = sql.SQL("create database {} owner rempart_owner template {} strategy file_copy")
    close = sql.SQL("revoke all on database {} from public; grant connect on database {} to {}")
    with psycopg.connect(server.url("admin", "postgres"), autocommit=True) as connection:
        connection.execute(make.format(made, sql.Identifier(template)))
        connection.execute(close.format(made, made, groups))
