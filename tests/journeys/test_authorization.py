"""An authorization from quote to invoice through every program: agreed, consulted, changed, delivered, owed."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from typing import TypeVar
from uuid import uuid4

import msgspec
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.bootstrap.telling import Telling
from rempart.cli._insurer_agent import Rule, Rules
from rempart.cli._insurer_agent import decided as decided_by
from rempart.client import agent, calls, sockets
from rempart.client.exchange import Account, Lost, Patience, Received, Send, run
from rempart.client.exchange import Session as Flows
from rempart.domain.authorized import GUARANTEED, RULE
from rempart.formats.rights_file import Draft, Expected, format_closure, write
from rempart.gateways.webhooks import Egress, Refused, Webhooks
from rempart.ground.instants import PARIS, civil_day
from rempart.portal import quote
from rempart.portal.quote_kinds import HOSPITAL
from rempart.sealing.client import KeeperSync
from rempart.sealing.envelope import EnvelopeFault
from rempart.sealing.loading import OPERATIONS
from rempart.sealing.ringing import Nothing
from rempart.simulation.authorizations import QUOTES, Quoted, invoice_of, quotes
from rempart.simulation.caller import Caller
from rempart.simulation.clients import registration_of
from rempart.storage import webhooks
from rempart.storage.authorization_claims import expire
from rempart.wire.authorizations import Attachment, AttachmentState, AuthorizationState, DecisionAnswer
from rempart.wire.invoices import InvoiceState
from rempart.wire.problem import Problem
from rempart.worker.rights import Rules as Rights
from rempart.worker.rights import Wish, load_path
from support.agents import agent_of
from support.houses import FIRST_DAY, Town, decided, town

pytestmark = pytest.mark.postgres
_numbers = count(700_000_001)
T = TypeVar("T")


@dataclass
class Asking:
    """A town, and the quotes that nobody asked for yet, by profession."""

    town: Town
    left: dict[str, Iterator[Quoted]]

    def next(self, profession: str) -> Quoted:
        return next(self.left[profession])

    def at(self, site: int, work: Callable[[Caller], Awaitable[T]]) -> T:
        """Runs with the software of one site."""

        async def run() -> T:
            caller = self.town.caller(site)
            try:
                return await work(caller)
            finally:
                await caller.close()

        return asyncio.run(run())

    def ask(self, quoted: Quoted, key: str = "", *, replaces: str = "", site: int | None = None) -> AuthorizationState:
        key = key or f"quote-{next(_numbers)}"
        at = quoted.site if site is None else site
        found = self.at(at, lambda caller: caller.authorization(quoted.request, key, replaces=replaces))
        assert not isinstance(found, Problem), found
        return found

    def bill(self, quoted: Quoted, agreed: AuthorizationState, **changes: object) -> InvoiceState:
        """The state of the invoice made from it, once decided."""
        number = str(changes.pop("number", next(_numbers)))
        over = changes.pop("over", 0)
        delivered = changes.pop("delivered", FIRST_DAY)
        amounts = tuple(line.amc for line in agreed.lines)
        assert isinstance(over, int)
        made = invoice_of(
            quoted.request, (amounts[0] + over, *amounts[1:]), number=number, delivered=delivered,  # type: ignore[arg-type]  # a date
            reference=agreed.reference,
        )  # fmt: skip
        made = msgspec.structs.replace(made, **changes)

        async def send(caller: Caller) -> InvoiceState:
            receipt = await caller.invoices((made,), f"invoice-{number}-{next(_numbers)}")
            assert not isinstance(receipt, Problem), receipt
            assert receipt.invoices[0].invoice, receipt
            return await decided(caller, receipt.invoices[0].invoice)

        return self.at(quoted.site, send)


@dataclass
class FixedClock:
    """Stands until it is moved; microseconds UTC."""

    instant: int

    def now(self) -> int:
        return self.instant

    def monotonic(self) -> float:
        return self.instant / 1_000_000


def close(made: Town, person: int, last: date) -> None:
    """The insurer's delta says that this person's rights ended on `last`."""
    who = made.country.person(person)
    insurer = made.country.insurer_of(who)
    path = made.house.folder / "closing.rights"
    draft = Draft(insurer.number, "delta", 2, f"{FIRST_DAY.isoformat()}T10:00:00Z", "none", Expected(0, 1, 0))
    with path.open("wb") as out:
        write(out, draft, [format_closure(who.reference, last)], insurer.signing_key)
    settings = made.house.settings
    with (
        psycopg.connect(settings.database.worker_url, autocommit=True) as connection,
        KeeperSync(str(settings.paths.keeper_socket("load")), OPERATIONS) as keeper,
    ):
        wish = Wish(allow_clear=True)
        outcome = load_path(connection, keeper, path, Rights.of(settings.rights), instant=made.world.now(), wish=wish)
    assert (outcome.state, outcome.code) == ("applied", ""), outcome


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with town(tmp_path_factory.mktemp("pec") / "h", 1_500) as made:
        yield Asking(made, {each: quotes(made.country, FIRST_DAY, profession=each) for each in QUOTES})


@pytest.mark.parametrize("profession", sorted(QUOTES))
def test_a_quote_is_agreed_and_its_invoice_is_owed_as_agreed(asking: Asking, profession: str) -> None:
    """Amounts by line with their rules, a reference, a validity; the delivery is paid to the cent; then it is used."""
    quoted = asking.next(profession)
    agreed = asking.ask(quoted)
    assert (agreed.state, agreed.reason) == ("agreed", ""), agreed
    assert agreed.reference.startswith("P")
    assert agreed.amc > 0
    assert agreed.amc == sum(line.amc for line in agreed.lines)
    assert all(line.spent == line.amo + line.amc + line.patient for line in agreed.lines)
    assert agreed.valid_from == FIRST_DAY.isoformat() <= agreed.valid_until <= agreed.delivery_until
    assert agreed.if_rights_end
    billed = asking.bill(quoted, agreed)
    assert (billed.state, billed.amc) == ("accepted", agreed.amc), billed
    now = asking.at(quoted.site, lambda caller: caller.authorization_state(agreed.authorization))
    assert not isinstance(now, Problem)
    assert (now.state, now.invoice) == ("invoiced", billed.invoice)
    assert [event.state for event in now.events] == ["requested", "agreed", "invoiced"]
    assert asking.town.broken() == {}


def test_a_stay_is_agreed_by_its_group_as_the_portal_asks_for_it(asking: Asking) -> None:
    """What the tariff leaves at 80 %, or the flat share where a heavy act is paid whole; then owed."""
    for form, share in (
        ({"cover": "general", "item_1": "stay", "price_1": "1800", "ghs_1": "417"}, 360_00),
        ({"cover": "heavy", "item_1": "stay", "price_1": "1800", "item_2": "heavy", "price_2": "32"}, 32_00),
    ):
        quoted = asking.next("hospital")
        stay = quote.read(form, HOSPITAL)
        asked = replace(quoted, request=msgspec.structs.replace(quoted.request, lines=stay.lines))
        agreed = asking.ask(asked)
        assert (agreed.state, agreed.reason, agreed.amc) == ("agreed", "", share), agreed
        billed = asking.bill(asked, agreed)
        assert (billed.state, billed.amc) == ("accepted", share), billed


def test_the_answer_is_given_once_for_one_key(asking: Asking) -> None:
    """The same request again gets the same reference; another under the same key is refused."""
    quoted = asking.next("optician")
    first = asking.ask(quoted, "same-key")
    assert asking.ask(quoted, "same-key") == first
    other = replace(quoted, request=msgspec.structs.replace(quoted.request, exemption="4"))
    found = asking.at(quoted.site, lambda caller: caller.authorization(other.request, "same-key"))
    assert isinstance(found, Problem)
    assert found.code == "idempotency-key-reused"


def test_only_its_site_finds_it(asking: Asking) -> None:
    """By id, reference or its own reference; to another site it looks absent, and so does its invoice."""
    quoted = asking.next("optician")
    quoted = replace(quoted, request=msgspec.structs.replace(quoted.request, site_reference="D-0077"))
    agreed = asking.ask(quoted)
    reference = agreed.reference.replace(" ", "")
    other = next(site.index for site in asking.town.country.all_sites() if site.index != quoted.site)
    for query in (f"reference={reference}", "site_reference=D-0077"):
        mine = asking.at(quoted.site, lambda caller, q=query: caller.authorizations(q))  # type: ignore[misc]  # bound now
        theirs = asking.at(other, lambda caller, q=query: caller.authorizations(q))  # type: ignore[misc]  # bound now
        assert not isinstance(mine, Problem)
        assert not isinstance(theirs, Problem)
        assert [one.authorization for one in mine.authorizations] == [agreed.authorization]
        assert theirs.authorizations == ()
    absent = asking.at(other, lambda caller: caller.authorization_state(agreed.authorization))
    assert isinstance(absent, Problem)
    assert absent.code == "not-found"
    elsewhere = asking.bill(replace(quoted, site=other), agreed)
    assert (elsewhere.state, elsewhere.reason) == ("rejected", "authorization-unknown")


def test_an_invoice_that_does_not_match_is_rejected_with_its_reason(asking: Asking) -> None:
    """Another person, more than was agreed, too late, another act; the tolerance passes, and nothing passes twice."""
    quoted, stranger = asking.next("optician"), asking.next("optician")
    agreed = asking.ask(quoted)
    late = FIRST_DAY + timedelta(days=400)
    assert late.isoformat() > agreed.delivery_until
    someone = asking.bill(replace(quoted, request=stranger.request), agreed)
    assert someone.reason == "authorization-other-person"
    assert asking.bill(quoted, agreed, over=-1).reason == ""
    assert asking.bill(quoted, agreed).reason == "authorization-used"


def test_a_rejected_or_cancelled_invoice_lets_a_corrected_one_pass(asking: Asking) -> None:
    """Too much is rejected; corrected under the same number it is owed; cancelled, the authorization serves again."""
    quoted = asking.next("optician")
    cheaper = tuple(msgspec.structs.replace(line, spent=line.spent + 500_00) for line in quoted.request.lines)
    dear = replace(quoted, request=msgspec.structs.replace(quoted.request, lines=cheaper))
    agreed = asking.ask(dear)
    wrong = asking.bill(dear, agreed, number="700900001", over=1_000)
    assert (wrong.state, wrong.reason) == ("rejected", "authorization-amount-exceeded")
    right = asking.bill(dear, agreed, number="700900001")
    assert (right.state, right.corrects) == ("accepted", wrong.invoice)
    asking.at(quoted.site, lambda caller: caller.cancel(right.invoice))
    again = asking.bill(dear, agreed, number="700900002")
    assert (again.state, again.amc) == ("accepted", agreed.amc)
    assert asking.town.broken() == {}


def test_it_is_modified_and_cancelled_by_its_site(asking: Asking) -> None:
    """The new quote replaces the first, which then pays nothing; cancelled, the new one pays nothing either."""
    quoted = asking.next("hearing")
    first = asking.ask(quoted)
    one_ear = replace(quoted, request=msgspec.structs.replace(quoted.request, lines=quoted.request.lines[:1]))
    second = asking.ask(one_ear, replaces=first.authorization)
    assert (second.state, second.replaces) == ("agreed", first.authorization)
    former = asking.at(quoted.site, lambda caller: caller.authorization_state(first.authorization))
    assert not isinstance(former, Problem)
    assert (former.state, former.reason) == ("modified", "authorization-replaced")
    assert asking.bill(quoted, first).reason == "authorization-not-agreed"
    done = asking.at(quoted.site, lambda caller: caller.cancel_authorization(second.authorization))
    assert done == {"state": "cancelled"}
    assert asking.bill(one_ear, second).reason == "authorization-cancelled"
    again = asking.at(quoted.site, lambda caller: caller.cancel_authorization(second.authorization))
    assert isinstance(again, Problem)
    assert again.code == "not-changeable"


def test_changes_are_polled_in_order_and_none_is_passed_over(asking: Asking) -> None:
    """From the beginning, page by page, each change of the site's own once; then nothing more."""
    quoted = asking.next("optician")
    agreed = asking.ask(quoted)
    asking.at(quoted.site, lambda caller: caller.cancel_authorization(agreed.authorization))
    since, seen = 0, []
    for _ in range(20):
        found = asking.at(quoted.site, lambda caller, s=since: caller.authorizations(f"since={s}"))  # type: ignore[misc]  # bound now
        assert not isinstance(found, Problem)
        seen += found.changes
        since = found.next
        if not found.changes and seen:
            break
    numbers = [one.number for one in seen]
    assert numbers == sorted(set(numbers))
    mine = [one.state for one in seen if one.authorization == agreed.authorization]
    assert mine == ["agreed", "cancelled"]


