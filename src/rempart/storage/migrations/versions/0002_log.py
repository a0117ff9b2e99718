"""The tables of the disclosure log: leaves, tiles, checkpoints, the folder's place, the permanent log of months."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    text = files("rempart.storage.sql").joinpath("log.sql").read_text("utf-8")
    op.execute("set local role rempart_owner")
    # As one text, untouched: neither colons nor percent signs are parameters here.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role rempart_owner")
    op.execute("drop function rempart.ensure_log_month(int), rempart.drop_log_month(int)")
    op.execute("drop table rempart.leaf, rempart.tile, rempart.checkpoint")
    op.execute("drop table rempart.log_folder, rempart.log_state, rempart.log_of_months")
    op.execute("drop index rempart.disclosure_folding")
    op.execute("reset role")
