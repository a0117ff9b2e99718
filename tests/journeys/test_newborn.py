"""Newborns and twins: answered and paid under a parent's contract up to a ceiling, then on rights of their own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import msgspec
import pytest

from rempart.domain.invoice import Presented
from rempart.domain.parameters import NEWBORN_TERMS
from rempart.domain.rights import Coverage, Key, RightsLine
from rempart.formats import optics_messages
from rempart.formats.fhir import names, question
from rempart.formats.optics_messages import answered, asked
from rempart.formats.rights_file import Expected, format_line
from rempart.simulation.authorizations import QUOTES, invoice_of, presented, request_for
from rempart.simulation.caller import Caller, presented_request
from rempart.simulation.http import Response
from rempart.simulation.people import Person
from rempart.wire.authorizations import AuthorizationRequest, AuthorizationState
from rempart.wire.eligibility import EligibilityAnswer, EligibilityRequest
from rempart.wire.estimates import EstimateAnswer, EstimateLine, EstimateRequest
from rempart.wire.invoices import InvoiceRequest, InvoiceState, LineRequest
from rempart.wire.problem import Problem
from support import fhir_resources
from support.houses import FIRST_DAY, decided_file
from support.journey import Journey, act, journey_in

pytestmark = pytest.mark.postgres
BORN = FIRST_DAY - timedelta(days=1)
NEWBORN_CEILING = NEWBORN_TERMS[0].ceiling
LAST = BORN + timedelta(days=NEWBORN_TERMS[0].days)
STAY = 92_00 + 180_00  # four days at 23 €, and what the table pays of their room


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("newborn") / "h", 600) as made:
        yield made


@pytest.fixture(scope="module")
def parents(journey: Journey) -> Iterator[Person]:
    """Adults whose insurer has just said that their children are covered from birth, until spring; one a test."""
    return (_parent(journey, person) for person in journey.people("PHAR", "TM") if person.relation == "adult")


def _parent(journey: Journey, person: Person) -> Person:
    coverage = journey.town.country.coverage(person)
    periods = tuple(period._replace(end=LAST + timedelta(days=60)) for period in coverage.periods)
    coverage = replace(coverage, periods=periods, newborns=True)
    line = format_line(RightsLine(person.reference, person.keys, coverage), delta=True)
    assert journey.file(person.insurer, [line]).state == "applied"
    return person


def drugs(base: int) -> LineRequest:
    return act("PH7", "pharmacy", base, 65, base * 35 // 100)


@pytest.fixture(scope="module")
def in_hospital(journey: Journey) -> Iterator[Person]:
    """The same, of those who are covered for a stay and for optics as well; other people than `parents`."""
    adults = [person for person in journey.people("PHAR", "TM") if person.relation == "adult"]
    families = {person.ways[0][0]: person for person in reversed(adults)}  # a child of both is one child
    return (_parent(journey, each) for each in families.values() if _covered(journey, each) >= {"HOSP", "OPTI"})


def _covered(journey: Journey, person: Person) -> set[str]:
    return {p.domain for p in journey.town.country.coverage(person).periods if p.start <= FIRST_DAY <= p.end}


def _shown(journey: Journey, parent: Person, rank: str = "1", born: date = BORN) -> EligibilityRequest:
    shown = presented(journey.town.country, parent)
    request = presented_request(shown, care_date=journey.today.isoformat(), domains=("PHAR",), evidence="machine")
    return msgspec.structs.replace(request, birth_date=born.isoformat(), rank=rank)


def _stay(journey: Journey, parent: Person, born: date = BORN) -> AuthorizationRequest:
    """A quote for four days in hospital, of the parent's newborn."""
    made = request_for(presented(journey.town.country, parent), journey.today, QUOTES["hospital"])
    return msgspec.structs.replace(made, birth_date=born.isoformat(), rank="1")


def _authorized(
    journey: Journey, site: int, quote: AuthorizationRequest, key: str, *, replaces: str = ""
) -> AuthorizationState:
    async def work(caller: Caller) -> AuthorizationState:
        found = await caller.authorization(quote, key, replaces=replaces)
        assert isinstance(found, AuthorizationState), found
        return found

    return journey.at(site, work)