def test_a_request_sealed_by_the_sites_software_is_opened_by_the_insurer_alone(asking: Asking) -> None:
    """Our client seals the identity to the keeper and the prescription to the insurer; the case worker reads both."""
    quoted = asking.next("dentist")
    lines = (msgspec.structs.replace(quoted.request.lines[0], base=2_000_00, spent=9_000_00),)
    secret = b"prescription that the hub never sees"
    request = msgspec.structs.replace(quoted.request, lines=lines, attachments=(Attachment("prescription", secret),))
    made, sent = asking.town, []
    asking.at(quoted.site, lambda caller: caller.token())  # a sign-in tells the keeper the simulated hour
    with made.house.ring() as ring:
        keeper = ring.call("health", [Nothing()])[0].verifier_key
    site = registration_of(made.country, quoted.site)
    account = Account(made.house.base, site.client, site.sites[0], site.private_jwk, keeper=keeper)
    flows = Flows(account, Patience(), clock=lambda: made.world.now() / 1_000_000)
    connection = sockets.Connection(made.house.base, timeout=30.0)

    def exchange(told: Send) -> Received | Lost:
        sent.append(told.body)
        return connection.exchange(told)

    asked = run(flows.perform(calls.authorization(request, "sealed-quote")), exchange, time.sleep)
    connection.close()
    assert isinstance(asked, AuthorizationState), asked
    assert (asked.state, asked.reason) == ("pending", "amount-to-review")
    said = b"".join(sent)
    assert not [word for word in (request.member, request.nir or "-", request.birth_date) if word.encode() in said]
    assert secret not in said
    assert base64.b64encode(secret)[:24] not in said
    person = made.country.person(quoted.person)
    insurer = made.country.insurer_of(person)
    with agent_of(made, insurer.number) as session:
        case = agent.case_of(session, asked.authorization)
        assert not isinstance(case, Problem)
        opened = agent.opened(case, insurer.number, insurer.box_key)
        assert isinstance(opened, agent.Opened)
        assert (opened.reference, opened.attachments) == (person.reference, (("prescription", secret),))
        signed = agent.decision(asked.authorization, "refused", (), "2026-11-24T10:00:00Z", key=insurer.signing_key)
        assert agent.decide(session, asked.authorization, signed) == DecisionAnswer("refused")


