"""How fast rights files become sealed, answering records: the real loader, a real PostgreSQL, a simulated country.

Writing the files is not counted. CPU is read from /proc for each program, so it needs Linux.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

import psycopg

from rempart.bootstrap import keeper as keeper_program
from rempart.ground.instants import now
from rempart.ground.settings import Settings, load
from rempart.sealing import loading, ringing
from rempart.sealing.client import KeeperSync
from rempart.simulation.country import Country
from rempart.simulation.rights import RightsFile, write_full
from rempart.storage.embedded import EmbeddedPostgres
from rempart.storage.insurers import register_insurer
from rempart.storage.migrate import upgrade
from rempart.worker.rights import Outcome, Rules, Wish, load_path

COUNTRY_PEOPLE = 33_000_000
SEED = 2024
DAY = date(2026, 11, 22)
# Durable as in production; only sized for a bulk load.
SERVER = {"shared_buffers": "1GB", "max_wal_size": "16GB", "checkpoint_timeout": "15min", "wal_compression": "off"}
_PROGRAMS = {"loader": b"rempart.keeper.loader", "sealers": b"rempart.keeper.sealer"}
"""Children of the keeper, each a program of its own in the figures; and what a command line of theirs holds."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class LoadFigures:
    """What a run measured. Seconds are wall time of loading alone; CPU in seconds by program; sizes in bytes."""

    people: int
    records: int
    files: int
    seconds: float
    people_a_second: float
    records_a_second: float
    cpu_seconds: dict[str, float]
    peak_memory: dict[str, int]
    disk: dict[str, int]
    projected_people: int
    projected_minutes: float
    projected_disk: int
    cores: int
    memory: int


def run(people: int, *, folder: Path | None = None, jobs: int = 2, processes: int = 2) -> LoadFigures:
    """Loads a country of `people`. Raises RuntimeError when a file was not applied."""
    with tempfile.TemporaryDirectory(prefix="rempart-bench-", dir=folder) as held:
        place = Path(held)
        country = Country(SEED, people, day=DAY)
        files = write_full(country, place / "files", DAY)
        return _measure(place, country, files, jobs=jobs, processes=processes)


def _measure(place: Path, country: Country, files: Sequence[RightsFile], *, jobs: int, processes: int) -> LoadFigures:
    with ExitStack() as stack:
        server = stack.enter_context(EmbeddedPostgres(place / "postgres", SERVER))
        upgrade(server.url("owner"))
        settings, process = stack.enter_context(keeper(place, processes))
        register(settings, server.url("worker"), country)
        sampler = stack.enter_context(Sampler({"keeper": process.pid, "postgresql": server.pid or 0}))
        with psycopg.connect(server.url("admin"), autocommit=True) as admin:
            wal = _one(admin, "select pg_current_wal_lsn() - '0/0'")
            start, own = time.perf_counter(), time.process_time()
            outcomes = _load_all(settings, server.url("worker"), files, jobs)
            seconds = time.perf_counter() - start
            own = time.process_time() - own
            sizes = _sizes(admin) | {"wal": int(_one(admin, "select pg_current_wal_lsn() - '0/0'") - wal)}
        sampler.look()
        cpu = {"worker": own, **sampler.cpu()}
        memory = {"worker": _peak(os.getpid()), **sampler.memory()}
    sizes["files"] = sum(file.path.stat().st_size for file in files)
    return _figures(outcomes, seconds, cpu=cpu, memory=memory, sizes=sizes)


def _figures(
    outcomes: Sequence[Outcome], seconds: float, *, cpu: dict[str, float], memory: dict[str, int], sizes: dict[str, int]
) -> LoadFigures:
    people = sum(outcome.people for outcome in outcomes)
    records = sum(outcome.records for outcome in outcomes)
    share = COUNTRY_PEOPLE / people
    return LoadFigures(
        people, records, len(outcomes), seconds, people / seconds, records / seconds, cpu, memory, sizes,
        COUNTRY_PEOPLE, seconds * share / 60, int((sizes["records"] + sizes["references"]) * share),
        os.cpu_count() or 1, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    )  # fmt: skip