def _billed(quote: AuthorizationRequest, agreed: AuthorizationState, number: int, over: int = 0) -> InvoiceRequest:
    """The invoice made from an agreed quote, asking for its room `over` cents more than was agreed."""
    lines = quote.lines[0], msgspec.structs.replace(quote.lines[1], spent=quote.lines[1].spent + over)
    fee, room = (line.amc for line in agreed.lines)
    return invoice_of(
        msgspec.structs.replace(quote, lines=lines), (fee, room + over), number=str(number), delivered=FIRST_DAY,
        reference=agreed.reference,
    )  # fmt: skip


def _estimate(journey: Journey, site: int, parent: Person, base: int, *, born: date = BORN) -> EstimateAnswer:
    shown, line = presented(journey.town.country, parent), drugs(base)
    lines = (EstimateLine(line.code, line.family, line.base, line.rate, line.spent, care_date=line.care_date),)
    request = EstimateRequest(
        shown.amc_number, shown.member, born.isoformat(), "machine", lines, convention=shown.convention, nir=shown.nir,
        rank="1",
    )  # fmt: skip

    async def work(caller: Caller) -> EstimateAnswer:
        found = await caller.estimate(request)
        assert isinstance(found, EstimateAnswer), found
        return found

    return journey.at(site, work)


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


def test_an_authorization_holds_its_part_of_the_ceiling(journey: Journey, in_hospital: Iterator[Person]) -> None:
    """Held, estimated and invoiced from one ceiling: whatever comes first, 500 € in all and not a cent more."""
    pharmacy, hospital, parent = journey.site("pharmacy"), journey.site("hospital"), next(in_hospital)
    first = _estimate(journey, pharmacy, parent, 2_000_00)
    assert (first.amc, first.provisional, first.ceiling) == (NEWBORN_CEILING, True, NEWBORN_CEILING)
    quote = _stay(journey, parent)
    agreed = _authorized(journey, hospital, quote, "newborn-stay")
    assert (agreed.state, agreed.amc, agreed.provisional, agreed.ceiling) == ("agreed", STAY, True, NEWBORN_CEILING)
    assert {line.rules[-1].rule for line in agreed.lines} == {"newborn-provisional"}
    assert (agreed.line_tolerance, agreed.total_tolerance) == (0, 0), "a tolerance is held nowhere"
    assert agreed.delivery_until == LAST.isoformat(), "nobody is bound beyond the ninetieth day"
    second = _authorized(journey, hospital, quote, "newborn-stay-again")
    assert (second.state, second.reason, second.held_until) == ("refused", "allowance-held", agreed.delivery_until)
    left = NEWBORN_CEILING - STAY
    asked_for = _estimate(journey, pharmacy, parent, 1_000_00)
    assert (asked_for.amc, asked_for.lines[0].rules[-1].rule) == (left, "newborn-ceiling")
    assert asked_for.spent == asked_for.amo + asked_for.amc + asked_for.patient
    bought = journey.send(pharmacy, _bill(journey, parent, "1", 1_000_00))
    assert (bought.state, bought.amc) == ("accepted", left), "judged by what nobody holds"
    nothing = _estimate(journey, pharmacy, parent, 300_00)
    assert (nothing.answer, nothing.reason, nothing.amc) == ("estimated", "newborn-ceiling", 0)
    over = journey.send(hospital, _billed(quote, agreed, 310_000_001, over=1))
    assert (over.state, over.reason) == ("rejected", "authorization-amount-exceeded")
    paid = journey.send(hospital, _billed(quote, agreed, 310_000_002))
    assert (paid.state, paid.amc, _rules(paid)[-1]) == ("accepted", STAY, "newborn-provisional"), paid
    late = journey.send(pharmacy, _bill(journey, parent, "1", 100_00))
    assert (late.state, late.reason) == ("rejected", "newborn-ceiling")
    refused = _authorized(journey, hospital, quote, "newborn-stay-late")
    assert (refused.state, refused.reason, refused.amc) == ("refused", "newborn-ceiling", 0)
    journey.pay()
    journey.sound()


