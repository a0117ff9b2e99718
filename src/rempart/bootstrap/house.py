"""Every program on one machine, each in a process of its own, with an embedded PostgreSQL or one that is there.

For the demo, benches and tests. It writes a real configuration file and starts the programs by their commands, so what
runs here is what an installation runs; only the key ring is made in this process.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from rempart.bootstrap.keeper import make_ring
from rempart.ground.files import private_folder
from rempart.ground.settings import Settings, load
from rempart.sealing.client import KeeperSync, KeeperUnavailable
from rempart.sealing.ringing import OPERATIONS, Nothing
from rempart.storage.embedded import EmbeddedPostgres, dies_with_us
from rempart.storage.existing import ExistingPostgres
from rempart.storage.migrate import upgrade

Options = Mapping[str, Mapping[str, Any]]
START_SECONDS = 60.0
PROGRAMS = ("keeper", "hub", "worker")
COMMANDS = {"keeper": ("keeper", "run"), "hub": ("hub",), "worker": ("worker",)}


def start_program(words: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """One program by the words after `rempart`, in a session of its own, both its outputs into `log`."""
    command = (*dies_with_us(), sys.executable, "-m", "rempart", *words)
    return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


class HouseError(RuntimeError):
    """A program did not start; the text says which one and where its log is."""


@dataclass
class House:
    """One folder holds all of it. `options` are sections of the configuration, `postgres` settings of the server.

    `portals`: by a name of your own, an operator's portal as its configuration file and its port; launched as
    the others are, by that name.

    With a `database_url` (of a superuser, or a role that may make roles) no server is started: `ExistingPostgres`.
    """

    folder: Path
    options: Options = field(default_factory=dict)
    postgres: Mapping[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    portals: dict[str, tuple[Path, int]] = field(default_factory=dict)
    database_url: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        place = self.folder / "postgres"
        self.database: EmbeddedPostgres | ExistingPostgres = (
            ExistingPostgres(place, self.database_url)
            if self.database_url
            else EmbeddedPostgres(place, dict(self.postgres))
        )
        self.config = self.folder / "rempart.toml"

    def __enter__(self) -> Self:
        private_folder(self.folder)
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def base(self) -> str:
        """Where the hub answers."""
        return f"http://127.0.0.1:{self.settings.hub.port}"

    def start(self) -> None:
        """PostgreSQL, migrations, key ring, keeper; the hub and worker are started when there is something to serve."""
        self.database.start()
        upgrade(self.database.url("owner"))
        if not self.config.exists():
            self.config.write_text(self._toml(), "utf-8")
        settings = load(self.config)
        if isinstance(settings, tuple):
            raise HouseError("; ".join(map(str, settings)))
        self.settings: Settings = settings
        if not settings.keeper.key_ring.exists():
            make_ring(settings)
        self.launch("keeper")

    def stop(self) -> None:
        """Everything, the last started first."""
        for name in list(reversed(self.processes)):
            self.end(name)
        self.database.stop()

    def launch(self, name: str) -> None:
        """Starts one program and waits until it is ready."""
        if name == "postgres":
            self.database.start()
            return
        words, config = COMMANDS.get(name), self.config
        if words is None:
            words, config = ("portal",), self.portals[name][0]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = start_program((*words, "--config", str(config)), log)
        self._await(name)

    def kill(self, name: str) -> None:
        """`kill -9`, as a crash would."""
        if name == "postgres":
            if not isinstance(self.database, EmbeddedPostgres):
                raise HouseError("the database server is somebody else's: it is not killed")
            self.database.kill9()
            return
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self, name: str) -> None:
        """A clean stop; a program that does not end in time is killed."""
        process = self.processes.pop(name)
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def ring(self) -> KeeperSync:
        """A connection to the keeper's ring socket."""
        return KeeperSync(str(self.settings.paths.keeper_socket("ring")), OPERATIONS)

    def _await(self, name: str) -> None:
        ready = self._keeper_ready if name == "keeper" else self._http_ready
        deadline = time.monotonic() + START_SECONDS
        while not ready(name):
            if self.processes[name].poll() is not None or time.monotonic() > deadline:
                raise HouseError(f"the {name} did not start: see {self.folder / name}.log")
            time.sleep(0.02)

    def _keeper_ready(self, _: str) -> bool:
        try:
            load = KeeperSync(str(self.settings.paths.keeper_socket("load")))
            load.close()
            with self.ring() as ring:
                return not ring.call("health", [Nothing()])[0].refusal
        except KeeperUnavailable:
            return False

    def _http_ready(self, name: str) -> bool:
        ports = {"hub": self.settings.hub.metrics_port, "worker": self.settings.worker.metrics_port}
        port = ports[name] if name in ports else self.portals[name][1]
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _toml(self) -> str:
        hub, hub_metrics, worker_metrics = free_ports(3)
        sections: dict[str, dict[str, Any]] = {
            "paths": {"data": "var", "spool": "var/spool", "keeper_sockets": "k"},
            "database": {f"{role}_url": self.database.url(role) for role in ("owner", "hub", "worker", "auditor")},
            "hub": {"port": hub, "audience": f"http://127.0.0.1:{hub}", "metrics_port": hub_metrics},
            "worker": {"metrics_port": worker_metrics, "poll_milliseconds": 100},
        }
        for name, values in self.options.items():
            sections.setdefault(name, {}).update(values)
        return "".join(
            f"[{name}]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in values.items())
            for name, values in sections.items()
        )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def free_ports(count: int) -> list[int]:
    """Free loopback ports; held open together while they are chosen, so that they differ."""
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()
