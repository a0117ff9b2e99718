"""Programs forked from a process that has imported them once: the import costs each one seconds of processor.

What is forked runs `rempart.cli.main` with its own words, environment and session, as the command does, and ends as the
command does. That each program starts by its command is for tests/cli and the demo's tests.
"""

from __future__ import annotations

import array
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any

IMPORTED = (
    "rempart.bootstrap.hub", "rempart.bootstrap.worker", "rempart.bootstrap.pay", "rempart.bootstrap.returns",
    "rempart.bootstrap.settling", "rempart.keeper.start", "rempart.keeper.loader",
    "rempart.keeper.sealer", "rempart.portal.app", "rempart.cli", "rempart.cli.hub",
    "rempart.cli.worker", "rempart.cli.keeper", "rempart.cli.portal", "uvicorn.main", "uvicorn.lifespan.on",
    "uvicorn.protocols.http.h11_impl", "litestar.plugins.pydantic", "psycopg.pq", "rich.console",
)  # fmt: skip
_MOST = 1 << 20  # bytes of a message
_PDEATHSIG = 1


class Forked:
    """One forked program, with what tests use of `subprocess.Popen`."""

    def __init__(self, zygote: Zygote, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._zygote = zygote
        self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        return self.returncode if self._ended(0) else None

    def wait(self, timeout: float | None = None) -> int:
        if not self._ended(timeout):
            raise subprocess.TimeoutExpired("rempart", timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> bool:
        if self.returncode is not None:
            return True
        if not select.select([self._handle], [], [], timeout)[0]:
            return False
        self.returncode = int(self._zygote.ask({"ended": self.pid}))
        os.close(self._handle)
        return True


class Zygote:
    """The process that forks; it ends with this one, and what it forked with it."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._turn = threading.Lock()
        with theirs:
            command = [sys.executable, __file__, str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=(theirs.fileno(),))

    def start(self, words: Sequence[str], files: Sequence[IO[Any]], more: Mapping[str, str]) -> Forked:
        """A program by the words after `rempart`: its three standard files, and `more` in its environment."""
        told = {"words": list(words), "environment": {**os.environ, **more}, "folder": str(Path.cwd())}
        return Forked(self, int(self.ask(told, [file.fileno() for file in files])))

    def ask(self, told: Mapping[str, Any], files: Sequence[int] = ()) -> str:
        with self._turn:
            handles = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
            self._ours.sendmsg([json.dumps(told).encode()], handles)
            answer = self._ours.recv(_MOST)
        if not answer:
            raise RuntimeError("the process that forks programs has ended")
        return answer.decode()


@cache
def _zygote(_: int) -> Zygote:
    return Zygote()


def start(words: Sequence[str], log: IO[bytes]) -> Forked:
    """As `house.start_program`: one program, both its outputs into `log`."""
    with Path(os.devnull).open("rb") as nothing:
        return _zygote(os.getpid()).start(words, (nothing, log, log), {})


def run_bytes(
    *words: str, given: bytes = b"", more: Mapping[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[bytes]:
    """One command to its end, as `subprocess.run` of `rempart`: `given` to read, `more` in its environment."""
    with tempfile.TemporaryFile() as read, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
        read.write(given)
        read.seek(0)
        process = _zygote(os.getpid()).start(words, (read, out, error), more or {})
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        said = [os.pread(file.fileno(), _MOST, 0) for file in (out, error)]
    return subprocess.CompletedProcess(["rempart", *words], code, *said)


def run(*words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """The same, with what it printed as text."""
    done = run_bytes(*words, timeout=timeout)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def _serve(channel: socket.socket) -> list[str]:
    """Forks on demand until the other side ends; in a forked process, the words that it was started with."""
    parent = os.getpid()
    while True:
        told, handles, _, _ = socket.recv_fds(channel, _MOST, 3)
        if not told:
            os._exit(0)
        asked = json.loads(told)
        if "ended" in asked:
            _, status = os.waitpid(asked["ended"], 0)
            channel.send(str(os.waitstatus_to_exitcode(status)).encode())
            continue
        pid = os.fork()
        if pid:
            for handle in handles:
                os.close(handle)
            channel.send(str(pid).encode())
            continue
        os.setsid()
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)
        channel.close()
        for number, handle in enumerate(handles):
            os.dup2(handle, number)
        for handle in handles:
            os.close(handle)
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.chdir(asked["folder"])
        words: list[str] = asked["words"]
        return words


class _Child:
    """A keeper's own program, forked from the keeper: what it uses of `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._ended(os.WNOHANG)

    def wait(self, timeout: float | None = None) -> int:
        end = time.monotonic() + (timeout or 0)
        while (code := self._ended(0 if timeout is None else os.WNOHANG)) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("a keeper's program", timeout or 0)
            time.sleep(0.01)
        return code

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def _ended(self, how: int) -> int | None:
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, how)
                if pid:
                    self.returncode = os.waitstatus_to_exitcode(status)
            except ChildProcessError:  # another thread has waited for it
                self.returncode = self.returncode or 0
        return self.returncode


def _fork_program(module: str, arguments: Sequence[str], wire: socket.socket) -> _Child:
    """As `rempart.keeper.loader.start_process`."""
    pid = os.fork()
    if pid:
        return _Child(pid)
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.dup2(wire.fileno(), 0)
        os.closerange(3, 4096)
        sys.argv = [module, *arguments]
        code = importlib.import_module(module).main()
    finally:
        os._exit(code)


def _main() -> None:
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        for name in IMPORTED:
            importlib.import_module(name)
        gc.freeze()
        words = _serve(channel)
    for user in ("rempart.keeper.loader", "rempart.keeper.loading"):
        importlib.import_module(user).start_process = _fork_program
    sys.argv = ["rempart", *words]
    from rempart.cli import main

    main()


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))
    _main()