def test_a_case_worker_decides_on_the_insurers_side(asking: Asking) -> None:
    """The hub cannot open it; the insurer's agent does, with the member's own reference, and its signature counts."""
    quoted = asking.next("dentist")
    lines = (msgspec.structs.replace(quoted.request.lines[0], base=2_000_00, spent=9_000_00),)
    secret = b"prescription of an invented patient"
    request = msgspec.structs.replace(quoted.request, lines=lines, attachments=(Attachment("prescription", secret),))
    dear = replace(quoted, request=request)
    asked = asking.ask(dear)
    assert (asked.state, asked.reason, asked.amc) == ("pending", "amount-to-review", 0)
    person = asking.town.country.person(quoted.person)
    insurer = asking.town.country.insurer_of(person)
    stored = asking.town.sql("select sealed from rempart.authorization_sealed")
    assert len(stored) == 2
    waits = asking.at(quoted.site, lambda caller: caller.authorization_state(asked.authorization))
    assert not isinstance(waits, Problem)
    assert waits.attachments == asked.attachments == (AttachmentState("prescription", len(stored[1][0])),)
    assert not any(text in row[0] for row in stored for text in (secret, person.reference.encode(), b"HBLD490"))
    with agent_of(asking.town, insurer.number) as session:
        listed = agent.pending(session)
        assert not isinstance(listed, Problem)
        assert [one.authorization for one in listed.pending] == [asked.authorization]
        case = agent.case_of(session, asked.authorization)
        assert not isinstance(case, Problem)
        opened = agent.opened(case, insurer.number, insurer.box_key)
        assert isinstance(opened, agent.Opened)
        assert (opened.reference, opened.quote.lines[0].code) == (person.reference, "HBLD490")
        assert opened.attachments == (("prescription", secret),)
        other = next(one for one in asking.town.country.insurers if one != insurer)
        assert isinstance(agent.opened(case, insurer.number, other.box_key), EnvelopeFault)
        forged = agent.decision(asked.authorization, "agreed", ((1, 100_00),), "now", key=other.signing_key)
        refused = agent.decide(session, asked.authorization, forged)
        assert isinstance(refused, Problem)
        assert refused.code == "bad-statement-signature"
        for amounts in (((1, 9_000_00),), ((2, 1),), ((1, 0),)):
            wrong = agent.decision(asked.authorization, "agreed", amounts, "now", key=insurer.signing_key)
            assert isinstance(agent.decide(session, asked.authorization, wrong), Problem)
        rules = Rules((Rule("refused", "OPTI"), Rule("agreed", "DEPR", most=9_000_00, pays="table")))
        said = decided_by(rules, opened)
        assert said is not None
        signed = agent.decision(asked.authorization, *said, "2026-11-24T10:00:00Z", key=insurer.signing_key)
        assert agent.decide(session, asked.authorization, signed) == DecisionAnswer("agreed")
        again = agent.decide(session, asked.authorization, signed)
        assert isinstance(again, Problem)
        assert again.code == "not-found"
    now = asking.at(quoted.site, lambda caller: caller.authorization_state(asked.authorization))
    assert not isinstance(now, Problem)
    assert (now.state, now.lines[0].rules[0].rule, now.amc) == ("agreed", "case-worker-decided", dict(said[1])[1])
    assert [event.state for event in now.events] == ["requested", "pending", "agreed"]
    assert now.attachments == ()
    assert asking.town.sql("select 1 from rempart.authorization_sealed") == []
    billed = asking.bill(dear, now)
    assert (billed.state, billed.amc) == ("accepted", now.amc)


