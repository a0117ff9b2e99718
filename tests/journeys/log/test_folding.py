"""Committed disclosures become leaves exactly once, whatever happens to the folder."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import pytest

from rempart.cli._log_audit import Verified
from rempart.formats.checkpoint import Note, VerifierKey, parse, parse_key, verify
from rempart.keeper.checkpoints import Checkpoints
from rempart.storage.log import Checkpointed, FencedOffError, Folder, checkpoint
from rempart.storage.log_reading import LogDamagedError, log_size, read_checkpoint, read_proof, read_tile
from rempart.worker.log import fold_all, keeper_signer, sign_open_months
from support.log_world import DAY, NOVEMBER, PREFIX, START, ForwardSigner, LogWorld, disclosure, insert

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_an_honest_log_verifies_after_every_fold(world: LogWorld) -> None:
    """Three rounds of writing, folding and signing all verify against the newest checkpoint."""
    for many in (1, 255, 300):
        world.write(many)
        world.fold()
        world.sign()
        outcome = world.verify()
        assert isinstance(outcome, Verified), outcome
        assert outcome.size == outcome.signed == world.written


def test_a_row_that_commits_late_is_neither_lost_nor_overtaken(world: LogWorld) -> None:
    """While an older transaction is open, rows after it wait; once it ends, all are folded in order."""
    with world.connect() as slow, world.connect() as fast:
        with slow.transaction():
            first = insert(slow, disclosure(1))
            second = insert(fast, disclosure(2))
            assert world.fold() == 0
        assert world.fold() == 2
    assert [row[2] for row in world.leaves()] == [first, second]


def test_a_sequence_gap_stops_nothing(world: LogWorld) -> None:
    """A rolled back row leaves a gap in the numbers; the rows after it are folded."""
    with world.connect() as connection:
        with connection.transaction() as undone:
            insert(connection, disclosure(1))
            raise psycopg.Rollback(undone)
        insert(connection, disclosure(2))
    assert world.fold() == 1


def test_rows_committed_out_of_order_by_many_writers_are_folded_once_each(world: LogWorld) -> None:
    """Six writers hold transactions open for random times while a folder runs; nothing is lost or folded twice."""

    def writer(seed: int) -> None:
        chance = random.Random(seed)
        with world.connect() as connection:
            for number in range(25):
                with connection.transaction() as block:
                    for step in range(chance.randint(1, 3)):
                        insert(connection, disclosure(seed * 1_000 + number * 10 + step))
                        time.sleep(chance.random() * 0.004)
                    if chance.random() < 0.1:
                        raise psycopg.Rollback(block)

    writers = [threading.Thread(target=writer, args=(seed,)) for seed in range(6)]
    with world.connect("worker") as connection:
        folder = Folder.acquire(connection, most=7)
        assert folder is not None
        for thread in writers:
            thread.start()
        total = 0
        while any(thread.is_alive() for thread in writers):
            total += folder.fold()
        for thread in writers:
            thread.join()
        total += fold_all(folder)
    with world.connect() as connection:
        ids = sorted(row[0] for row in connection.execute("select id from rempart.disclosure"))
    assert sorted(row[2] for row in world.leaves()) == ids
    assert total == len(ids) > 0
    world.sign()
    assert isinstance(world.verify(), Verified)


def test_only_one_folder_works_at_a_time(world: LogWorld) -> None:
    """A second folder gets no lock until the first releases it."""
    with world.connect("worker") as one, world.connect("worker") as two:
        first = Folder.acquire(one)
        assert first is not None
        assert Folder.acquire(two) is None
        first.release()
        assert Folder.acquire(two) is not None


def test_a_folder_that_lost_its_place_without_knowing_is_fenced_off(world: LogWorld) -> None:
    """An old folder whose lock went to another cannot write a leaf any more."""
    world.write(3)
    with world.connect("worker") as one, world.connect("worker") as two:
        old = Folder.acquire(one)
        assert old is not None
        old.release()
        assert Folder.acquire(two) is not None
        with pytest.raises(FencedOffError):
            old.fold()
    assert world.leaves() == []


_FOLD_FOR_EVER = """
import sys, psycopg
from rempart.storage.log import Folder
connection = psycopg.connect(sys.argv[1], autocommit=True)
folder = Folder.acquire(connection, most=int(sys.argv[2]))
print("folding", flush=True)
while True:
    folder.fold()
