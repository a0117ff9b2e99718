"""The launcher of PostgreSQL: private, no TCP, crash-safe, one at a time."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from rempart.storage.embedded import LOGINS, EmbeddedPostgres, EmbeddedPostgresError

pytestmark = pytest.mark.postgres


def _modes(folder: Path) -> dict[Path, int]:
    return {parent: stat.S_IMODE(parent.stat().st_mode) for parent in (folder, *folder.parents)}


def test_each_program_has_its_role(postgres_server: EmbeddedPostgres) -> None:
    """Every login is a member of its own group and of no other, and none is a superuser."""
    for login, group in LOGINS.items():
        with psycopg.connect(postgres_server.url(login, "postgres")) as connection:
            rows = connection.execute(
                "select g.rolname, u.rolsuper from pg_auth_members m join pg_roles g on g.oid = m.roleid"
                " join pg_roles u on u.oid = m.member where u.rolname = session_user"
            ).fetchall()
        assert rows == [(group, False)]


def test_there_is_no_tcp_and_no_statement_log(postgres_server: EmbeddedPostgres) -> None:
    """The server listens on its private socket only and writes no value into its log."""
    with psycopg.connect(postgres_server.url("admin", "postgres")) as connection:
        shown = {
            name: connection.execute("select current_setting(%s)", (name,)).fetchone()
            for name in ("listen_addresses", "log_error_verbosity", "log_min_error_statement", "data_checksums")
        }
    assert shown == {
        "listen_addresses": ("",),
        "log_error_verbosity": ("terse",),
        "log_min_error_statement": ("panic",),
        "data_checksums": ("on",),
    }


def test_a_duplicate_key_leaves_no_value_in_the_log(postgres_server: EmbeddedPostgres) -> None:
    """An error about a row does not copy the row into the server's log."""
    value = "2840575123456"
    with psycopg.connect(postgres_server.url("admin", "postgres"), autocommit=True) as connection:
        connection.execute("create temp table t (v text unique)")
        connection.execute("insert into t values (%s)", (value,))
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into t values (%s)", (value,))
    log = postgres_server.log.read_text("utf-8")
    assert "duplicate key" in log
    assert value not in log


def test_nothing_outside_the_folder_changes_mode_and_the_data_survive_a_crash(tmp_path: Path) -> None:
    """Modes of all parents stay, the folder is closed to others, and what was committed is there after kill -9."""
    before = _modes(tmp_path)
    server = EmbeddedPostgres(tmp_path / "server")
    server.start()
    try:
        with psycopg.connect(server.url("owner"), autocommit=True) as connection:
            connection.execute("create table kept (v int)")
            connection.execute("insert into kept values (7)")
        server.kill9()
        assert server.pid is None
        server.start()
        with psycopg.connect(server.url("owner")) as connection:
            assert connection.execute("select v from kept").fetchall() == [(7,)]
        assert [stat.S_IMODE((tmp_path / "server" / name).stat().st_mode) for name in (".", "data", "run")] == [
            0o700
        ] * 3
        assert stat.S_IMODE(server.log.stat().st_mode) == 0o600
    finally:
        server.stop()
    assert _modes(tmp_path) == before


def test_a_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    """A folder that others may enter is not used, and the error says how to close it."""
    folder = tmp_path / "server"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(EmbeddedPostgresError, match="chmod 700"):
        EmbeddedPostgres(folder).start()


def test_two_launchers_do_not_share_a_folder(postgres_server: EmbeddedPostgres) -> None:
    """The second launcher of a folder is told to stop the first, and the first is not disturbed."""
    with pytest.raises(EmbeddedPostgresError, match="another program"):
        EmbeddedPostgres(postgres_server.folder).start()
    with psycopg.connect(postgres_server.url("admin", "postgres")) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_pid_file_of_another_process_is_not_believed(tmp_path: Path) -> None:
    """After a power cut the old process number may belong to anyone: the server starts all the same."""
    with EmbeddedPostgres(tmp_path / "server") as server:
        server.kill9()
        pid_file = tmp_path / "server" / "data" / "postmaster.pid"
        lines = pid_file.read_text("ascii").splitlines()
        pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n", "ascii")
        server.start()
        assert server.pid is not None


def test_a_deep_folder_gets_a_short_private_socket(tmp_path: Path) -> None:
    """A path too long for a socket address is no obstacle: the socket moves to a private folder, removed at the end."""
    server = EmbeddedPostgres(tmp_path / ("d" * 100) / "server")
    server.start()
    try:
        with psycopg.connect(server.url("admin")) as connection:
            row = connection.execute("select current_setting('unix_socket_directories')").fetchone()
        assert row is not None
        sockets = Path(row[0])
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    finally:
        server.stop()
    assert not sockets.exists()


_LAUNCHER = """
import sys, time
from pathlib import Path
from rempart.storage.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""


def test_the_server_ends_with_its_launcher(tmp_path: Path) -> None:
    """A launcher that is killed leaves no server behind for long, and the next one starts on the same folder."""
    command = [sys.executable, "-c", _LAUNCHER, str(tmp_path / "server")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as launcher:
        assert launcher.stdout is not None
        pid = int(launcher.stdout.readline())
        launcher.send_signal(signal.SIGKILL)
    with EmbeddedPostgres(tmp_path / "server") as server:
        assert server.pid not in (None, pid)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/cmdline").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}/cmdline").exists()