def test_after_its_last_day_it_is_ended_and_its_webhook_told(asking: Asking) -> None:
    """The worker's round ends it at its last day; each change is told once, in order, signed; a failure waits."""
    quoted = asking.next("optician")
    agreed = asking.ask(quoted)
    town = asking.town
    told: list[tuple[str, dict[str, object]]] = []
    clock = FixedClock(town.world.now())
    site = town.country.site(quoted.site).number
    with psycopg.connect(town.house.settings.database.worker_url, autocommit=True) as connection:
        last = civil_day(town.world.now(), PARIS)
        assert webhooks.add(connection, uuid4(), site, "https://hooks.example/", instant=1)
        assert not webhooks.add(connection, uuid4(), site, "https://hooks.example/", instant=1)
        connection.execute(
            "update rempart.webhook set cursor = "
            "(select min(event) - 1 from rempart.authorization_event where request = %s)",
            (agreed.authorization,),
        )

        class Delivery(Webhooks):
            def deliver(self, url: str, body: bytes, seconds: int) -> Refused | None:
                assert seconds == clock.now() // 1_000_000
                told.append((url, json.loads(body)))
                return None if len(told) != 1 else Refused("not-taken")

        settings = town.house.settings
        delivery = Delivery(Egress(frozenset()), Ed25519PrivateKey.generate())
        telling = Telling(settings, settings.database.worker_url, clock)
        assert telling.round(connection, delivery) == 0
        assert telling.round(connection, delivery) == 0  # its pause is not over
        clock.instant += 60_000_000
        assert telling.round(connection, delivery) == 1
        assert expire(connection, last + 500, 7) >= 1
        assert telling.round(connection, delivery) >= 1
    states = [body["state"] for _, body in told if body["authorization"] == agreed.authorization]
    assert states == ["agreed", "agreed", "expired"]
    assert set(told[0][1]) == {"number", "authorization", "site", "state", "instant"}
    assert asking.bill(quoted, agreed).reason == "authorization-expired"


