"""Agreed once, delivered in parts; an allowance that a case worker's agreement holds; a card that is shown again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

import msgspec
import psycopg
import pytest

from rempart.bootstrap.telling import Telling
from rempart.cli._insurer_agent import amounts_of, told
from rempart.client import agent
from rempart.gateways.webhooks import Refused
from rempart.ground.figures import WorkerFigures
from rempart.simulation.authorizations import QUOTES, Quoted, invoice_of, quotes
from rempart.simulation.caller import Caller
from rempart.storage import webhooks
from rempart.wire.authorizations import AuthorizationState, DecisionAnswer, LineRoom, QuoteLine
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.invoices import InvoiceState
from rempart.wire.own_records import OwnRecords
from rempart.wire.problem import Problem
from support.agents import agent_of
from support.houses import FIRST_DAY, Town, decided, town

pytestmark = pytest.mark.postgres
_numbers = count(600_000_001)
T = TypeVar("T")


@dataclass
class Counter:
    """A town's sites, and quotes that nobody asked for yet."""

    town: Town
    left: dict[str, Iterator[Quoted]]

    def at(self, site: int, work: Callable[[Caller], Awaitable[T]]) -> T:
        """Runs with the software of one site."""

        async def run() -> T:
            caller = self.town.caller(site)
            try:
                return await work(caller)
            finally:
                await caller.close()

        return asyncio.run(run())

    def ask(self, quoted: Quoted, lines: tuple[QuoteLine, ...] | None = None, **changes: Any) -> AuthorizationState:
        request = msgspec.structs.replace(quoted.request, lines=lines or quoted.request.lines, **changes)
        found = self.at(quoted.site, lambda caller: caller.authorization(request, f"part-{next(_numbers)}"))
        assert not isinstance(found, Problem), found
        return found

    def read(self, quoted: Quoted, of: AuthorizationState) -> AuthorizationState:
        found = self.at(quoted.site, lambda caller: caller.authorization_state(of.authorization))
        assert not isinstance(found, Problem)
        return found

    def deliver(self, quoted: Quoted, agreed: AuthorizationState, *places: int, over: int = 0) -> InvoiceState:
        """The invoice of some of its lines, once decided."""
        number = str(next(_numbers))
        amounts = tuple(line.amc for line in agreed.lines)
        whole = invoice_of(
            quoted.request, amounts, number=number, delivered=FIRST_DAY, reference=agreed.reference
        )  # fmt: skip
        lines = [whole.lines[place] for place in places]
        lines[0] = msgspec.structs.replace(lines[0], amc=lines[0].amc + over)
        made = msgspec.structs.replace(whole, lines=tuple(lines), distinct=True, site_reference=f"LOT-{number[-4:]}")

        async def send(caller: Caller) -> InvoiceState:
            receipt = await caller.invoices((made,), f"delivered-{number}")
            assert not isinstance(receipt, Problem), receipt
            assert receipt.invoices[0].invoice, receipt
            return await decided(caller, receipt.invoices[0].invoice)

        return self.at(quoted.site, send)

    def show(self, site: int, quoted: Quoted, **changes: Any) -> OwnRecords | Problem:
        """The card of a quote's person is shown at a site."""
        shown = quoted.request
        asked = EligibilityRequest(
            shown.amc_number, shown.member, shown.birth_date, FIRST_DAY.isoformat(), ("OPTI",), "machine",
            shown.convention, shown.csr, shown.nir, shown.rank,
        )  # fmt: skip
        asked = msgspec.structs.replace(asked, **changes)
        return self.at(site, lambda caller: caller.own_records(asked))


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with town(tmp_path_factory.mktemp("parts") / "h", 1_500) as made:
        yield Counter(made, {each: quotes(made.country, FIRST_DAY, profession=each) for each in QUOTES})


def test_two_ears_are_delivered_and_paid_one_after_the_other(counter: Counter) -> None:
    """The rest stays owed and is told; the same ear twice is refused with its reason; every change is an event."""
    quoted = next(counter.left["hearing"])
    coded = tuple(msgspec.structs.replace(line, detail=(("LPP", "2351548", 1),)) for line in quoted.request.lines)
    quoted = replace(quoted, request=msgspec.structs.replace(quoted.request, lines=coded))
    agreed = counter.ask(quoted)
    left = counter.deliver(quoted, agreed, 0)
    assert (left.state, left.amc) == ("accepted", agreed.lines[0].amc), left
    now = counter.read(quoted, agreed)
    assert (now.state, [one.line for one in now.deliveries]) == ("partly-invoiced", [1])
    assert [(one.line, one.quantity, one.amc) for one in now.rest] == [(2, 1, agreed.lines[1].amc)]
    assert counter.deliver(quoted, agreed, 0).reason == "authorization-quantity-over"
    assert counter.deliver(quoted, agreed, 1, over=now.line_tolerance + 1).reason == "authorization-amount-exceeded"
    right = counter.deliver(quoted, agreed, 1)
    assert (right.state, counter.read(quoted, agreed).state) == ("accepted", "invoiced")
    assert counter.deliver(quoted, agreed, 1).reason == "authorization-used"
    assert not isinstance(counter.at(quoted.site, lambda caller: caller.cancel(left.invoice)), Problem)
    done = counter.at(quoted.site, lambda caller: caller.cancel_authorization(agreed.authorization))
    assert done == {"state": "cancelled"}
    ended = counter.read(quoted, agreed)
    assert [event.state for event in ended.events] == [
        "requested", "agreed", "partly-invoiced", "invoiced", "partly-invoiced", "cancelled",
    ]  # fmt: skip
    assert ([one.invoice for one in ended.deliveries], ended.rest) == ([right.invoice], ())
    assert counter.town.broken() == {}


