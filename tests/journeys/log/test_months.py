"""Months of the log: each row in its own tree, closing, the log of months, dropping."""

from __future__ import annotations

from rempart.cli._log_audit import Verified
from rempart.domain.month import month_start
from rempart.storage.log import Checkpointed, close_month, drop_month
from rempart.worker.log import keeper_signer
from support.log_world import NOVEMBER, PREFIX, LogWorld, disclosure, insert


def test_rows_go_to_the_tree_of_their_own_month(world: LogWorld) -> None:
    """Rows around midnight of a month's end land in two trees, a late one in its own while that is open."""
    december = month_start(NOVEMBER + 1)
    with world.connect() as connection:
        for instant in (december - 1, december, december - 2, december + 1):
            insert(connection, disclosure(0, instant))
    assert world.fold() == 4
    assert [row[:2] for row in world.leaves()] == [(NOVEMBER, 0), (NOVEMBER, 1), (NOVEMBER + 1, 0), (NOVEMBER + 1, 1)]


def test_a_month_is_closed_kept_in_the_log_of_months_and_dropped(world: LogWorld) -> None:
    """What a dropped month leaves (size, root, final checkpoint) still verifies; what came late is in the next tree."""
    sign = keeper_signer(world.signer.call)
    december = month_start(NOVEMBER + 1)
    world.write(30)
    world.fold()
    early = world.sign()
    with world.connect("worker") as connection:
        assert close_month(connection, NOVEMBER, sign, prefix=PREFIX, instant=december - 1) == Checkpointed(
            30, "month-not-over"
        )
        world.write(10)
        assert close_month(connection, NOVEMBER, sign, prefix=PREFIX, instant=december) == Checkpointed(
            30, "rows-waiting"
        )
        world.fold()
        assert close_month(connection, NOVEMBER, sign, prefix=PREFIX, instant=december) == Checkpointed(1)
        assert close_month(connection, NOVEMBER, sign, prefix=PREFIX, instant=december) is None
    assert isinstance(world.verify(), Verified)
    months = world.sign(0)
    assert months.checkpoint.origin == f"{PREFIX}/months"
    assert isinstance(world.verify(), Verified)
    with world.connect("owner") as connection:
        assert drop_month(connection, NOVEMBER + 1) == "month-not-closed"
        assert drop_month(connection, NOVEMBER) == ""
        assert drop_month(connection, NOVEMBER) == ""
        assert connection.execute("select count(*) from rempart.disclosure").fetchone() == (0,)
    world.kept.append(early)
    outcome = world.verify()
    assert isinstance(outcome, Verified), outcome
    assert outcome.dropped
    assert outcome.size == 40


def test_a_month_whose_rows_lie_in_a_later_tree_is_not_dropped(world: LogWorld) -> None:
    """A row that came after its month was closed is folded into the next tree and holds its own month back."""
    sign = keeper_signer(world.signer.call)
    december = month_start(NOVEMBER + 1)
    world.write(3)
    world.fold()
    with world.connect("worker") as connection:
        assert close_month(connection, NOVEMBER, sign, prefix=PREFIX, instant=december) == Checkpointed(1)
    world.write(1)
    assert world.fold() == 1
    assert [row[:2] for row in world.leaves()][-1] == (NOVEMBER + 1, 0)
    world.sign(NOVEMBER + 1, december)
    assert isinstance(world.verify(), Verified)
    with world.connect("owner") as connection:
        assert drop_month(connection, NOVEMBER) == "rows-in-another-tree"


def test_a_faked_drop_is_found(world: LogWorld) -> None:
    """Leaves that are gone without a signed log of months that says so are a cut log."""
    world.write(4)
    world.fold()
    world.sign()
    with world.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from rempart.leaf")
        connection.execute(
            """insert into rempart.log_of_months
               select 0, month, size, root, note, instant from rempart.checkpoint"""
        )
    outcome = world.verify()
    assert not isinstance(outcome, Verified)
    assert outcome.code == "log-cut"