def test_rights_closed_between_order_and_delivery_change_nothing(asking: Asking) -> None:
    """The person leaves the insurer; the delivery is owed as agreed and says by which guarantee, the rest is not."""
    quoted = asking.next("optician")
    agreed = asking.ask(quoted)
    close(asking.town, quoted.person, FIRST_DAY - timedelta(days=5))
    without = asking.bill(quoted, msgspec.structs.replace(agreed, reference=""))
    assert (without.state, without.reason) == ("rejected", "rights-closed")
    owed = asking.bill(quoted, agreed)
    assert (owed.state, owed.amc) == ("accepted", agreed.amc)
    assert {step.rule for line in owed.lines for step in line.rules} == {RULE, GUARANTEED}
    assert asking.town.broken() == {}


def test_of_invoices_that_race_for_one_authorization_one_is_owed(asking: Asking) -> None:
    """Twelve invoices under twelve numbers, in two requests at once: one is accepted, the others say it is used."""
    quoted = asking.next("optician")
    agreed = asking.ask(quoted)
    amounts = tuple(line.amc for line in agreed.lines)
    made = [
        msgspec.structs.replace(
            invoice_of(
                quoted.request, amounts, number=str(next(_numbers)), delivered=FIRST_DAY, reference=agreed.reference
            ),
            distinct=True,
        )
        for _ in range(12)
    ]

    async def race(caller: Caller) -> list[InvoiceState]:
        other = asking.town.caller(quoted.site)
        receipts = await asyncio.gather(
            caller.invoices(tuple(made[:6]), f"race-{made[0].number}"),
            other.invoices(tuple(made[6:]), f"race-{made[6].number}"),
        )
        sent = [one for receipt in receipts if not isinstance(receipt, Problem) for one in receipt.invoices]
        found = [await decided(caller, one.invoice) for one in sent]
        await other.close()
        return found

    states = sorted((one.state, one.reason) for one in asking.at(quoted.site, race))
    assert states == [("accepted", ""), *[("rejected", "authorization-used")] * 11]
    assert asking.town.broken() == {}
