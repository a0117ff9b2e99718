"""`kill -9` of every program at named points of load, day and payment: nothing acknowledged is lost or paid twice."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from rempart.application.pay import POINTS as PAY_POINTS
from rempart.application.pay import PaymentStoppedError
from rempart.bench import day as bench_day
from rempart.bench.day import DayReport, live
from rempart.bootstrap.pay import payer, terms
from rempart.ground.instants import PARIS, civil_date, now
from rempart.ground.settings import PROFESSIONS
from rempart.sealing.client import KeeperUnavailable
from rempart.simulation import play
from support.houses import Patient, Town, town
from support.waiting_crowd import Crowd

pytestmark = pytest.mark.postgres

# Where each is killed: during the load after so many files, in the day after so many events, before a closed portal
# after so many things left, at its reopening after so many were replayed, in the payment at a step.
POINTS: tuple[tuple[str, str, int | str], ...] = (
    ("keeper", "load", 2),
    ("postgres", "load", 5),
    ("hub", "day", 10),
    ("worker", "day", 25),
    ("keeper", "day", 40),
    ("postgres", "day", 55),
    ("hub", "leaving", 11),
    ("worker", "reopening", 4),
    ("worker", "reopening", 13),
    ("hub", "reopening", 21),
    ("keeper", "payment", "opened"),
    ("postgres", "payment", "delivered"),
)
OPTIONS: dict[str, dict[str, Any]] = {
    "payment": {"unsafe_clear_files": True},
    **{f"budgets.{name}": {"typed": 10_000, "machine": 10_000} for name in PROFESSIONS},
    "log": {"reconcile_seconds": 0.3, "reconcile_grace_seconds": 2, "fold_seconds": 0.3},
}
LOST = (KeeperUnavailable, psycopg.OperationalError, OSError)


@dataclass
class Killer:
    """Kills and starts again, one at a time, from a thread; remembers in which minutes."""

    town: Town
    minutes: set[int] = field(default_factory=set)
    struck: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    failed: list[BaseException] = field(default_factory=list)

    def strike(self, program: str) -> None:
        """Kills the program now and starts it again a moment later; work goes on meanwhile."""
        thread = threading.Thread(target=self._strike, args=(program,))
        self._threads.append(thread)
        thread.start()

    def _strike(self, program: str) -> None:
        with self._turn:
            try:
                self.minutes.add(now() // 60_000_000)
                self.town.house.kill(program)
                self.struck.append(program)
                time.sleep(0.2)
                self.town.house.launch(program)
                self.minutes.add(now() // 60_000_000)
            except BaseException as error:
                self.failed.append(error)
                raise

    def wait(self) -> None:
        """Until everything is up again."""
        for thread in self._threads:
            thread.join(60)
        self._threads.clear()
        assert not self.failed


def _load(made: Town, killer: Killer, points: dict[int, str]) -> None:
    """Loads every insurer's file, again from the start after each kill, until all are in."""
    seen = 0

    def after(_: object) -> None:
        nonlocal seen
        seen += 1
        if seen in points:
            killer.strike(points[seen])

    for _ in range(3 + 3 * len(points)):
        try:
            outcomes = made.world.load(progress=after)
        except LOST:
            killer.wait()
            continue
        killer.wait()
        assert {outcome.state for outcome in outcomes} <= {"applied", "unchanged"}, outcomes
        return
    pytest.fail("the load never came to its end")


def _loaded_whole(made: Town) -> None:
    """Each insurer's file was applied once, all of it answers, and nothing half made is left beside."""
    ways = sum(len(person.ways) for person in made.country.everyone())
    live = """select count(*) from rempart.record r join rempart.insurer i on i.insurer = r.insurer
              where r.generation = any(i.generations) and r.closed is null"""
    assert made.one(live) == ways
    twice = "select insurer from rempart.rights_file where state = 'applied' group by insurer having count(*) > 1"
    assert made.sql(twice) == []