IMPLANT, CROWN = 550_00, 9_000_00


def _implant(spent: int) -> QuoteLine:
    return QuoteLine("IMP", "dental-prosthesis", 0, 0, spent, unit_price=spent)


def test_what_a_case_worker_agrees_holds_the_allowance(counter: Counter) -> None:
    """Used since it was asked, it is refused as a value that says until when, and what is left can be agreed."""
    quoted = next(counter.left["dentist"])
    crown = msgspec.structs.replace(quoted.request.lines[0], base=2_000_00, spent=CROWN)
    waiting = counter.ask(quoted, (_implant(IMPLANT), crown))
    assert (waiting.state, waiting.reason) == ("pending", "amount-to-review"), waiting
    held = "select coalesce(sum(held), 0)::bigint from rempart.counter"
    assert counter.town.one(held) == 0
    other = counter.ask(quoted, (_implant(500_00),))
    assert (other.state, other.amc, counter.town.one(held)) == ("agreed", 500_00, 500_00)
    insurer = counter.town.country.insurer_of(counter.town.country.person(quoted.person))
    with agent_of(counter.town, insurer.number) as session:
        case = agent.case_of(session, waiting.authorization)
        assert not isinstance(case, Problem)
        assert case.rooms == (LineRoom(1, 100_00, 100_00),)
        opened = agent.opened(case, insurer.number, insurer.box_key)
        assert isinstance(opened, agent.Opened)
        asked = tuple((line.number, line.table_amc) for line in opened.quote.lines)
        assert asked[0] == (1, IMPLANT)

        def decide(amounts: tuple[tuple[int, int], ...]) -> DecisionAnswer | Problem:
            signed = agent.decision(
                waiting.authorization, "agreed", amounts, "2026-11-24T10:00:00Z", key=insurer.signing_key
            )  # fmt: skip
            return agent.decide(session, waiting.authorization, signed)

        refused = decide(asked)
        assert isinstance(refused, DecisionAnswer)
        assert (refused.state, refused.reason, refused.held_until) == (
            "pending",
            "allowance-held",
            other.delivery_until,
        )
        assert told(refused).startswith(f"pending: allowance-held until {other.delivery_until}. ")
        assert counter.town.one(held) == 500_00
        cut = amounts_of(opened, "table")
        assert cut == ((1, 100_00), asked[1])
        assert decide(cut) == DecisionAnswer("agreed")
    assert counter.town.one(held) == 600_00
    now = counter.read(quoted, waiting)
    assert (now.state, now.lines[0].amc) == ("agreed", 100_00)
    again = counter.ask(quoted, (_implant(10_00),))
    assert (again.state, again.reason) == ("refused", "allowance-held")
    ended = counter.at(quoted.site, lambda caller: caller.cancel_authorization(waiting.authorization))
    assert (ended, counter.town.one(held)) == ({"state": "cancelled"}, 500_00)
    assert counter.town.broken() == {}


def test_the_card_shown_again_finds_the_sites_own_and_nobody_elses(counter: Counter) -> None:
    """Here: reference, numbers, states. Elsewhere, and for a stranger: the same empty answer, byte for byte."""
    quoted, stranger = next(counter.left["optician"]), next(counter.left["optician"])
    agreed = counter.ask(quoted, site_reference="D-0042")
    billed = counter.deliver(quoted, agreed, 0)
    found = counter.show(quoted.site, quoted)
    assert isinstance(found, OwnRecords)
    assert [(one.authorization, one.reference, one.state) for one in found.authorizations] == [
        (agreed.authorization, agreed.reference, "partly-invoiced")
    ]
    assert found.authorizations[0].site_reference == "D-0042"
    assert [(one.invoice, one.number, one.state) for one in found.invoices] == [
        (billed.invoice, billed.number, "accepted")
    ]
    other = next(site.index for site in counter.town.country.all_sites() if site.profession == "equipment")
    elsewhere, nobody = counter.show(other, quoted), counter.show(quoted.site, stranger)
    unknown = counter.show(quoted.site, quoted, rank="2")
    assert isinstance(elsewhere, OwnRecords)
    assert elsewhere == nobody == unknown
    assert (elsewhere.authorizations, elsewhere.invoices, elsewhere.more) == ((), (), False)
    assert len(msgspec.json.encode(found)) % 4096 == len(msgspec.json.encode(elsewhere)) % 4096 == 0
    reference = found.invoices[0].site_reference
    mine, theirs = (counter.at(site, lambda caller: caller.call(
        "GET", f"/v1/invoices?site_reference={reference}", b"", {})) for site in (quoted.site, other))  # fmt: skip
    assert not isinstance(mine, Problem)
    assert not isinstance(theirs, Problem)
    assert (msgspec.json.decode(mine.body), msgspec.json.decode(theirs.body)) == ([billed.invoice], [])


