"""Who answers for staff whom an agent invites."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0031"
down_revision: str | None = "0030"


def upgrade() -> None:
    text = files("rempart.storage.sql").joinpath("answering.sql").read_text("utf-8")
    op.execute("set local role rempart_owner")
    # As one text, untouched: neither colons nor percent signs are parameters here.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)
    op.execute("reset role")


def downgrade() -> None:
    text = files("rempart.storage.sql").joinpath("answering_undone.sql").read_text("utf-8")
    op.execute("set local role rempart_owner")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)
    op.execute("reset role")
