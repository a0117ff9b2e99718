"""`rempart bench contracts`: a day's invoices under whole guarantee tables, from deposit to the returns of each site.

B2 files and requests in → decided → paid → confirmed by the bank → called from insurers and settled → read back as
NOEMIE by every site and held against the ledger. Money stages are run by their commands, in processes of their own.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg

from rempart.bench.contract_load import Load
from rempart.bench.invoices import OPTIONS, programs_cpu
from rempart.bench.noemie import Fetched, compare, fetch
from rempart.bench.processes import family, peak_memory
from rempart.bench.world import OPERATOR, YEAR, World
from rempart.bootstrap.house import House
from rempart.bootstrap.pay import NewAccount, NewPayee, register_account, register_payees
from rempart.bootstrap.settling import make_key
from rempart.domain.parties import Mandate
from rempart.ground.instants import now
from rempart.sealing.ringing import AddMandate
from rempart.simulation.caller import Caller
from rempart.simulation.clients import Registration, registration_of, registrations
from rempart.simulation.country import Country
from rempart.simulation.day import CONCENTRATOR
from rempart.simulation.sites import Site, day_begun_everywhere, invented_iban
from rempart.storage.invariants import check
from rempart.storage.parties import Registry, single
from rempart.wire.invoices import InvoiceRequest
from rempart.wire.problem import Problem

PATIENCE = 3_600.0  # seconds
TOGETHER = 100  # invoices of one request
SIDE_BY_SIDE = 4
LOOK_SECONDS = 0.02  # between two looks at a command's memory
MONEY: dict[str, dict[str, Any]] = {
    "payment": {"unsafe_clear_files": True},  # the bench says what a file of clear bank details costs, without its seal
    "settlement": {"output": "settlements", "signing_key": "settlement.pem"},
}
STATES = "select coalesce(nullif(reason, ''), state), count(*) from rempart.invoice group by 1 order by 2 desc"
POSTGRES = {"shared_buffers": "1GB", "max_wal_size": "8GB"}


@dataclass
class Stage:
    """One stage: how long it took, and processor time of each program in microseconds an invoice of the load."""

    seconds: float = 0.0
    share: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)


@dataclass
class Figure:
    """One load, all stages. `seconds` is without the upload; memory: peak bytes of each program's largest process.

    `cents` are those that insurers owe, `counted` the entries of allowances and renewals. `broken` counts money
    invariants broken, returns that differ from the ledger and files that were not decided; it must be 0.
    """

    invoices: int
    workers: int
    seconds: float = 0.0
    rate: float = 0.0
    broken: int = 0
    cents: int = 0
    counted: int = 0
    decided: dict[str, int] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)


@dataclass
class Bench:
    """One run over loads of growing size; `people` insured ones are loaded first, `workers` processes decide."""

    folder: Path
    sizes: tuple[int, ...]
    people: int = 100_000
    workers: int = 1
    say: Callable[[str], None] = print

    def run(self) -> list[Figure]:
        """A figure for each size, in the order given."""
        options = {**OPTIONS, **MONEY, "worker": {**OPTIONS.get("worker", {}), "processes": self.workers}}
        with House(self.folder / "house", options, POSTGRES) as house:
            world = World(house, Country(5, self.people, day=day_begun_everywhere(now())))
            world.register()
            _register(world)
            self.say("loading rights")
            world.load()
            for program in ("hub", "worker"):
                house.launch(program)
            return [_Run(world, self.say).measure(size, self.workers, index) for index, size in enumerate(self.sizes)]


def _register(world: World) -> None:
    """Mandates of the concentrator for every site, whom to pay, from which account, and the key of settlement files."""
    country, settings, instant = world.country, world.house.settings, now()
    key = settings.settlement.signing_key
    if key is not None:
        make_key(key)
    has = {site for each in registrations(country) if each.client == CONCENTRATOR for site in each.sites}
    sites = [site for site in country.all_sites() if site.number not in has]
    with world.house.ring() as ring:
        ring.call("mandate", [AddMandate(CONCENTRATOR, s.number, instant - YEAR, instant + YEAR) for s in sites])
    asyncio.run(_mandates(world, sites, instant))
    start = date(2020, 1, 1)
    payees = [
        NewPayee(site.number, OPERATOR, site.name, site.iban, start, "first-officer", "second-officer")
        for site in country.all_sites()
    ]
    account = NewAccount("main", OPERATOR, "Rempart bench", invented_iban(1_000_001))
    if register_payees(settings, payees, instant) or register_account(settings, account, instant):
        raise RuntimeError("a payee of the bench was refused")


async def _mandates(world: World, sites: list[Site], instant: int) -> None:
    url = world.house.settings.database.worker_url
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        end = date(2099, 12, 31)
        await Registry(single(connection)).add_mandates([
            Mandate(CONCENTRATOR, site.number, date(2020, 1, 1), end, given=instant) for site in sites
        ])  # fmt: skip


@dataclass
class _Run:
    """One load on its way through a house."""

    world: World
    say: Callable[[str], None]
    memory: dict[str, int] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    def measure(self, size: int, workers: int, index: int) -> Figure:
        """All stages, then what was decided and whether everything holds."""
        load = Load(self.world.country, size, 1 + index * 10_000_000)
        self.say(f"writing and sending {size:,} invoices")
        with self._stage("upload", size):
            asyncio.run(self._send(load))
        with self._stage("decide", size):
            self._decided()
        with self._stage("pay", size):
            self._pay()
        with self._stage("settle", size):
            self._command("funds", "call", "--up-to-now")
            self._command("settlement", "write")
        with tempfile.TemporaryDirectory(dir=self.world.house.folder) as folder, self._connection() as connection:
            with self._stage("noemie", size):
                fetched = asyncio.run(fetch(self.world, connection, Path(folder)))
            figure = self._figure(size, workers)
            figure.broken += self._differing(fetched, connection)
        self.say(f"{size:,} invoices: {figure.rate:,.0f}/s in {figure.seconds:,.1f} s, {figure.broken} broken")
        return figure

    @contextmanager
    def _stage(self, name: str, size: int) -> Iterator[None]:
        """Measures what is done inside; the memory of commands is that of the largest of them."""
        stage = self.stages[name] = Stage()
        before, began = programs_cpu(self.world.house), time.monotonic()
        yield
        stage.seconds = time.monotonic() - began
        after = programs_cpu(self.world.house)
        stage.cpu |= {each: (after[each] - before[each]) * 1e6 / size for each in after}
        stage.cpu["commands"] = stage.cpu.get("commands", 0.0) * 1e6 / size
        for program in self.world.house.processes:
            self._saw(program, max(map(peak_memory, family(self.world.house.processes[program].pid))))
        self._saw("postgres", max(map(peak_memory, family(self.world.house.database.pid)), default=0))

    def _saw(self, program: str, memory: int) -> None:
        self.memory[program] = max(self.memory.get(program, 0), memory)

    # --- stages ---

    async def _send(self, load: Load) -> None:
        house, country = self.world.house, self.world.country
        registration = next(each for each in registrations(country) if each.client == CONCENTRATOR)
        for content in load.files():  # a connection each: the hub closes one that is idle while the next file is made
            caller = Caller(house.base, registration, registration.sites[0], now=now)
            receipt = await caller.file(content)
            await caller.close()
            if isinstance(receipt, Problem):
                raise RuntimeError(f"a file was refused: {receipt.code}")
            self.files.append(receipt.file)
        by_site: dict[int, list[InvoiceRequest]] = {}
        for site, request in load.requests():
            by_site.setdefault(site.index, []).append(request)
        places = asyncio.Semaphore(SIDE_BY_SIDE)
        await asyncio.gather(*(
            self._requests(registration_of(country, site), requests, places) for site, requests in by_site.items()
        ))  # fmt: skip

    async def _requests(
        self, registration: Registration, requests: list[InvoiceRequest], places: asyncio.Semaphore
    ) -> None:  # fmt: skip
        async with places:
            caller = Caller(self.world.house.base, registration, registration.sites[0], now=now)
            waiting = iter(requests)
            while batch := tuple(islice(waiting, TOGETHER)):
                receipt = await caller.invoices(batch, f"bench-{batch[0].number}")
                if isinstance(receipt, Problem):
                    raise RuntimeError(f"invoices were refused: {receipt.code}")
            await caller.close()

    def _decided(self) -> None:
        """Waits until no deposit is left."""
        end = time.monotonic() + PATIENCE
        with self._connection() as connection:
            while connection.execute("select 1 from rempart.inbound where state = 'received' limit 1").fetchone():
                if time.monotonic() > end:
                    raise TimeoutError("the worker does not decide the files")
                time.sleep(0.1)

    def _pay(self) -> None:
        """The payment run, and the bank's word that each file was executed: invoices are paid."""
        for file in self._command("pay")["files"]:
            self._command("pay", "--confirm", file["name"])

    def _command(self, *words: str) -> Any:
        """What the command prints as JSON; its processor time goes to the stage, its memory to `commands`."""
        command = (sys.executable, "-m", "rempart", *words, "--json", "--config", str(self.world.house.config))
        with tempfile.TemporaryFile() as told:
            process = subprocess.Popen(command, stdout=told)
            # Looked at while it runs: what the system says at its end begins with the memory of this process.
            while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
                self._saw("commands", peak_memory(process.pid))
                time.sleep(LOOK_SECONDS)
            process.returncode = os.waitstatus_to_exitcode(ended[1])
            told.seek(0)
            content = told.read()
        if process.returncode:
            raise RuntimeError(f"rempart {' '.join(words)} ended with {process.returncode}")
        stage = next(reversed(self.stages.values()))
        stage.cpu["commands"] = stage.cpu.get("commands", 0.0) + ended[2].ru_utime + ended[2].ru_stime
        return json.loads(content)

    def _differing(self, fetched: list[Fetched], connection: psycopg.Connection[Any]) -> int:
        """Sites whose returns are not the ledger's; the sites' own software would read them, so it is no stage."""
        self.say("reading the returns")
        return len(compare(fetched, connection).differing)

    def _figure(self, size: int, workers: int) -> Figure:
        figure = Figure(size, workers, stages=self.stages, memory=self.memory)
        figure.seconds = sum(stage.seconds for name, stage in self.stages.items() if name != "upload")
        figure.rate = size / figure.seconds
        for stage in self.stages.values():
            stage.share = stage.seconds / figure.seconds
        with self._connection() as connection:
            figure.broken = sum(bool(found) for found in check(connection).values())
            figure.decided = dict(connection.execute(STATES).fetchall())
            row = connection.execute("select coalesce(sum(amc), 0)::bigint from rempart.invoice where live").fetchone()
            figure.cents = row[0] if row else 0
            figure.counted = connection.execute("select count(*) from rempart.counter_entry").fetchall()[0][0]
            wrong = "select count(*) from rempart.inbound where state <> 'decided'"
            figure.broken += connection.execute(wrong).fetchall()[0][0]
        return figure

    def _connection(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.world.house.settings.database.worker_url, autocommit=True)


def rows(figure: Figure) -> list[dict[str, Any]]:
    """A figure as rows to print: each stage, then the whole. Shares are of the time after the upload, in percent."""
    programs = ("hub", "worker", "log", "keeper", "postgres", "commands")
    found: list[dict[str, Any]] = []
    for name, stage in figure.stages.items():
        cpu = {program: round(stage.cpu.get(program, 0.0)) for program in programs}
        share = round(100 * stage.share, 1) if name != "upload" else 0.0
        found.append({
            "invoices": figure.invoices, "stage": name, "seconds": round(stage.seconds, 1), "share": share, **cpu,
            "sum": sum(cpu.values()), "broken": figure.broken,
        })  # fmt: skip
    whole = {program: sum(row[program] for row in found if row["stage"] != "upload") for program in programs}
    found.append({
        "invoices": figure.invoices, "stage": "all but upload", "seconds": round(figure.seconds, 1), "share": 100.0,
        **whole, "sum": sum(whole.values()), "broken": figure.broken, "cents": figure.cents,
        "counted": figure.counted,
        "memory": figure.memory, "decided": figure.decided,
    })  # fmt: skip
    return found
