"""The keeper's journal against the disclosures: how far it was read, what was opened and never disclosed, alarms."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0005"
down_revision: str | None = "0004"


def upgrade() -> None:
    text = files("rempart.storage.sql").joinpath("reconcile.sql").read_text("utf-8")
    op.execute("set local role rempart_owner")
    # As one text, untouched: neither colons nor percent signs are parameters here.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role rempart_owner")
    op.execute("drop table rempart.reconciliation, rempart.reconciliation_waiting, rempart.opened_undisclosed")
    op.execute("drop table rempart.alarm")
    op.execute("reset role")
