"""Killed loaders and workers, damaged, forged and unsealed files: nothing partial ever stays."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.formats.rights_file import CHUNK, Expected
from rempart.sealing.client import KeeperUnavailable
from rempart.worker import rights
from rempart.worker.rights import Wish
from support.rights_world import NOW, line, numbers

if TYPE_CHECKING:
    from support.rights_world import RightsWorld


def end(world: RightsWorld, pid: int) -> None:
    """Ends a session at the server, and waits until it is gone."""
    with psycopg.connect(world.database.url("admin"), autocommit=True) as admin:
        admin.execute("select pg_terminate_backend(%s, 10000)", (pid,))


class TestBreakingOff:
    @pytest.mark.parametrize("at", [0.0, 0.3, 0.7])
    def test_killed_loader_leaves_previous_rights(self, world: RightsWorld, at: float) -> None:
        """Killing the loader and its sealing processes midway changes nothing, and the same file loads afterwards."""
        world.full(range(100))
        before = world.state()
        file = world.file([line(number) for number in range(60_000)], sequence=2, expected=Expected(59_900, 0, 0))

        def kill() -> None:
            time.sleep(0.1 + at)
            for pid in world.keeper.loader_pids():
                os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(KeeperUnavailable):
            world.load(file)
        killer.join()
        assert world.state() == before
        retry(world, file)
        assert world.open_count() == 60_000

    def test_a_server_that_goes_while_a_file_is_undone_is_a_fault_to_try_again(self, world: RightsWorld) -> None:
        """A file that changes nothing is rolled back; where that fails the caller hears that the server was lost."""
        world.full(range(3))
        before, loaded = world.state(), world.file([line(number) for number in range(3)], sequence=1)

        undone = rights._Loading.run

        def run(loading: rights._Loading, source: Any) -> rights.Outcome:
            outcome = undone(loading, source)
            end(world, world.connection.info.backend_pid)
            return outcome

        with pytest.MonkeyPatch.context() as patch, world.keeper.load_socket() as keeper:
            patch.setattr(rights._Loading, "run", run)
            with pytest.raises(psycopg.OperationalError):
                rights.load(world.connection, keeper, io.BytesIO(loaded), world.rules, instant=NOW)
        world.connection = psycopg.connect(world.database.url("worker"), autocommit=True)
        assert world.state() == before
        assert world.load(loaded).state == "unchanged"

    def test_killed_worker_leaves_previous_rights(self, world: RightsWorld) -> None:
        """A worker whose database session is cut in the middle leaves nothing behind, and a retry succeeds."""
        world.full(range(100))
        before = world.state()
        file = world.file([line(number) for number in range(20_000)], sequence=2, expected=Expected(19_900, 0, 0))
        pid = world.connection.info.backend_pid

        class Cutting(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                if self.tell() > CHUNK:
                    with psycopg.connect(world.database.url("admin"), autocommit=True) as admin:
                        admin.execute("select pg_terminate_backend(%s)", (pid,))
                return super().read(size)

        with world.keeper.load_socket() as keeper, pytest.raises(psycopg.Error):
            rights.load(world.connection, keeper, Cutting(file), world.rules, instant=NOW, wish=Wish())
        world.connection = psycopg.connect(world.database.url("worker"), autocommit=True)
        assert world.state() == before
        assert world.load(file).state == "applied"

    @settings(max_examples=40)
    @given(st.data())
    def test_fuzzed_file_leaves_no_partial_state(self, world: RightsWorld, data: st.DataObject) -> None:
        """A file with changed, cut or added bytes is refused whole, and nothing but a report is left."""
        if not world.rows():
            world.full(range(100))
        before = world.state()
        file = bytearray(world.file([line(number) for number in range(120)], sequence=2, compression="zstd"))
        where = data.draw(st.integers(0, len(file) - 1))
        kind = data.draw(st.sampled_from(["flip", "cut", "add"]))
        if kind == "flip":
            file[where] ^= data.draw(st.integers(1, 255))
        elif kind == "cut":
            del file[where:]
        else:
            file[where:where] = data.draw(st.binary(min_size=1, max_size=40))
        outcome = world.load(bytes(file))
        assert outcome.state == "refused"
        assert outcome.code
        assert world.state() == before

    def test_another_insurers_signature_is_refused(self, world: RightsWorld) -> None:
        """A file signed by another key changes nothing and leaves no report under the insurer's name."""
        file = world.file([line(1)])
        head, _, body = file.partition(b"\n")
        fields = json.loads(head)
        fields["count"] = 2
        outcome = world.load(json.dumps(fields).encode() + b"\n" + body)
        assert outcome.code == "signature-differs"
        assert numbers(world, "select count(*) from rempart.rights_file") == (0,)

    def test_clear_file_on_disk_needs_its_dangerous_wish(self, world: RightsWorld, tmp_path: Path) -> None:
        """A rights file that lies on disk in clear is refused unless that was wished, a sealed one is taken."""
        path = tmp_path / "file"
        file = world.file([line(1)])
        with world.keeper.load_socket() as keeper:
            path.write_bytes(file)
            refused = rights.load_path(world.connection, keeper, path, world.rules, instant=NOW, wish=Wish())
            path.write_bytes(world.sealed(file))
            taken = rights.load_path(world.connection, keeper, path, world.rules, instant=NOW, wish=Wish())
        assert (refused.code, taken.state) == ("file-clear", "applied")


def retry(world: RightsWorld, file: bytes) -> None:
    """Loads as soon as the keeper has a loader again."""
    end = time.monotonic() + 20
    while True:
        try:
            assert world.load(file).state == "applied"
        except KeeperUnavailable:
            assert time.monotonic() < end, "the loader did not come back"
            time.sleep(0.1)
        else:
            return
