"""Newborns and twins: answered and paid under a parent's contract up to a ceiling, then on rights of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest

from rempart.domain.invoice import Presented
from rempart.domain.newborns import NEWBORN_CEILING
from rempart.domain.rights import Coverage, Key, RightsLine
from rempart.formats.rights_file import Expected, format_line
from rempart.simulation.authorizations import presented
from rempart.simulation.caller import Caller, presented_request
from rempart.simulation.people import Person
from rempart.wire.eligibility import EligibilityAnswer
from rempart.wire.invoices import InvoiceRequest, InvoiceState, LineRequest
from rempart.wire.problem import Problem
from support.houses import FIRST_DAY, decided_file
from support.journey import Journey, act, journey_in

pytestmark = pytest.mark.postgres
BORN = FIRST_DAY - timedelta(days=1)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("newborn") / "h", 600) as made:
        yield made


@pytest.fixture(scope="module")
def parents(journey: Journey) -> Iterator[Person]:
    """Adults whose insurer has just said that their children are covered from birth; one a test."""
    return (_parent(journey, person) for person in journey.people("PHAR", "TM") if person.relation == "adult")


def _parent(journey: Journey, person: Person) -> Person:
    coverage = replace(journey.town.country.coverage(person), newborns=True)
    line = format_line(RightsLine(person.reference, person.keys, coverage), delta=True)
    assert journey.file(person.insurer, [line]).state == "applied"
    return person


def drugs(base: int) -> LineRequest:
    return act("PH7", "pharmacy", base, 65, base * 35 // 100)


def _question(
    journey: Journey, site: int, parent: Person, rank: str = "1", *, born: date = BORN, nir: str = ""
) -> EligibilityAnswer:
    shown = presented(journey.town.country, parent)
    request = presented_request(shown, care_date=journey.today.isoformat(), domains=("PHAR",), evidence="machine")
    request = msgspec.structs.replace(request, birth_date=born.isoformat(), rank=rank, nir=nir or request.nir)

    async def work(caller: Caller) -> EligibilityAnswer:
        answer = await caller.eligibility(request)
        assert not isinstance(answer, Problem), answer
        return answer

    return journey.at(site, work)


def _bill(journey: Journey, parent: Person, rank: str, base: int) -> InvoiceRequest:
    return journey.invoice(parent, (drugs(base),), birth_date=BORN.isoformat(), rank=rank)


def _arrives(journey: Journey, parent: Person, *ranks: str) -> None:
    """The children's own lines, in a delta."""
    member, nir, _, _ = parent.ways[0]
    coverage: Coverage = journey.town.country.coverage(parent)
    lines = [
        format_line(RightsLine(f"BABY-{parent.number}-{rank}", (Key(member, nir, f"{BORN:%y%m%d}", rank),), coverage),
                    delta=True)
        for rank in ranks
    ]  # fmt: skip
    assert journey.file(parent.insurer, lines, expected=Expected(len(lines), 0, 0)).state == "applied"


def _rules(state: InvoiceState) -> list[str]:
    return [step.rule for step in state.lines[0].rules]


def _met(journey: Journey) -> int:
    return journey.town.one("select count(*) from rempart.met")


def test_a_newborn_is_covered_paid_to_the_ceiling_then_on_its_own_rights(
    journey: Journey, parents: Iterator[Person]
) -> None:
    """Born yesterday: covered, paid up to 500 € in all, the rest on the child's own line; one record throughout."""
    pharmacy, parent, met = journey.site("pharmacy"), next(parents), _met(journey)
    answer = _question(journey, pharmacy, parent)
    assert (answer.answer, answer.provisional, answer.ceiling) == ("covered", True, NEWBORN_CEILING)
    number = answer.accreditation.replace(" ", "")
    first = journey.send(pharmacy, msgspec.structs.replace(_bill(journey, parent, "1", 600_00), accreditation=number))
    assert (first.state, first.amc, _rules(first)[-1]) == ("accepted", 210_00, "newborn-provisional"), first
    second = journey.send(pharmacy, _bill(journey, parent, "1", 700_00))
    third = journey.send(pharmacy, _bill(journey, parent, "1", 800_00))
    assert (second.amc, third.amc, _rules(third)[-1]) == (245_00, 45_00, "newborn-ceiling")
    fourth = journey.send(pharmacy, _bill(journey, parent, "1", 100_00))
    assert (fourth.state, fourth.reason) == ("rejected", "newborn-ceiling")
    assert first.amc + second.amc + third.amc == NEWBORN_CEILING
    _arrives(journey, parent, "1")
    opened = _opened(journey, pharmacy, fourth.invoice)
    assert (opened.state, opened.amc) == ("accepted", 35_00)
    assert not {"newborn-provisional", "newborn-ceiling"} & set(_rules(opened))
    own = _question(journey, pharmacy, parent)
    assert (own.answer, own.provisional, own.ceiling) == ("covered", False, 0)
    last = journey.send(pharmacy, msgspec.structs.replace(_bill(journey, parent, "1", 900_00), accreditation=number))
    assert (last.state, last.amc) == ("accepted", 315_00), "the accreditation of the newborn is the child's"
    assert _met(journey) == met + 1, "one record for this site, before and after"
    assert journey.pay() == NEWBORN_CEILING + 350_00
    journey.sound()


