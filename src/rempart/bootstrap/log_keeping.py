"""Keeps the log: folds new disclosures, has the keeper sign the trees that grew. A thread of the worker."""

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
from rempart.storage.log import Folder
from rempart.worker.log import fold_all, keeper_signer, sign_open_months

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LogKeeping:
    """Runs until told to stop; what fails is tried again."""

    settings: Settings
    database_url: str
    clock: Clock
    figures: WorkerFigures = field(default_factory=WorkerFigures)

    def run(self, stop: threading.Event) -> None:
        """Connects, folds and signs; after a loss it connects again."""
        while not stop.wait(self.settings.log.fold_seconds):
            try:
                self._connected(stop)
            except (psycopg.OperationalError, KeeperUnavailable, OSError):
                log.warning("log-not-kept")

    def _connected(self, stop: threading.Event) -> None:
        box = str(self.settings.paths.keeper_socket("box"))
        with (
            psycopg.connect(self.database_url, autocommit=True) as connection,
            contextlib.closing(KeeperSync(box)) as keeper,
        ):
            folder = Folder.acquire(connection)
            if folder is None:
                return  # another worker folds
            try:
                while not stop.wait(self.settings.log.fold_seconds):
                    self.figures.folded.add((), fold_all(folder))
                    self._sign(connection, keeper)
                self.figures.folded.add((), fold_all(folder))
                self._sign(connection, keeper)
            finally:
                folder.release()

    def _sign(self, connection: psycopg.Connection[tuple[object, ...]], keeper: KeeperSync) -> None:
        signed = sign_open_months(
            connection, keeper_signer(keeper.call), prefix=self.settings.log.origin, instant=self.clock.now(),
            every=int(self.settings.log.checkpoint_seconds * MICROSECONDS),
        )  # fmt: skip
        for _, outcome in signed:
            if outcome.refusal:
                log.error("checkpoint-refused", code=outcome.refusal)