"""


@contextmanager
def folding(world: LogWorld, most: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", _FOLD_FOR_EVER, world.urls["worker"], str(most)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ}) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"folding\n"
        yield process
        process.kill()


def folder_again(world: LogWorld) -> int:
    """Folds as soon as the server has noticed that the last folder died."""
    with world.connect("worker") as connection:
        for _ in range(500):
            folder = Folder.acquire(connection, most=100)
            if folder is not None:
                return fold_all(folder)
            time.sleep(0.01)
    raise AssertionError("the dead folder's lock was never given back")


def test_a_folder_killed_in_the_middle_of_its_transaction_leaves_nothing_half_done(world: LogWorld) -> None:
    """Killed after its leaves and before its tile, the folder has done nothing; the next one does all."""
    world.write(1)
    world.fold()
    with folding(world, 500) as process, world.connect() as connection:
        with connection.transaction():
            connection.execute("lock table rempart.tile in share mode")  # leaves are copied, then it waits here
            world.write(300)
            blocked = "select count(*) from pg_locks where not granted and pid <> pg_backend_pid()"
            for _ in range(1_000):
                if connection.execute(blocked).fetchone() != (0,):
                    break
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            process.wait()
            # The server notices a dead client only when it writes to it.
            ended = connection.execute("select pg_terminate_backend(pid) from pg_locks where not granted").fetchall()
            assert ended == [(True,)]
        assert len(world.leaves()) == 1
    assert folder_again(world) == 300
    world.sign()
    assert isinstance(world.verify(), Verified)


def test_a_folder_killed_at_random_moments_is_continued(world: LogWorld) -> None:
    """Wherever kill -9 falls in a run of small transactions, each row has one leaf in the end."""
    world.write(300)
    for _ in range(3):
        with folding(world, 5) as process:
            time.sleep(random.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            process.wait()
        folder_again(world)
        world.write(100)
    folder_again(world)
    assert [row[1] for row in world.leaves()] == list(range(600))
    assert len({row[2] for row in world.leaves()}) == 600
    world.sign()
    assert isinstance(world.verify(), Verified)


def test_a_stepped_back_transaction_counter_is_told_and_not_folded_over(world: LogWorld) -> None:
    """A dump restored elsewhere starts its transactions again; the folder stops instead of losing rows in silence."""
    world.write(1)
    with world.connect() as connection:
        connection.execute("update rempart.log_folder set tx = '99999999999'")
    with world.connect("worker") as connection:
        folder = Folder.acquire(connection)
        assert folder is not None
        with pytest.raises(LogDamagedError):
            folder.fold()


def test_a_checkpoint_waits_its_interval_and_needs_something_new(world: LogWorld) -> None:
    """Nothing is signed twice in a minute, nor without a new leaf."""
    sign = keeper_signer(world.signer.call)
    with world.connect("worker") as connection:

        def signed(instant: int) -> Checkpointed | None:
            return checkpoint(connection, NOVEMBER, sign, prefix=PREFIX, instant=instant, every=60_000_000)

        world.write(3)
        world.fold()
        assert signed(START) == Checkpointed(3)
        world.write(2)
        world.fold()
        assert signed(START + 59_999_999) is None
        assert signed(START + 60_000_000) == Checkpointed(5)
        assert signed(START + 600_000_000) is None
        assert sign_open_months(connection, sign, prefix=PREFIX, instant=START + DAY, every=0) == ()


def test_a_checkpoint_signed_before_a_crash_is_followed_by_the_next(world: LogWorld) -> None:
    """When the signer has signed a size whose note was never stored, the proof starts there the second time."""
    lost = ForwardSigner(world.signer.key)
    world.write(3)
    world.fold()
    with world.connect("worker") as connection:
        checkpoint(connection, NOVEMBER, keeper_signer(lost.call), prefix=PREFIX, instant=START)
    world.write(5)
    world.fold()
    with world.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from rempart.checkpoint")
    with world.connect("worker") as connection:
        outcome = checkpoint(connection, NOVEMBER, keeper_signer(lost.call), prefix=PREFIX, instant=START)
    assert outcome == Checkpointed(8)


def test_the_signer_refuses_a_rewritten_tree(world: LogWorld) -> None:
    """A log that was cut and grown again differently is refused by the signer, and no note is stored."""
    world.write(6)
    world.fold()
    world.sign()
    with world.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update rempart.leaf set hash = sha256('x') where number = 2")
    world.write(2)
    world.fold()
    with world.connect("worker") as connection:
        outcome = checkpoint(connection, NOVEMBER, keeper_signer(world.signer.call), prefix=PREFIX, instant=START + DAY)
        assert outcome == Checkpointed(8, "not-forward")
        content = read_checkpoint(connection, NOVEMBER)
    assert content == world.kept[0].serialise()


def test_the_keeper_s_own_signatures_are_read_by_an_outsider(world: LogWorld, tmp_path: Path) -> None:
    """What the keeper signs is a checkpoint that our reader verifies; it refuses to sign another tree."""
    keeper = Checkpoints(bytes(32), tmp_path / "signed", origin=PREFIX)
    sign = keeper_signer(lambda _, items: keeper.sign(list(items)))
    key = parse_key(keeper.verifier_key(f"{PREFIX}/2026-11"))
    assert isinstance(key, VerifierKey)
    with world.connect("worker") as connection:
        for many in (3, 300):
            world.write(many)
            world.fold()
            outcome = checkpoint(connection, NOVEMBER, sign, prefix=PREFIX, instant=START)
            assert outcome == Checkpointed(world.written)
        content = read_checkpoint(connection, NOVEMBER)
    assert content is not None
    note = parse(content)
    assert isinstance(note, Note)
    assert verify(note, key.public) is None
    assert sign(note.checkpoint.origin, 303, bytes(32), ()).refusal == "not-consistent"


def test_tiles_and_proofs_read_back_are_those_of_the_tree(world: LogWorld) -> None:
    """Full and partial tiles have the widths of C2SP, and proofs exist up to the size and no further."""
    world.write(600)
    world.fold(most=170)
    world.sign()
    with world.connect("hub") as connection:
        assert log_size(connection, NOVEMBER) == 600
        first = read_tile(connection, NOVEMBER, 0, "000")
        assert first is not None
        assert len(first) == 8192
        partial = read_tile(connection, NOVEMBER, 0, "002.p/88")
        assert partial is not None
        assert len(partial) == 88 * 32
        above = read_tile(connection, NOVEMBER, 1, "000.p/2")
        assert above is not None
        assert len(above) == 64
        for path in ("002", "002.p/89", "000.p/256", "003", "x000/000/1", "1"):
            assert read_tile(connection, NOVEMBER, 0, path) is None
        assert read_proof(connection, NOVEMBER, 500, 600) is not None
        assert read_proof(connection, NOVEMBER, 500, 601) is None


REFUSED = (
    ("worker", "delete from rempart.leaf"),
    ("worker", "update rempart.leaf set number = number"),
    ("worker", "update rempart.tile set level = level"),
    ("worker", "update rempart.checkpoint set size = size"),
    ("worker", "update rempart.log_of_months set size = size"),
    ("worker", "select rempart.drop_log_month(24322)"),
    ("auditor", "insert into rempart.log_state values (1, 1)"),
    ("auditor", "select * from rempart.token"),
    ("hub", "select salt from rempart.leaf"),
    ("hub", "insert into rempart.checkpoint values (1, 1, '', '', 1)"),
    ("owner", "update rempart.leaf set hash = hash"),
    ("owner", "delete from rempart.tile"),
)


def test_no_role_changes_what_was_folded(world: LogWorld) -> None:
    """Grants and triggers refuse what a role has no business to do."""
    world.write(256)
    world.fold(most=300)
    for role, statement in REFUSED:
        with world.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