def _day(made: Town, killer: Killer, points: dict[int, str], visits: int) -> DayReport:
    """A day, lived by software that tries again."""
    seen = 0

    def after() -> None:
        nonlocal seen
        seen += 1
        if seen in points:
            killer.strike(points[seen])

    report = asyncio.run(live(made.world, made.country.day, visits=visits, progress=after))
    killer.wait()
    assert report.events >= max(points), "the day was too short for its kills"
    return report


def _reconciled(made: Town, killer: Killer) -> None:
    """What was opened and not disclosed belongs to batches that a kill cut; nothing was disclosed unopened."""
    end = time.monotonic() + 40
    waiting = "select count(*) from rempart.reconciliation_waiting"
    while made.one("select entries from rempart.reconciliation") == 0 or made.one(waiting) > 0:
        assert time.monotonic() < end, "the journal is never compared to its end"
        time.sleep(0.3)
    assert made.one("select halted from rempart.reconciliation") == ""
    surplus = {row[0] for row in made.sql("select minute from rempart.opened_undisclosed")}
    near = {minute + step for minute in killer.minutes for step in (-1, 0, 1)}
    assert surplus <= near, "openings without disclosure in a minute without a kill"
    codes = {row[0] for row in made.sql("select code from rempart.alarm")}
    # A batch is due within two seconds here, and late when who answers it was killed.
    assert codes <= {"opened-undisclosed", "batches-late"}, codes


def _decided_once(made: Town) -> None:
    """No deposit is left undone; every accepted invoice has one decision and one movement of its amount."""
    end = time.monotonic() + 40
    while made.one("select count(*) from rempart.inbound where state = 'received'") > 0:
        assert time.monotonic() < end, "a deposit is never decided"
        time.sleep(0.1)
    wrong = """select count(*) from rempart.invoice i left join rempart.decision d using (invoice)
        left join rempart.transfer t on t.kind = 'decision' and t.subject = i.invoice
        where i.state in ('accepted', 'paid') and (d.outcome is distinct from 'accepted'
              or coalesce(t.amount, 0) <> i.amc)"""
    assert made.one(wrong) == 0
    assert made.one("select count(*) from (select 1 from rempart.decision group by invoice having count(*) > 1) x") == 0
    events = "select count(*) from (select 1 from rempart.invoice_event group by invoice, state having count(*) > 1) x"
    assert made.one(events) == 0
    assert made.broken() == {}


def _wait_and_reopen(made: Town, killer: Killer, leaving: dict[int, str], reopening: dict[int, str]) -> None:
    """A waiting room of 30 is filled and replayed; who dies meanwhile is up again before the next dies."""
    crowd, seen = Crowd(made), 0

    def after() -> None:
        nonlocal seen
        seen += 1
        if seen in leaving:
            killer.strike(leaving[seen])

    def strike(point: int) -> None:
        killer.strike(reopening[point])
        killer.wait()

    crowd.leave(after)
    killer.wait()
    crowd.reopened(sorted(reopening), strike)
    _decided_once(made)
    crowd.sent_once()


