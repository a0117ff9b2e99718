"""Migrations: from nothing to the newest, twice without harm, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from rempart.storage import migrate

if TYPE_CHECKING:
    from support.databases import Database


def test_an_empty_database_reaches_the_head_and_stays(empty_postgres: Database) -> None:
    """Upgrade brings an empty database to the newest revision; a second run changes nothing."""
    assert migrate.current(empty_postgres.url("owner")) is None
    migrate.upgrade(empty_postgres.url("owner"))
    migrate.upgrade(empty_postgres.url("owner"))
    assert migrate.current(empty_postgres.url("owner")) == migrate.head()


def test_migrations_form_one_line() -> None:
    """One head, no branch, and files are numbered in order."""
    config = Config()
    config.set_main_option("script_location", "rempart.storage:migrations")
    config.set_main_option("path_separator", "os")
    revisions = list(ScriptDirectory.from_config(config).walk_revisions())
    numbers = [revision.revision for revision in reversed(revisions)]
    assert numbers == [f"{number:04d}" for number in range(1, len(numbers) + 1)]
    assert numbers[-1] == migrate.head()


def test_what_is_made_belongs_to_the_owner_group(postgres: Database) -> None:
    """No table, view or function of the schema belongs to a login or a superuser."""
    with psycopg.connect(postgres.url("admin")) as connection:
        owners = connection.execute(
            "select distinct r.rolname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " join pg_roles r on r.oid = c.relowner where n.nspname = 'rempart'"
        ).fetchall()
    assert owners == [("rempart_owner",)]


def test_a_url_of_another_database_is_refused() -> None:
    """Only PostgreSQL is spoken."""
    with pytest.raises(ValueError, match="postgresql://"):
        migrate.engine_of("sqlite://")
