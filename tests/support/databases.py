"""Databases for tests: one embedded server per test process, one fresh clone of a migrated template per test."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from rempart.storage.embedded import EmbeddedPostgres

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
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The server of this test process, durable writes off."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("pg") / "server", SETTINGS) as server:
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
    server.make_database(name, template=template)
    try:
        yield Database(server, name)
    finally:
        server.drop_database(name)
