"""Rights opened in the past by a later file: what was rejected for them is decided again, paid once, and told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta

import msgspec
import psycopg
import pytest

from rempart.domain.rights import Coverage, RightsLine
from rempart.formats.rights_file import Expected, format_closure, format_line
from rempart.simulation.people import Person
from rempart.simulation.rights import full_line
from rempart.storage.waits import LOCK
from rempart.wire.invoices import InvoiceState, LineRequest
from rempart.wire.notices import NoticeList, SiteNotice
from support.houses import FIRST_DAY
from support.journey import Journey, act, journey_in

pytestmark = pytest.mark.postgres
CLOSED = FIRST_DAY - timedelta(days=40)


def box(base: int = 60_00) -> LineRequest:
    return act("PH7", "pharmacy", base, 65, base * 35 // 100)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("again") / "h", 600) as made:
        yield made


@pytest.fixture(scope="module")
def people(journey: Journey) -> Iterator[Person]:
    """One person a test."""
    return journey.people("PHAR", "TM")


def _close(journey: Journey, person: Person) -> None:
    lines = [format_closure(person.reference, CLOSED)]
    assert journey.file(person.insurer, lines, expected=Expected(0, 1, 0)).state == "applied"


def _open(journey: Journey, person: Person) -> None:
    line = full_line(journey.town.country, person, delta=True)
    assert journey.file(person.insurer, [line], expected=Expected(1, 0, 0)).state == "applied"


def _state(journey: Journey, site: int, invoice: str) -> InvoiceState:
    return msgspec.json.decode(journey.read(site, f"/v1/invoices/{invoice}"), type=InvoiceState)


def _notices(journey: Journey, site: int, *, since: int = 0) -> tuple[SiteNotice, ...]:
    return msgspec.json.decode(journey.read(site, f"/v1/notices?since={since}"), type=NoticeList).notices


def _noticed(journey: Journey, site: int, subject: str) -> SiteNotice:
    """What the site's software is told about an invoice: once, as soon as nobody who began earlier still writes."""
    end = time.monotonic() + 60
    while not (found := [one for one in _notices(journey, site) if one.subject == subject]):
        assert time.monotonic() < end, "the site is not told"
        time.sleep(0.05)
    (told,) = found
    return told


def _looked(journey: Journey, person: Person) -> tuple[int, int, int]:
    """What the worker did about the insurer's newest file: looked at, reopened, dropped."""
    number = journey.town.country.insurers[person.insurer].number
    end = time.monotonic() + 60
    while True:
        rows = journey.town.sql(
            "select looked, reopened, dropped from rempart.rights_again_done d where insurer = %s and rights_file = "
            "(select max(rights_file) from rempart.rights_file where insurer = %s) order by instant desc limit 1",
            number, number,
        )  # fmt: skip
        if rows and not journey.town.sql("select from rempart.rights_again where insurer = %s", number):
            return rows[0]
        assert time.monotonic() < end, "nobody looked"
        time.sleep(0.05)


@contextmanager
def _nobody_looks(journey: Journey) -> Iterator[None]:
    """Holds the workers' lock, so that a load's waits stay as they are for a while."""
    with psycopg.connect(journey.town.house.database.url("admin"), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (LOCK,))
        yield


def _waits(journey: Journey) -> int:
    return journey.town.one("select count(*) from rempart.invoice_wait")


def _disclosed(journey: Journey) -> int:
    return journey.town.one("select count(*) from rempart.disclosure where purpose = 'invoice'")


