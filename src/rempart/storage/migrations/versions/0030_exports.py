"""What people signed before they fetched a file that tells many invoices."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0030"
down_revision: str | None = "0029"


def upgrade() -> None:
    text = files("rempart.storage.sql").joinpath("exports.sql").read_text("utf-8")
    op.execute("set local role rempart_owner")
    # As one text, untouched: neither colons nor percent signs are parameters here.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)
    op.execute("reset role")


def downgrade() -> None:
    text = files("rempart.storage.sql").joinpath("exports_undone.sql").read_text("utf-8")
    op.execute("set local role rempart_owner")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)
    op.execute("reset role")