def test_showing_a_strangers_card_costs_what_a_question_costs(counter: Counter) -> None:
    """It is counted, and disclosed as `own-records-none`; a person known to the site is free."""
    quoted = next(counter.left["optician"])
    site = counter.town.country.site(quoted.site).number
    spent = "select coalesce(sum(machine), 0)::int from rempart.budget where scope = %s"
    before = counter.town.one(spent, f"site:{site}")
    assert isinstance(counter.show(quoted.site, quoted), OwnRecords)
    assert counter.town.one(spent, f"site:{site}") == before + 1
    last = "select purpose, template, outcome from rempart.disclosure where site = %s order by id desc limit 1"
    assert counter.town.sql(last, site) == [("eligibility", "own-records-none/1", "not-confirmed")]
    counter.ask(quoted)
    again = counter.town.one(spent, f"site:{site}")
    assert isinstance(counter.show(quoted.site, quoted), OwnRecords)
    assert counter.town.sql(last, site) == [("eligibility", "own-records-shown/1", "own-records")]
    assert counter.town.one(spent, f"site:{site}") == again  # seen today: counted once


def test_no_stored_key_ties_two_days_or_two_sites(counter: Counter) -> None:
    """What the database holds for it differs for each row's day and site, and is no other column's value."""
    rows = counter.town.sql(
        "select own, site, tag from rempart.authorization_request where own is not null "
        "union all select own, site, null from rempart.invoice where own is not null"
    )
    assert len(rows) > 5
    assert len({(bytes(own), site) for own, site, _ in rows}) == len({bytes(own) for own, _, _ in rows})
    assert not {bytes(own) for own, _, _ in rows} & {bytes(tag)[:16] for _, _, tag in rows if tag}


@dataclass
class FixedClock:
    """Stands until it is moved; microseconds UTC."""

    instant: int

    def now(self) -> int:
        return self.instant

    def monotonic(self) -> float:
        return self.instant / 1_000_000


@dataclass
class Software:
    """A site's software that never answers, until it does."""

    answers: bool = False

    def deliver(self, *_: object) -> Refused | None:
        return None if self.answers else Refused("no-answer")


def test_a_webhook_that_fails_for_long_stops_rings_and_is_resumed_by_its_site(counter: Counter) -> None:
    """A metric, an alarm, an event that the site reads; another site can neither see nor resume it; nothing is lost."""
    quoted = next(counter.left["optician"])
    site = counter.town.country.site(quoted.site).number
    other = next(s.index for s in counter.town.country.all_sites() if s.index != quoted.site)
    settings, identity, figures = counter.town.house.settings, uuid4(), WorkerFigures()
    clock = FixedClock(counter.town.world.now())
    with psycopg.connect(settings.database.worker_url, autocommit=True) as connection:
        assert webhooks.add(connection, identity, site, "https://hooks.invented.example/x", instant=clock.now())
        counter.ask(quoted)
        telling = Telling(settings, settings.database.worker_url, clock, figures)
        software = Software()
        deaf: Any = software  # delivers what the gateway would
        for _ in range(webhooks.ATTEMPTS_MOST):
            assert telling.round(connection, deaf) == 0
            clock.instant += webhooks.LONGEST_PAUSE
        assert telling.round(connection, deaf) == 0
        assert (figures.alarms.counts, figures.webhooks.of()) == ({"webhook-stopped": 1}, 1)
        rung = counter.town.sql("select context from rempart.alarm where code = 'webhook-stopped'")
        assert rung == [({"webhook": str(identity), "cause": "no-answer"},)]
        found = counter.at(quoted.site, lambda caller: caller.webhooks())
        assert not isinstance(found, Problem)
        (mine,) = found
        assert (mine.state, mine.reason, mine.failures) == ("stopped", "no-answer", webhooks.ATTEMPTS_MOST)
        assert [(event.state, event.said_by) for event in mine.events] == [("good", "operator"), ("stopped", "worker")]
        assert counter.at(other, lambda caller: caller.webhooks()) == []
        denied = counter.at(other, lambda caller: caller.resume_webhook(str(identity)))
        assert isinstance(denied, Problem)
        assert denied.code == "not-found"
        done = counter.at(quoted.site, lambda caller: caller.resume_webhook(str(identity)))
        assert done == {"state": "good"}
        software.answers = True
        assert telling.round(connection, deaf) >= 1
        assert figures.webhooks.of() == 0
        assert webhooks.end(connection, identity, instant=clock.now())
    events = counter.town.sql(
        "select state, said_by from rempart.webhook_event where webhook = %s order by event", identity
    )
    assert events == [("good", "operator"), ("stopped", "worker"), ("good", "site"), ("ended", "operator")]
