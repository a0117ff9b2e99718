"""A laboratory asks about 2,000 appointments at once: the known are free, strangers up to a budget, each once."""

from __future__ import annotations

import os
import re
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

import msgspec
import psycopg
import pytest

from rempart.application.batches import ANSWERED_BY
from rempart.bootstrap.house import free_ports
from rempart.domain import question
from rempart.domain.appointments import announced
from rempart.simulation.authorizations import presented
from rempart.simulation.caller import Caller, presented_request
from rempart.simulation.people import Person
from rempart.storage import batches
from rempart.wire.batches import BatchAnswer, BatchItem, BatchReceipt, BatchState
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.problem import Problem
from support import zygote
from support.houses import FIRST_DAY, town
from support.journey import Journey

pytestmark = pytest.mark.postgres
PEOPLE, KNOWN, WRONG = 3_800, 120, 20
CAP = announced("laboratory", FIRST_DAY).a_day
HOUR = 3_600_000_000
NOWHERE = "019cb30d-5c00-7b52-9f0e-3c6a41d2e8b7"


@dataclass
class Book:
    """A journey, people not asked about yet, and the laboratory that asks."""

    journey: Journey
    people: Iterator[Person]
    site: int = field(init=False)

    def __post_init__(self) -> None:
        self.site = self.journey.site("laboratory")

    def item(self, number: int, person: Person, **changes: object) -> BatchItem:
        """The person's appointment of tomorrow."""
        return BatchItem(number, msgspec.structs.replace(self.request(person), **changes))

    def request(self, person: Person) -> EligibilityRequest:
        day = (self.journey.today + timedelta(days=1)).isoformat()
        shown = presented(self.journey.town.country, person)
        return presented_request(shown, care_date=day, domains=("LABO",), evidence="machine")

    def send(self, items: list[BatchItem], key: str, site: int | None = None) -> BatchReceipt | Problem:
        async def work(caller: Caller) -> BatchReceipt | Problem:
            return await caller.batch(tuple(items), key)

        return self.journey.at(self.site if site is None else site, work)

    def state(self, batch: str, site: int | None = None) -> BatchState | Problem:
        async def work(caller: Caller) -> BatchState | Problem:
            return await caller.batch_state(batch)

        return self.journey.at(self.site if site is None else site, work)

    def left(self) -> int:
        """Chunks that wait."""
        count: int = self.journey.town.one("select count(*) from rempart.batch_chunk")
        return count

    def worked_off(self, *, most: int = 0) -> None:
        end = time.monotonic() + 60
        while self.left() > most:
            assert time.monotonic() < end
            time.sleep(0.02)

    def released(self, batch: str) -> BatchState:
        """The answers, an hour later."""
        self.worked_off()
        clock = self.journey.town.clock
        assert clock is not None
        clock.move_to(clock.now() + HOUR)
        found = self.state(batch)
        assert isinstance(found, BatchState), found
        assert found.state == "ready"
        return found


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    with town(tmp_path_factory.mktemp("book") / "h", PEOPLE, insurers=3) as made:
        journey = Journey(made)
        yield Book(journey, journey.people("LABO"))


@contextmanager
def _held(book: Book, batch: str, place: int) -> Iterator[None]:
    """No worker gets this chunk."""
    with psycopg.connect(book.journey.town.house.database.url("admin"), autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s)", (batches._lock(UUID(batch), place),))
        yield


@contextmanager
def second_worker(book: Book) -> Iterator[None]:
    """Another worker of the same house; only its health has a port of its own."""
    house = book.journey.town.house
    config = house.folder / "second-worker.toml"
    head, section, tail = re.split(r"(?ms)^(\[worker\]\n.*?)(?=^\[)", house.config.read_text("utf-8"), maxsplit=1)
    section = re.sub(r"(?m)^metrics_port = \d+", f"metrics_port = {free_ports(1)[0]}", section)
    config.write_text(head + section + tail, "utf-8")
    with (house.folder / "second-worker.log").open("ab") as log:
        process = zygote.start(("worker", "--config", str(config)), log)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def _make_known(book: Book, people: list[Person]) -> None:
    async def work(caller: Caller) -> None:
        for person in people:
            today = msgspec.structs.replace(book.request(person), care_date=book.journey.today.isoformat())
            answer = await caller.eligibility(today)
            assert not isinstance(answer, Problem), answer
            assert answer.answer == "covered"

    book.journey.at(book.site, work)


def _kinds(answers: tuple[BatchAnswer, ...]) -> Counter[str]:
    return Counter(each.refusal or (each.answer.answer if each.answer else "") for each in answers)