def _pay(made: Town, killer: Killer, point: str, program: str) -> bool:
    """One run of the payer with a kill at a step; whether it lived to its end."""
    instant = now()
    struck = False

    def at(step: str) -> None:
        nonlocal struck
        if step == point and not struck:
            struck = True
            killer.minutes.add(now() // 60_000_000)
            made.house.kill(program)
            killer.struck.append(program)

    try:
        with payer(made.house.settings, at) as paying:
            paying.run(terms(made.house.settings, civil_date(instant, PARIS), instant), instant)
        lived = True
    except (*LOST, PaymentStoppedError):
        lived = False
    if struck:
        made.house.launch(program)
    return lived


def _paid_once(made: Town, amc: int) -> None:
    """Everything accepted is ordered exactly once, in files whose sum is what is owed."""
    assert made.one("select coalesce(sum(amount), 0)::bigint from rempart.remittance") == amc
    ordered = "select coalesce(sum(amount), 0)::bigint from rempart.transfer where credit like %s"
    assert made.one(ordered, "reserved:%") == amc
    files = made.sql("select name from rempart.payment_file where written is not null")
    assert files
    assert made.one("select count(*) from rempart.payment_file where written is null") == 0
    found = sorted(path.name for path in made.house.settings.payment.output.iterdir() if path.is_file())
    assert [name for name in found if name.endswith(".xml")] == sorted(row[0] for row in files)
    assert made.broken() == {}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Killer]]:
    """A country of 400 that is not loaded yet, and who will kill its programs."""
    with town(
        tmp_path_factory.mktemp("kills") / "h", 400, options=OPTIONS, simulated=False, serve=(), load=False
    ) as made:
        yield made, Killer(made)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sites use software that tries again."""
    monkeypatch.setattr(play, "Caller", Patient)
    monkeypatch.setattr(bench_day, "Caller", Patient)


def _points(phase: str) -> dict[Any, str]:
    return {place: program for program, when, place in POINTS if when == phase}


def test_kills_during_the_load(killed: tuple[Town, Killer]) -> None:
    """Every file ends up applied once and whole, whoever died while it was read."""
    made, killer = killed
    _load(made, killer, _points("load"))
    _loaded_whole(made)


def test_kills_during_the_day(killed: tuple[Town, Killer]) -> None:
    """Every question is answered as it should be, every acknowledged invoice is found and decided as it should be."""
    made, killer = killed
    made.house.launch("hub")
    made.house.launch("worker")
    report = _day(made, killer, _points("day"), 60)
    assert report.surprises == {}
    _decided_once(made)
    _reconciled(made, killer)


def test_kills_while_a_waiting_room_is_left_and_replayed(killed: tuple[Town, Killer]) -> None:
    """Everything left ends once, in its person's order; each invoice is taken once and owed as it was billed."""
    made, killer = killed
    _wait_and_reopen(made, killer, _points("leaving"), _points("reopening"))


def test_kills_during_the_payment(killed: tuple[Town, Killer]) -> None:
    """Whoever dies at whatever step of the payer, the next run pays the rest, and each site once."""
    made, killer = killed
    made.open_bank()
    amc = made.one("select coalesce(sum(amc), 0)::bigint from rempart.invoice where state = 'accepted'")
    assert amc > 0
    for point, program in _points("payment").items():
        _pay(made, killer, point, program)
    assert _pay(made, killer, "", "")
    assert _pay(made, killer, "", "")
    _paid_once(made, amc)
    assert killer.struck == [program for program, _, _ in POINTS], "every named kill took place"


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_random_kills(tmp_path: Path, seed: int) -> None:
    """Twenty-five kills anywhere in load, day and waiting room, then payment; 250 over all seeds."""
    chance = random.Random(seed)
    with town(tmp_path / "h", 3_000, options=OPTIONS, simulated=False, serve=(), load=False, seed=seed) as made:
        killer = Killer(made)
        _load(made, killer, {place: chance.choice(("keeper", "postgres")) for place in chance.sample(range(1, 10), 3)})
        _loaded_whole(made)
        made.house.launch("hub")
        made.house.launch("worker")
        programs = ("keeper", "hub", "worker", "postgres")
        report = _day(made, killer, {place: chance.choice(programs) for place in chance.sample(range(1, 400), 16)}, 400)
        assert report.surprises == {}
        _decided_once(made)
        _reconciled(made, killer)
        leaving = {chance.randrange(1, 30): "hub"}
        replaying = ("worker", "worker", "hub", "keeper", "postgres")
        _wait_and_reopen(
            made, killer, leaving, {point: chance.choice(replaying) for point in chance.sample(range(28), 4)}
        )
        made.open_bank()
        amc = made.one("select coalesce(sum(amc), 0)::bigint from rempart.invoice where state = 'accepted'")
        _pay(made, killer, chance.choice(PAY_POINTS), chance.choice(("keeper", "postgres")))
        assert _pay(made, killer, "", "")
        _paid_once(made, amc)
        assert len(killer.struck) == 25
