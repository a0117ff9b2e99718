"""The worker: decides deposits and tidies, with the log's own process beside it; put together and run.

No port but health's.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psycopg
import structlog
import uvicorn

from rempart.api.health import health_app
from rempart.api.metrics import registry as metrics_registry
from rempart.application.eligibility import Ports
from rempart.application.invoice_records import KeepAsk, Kept, Needs
from rempart.application.rights_again import WaitAsk
from rempart.application.together import Unavailable
from rempart.bootstrap.batching import Batching
from rempart.bootstrap.clock import clock_of
from rempart.bootstrap.keeper_port import KeeperCounters, KeeperPort
from rempart.bootstrap.log_process import LogProcess
from rempart.bootstrap.measured import MeasuredBooks, MeasuredDatabase, MeasuredKeeper
from rempart.bootstrap.minding import Minding
from rempart.bootstrap.receipts import CardLists, SignedReceipts
from rempart.bootstrap.telling import Telling
from rempart.bootstrap.waiting_room import Replaying
from rempart.ground.figures import WorkerFigures
from rempart.ground.instants import MICROSECONDS, PARIS, Clock, RealClock, civil_date, start_of_day
from rempart.ground.settings import PROFESSIONS, Settings
from rempart.sealing.client import KeeperSync, KeeperUnavailable
from rempart.storage import facts
from rempart.storage.copies import MsgpackCopies
from rempart.storage.door import LOST, UNABLE, Database
from rempart.storage.inbound import Waiting
from rempart.storage.shared_files import OvertakenError, SharedFiles
from rempart.storage.waits import Waits, write_invoice
from rempart.worker.deciding import Deciding, Lane, Sharing
from rempart.worker.directory import FactsDirectory
from rempart.worker.opening import Opener
from rempart.worker.rights_again import RightsAgain

log = structlog.get_logger()
# A batch is some ten thousand objects without cycles, freed by their counts: looking for cycles is for naught.
COLLECTED_AFTER = (50_000, 20, 100)
SWITCH_SECONDS = 0.0005  # a file is read in a thread: the lanes must not wait for it longer than their own calls take
OPEN_WORK = """select 'deposits' as state, count(*) from rempart.inbound where state = 'received'
union all select state, count(*) from rempart.invoice where state in ('waiting', 'held') group by state"""


class KeeperBox(KeeperCounters):
    """The `Box` port over a connection to the keeper's box socket."""

    async def fingerprints(self, items: Sequence[tuple[str, str, bytes]]) -> Sequence[bytes]:
        """One keyed fingerprint an item."""
        macs = [result.mac for result in await self._keeper.call("mac", items)]  # a tuple is written as `MacItem` is
        if b"" in macs:
            raise Unavailable("keeper")
        return macs

    async def keep(self, items: Sequence[KeepAsk]) -> Sequence[Kept]:
        """Three sealed copies an item."""
        results = await self._keeper.call("keep", items)
        if any(result.refusal for result in results):
            raise Unavailable("keeper")
        return [Kept(result.acts, result.settlement, result.copy) for result in results]

    async def wait(self, items: Sequence[WaitAsk]) -> Sequence[bytes]:
        """Rejected invoices, sealed until a load opens them."""
        asks = [  # a tuple is written as `WaitItem` is
            (
                ask.grant, ask.insurer, ask.member, ask.nir, ask.birth, ask.rank, ask.care or 0,
                write_invoice(invoice), coverage, closed, ask.sealed, version,
            )
            for ask, invoice, coverage, closed, version in items
        ]  # fmt: skip
        results = await self._keeper.call("wait", asks)
        if any(result.refusal for result in results):
            raise Unavailable("keeper")
        return [result.sealed for result in results]