def test_a_rejected_invoice_is_accepted_paid_and_told(journey: Journey, people: Iterator[Person]) -> None:
    """Closed, rejected, opened by a delta: the invoice is accepted under its number, linked, disclosed, paid, told."""
    pharmacy, person = journey.site("pharmacy"), next(people)
    _close(journey, person)
    lost = journey.send(pharmacy, journey.invoice(person, (box(),)))
    assert (lost.state, lost.reason) == ("rejected", "rights-closed")
    assert (_waits(journey), _disclosed(journey)) == (1, 1)
    _open(journey, person)
    assert _looked(journey, person) == (1, 1, 0)
    before = _state(journey, pharmacy, lost.invoice)
    assert (before.state, before.events[-1].cause) == ("rejected", "rights-opened"), before
    after = _state(journey, pharmacy, before.corrected_by)
    assert (after.state, after.amc, after.number, after.corrects) == ("accepted", 21_00, lost.number, lost.invoice)
    assert (_waits(journey), _disclosed(journey)) == (0, 2)
    told = _noticed(journey, pharmacy, after.invoice)
    assert (told.kind, told.day) == ("invoice-decided-again", after.events[0].instant[:10])
    assert told not in _notices(journey, pharmacy, since=told.number)
    assert told.subject not in [one.subject for one in _notices(journey, journey.site("optician"))]
    assert journey.pay() == 21_00
    assert _state(journey, pharmacy, after.invoice).state == "paid"
    assert journey.pay() == 0
    named = json.loads(journey.read(pharmacy, f"/v1/invoices?number={lost.number}"))
    assert named == [after.invoice, lost.invoice]
    journey.sound()


def test_a_deposit_counts_it_once(journey: Journey, people: Iterator[Person]) -> None:
    """The deposit's counts tell what became of each invoice: the rejected one is not counted beside the accepted."""
    pharmacy, person = journey.site("pharmacy"), next(people)
    _close(journey, person)
    lost = journey.send(pharmacy, journey.invoice(person, (box(),)))
    inbound = journey.town.one("select inbound from rempart.invoice where invoice = %s", lost.invoice)
    _open(journey, person)
    assert _looked(journey, person)[1] == 1
    told = json.loads(journey.read(pharmacy, f"/v1/files/{inbound}"))
    assert (told["accepted"], told.get("rejected", 0)) == (1, 0), told


def test_somebody_who_was_unknown_is_found(journey: Journey, people: Iterator[Person]) -> None:
    """Nobody was found for the card; a file brings the person, and the invoice is accepted."""
    pharmacy, person = journey.site("pharmacy"), next(people)
    country = journey.town.country
    request = journey.invoice(person, (box(),))
    member = country.insurers[person.insurer].written_member(7_654_321)
    request = msgspec.structs.replace(request, member=country.insurers[person.insurer].printed_member(member))
    lost = journey.send(pharmacy, request)
    assert (lost.state, lost.reason) == ("rejected", "not-confirmed")
    line = journey.opening(person.insurer, person, country.coverage(person), 7_654_321)
    assert journey.file(person.insurer, [line], expected=Expected(1, 0, 0)).state == "applied"
    assert _looked(journey, person)[1] == 1
    assert _state(journey, pharmacy, _state(journey, pharmacy, lost.invoice).corrected_by).state == "accepted"


def test_news_that_open_nothing_change_nothing(journey: Journey, people: Iterator[Person]) -> None:
    """A file about somebody else, and one that opens another year: the wait goes on and nobody is disclosed."""
    pharmacy, person = journey.site("pharmacy"), next(people)
    _close(journey, person)
    journey.send(pharmacy, journey.invoice(person, (box(),)))
    disclosed = _disclosed(journey)
    other = next(p for p in journey.people("PHAR", "TM", insurer=person.insurer) if p.family != person.family)
    assert journey.file(person.insurer, [full_line(journey.town.country, other, delta=True)]).state == "applied"
    assert _looked(journey, person)[1:] == (0, 0)
    coverage = journey.town.country.coverage(person)
    later = replace(
        coverage, periods=tuple(p._replace(start=date(2030, 1, 1), end=date(2030, 12, 31)) for p in coverage.periods)
    )
    assert journey.file(person.insurer, [_line(journey, person, later)]).state == "applied"
    assert _looked(journey, person)[1:] == (0, 0)
    assert (_disclosed(journey), _waits(journey)) == (disclosed, 1)
    _open(journey, person)
    assert _looked(journey, person)[1] == 1


