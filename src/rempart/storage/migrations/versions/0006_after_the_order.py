"""After the order: bank returns, funds and their calls, claw-backs, changes of bank details, delays, notices."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0006"
down_revision: str | None = "0005"


def upgrade() -> None:
    text = files("rempart.storage.sql").joinpath("after_the_order.sql").read_text("utf-8")
    op.execute("set local role rempart_owner")
    # As one text, untouched: neither colons nor percent signs are parameters here.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)
    op.execute("reset role")


def downgrade() -> None:
    folder = files("rempart.storage.sql")
    names = ("after_the_order_undone.sql", "money_functions.sql")
    text = "".join(folder.joinpath(name).read_text("utf-8") for name in names)
    op.execute("set local role rempart_owner")
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)
    op.execute("reset role")
