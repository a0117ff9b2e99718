"""Sealed rights: records by generation, rights files and their releases, replaced records, sealed references."""

from __future__ import annotations

from importlib.resources import files

from alembic import op

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    text = files("rempart.storage.sql").joinpath("rights.sql").read_text("utf-8")
    op.execute("set local role rempart_owner")
    # As one text, untouched: neither colons nor percent signs are parameters here.
    op.get_bind().execution_options(no_parameters=True).exec_driver_sql(text)
    op.execute("reset role")


def downgrade() -> None:
    op.execute("set local role rempart_owner")
    op.execute("drop trigger guard_insurer_generations on rempart.insurer")
    op.execute("drop table rempart.record, rempart.rights_release, rempart.rights_file, rempart.generation cascade")
    op.execute("drop table rempart.record_replaced, rempart.rights_mark, rempart.rights_collision")
    op.execute("drop table rempart.member_ref, rempart.reference_batch")
    op.execute(
        "drop function rempart.make_generation, rempart.index_generation, rempart.analyze_generation, "
        "rempart.attach_generation, rempart.drop_generation, rempart.make_references, rempart.finish_references, "
        "rempart.make_reference_staging, rempart.merge_references, "
        "rempart.guard_rights_file, rempart.guard_generation, rempart.guard_insurer_generations"
    )
    op.execute("alter table rempart.insurer drop column prolonged_from, drop column prolonged_until")
    op.execute("update rempart.insurer set generations = '{}', sequence = 0")
    op.execute("reset role")
