"""The ground: roles, parties, the door's rows and its last word, invoices, transfers."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0001"
down_revision: str | None = None

FIRST_MONTH = 2026 * 12  # partitions of the disclosure log that exist from the start; the worker makes later ones
LAST_MONTH = 2027 * 12 + 11


def _run(name: str) -> None:
    text = files("rempart.storage.sql").joinpath(f"{name}.sql").read_text("utf-8")
    # As one text, untouched: neither colons nor percent signs are parameters here.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)


def upgrade() -> None:
    _run("roles")
    op.execute("create schema rempart authorization rempart_owner")
    op.execute(
        "set local role rempart_owner"
    )  # what `settle` may do is what this role may do, never a superuser's power
    for name in ("base", "settle", "grants"):
        _run(name)
    for month in range(FIRST_MONTH, LAST_MONTH + 1):
        op.execute(f"select rempart.ensure_month({month})")
    op.execute("reset role")


def downgrade() -> None:
    op.execute("drop schema rempart cascade")
