"""Reading is disclosing, and the support desk."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0017"
down_revision: str | None = "0016"


def upgrade() -> None:
    op.execute("set local role rempart_owner")
    for name in ("reading", "support"):
        text = files("rempart.storage.sql").joinpath(f"{name}.sql").read_text("utf-8")
        # As one text, untouched: neither colons nor percent signs are parameters here.
        op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)
    op.execute("reset role")


def downgrade() -> None:
    text = files("rempart.storage.sql").joinpath("support_undone.sql").read_text("utf-8")
    op.execute("set local role rempart_owner")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)
    op.execute("reset role")
