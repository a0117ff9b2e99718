"""Compares the keeper's journal with the disclosures every few seconds. A thread of the worker."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field

import psycopg
import structlog

from rempart.ground.figures import WorkerFigures
from rempart.ground.instants import MICROSECONDS, Clock
from rempart.ground.settings import Settings
from rempart.sealing.client import KeeperSync, KeeperUnavailable
from rempart.sealing.frames import JournalItem, JournalResult
from rempart.storage.reconcile import HELD_UP, JournalPart, ReadJournal, Reconciler, Round, Rules

log = structlog.get_logger()


def journal_reader(keeper: KeeperSync) -> ReadJournal:
    """The keeper's journal by its box socket."""

    def read(offset: int, limit: int) -> JournalPart:
        result: JournalResult = keeper.call("journal", [JournalItem(offset, limit)])[0]
        entries = [(entry.grant, entry.tag, entry.purpose, entry.minute) for entry in result.entries]
        return JournalPart(result.refusal, entries, result.next_offset)

    return read


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Runs until told to stop; what fails is tried again."""

    settings: Settings
    database_url: str
    clock: Clock
    figures: WorkerFigures = field(default_factory=WorkerFigures)

    def run(self, stop: threading.Event) -> None:
        """Connects and compares; after a loss it connects again."""
        while not stop.wait(self.settings.log.reconcile_seconds):
            try:
                self._connected(stop)
            except (psycopg.OperationalError, KeeperUnavailable, OSError) as error:
                log.warning("journal-not-reconciled", error=type(error).__name__)

    def _connected(self, stop: threading.Event) -> None:
        box = str(self.settings.paths.keeper_socket("box"))
        options = self.settings.log
        rules = Rules(int(options.reconcile_grace_seconds * MICROSECONDS), options.reconcile_freeze_above)
        with (
            psycopg.connect(self.database_url, autocommit=True) as connection,
            contextlib.closing(KeeperSync(box)) as keeper,
        ):
            reconciler = Reconciler(connection, journal_reader(keeper), rules)
            if not reconciler.acquire():
                return  # another worker reconciles
            try:
                while True:
                    self._tell(reconciler.round(self.clock.now()))
                    if stop.wait(options.reconcile_seconds):
                        return
            finally:
                reconciler.release()

    def _tell(self, done: Round) -> None:
        figures = self.figures
        figures.reconciled.add("journal", done.entries)
        figures.reconciled.add("disclosure", done.disclosures)
        figures.surplus.add("opened-undisclosed", len(done.judgement.undisclosed))
        figures.surplus.add("opened-again", len(done.judgement.again))
        figures.surplus.add("disclosed-unjournalled", len(done.judgement.unjournalled))
        for alarm in done.alarms:
            figures.alarms.add(alarm.code)
            log.error("alarm", code=alarm.code, count=alarm.counts.get("items", alarm.counts.get("people", 0)))
        if done.code == HELD_UP:
            log.warning("reconciliation-held-up", code=done.code)
        elif done.code and not done.alarms:
            log.error("reconciliation-halted", code=done.code)