@dataclass
class Worker:
    """One worker process's parts; `run` works until cancelled."""

    settings: Settings
    database_url: str
    config: Path
    clock: Clock = field(default_factory=RealClock)
    facts: facts.Facts = field(default_factory=facts.Facts)
    directory: FactsDirectory = field(init=False)
    busy: bool = False
    figures: WorkerFigures = field(default_factory=WorkerFigures)
    open_work: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.directory = FactsDirectory(self.facts)
        budgets = self.settings.budgets
        self._caps = {
            name.replace("_", "-"): budget.machine for name in PROFESSIONS if (budget := budgets.of(name)) is not None
        }
        self._lanes: list[Lane] = []
        self._read = asyncio.Event()
        self._lists = CardLists(self.settings.worker.card_lists)
        self._log = LogProcess(self.config, self.figures)
        more = range(self.settings.worker.processes - 1)
        self._deciders = [LogProcess(self.config, self.figures, "--decide-only") for _ in more]
        self.figures.deposits.of = lambda: self.open_work.get("deposits", 0)
        self.figures.held.of = lambda: {name: count for name, count in self.open_work.items() if name != "deposits"}

    async def run(self) -> None:
        """Works, and serves health and metrics on its own port, until the process is told to stop."""
        worker = self.settings.worker
        config = uvicorn.Config(
            health_app(self._ready, metrics_registry(self.figures.all())), host=worker.metrics_host,
            port=worker.metrics_port, access_log=False, log_config=None, lifespan="off",
        )  # fmt: skip
        server = uvicorn.Server(config)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises again what it caught: the log must end first
            asyncio.get_running_loop().add_signal_handler(number, lambda: None)
        keeping = asyncio.create_task(asyncio.to_thread(self._log.run, stop))
        parts = (self.settings, self.database_url, self.clock, self.figures)
        minding = asyncio.create_task(asyncio.to_thread(Minding(*parts).run, stop))
        telling = asyncio.create_task(asyncio.to_thread(Telling(*parts).run, stop))
        batches = Batching(self.settings, self.database_url, self.clock, lambda: self.facts, self.figures)
        batching = asyncio.create_task(self._once_read(batches.run))
        rooms = Replaying(self.settings, self.database_url, self.clock, lambda: self.facts)
        replaying = asyncio.create_task(self._once_read(rooms.run))
        deciders = [asyncio.create_task(asyncio.to_thread(each.run, stop)) for each in self._deciders]
        working = asyncio.create_task(self.work())
        serving = asyncio.create_task(server.serve())
        # Whichever ends first ends the program: a part that broke must not leave the others looking alive.
        parts_of_it = (serving, working, batching, replaying, keeping, minding, telling, *deciders)
        await asyncio.wait(parts_of_it, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        stop.set()
        working.cancel()
        batching.cancel()
        replaying.cancel()
        ended = await asyncio.gather(*parts_of_it, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def _once_read(self, run: Callable[[], Awaitable[None]]) -> None:
        """What asks the facts begins when there are some: before, every site and client would look unknown."""
        await self._read.wait()
        await run()

    async def work(self) -> None:
        """The loop: whatever waits is done; what could not be done is taken up again after a pause."""
        pause = self.settings.worker.poll_milliseconds / 1000
        while True:
            try:
                await self._connected(pause)
            except (Unavailable, KeeperUnavailable, psycopg.OperationalError, *LOST, *UNABLE):
                log.warning("worker-cannot-work")
                await asyncio.sleep(pause)

    async def _connected(self, pause: float) -> None:
        box = self.settings.paths.keeper_socket("box")
        reader = Database(self.database_url)
        ports = [KeeperPort(box) for _ in range(self.settings.worker.lanes)]
        databases = [Database(self.database_url) for _ in ports]
        self._lanes = [self._lane(port, database) for port, database in zip(ports, databases, strict=True)]
        try:
            with (
                psycopg.connect(self.database_url, autocommit=True) as connection,
                contextlib.closing(KeeperSync(str(box))) as keeper,
            ):
                while True:
                    await self._refresh(reader)
                    waiting = Waiting(connection)
                    deciding = self._deciding(waiting, keeper)
                    if not await self.round(waiting, deciding, self._again(Waits(connection), keeper)):
                        await asyncio.sleep(pause)
        finally:
            for port in ports:
                await port.close()
            for database in (*databases, reader):
                await database.close()

    async def round(self, waiting: Waiting, deciding: Deciding, again: RightsAgain | None = None) -> bool:
        """One deposit, or the batch window's invoices, or what a load may open; False when nothing waited."""
        if await self._deposit(waiting, deciding) | await self._part(deciding):
            return True
        deciding.finish()
        for identity, wanted in waiting.reopened(self._window()):
            if waiting.hold(identity):
                try:
                    await deciding.again(waiting.inbound(identity), wanted)
                finally:
                    waiting.release(identity)
        return await again.round() if again is not None else False

    async def _deposit(self, waiting: Waiting, deciding: Deciding) -> bool:
        inbound = waiting.take()
        if inbound is None:
            return False
        self.busy = True
        try:
            await deciding.deposit(inbound)
        finally:
            self.busy = False
            waiting.release(inbound.inbound)
        return True

    async def _part(self, deciding: Deciding) -> bool:
        """A part of a large file; between two of them other deposits have their turn."""
        claim = deciding.claim()
        if claim is None:
            return False
        self.busy = True
        try:
            await deciding.part(claim)
        except OvertakenError:
            log.warning("part-overtaken")
        finally:
            self.busy = False
        return True

    def _window(self) -> int:
        """Invoices received before this instant are out of their day: the batch window is the civil day after."""
        return start_of_day(civil_date(self.clock.now(), PARIS), PARIS)

    def _lane(self, port: KeeperPort, database: Database) -> Lane:
        books = MeasuredBooks(database, self.figures.invoices)
        records = MeasuredDatabase(database, self.figures.find, self.figures.settle)
        ports = Ports(MeasuredKeeper(port, self.figures.keeper), records, records)
        box, copies = KeeperBox(port), MsgpackCopies()
        receipts = SignedReceipts(database, self._lists)
        return Lane(lambda: Needs(ports, box, books, copies, self.directory, self._caps, receipts), books)

    def _deciding(self, waiting: Waiting, keeper: KeeperSync) -> Deciding:
        sites, now = self.facts.snapshot.sites, self.clock.now
        worker = self.settings.worker
        files = SharedFiles(waiting.connection)
        sharing = Sharing(files, worker.part_invoices, worker.lease_seconds * MICROSECONDS, RealClock().now)
        return Deciding(
            waiting, sharing, lambda: Opener(keeper, waiting, sites, now), self._lanes, worker.batch_most, now, _paris,
        )  # fmt: skip

    def _again(self, waits: Waits, keeper: KeeperSync) -> RightsAgain:
        return RightsAgain(
            waits, keeper, self._lanes[0], self.facts.snapshot.sites, self.settings.worker.batch_most, self.clock.now,
            _paris,
        )  # fmt: skip

    async def _refresh(self, reader: Database) -> None:
        connection = await reader.connection()
        if await facts.version(connection) != self.facts.version:
            self.facts = await facts.read(connection)
            self.directory = FactsDirectory(self.facts)
            self._read.set()
        counted = await connection.fetch(OPEN_WORK)
        self.open_work = {row["state"]: row["count"] for row in counted}

    async def _ready(self) -> tuple[str, ...]:
        read = () if self.facts.version >= 0 else ("the database has not been read yet",)
        return read if self._log.alive else (*read, "the log is not kept")


def _paris(instant: int) -> date:
    return civil_date(instant, PARIS)


def run(settings: Settings, config: Path) -> None:
    """Runs until SIGTERM or SIGINT; `config` is the file that the log's process reads."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*COLLECTED_AFTER)
    asyncio.run(Worker(settings, settings.database.worker_url, config, clock_of(settings)).run())