def test_what_was_agreed_for_a_newborn_is_owed_for_the_child_and_given_back_when_it_ends(
    journey: Journey, in_hospital: Iterator[Person]
) -> None:
    """Cancelled, the ceiling is free again; agreed again, the child's line comes and the invoice is honoured."""
    pharmacy, hospital, parent = journey.site("pharmacy"), journey.site("hospital"), next(in_hospital)
    quote = _stay(journey, parent)
    ended = _authorized(journey, hospital, quote, "newborn-ended")
    assert (ended.state, ended.reason) == ("agreed", ""), ended
    assert not isinstance(journey.at(hospital, lambda c: c.cancel_authorization(ended.authorization)), Problem)
    assert _estimate(journey, pharmacy, parent, 2_000_00).amc == NEWBORN_CEILING
    agreed = _authorized(journey, hospital, quote, "newborn-agreed")
    modified = _authorized(journey, hospital, quote, "newborn-modified", replaces=agreed.authorization)
    assert (modified.state, modified.amc) == ("agreed", STAY), "what it replaces is not held against it"
    assert _estimate(journey, pharmacy, parent, 2_000_00).amc == NEWBORN_CEILING - STAY
    _arrives(journey, parent, "1")
    own = _estimate(journey, pharmacy, parent, 2_000_00)
    assert (own.amc, own.provisional, own.ceiling) == (700_00, False, 0)
    paid = journey.send(hospital, _billed(quote, modified, 310_000_011))
    assert (paid.state, paid.amc, _rules(paid)[-1]) == ("accepted", STAY, "authorization-agreed"), paid
    after = _authorized(journey, hospital, quote, "child-s-own")
    assert (after.state, after.provisional, after.total_tolerance > 0) == ("agreed", False, True)
    journey.pay()
    journey.sound()


def test_estimates_and_authorizations_end_with_the_ninetieth_day(
    journey: Journey, in_hospital: Iterator[Person]
) -> None:
    """The day before it is provisional, the day after nobody is confirmed: to a stranger and to who knows the child."""
    pharmacy, hospital, parent = journey.site("pharmacy"), journey.site("hospital"), next(in_hospital)
    last, beyond = FIRST_DAY - timedelta(days=90), FIRST_DAY - timedelta(days=91)
    assert _estimate(journey, pharmacy, parent, 100_00, born=last).provisional
    agreed = _authorized(journey, hospital, _stay(journey, parent, last), "ninetieth")
    assert (agreed.state, agreed.delivery_until) == ("agreed", FIRST_DAY.isoformat())
    assert "n'est pas couverte" in agreed.if_rights_end
    stranger = _estimate(journey, pharmacy, parent, 100_00, born=beyond)
    assert (stranger.answer, stranger.provisional, stranger.lines) == ("not-confirmed", False, ())
    refused = _authorized(journey, hospital, _stay(journey, parent, beyond), "ninety-first")
    assert (refused.state, refused.reason, refused.provisional) == ("refused", "not-confirmed", False)


def test_fhir_and_optics_say_that_it_is_provisional(journey: Journey, in_hospital: Iterator[Person]) -> None:
    """The same answer in three shapes, each with the ceiling; of a parent nothing more is told."""
    optician, parent = journey.site("optician"), next(in_hospital)
    shown = _shown(journey, parent)

    async def fhir(caller: Caller) -> bytes:
        sent = question.write(shown, f"{FIRST_DAY}T10:00:00Z")
        path, headers = "/fhir/CoverageEligibilityRequest/$submit", {"Content-Type": names.MEDIA_TYPE}
        found = await caller.call("POST", path, sent, headers)
        assert isinstance(found, Response)
        return found.body

    told = fhir_resources.valid(journey.at(optician, fhir))
    extensions = {one["url"].removeprefix(names.EXTENSION): one for one in told["extension"]}
    assert extensions["provisional"]["valueBoolean"] is True
    assert extensions["ceiling"]["valueMoney"]["value"] == NEWBORN_CEILING // 100
    assert told["disposition"].startswith("Nouveau-né")

    async def optics(caller: Caller) -> bytes:
        sent = asked.write_question("N-1", msgspec.structs.replace(shown, domains=(asked.DOMAIN,)))
        found = await caller.call("POST", "/v1/optics/messages", sent, {"Content-Type": "application/xml"})
        assert isinstance(found, Response)
        return found.body

    message = optics_messages.read(journey.at(optician, optics))
    assert isinstance(message, optics_messages.Message)
    said = answered.read_rights(message)
    assert (said.answer, said.provisional, said.ceiling) == ("covered", True, NEWBORN_CEILING)