@pytest.mark.soak
def test_2000_appointments_are_answered_once_each_though_the_worker_is_killed(book: Book) -> None:
    """Known people are free, exactly the budget of strangers is answered, the others are told so; killed midway."""
    house, made = book.journey.town.house, book.journey.town
    known = list(islice(book.people, KNOWN))
    _make_known(book, known)
    book.journey.later(1)
    strangers = list(islice(book.people, 2_000 - KNOWN - WRONG))
    assert len(strangers) == 2_000 - KNOWN - WRONG
    items = [book.item(number, person) for number, person in enumerate([*strangers, *known], 1)]
    wrong = [book.item(5_000 + n, known[0], birth_date="3.2.1999") for n in range(WRONG)]
    house.kill("worker")
    receipt = book.send([*items, *wrong], "whole-book")
    assert isinstance(receipt, BatchReceipt), receipt
    assert {each.item for each in receipt.refused} == {each.item for each in wrong}
    assert {each.code for each in receipt.refused} == {"invalid-fields"}
    whole = book.left()
    with _held(book, receipt.batch, whole - 1):  # so that it cannot be done before it is killed
        house.launch("worker")
        book.worked_off(most=whole - 2)
        house.kill("worker")
    assert 0 < book.left() < whole
    waiting = book.state(receipt.batch)
    assert isinstance(waiting, BatchState)
    assert (waiting.state, waiting.answers) == ("waiting", ())
    with second_worker(book):
        house.launch("worker")
        found = book.released(receipt.batch)
    numbers = [each.item for each in found.answers]
    assert numbers == sorted({each.item for each in (*items, *wrong)})
    assert _kinds(found.answers) == {
        "covered": CAP + KNOWN, "appointments-budget-spent": len(strangers) - CAP, "invalid-fields": WRONG,
    }  # fmt: skip
    answered = {each.item: each.answer for each in found.answers if each.answer is not None}
    assert set(range(len(strangers) + 1, len(items) + 1)) <= answered.keys(), "a known person was refused"
    assert len({answer.accreditation for answer in answered.values()}) == len(answered)
    instants = {question.parse(answer.question) for answer in answered.values()}
    assert None not in instants
    assert {hub for _, hub in filter(None, instants)} == {ANSWERED_BY}
    assert len(instants) == len(answered), "two answers have one question id"
    rows = made.sql(
        "select instant, template, count(*) over (partition by tag) from rempart.disclosure "
        "where purpose = 'appointments'"
    )
    assert len(rows) == len(items)
    assert {count for _, _, count in rows} == {1}
    shown = {instant for instant, template, _ in rows if template != "none"}
    assert shown == {instant for instant, _ in filter(None, instants)}
    assert made.one("select count(*) from rempart.accreditation a where instant = any(%s)", list(shown)) == len(shown)
    used = dict(made.sql("select split_part(scope, ':', 1), people from rempart.announced"))
    assert used == {"asked": CAP, "care": CAP, "client": CAP}
    book.journey.sound()


def test_the_same_key_gets_the_same_receipt_and_another_body_is_refused(book: Book) -> None:
    """A repeat takes nothing in; the key of one body is not another's."""
    person = next(book.people)
    first = book.send([book.item(1, person)], "repeat")
    assert isinstance(first, BatchReceipt)
    assert book.send([book.item(1, person)], "repeat") == first
    other = book.send([book.item(2, person)], "repeat")
    assert isinstance(other, Problem)
    assert (other.status, other.code) == (409, "idempotency-key-reused")
    assert book.journey.town.one("select count(*) from rempart.batch where batch = %s", first.batch) == 1


def test_another_site_sees_a_batch_as_absent(book: Book) -> None:
    """What is not this client's and site's does not exist."""
    sent = book.send([book.item(1, next(book.people))], "mine")
    assert isinstance(sent, BatchReceipt)
    elsewhere = book.state(sent.batch, book.journey.site("pharmacy"))
    assert isinstance(elsewhere, Problem)
    assert (elsewhere.status, elsewhere.code) == (404, "not-found")
    assert elsewhere == book.state(NOWHERE)


def _shown(book: Book, sample: str) -> float | None:
    """What the running worker shows Prometheus under a name and labels; None while it shows nothing of it."""
    port = book.journey.town.house.settings.worker.metrics_port
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        found = re.search(rf"(?m)^{re.escape(sample)} (\S+)$", answer.read().decode())
    return float(found.group(1)) if found else None


def _until(book: Book, sample: str, level: float) -> None:
    end = time.monotonic() + 30
    while _shown(book, sample) != level:
        assert time.monotonic() < end, (sample, _shown(book, sample))
        time.sleep(0.1)


def test_a_batch_past_its_release_is_told_once_and_comes_at_a_whole_minute(book: Book) -> None:
    """Another's lock keeps the worker from it: level, alarm and its count say so; then no instant tells of the work."""
    town = book.journey.town
    assert town.clock is not None
    book.worked_off()  # else what others of this module left would be late, and told, too
    book.journey.later(1)
    town.house.kill("worker")
    sent = book.send([book.item(1, next(book.people))], "late")
    assert isinstance(sent, BatchReceipt)
    with _held(book, sent.batch, 0):
        town.house.launch("worker")
        _until(book, 'rempart_batches_open{state="waiting"}', 1)
        town.clock.move_to(town.clock.now() + HOUR)
        _until(book, 'rempart_batches_open{state="late"}', 1)
        _until(book, 'rempart_alarms_total{code="batches-late"}', 1)
        assert town.sql("select counts from rempart.alarm where code = 'batches-late'") == [({"items": 1},)]
        still = book.state(sent.batch)
        assert isinstance(still, BatchState)
        assert still.state == "waiting"
    book.worked_off()
    later = book.state(sent.batch)
    assert isinstance(later, BatchState)
    missed = datetime.fromisoformat(later.ready_from) - datetime.fromisoformat(sent.ready_from)
    assert (later.state, missed > timedelta(0), missed % timedelta(minutes=1)) == ("waiting", True, timedelta(0))
    town.clock.move_to(town.clock.now() + HOUR // 60)
    found = book.state(sent.batch)
    assert isinstance(found, BatchState)
    assert [each.answer.answer for each in found.answers if each.answer] == ["covered"]
    _until(book, 'rempart_batches_open{state="late"}', 0)
