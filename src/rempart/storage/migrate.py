"""Alembic without an ini file: linear migrations in plain SQL, shipped inside the package."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from sqlalchemy import Engine

# The version table stands outside the schema `rempart`, so that it exists before the first migration.
VERSION_TABLE = "rempart_migration"


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` (a libpq URL of the owner) to `revision`; nothing to do is fine.

    All migrations run in one transaction: a failed one leaves the database as it was.
    """
    command.upgrade(_config(url), revision)


def current(url: str) -> str | None:
    """The revision the database stands at, None before the first migration."""
    engine = engine_of(url)
    with engine.connect() as connection:
        return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def head() -> str | None:
    """The newest revision this release knows, None when it has no migration."""
    return ScriptDirectory.from_config(_config("")).get_current_head()


def engine_of(url: str) -> Engine:
    """A SQLAlchemy engine over psycopg for a libpq URL; it pools nothing."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise ValueError("a database URL starts with postgresql://")
    return create_engine(f"postgresql+psycopg://{rest}", poolclass=NullPool)


def _config(url: str) -> Config:
    config = Config()
    folder = Path(str(importlib.resources.files("rempart.storage") / "migrations"))
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config
