"""Batches of questions in the worker: lanes of their own, what expires, and the alarm when one is late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from rempart.application.eligibility import Ports
from rempart.application.together import Unavailable
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.bootstrap.measured import MeasuredDatabase, MeasuredKeeper
from rempart.domain.appointments import announced
from rempart.ground.figures import WorkerFigures
from rempart.ground.instants import MICROSECONDS, PARIS, Clock, civil_date
from rempart.ground.settings import Settings
from rempart.storage.batches import LATE_STEP, WaitingBatches
from rempart.storage.door import Database
from rempart.storage.facts import Facts
from rempart.worker.batches import BatchLane, Caps

log = structlog.get_logger()
LANES = 2
TIDY_SECONDS = 1.0
LATE = "batches-late"


@dataclass(slots=True)
class Batching:
    """Runs until cancelled; what fails is tried again. `facts` gives the worker's last reading of the parties."""

    settings: Settings
    database_url: str
    clock: Clock
    facts: Callable[[], Facts]
    figures: WorkerFigures = field(default_factory=WorkerFigures)
    levels: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.figures.batches.of = lambda: self.levels

    async def run(self) -> None:
        """The lanes, and beside them what is looked at every second."""
        async with asyncio.TaskGroup() as group:
            for _ in range(LANES):
                group.create_task(self._lane())
            group.create_task(self._tidying())

    async def _lane(self) -> None:
        pause = self.settings.worker.poll_milliseconds / 1000
        port = KeeperPort(self.settings.paths.keeper_socket("box"))
        database = Database(self.database_url, card_sites=self.settings.budgets.card_sites_a_day)
        records = MeasuredDatabase(database, self.figures.find, self.figures.settle)
        ports = Ports(MeasuredKeeper(port, self.figures.keeper), records, records)
        waiting = WaitingBatches(database, late_step=_late_step(self.settings))
        lane = BatchLane(ports, port, waiting, self.caps, self.clock.now)
        try:
            while True:
                try:
                    worked = await lane.round()
                except Unavailable:
                    log.warning("batch-cannot-be-answered")
                    worked = False
                if not worked:
                    await asyncio.sleep(pause)
        finally:
            await port.close()
            await database.close()

    async def _tidying(self) -> None:
        database = Database(self.database_url)
        try:
            while True:
                try:
                    await self._look(WaitingBatches(database))
                except Unavailable:
                    log.warning("batches-not-looked-at")
                await asyncio.sleep(TIDY_SECONDS)
        finally:
            await database.close()

    async def _look(self, waiting: WaitingBatches) -> None:
        now = self.clock.now()
        await waiting.tidy(now, int(self.settings.batches.kept_hours * 3600 * MICROSECONDS))
        late = await waiting.ring(now, LATE)
        if late:
            self.figures.alarms.add(LATE)
            log.error("alarm", code=LATE, count=late)
        count, overdue = await waiting.counts(now)
        self.levels = {"waiting": float(count - overdue), "late": float(overdue)}

    def caps(self, site: str, instant: int) -> Caps:
        """Strangers of this site for one day of care, on one day of asking, and of one client over all its sites."""
        known = self.facts().snapshot.sites.get(site)
        row = announced(known.profession if known is not None else "", civil_date(instant, PARIS))
        return row.a_day, row.asked, self.settings.budgets.vendor_a_day


def _late_step(settings: Settings) -> int:
    """A demonstration's releases are seconds apart, and so are its late ones."""
    return int(settings.batches.demo_release_seconds * MICROSECONDS) or LATE_STEP
