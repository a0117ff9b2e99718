"""Looks at the invariants every minute, begins changes of bank details that waited, carries notices: a worker's thread.

One worker does it, by a lock. Each look reads what moved since the last one; the first of a civil day reads everything.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import psycopg
import structlog

from rempart.application.settlement import SettlementDiffersError
from rempart.bootstrap.bank_details import activate_ripe, changing
from rempart.bootstrap.pay import PaymentSetUpError
from rempart.bootstrap.rights import NotReachableError, proof, release_agreed
from rempart.bootstrap.settling import settle, take_replies
from rempart.gateways.demo_notices import CHANNEL, DemoNotices
from rempart.ground.figures import WorkerFigures
from rempart.ground.instants import MICROSECONDS, PARIS, Clock, civil_date
from rempart.ground.settings import Settings
from rempart.sealing.client import KeeperUnavailable
from rempart.storage import notices
from rempart.storage.invariants import CONTINUOUS, check, journal_equals_disclosures
from rempart.storage.waits import Waits
from rempart.worker.rights_release import NotPromotedError

log = structlog.get_logger()
LOCK = 0x52_4D_50_4D_49  # "RMPMI": one worker minds
OVERLAP = 600 * MICROSECONDS
"""How much of what was looked at before is looked at again: a transaction may commit later than its instant."""
LONG, REST = 10.0, 20
"""A look that took longer than LONG seconds is followed by a rest REST times as long: a flood of invoices is not looked
at over and over while it is decided. Nothing is left out: the next look goes back to where this one began."""
BROKEN = "invariant-broken"
OWN_ALARM = frozenset({journal_equals_disclosures.__name__})
"""The reconciliation rings for it already, each time; here it is counted only."""


@dataclass(slots=True)
class Minding:
    """Runs until told to stop; what fails is tried again."""

    settings: Settings
    database_url: str
    clock: Clock
    figures: WorkerFigures = field(default_factory=WorkerFigures)
    broken: dict[str, float] = field(default_factory=dict)
    _whole: date | None = None
    _since: int = 0
    _rested: float = 0.0
    _unsettled: str = ""

    def __post_init__(self) -> None:
        self.figures.broken.of = lambda: self.broken

    def run(self, stop: threading.Event) -> None:
        """Connects and minds; after a loss it connects again."""
        while not stop.wait(min(1.0, self.settings.worker.check_seconds)):
            try:
                self._connected(stop)
            except (psycopg.OperationalError, OSError) as error:
                log.warning("invariants-not-checked", error=type(error).__name__)

    def _connected(self, stop: threading.Event) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            row = connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
            if row is None or not row[0]:
                stop.wait(self.settings.worker.check_seconds)
                return  # another worker minds
            while True:
                self.round(connection)
                if stop.wait(self.settings.worker.check_seconds):
                    return

    def round(self, connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
        """One look, then what waits to be done; what was found broken."""
        instant = self.clock.now()
        found = self._look(connection, instant) if time.perf_counter() >= self._rested else {}
        with contextlib.suppress(KeeperUnavailable):
            self._activate(instant)
        self._release(connection, instant)
        connection.execute("select rempart.tell_mandates_ending(%s, %s)", (civil_date(instant, PARIS), instant))
        self._carry(connection, instant)
        self._settle(connection, instant)
        if gone := Waits(connection).forget(instant):
            log.info("waits-destroyed", count=gone)
        with contextlib.suppress(KeeperUnavailable):
            if taken := take_replies(self.settings, connection, instant):
                log.info("settlement-answers-taken", count=taken)
        return {name: sentences for name, sentences in found.items() if sentences}

    def _look(self, connection: psycopg.Connection[Any], instant: int) -> dict[str, list[str]]:
        today = civil_date(instant, PARIS)
        since = 0 if today != self._whole else self._since
        began = time.perf_counter()
        with connection.transaction():
            connection.execute("set transaction isolation level repeatable read read only")
            found = check(connection, since, CONTINUOUS)
        ended = time.perf_counter()
        self.figures.checked.saw(ended - began)
        self._rested = ended + REST * (ended - began) if ended - began > LONG else 0.0
        self._whole, self._since = today, instant - OVERLAP
        now = {name: float(len(sentences)) for name, sentences in found.items()}
        for name, sentences in found.items():
            if sentences and name not in OWN_ALARM and len(sentences) != self.broken.get(name):
                self._alarm(connection, name, sentences, instant)
        # What broke stays told until a look at everything finds it whole again.
        self.broken = {name: count or (self.broken.get(name, 0.0) if since else 0.0) for name, count in now.items()}
        return found

    def _alarm(self, connection: psycopg.Connection[Any], name: str, sentences: list[str], instant: int) -> None:
        counts = {"items": len(sentences)}
        context = {"invariant": name, "first": sentences[0]}
        connection.execute(
            "insert into rempart.alarm (instant, code, counts, context) values (%s, %s, %s, %s)",
            (instant, BROKEN, json.dumps(counts), json.dumps(context)),
        )
        self.figures.alarms.add(BROKEN)
        log.error("alarm", code=BROKEN, count=len(sentences), invariant=name)

    def _activate(self, instant: int) -> None:
        with changing(self.settings) as (details, books):
            activate_ripe(details, books, instant)

    def _release(self, connection: psycopg.Connection[Any], instant: int) -> None:
        """Rights files in quarantine that two people agreed to, of whom the last spoke at the insurer's desk."""
        try:
            believed = proof(self.settings, self.figures.alarms.add)
            for done in release_agreed(self.settings, connection, instant, believed):
                what = "rights-file-released" if done.state == "applied" else "rights-file-not-released"
                log.info(what, number=done.rights_file, state=done.state, code=done.code)
        except (NotReachableError, KeeperUnavailable, NotPromotedError) as error:
            log.warning("rights-file-not-released", error=type(error).__name__)

    def _settle(self, connection: psycopg.Connection[Any], instant: int) -> None:
        """Settlement files of new calls; one that does not come out rings once and is tried again."""
        if self.settings.settlement.signing_key is None:
            return
        try:
            made = settle(self.settings, connection, instant, wait=False)
        except SettlementDiffersError as error:
            if str(error) != self._unsettled:
                self._alarm(connection, "settlement-differs", [str(error)], instant)
            self._unsettled = str(error)
            return
        except PaymentSetUpError as error:
            log.warning("settlement-files-not-written", code=error.code)
            return
        self._unsettled = ""
        if made:
            log.info("settlement-files-written", count=len(made))

    def _carry(self, connection: psycopg.Connection[Any], instant: int) -> None:
        """Carried first, written after: a crash between the two carries a notice again, never loses it."""
        carry = carrier(self.settings)
        if carry is None:
            return
        waiting = notices.waiting(connection)
        for one in waiting:
            carry(one)
        with connection.transaction():
            notices.sent(connection, [one.number for one in waiting], CHANNEL, instant)


def carrier(settings: Settings) -> Callable[[notices.Waiting], None] | None:
    """What carries notices; None where no channel is connected: they wait."""
    if not settings.payment.demo_notices:
        return None
    spool = DemoNotices(settings.paths.spool / "notices")
    return lambda one: spool.carry(one.number, one.notice.site, one.notice.kind, one.notice.day)