@contextlib.contextmanager
def keeper(place: Path, processes: int) -> Iterator[tuple[Settings, subprocess.Popen[bytes]]]:
    """A keeper with a fresh ring in a process of its own, its configuration under `place`."""
    config = place / "rempart.toml"
    config.write_text(f"[keeper]\nloader_processes = {processes}\n")
    settings = load(config)
    if not isinstance(settings, Settings):
        raise RuntimeError("the bench's own configuration is not usable")
    keeper_program.make_ring(settings)
    process = subprocess.Popen(
        [sys.executable, "-m", "rempart.keeper", "--config", str(config)], stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 20
        while not settings.paths.keeper_socket("load").exists():
            if time.monotonic() > end or process.poll() is not None:
                raise RuntimeError("the keeper did not start")
            time.sleep(0.02)
        yield settings, process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def register(settings: Settings, url: str, country: Country) -> None:
    """Every insurer of the country, with the keeper and with the database."""
    ring = str(settings.paths.keeper_socket("ring"))
    with KeeperSync(ring, ringing.OPERATIONS) as keys, psycopg.connect(url, autocommit=True) as connection:
        for insurer in country.insurers:
            item = ringing.AddInsurer(insurer.number, insurer.signing_public, insurer.box_public)
            if refusal := keys.call("add_insurer", [item])[0].refusal:
                raise RuntimeError(f"the keeper refused an insurer: {refusal}")
            register_insurer(
                connection, insurer.number, name=insurer.name, operator="demo", rule=insurer.rule, instant=now()
            )


def _load_all(settings: Settings, url: str, files: Sequence[RightsFile], jobs: int) -> list[Outcome]:
    """All files, the biggest first, a few at a time: while one is indexed another one is sealed."""
    ordered = sorted(files, key=lambda file: -file.lines)
    rules = Rules(spool=settings.paths.keeper_sockets.parent)

    def one(file: RightsFile) -> Outcome:
        with (
            psycopg.connect(url, autocommit=True) as connection,
            KeeperSync(str(settings.paths.keeper_socket("load")), loading.OPERATIONS, timeout_seconds=600) as wire,
        ):
            outcome = load_path(connection, wire, file.path, rules, instant=now(), wish=Wish(allow_clear=True))
        if outcome.state != "applied":
            raise RuntimeError(f"a file was not applied: {outcome.state} {outcome.code}")
        return outcome

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(one, ordered))


def _one(connection: psycopg.Connection[Any], statement: str) -> Any:
    row = connection.execute(statement.encode()).fetchone()
    return row[0] if row is not None else None


def _sizes(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Bytes of records and of references, indexes included."""
    found = {}
    for name, table in (("records", "record"), ("references", "member_ref")):
        row = connection.execute(
            "select coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint from pg_inherits "
            "where inhparent = %s::regclass",
            (f"rempart.{table}",),
        ).fetchone()
        found[name] = int(row[0]) if row is not None else 0
    return found


class Sampler:
    """Reads CPU and memory of process trees every half second, so that children that ended are counted too."""

    def __init__(self, roots: dict[str, int]) -> None:
        self._roots = roots
        self._names = (*roots, *_PROGRAMS)
        self._cpu: dict[tuple[str, int], float] = {}
        self._memory: dict[tuple[str, int], int] = {}
        self._before: dict[tuple[str, int], float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Self:
        self.look()
        self._before = dict(self._cpu)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.wait(0.5):
            self.look()

    def look(self) -> None:
        """One reading."""
        for name, root in self._roots.items():
            for pid in _tree(root):
                with contextlib.suppress(OSError, IndexError, ValueError):
                    key = (_program(pid, name), pid)
                    self._cpu[key] = _cpu(pid)
                    self._memory[key] = _peak(pid)

    def cpu(self) -> dict[str, float]:
        """Seconds since the start, by name."""
        used = dict.fromkeys(self._names, 0.0)
        for (name, pid), seconds in self._cpu.items():
            used[name] += seconds - self._before.get((name, pid), 0.0)
        return used

    def memory(self) -> dict[str, int]:
        """Peak bytes of the largest process, by name."""
        return {
            name: max((size for (root, _), size in self._memory.items() if root == name), default=0)
            for name in self._names
        }


def _tree(root: int) -> list[int]:
    found, at = [root], 0
    while at < len(found):
        with contextlib.suppress(OSError):
            for path in Path(f"/proc/{found[at]}/task").glob("*/children"):
                found += [int(word) for word in path.read_text("ascii").split()]
        at += 1
    return found


def _program(pid: int, root: str) -> str:
    """The program of a process: the keeper's own children are told apart from it."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    return next((name for name, module in _PROGRAMS.items() if module in command), root)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def flat(figures: LoadFigures) -> list[tuple[str, float]]:
    """Every figure with its name, those in groups one by one."""
    rows: list[tuple[str, float]] = []
    for name, value in asdict(figures).items():
        rows += (
            [(f"{name} {part}", each) for part, each in value.items()] if isinstance(value, dict) else [(name, value)]
        )
    return rows


def room(folder: Path, people: int) -> bool:
    """Whether the disk of `folder` holds files, records, WAL and references of so many people."""
    return shutil.disk_usage(folder).free > people * 3_000