def _opened(journey: Journey, site: int, invoice: str) -> InvoiceState:
    """What a rejected invoice became."""
    end = time.monotonic() + 60
    while True:
        found = msgspec.json.decode(journey.read(site, f"/v1/invoices/{invoice}"), type=InvoiceState)
        if found.corrected_by:
            return msgspec.json.decode(journey.read(site, f"/v1/invoices/{found.corrected_by}"), type=InvoiceState)
        assert time.monotonic() < end, found
        time.sleep(0.1)


def test_twins_are_two(journey: Journey, parents: Iterator[Person]) -> None:
    """One NIR, one day, two ranks: the same drugs twice are no duplicate, and each has a ceiling of its own."""
    pharmacy, parent = journey.site("pharmacy"), next(parents)
    eldest, youngest = (journey.send(pharmacy, _bill(journey, parent, rank, 1_300_00)) for rank in ("1", "2"))
    assert (eldest.state, eldest.amc) == (youngest.state, youngest.amc) == ("accepted", 455_00)
    assert _question(journey, pharmacy, parent, "2").provisional
    _arrives(journey, parent, "1")
    assert [_question(journey, pharmacy, parent, rank).provisional for rank in ("1", "2")] == [False, True]
    assert journey.send(pharmacy, _bill(journey, parent, "2", 400_00)).amc == 45_00
    assert journey.send(pharmacy, _bill(journey, parent, "1", 400_00)).amc == 140_00
    _arrives(journey, parent, "2")
    assert not _question(journey, pharmacy, parent, "2").provisional
    journey.pay()
    journey.sound()


def test_a_b2_file_goes_the_same_way(journey: Journey, parents: Iterator[Person]) -> None:
    """The newborn of a B2 file is decided provisionally, like the one of a JSON invoice."""
    country, parent = journey.town.country, next(parents)
    shown = presented(country, parent)
    index = {site.number: site.index for site in country.all_sites()}
    bill = next(b for b in journey.town.bills() if country.site(index[b.invoice.site]).profession == "pharmacy")
    child = Presented(shown.amc_number, shown.member, shown.nir, f"{BORN:%y%m%d}", "1", shown.convention)
    sent = replace(bill, invoice=replace(bill.invoice, presented=child))
    site = index[bill.invoice.site]
    content = journey.town.b2(site, (sent,), 77)

    async def send(caller: Caller) -> None:
        receipt = await caller.file(content)
        assert not isinstance(receipt, Problem), receipt
        assert await decided_file(caller, receipt.file) == "decided"

    journey.at(site, send)
    identity = journey.town.one("select invoice::text from rempart.invoice where number = %s", bill.invoice.number)
    state = msgspec.json.decode(journey.read(site, f"/v1/invoices/{identity}"), type=InvoiceState)
    assert (state.state, _rules(state)[-1]) == ("accepted", "newborn-provisional"), state


def test_nobody_else_is_found_by_a_parent(journey: Journey, parents: Iterator[Person]) -> None:
    """An older child, another NIR, and a parent whose insurer said nothing: not confirmed, as for anybody unknown."""
    pharmacy, parent = journey.site("pharmacy"), next(parents)
    assert _question(journey, pharmacy, parent, born=FIRST_DAY - timedelta(days=90)).provisional
    older = _question(journey, pharmacy, parent, born=FIRST_DAY - timedelta(days=91))
    unborn = _question(journey, pharmacy, parent, born=FIRST_DAY + timedelta(days=1))
    other = _question(journey, pharmacy, parent, nir="2850575123456")
    silent = next(p for p in journey.people("PHAR", "TM") if p.relation == "adult" and p.number > parent.number + 50)
    without = _question(journey, pharmacy, silent)
    for answer in (older, unborn, other, without):
        assert (answer.answer, answer.provisional, answer.domains) == ("not-confirmed", False, ())
    lengths = {len(msgspec.json.encode(answer)) for answer in (older, unborn, other, without)}
    assert len(lengths) == 1