def _line(journey: Journey, person: Person, coverage: Coverage) -> bytes:
    return format_line(RightsLine(person.reference, person.keys, coverage), delta=True)


def test_resent_meanwhile_under_its_number_it_is_paid_once(journey: Journey, people: Iterator[Person]) -> None:
    """The site sends it again before anybody looked: the site's own is paid, the wait is dropped."""
    pharmacy, person = journey.site("pharmacy"), next(people)
    _close(journey, person)
    request = journey.invoice(person, (box(),))
    lost = journey.send(pharmacy, request)
    with _nobody_looks(journey):
        _open(journey, person)
        again = journey.send(pharmacy, request)
        assert (again.state, again.corrects) == ("accepted", lost.invoice)
    assert _looked(journey, person)[1:] == (0, 1)
    assert _live(journey, lost.number) == 1


def test_resent_and_rejected_again_only_the_last_is_taken_up(journey: Journey, people: Iterator[Person]) -> None:
    """Each rejected sending waits; of two under one number the later one is decided again."""
    pharmacy, person = journey.site("pharmacy"), next(people)
    _close(journey, person)
    request = journey.invoice(person, (box(),))
    first, second = journey.send(pharmacy, request), journey.send(pharmacy, request)
    assert (first.state, second.state, second.corrects) == ("rejected", "rejected", first.invoice)
    _open(journey, person)
    assert _looked(journey, person)[1] == 1
    assert _waits(journey) == 0
    assert _state(journey, pharmacy, _state(journey, pharmacy, second.invoice).corrected_by).state == "accepted"
    assert _live(journey, first.number) == 1


def test_resent_meanwhile_under_another_number_it_is_paid_once(journey: Journey, people: Iterator[Person]) -> None:
    """The same acts of the same person stand already: the wait is dropped."""
    pharmacy, person = journey.site("pharmacy"), next(people)
    _close(journey, person)
    lost = journey.send(pharmacy, journey.invoice(person, (box(),)))
    with _nobody_looks(journey):
        _open(journey, person)
        assert journey.send(pharmacy, journey.invoice(person, (box(),))).state == "accepted"
    assert _looked(journey, person)[1:] == (0, 1)
    assert (_live(journey, lost.number), _waits(journey)) == (0, 0)


def test_sent_after_it_was_decided_again_it_is_a_duplicate(journey: Journey, people: Iterator[Person]) -> None:
    """The hub was first: the site's own sending is told to be a duplicate, and nothing is paid twice."""
    pharmacy, person = journey.site("pharmacy"), next(people)
    _close(journey, person)
    request = journey.invoice(person, (box(),))
    journey.send(pharmacy, request)
    _open(journey, person)
    assert _looked(journey, person)[1] == 1
    again = journey.send(pharmacy, request)
    assert (again.state, again.reason) == ("rejected", "duplicate")
    assert _live(journey, request.number) == 1


def test_what_waits_is_destroyed_after_ninety_days(journey: Journey, people: Iterator[Person]) -> None:
    """The last journey: three months on nothing waits any more, a late file opens nothing, and all is sound."""
    pharmacy, person = journey.site("pharmacy"), next(people)
    _close(journey, person)
    lost = journey.send(pharmacy, journey.invoice(person, (box(),)))
    assert _waits(journey) == 1
    journey.pay()
    journey.sound()
    journey.later(91)
    _open(journey, person)
    assert _looked(journey, person)[1] == 0
    end = time.monotonic() + 90
    while _waits(journey):
        assert time.monotonic() < end
        time.sleep(0.2)
    assert _state(journey, pharmacy, lost.invoice).corrected_by == ""


def _live(journey: Journey, number: str) -> int:
    return journey.town.one("select count(*) from rempart.invoice where number = %s and live", number)
