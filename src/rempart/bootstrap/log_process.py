"""The log's own process, started by the worker: it folds, has checkpoints signed and reconciles.

Apart from the deciding process so that neither waits for the other's interpreter, and each can be killed alone. It
gives way (`nice`): while a large file is decided the log may lag, and catches up after. It ends when its standard input
does, so it never outlives its worker; what it counted goes back as lines of JSON on its standard output.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import structlog

from rempart.bootstrap.clock import clock_of
from rempart.bootstrap.log_keeping import LogKeeping
from rempart.bootstrap.reconciling import Reconciling
from rempart.ground.figures import Tally, WorkerFigures
from rempart.ground.settings import Settings

log = structlog.get_logger()
NICENESS = 10
AGAIN_SECONDS = 0.5
TELL_SECONDS = 1.0
PATIENCE_SECONDS = 10.0
TOLD = ("folded", "reconciled", "surplus", "alarms", "invoices")
"""The figures counted over there and shown here."""

_Counted = tuple[str, str | tuple[str | int, ...], int]
_decode = msgspec.json.Decoder(_Counted).decode
_encode = msgspec.json.Encoder().encode


@dataclass
class LogProcess:
    """The worker's side: starts the process, again when it ended, and adds its counts to the worker's figures."""

    config: Path
    figures: WorkerFigures = field(default_factory=WorkerFigures)
    option: str = "--log-only"
    child: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether the log is being kept now."""
        return self.child is not None and self.child.poll() is None

    def run(self, stop: threading.Event) -> None:
        """Keeps the process up until told to stop; blocking, for a thread of its own."""
        threading.Thread(target=self._end, args=(stop,), daemon=True).start()
        while not stop.is_set():
            command = (sys.executable, "-m", "rempart", "worker", self.option, "--config", str(self.config))
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as self.child:
                if stop.is_set():
                    self._close(self.child)
                for line in self.child.stdout or ():
                    self._add(line)
                code = self.child.wait()
            if not stop.is_set():
                log.error("process-ended", operation=self.option.strip("-"), status=code)
                stop.wait(AGAIN_SECONDS)

    def _add(self, line: bytes) -> None:
        name, label, number = _decode(line)
        tally: Tally = getattr(self.figures, name)
        tally.add(label, number)

    def _end(self, stop: threading.Event) -> None:
        stop.wait()
        child = self.child
        if child is None:
            return
        self._close(child)
        try:
            child.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()

    def _close(self, child: subprocess.Popen[bytes]) -> None:
        if child.stdin is not None:
            child.stdin.close()


def keep(settings: Settings) -> None:
    """The process itself: works until standard input ends or SIGTERM; what breaks for good breaks it."""
    os.nice(NICENESS)
    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the worker says when to end
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    threading.Thread(target=until_input_ends, args=(stop,), daemon=True).start()
    figures = WorkerFigures()
    parts = (settings, settings.database.worker_url, clock_of(settings), figures)
    with ThreadPoolExecutor(2) as pool:
        running = {pool.submit(LogKeeping(*parts).run, stop), pool.submit(Reconciling(*parts).run, stop)}
        told: dict[tuple[str, object], int] = {}
        ended = False
        while not ended:
            ended = bool(wait(running, TELL_SECONDS, FIRST_COMPLETED).done)
            if ended:
                stop.set()  # one part that broke must not leave the other looking alive
                wait(running)
            tell(figures, told)
    for each in running:
        each.result()


def until_input_ends(stop: threading.Event) -> None:
    """Returns, with `stop` set, when the process that started this one is gone or closes the pipe."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set()


def tell(figures: WorkerFigures, told: dict[tuple[str, object], int]) -> None:
    """Writes what was counted since; `told` remembers it."""
    lines = [_encode(each) + b"\n" for each in _news(figures, told)]
    if lines:
        os.write(sys.stdout.fileno(), b"".join(lines))


def _news(figures: WorkerFigures, told: dict[tuple[str, object], int]) -> Iterator[_Counted]:
    for name in TOLD:
        tally: Tally = getattr(figures, name)
        for label, count in list(tally.counts.items()):
            more = count - told.get((name, label), 0)
            if more:
                told[name, label] = count
                yield name, label, more
