"""Alembic's environment: one connection of the owner, one transaction, no autogenerate, no logging set-up."""

from __future__ import annotations

from alembic import context

from rempart.storage.migrate import VERSION_TABLE, engine_of

if context.is_offline_mode():
    raise RuntimeError("migrations run against a database, not into a script")

with engine_of(context.config.attributes["url"]).connect() as connection:
    context.configure(connection=connection, version_table=VERSION_TABLE, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()
