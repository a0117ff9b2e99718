"""Payees, paying accounts, remittances and bank files."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0004"
down_revision: str | None = "0003"


def upgrade() -> None:
    folder = files("rempart.storage.sql")
    text = "".join(folder.joinpath(name).read_text("utf-8") for name in ("money_functions.sql", "money.sql"))
    op.execute("set local role rempart_owner")
    # As one text, untouched: neither colons nor percent signs are parameters here.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role rempart_owner")
    op.execute("drop table rempart.remittance_end, rempart.remittance_line, rempart.remittance, rempart.payment_file")
    op.execute("drop table rempart.paying_account, rempart.payee, rempart.payment_due")
    op.execute("drop function rempart.line_released()")
    op.execute("drop index rempart.invoice_due")
    op.execute("reset role")
