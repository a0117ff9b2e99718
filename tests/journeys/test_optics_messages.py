"""Optics software and its messages through every program: from query to invoice, in one house, each step a message."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg import sql

from rempart.formats import optics_messages as om
from rempart.formats.optics_messages import answered, asked
from rempart.simulation.authorizations import Quoted, invoice_of, quotes
from rempart.simulation.http import Response
from rempart.wire.authorizations import Attachment, AuthorizationState
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.invoices import InvoiceState
from support.houses import UNDECIDED, Town, town
from support.secrets_search import search_of

pytestmark = pytest.mark.postgres
XML = {"Content-Type": "application/xml; charset=utf-8"}
TRACE = "select purpose, template, outcome from rempart.disclosure order by id"
ALONE = frozenset({"member", "birth"})
_ids = count(1)
_numbers = count(800_000_001)


@dataclass
class Said:
    """An answer: its status, its message, whether it answers a message seen before."""

    status: int
    message: om.Message
    repeated: bool

    @property
    def code(self) -> str:
        """The code of a refusal, "" for an answer."""
        return str(self.message.values["code"]) if self.message.name == "refusal" else ""


@dataclass
class Shop:
    """A town's opticians and the quotes that nobody asked for yet."""

    town: Town
    left: Iterator[Quoted]

    @property
    def day(self) -> date:
        """The day that is lived."""
        return self.town.country.day

    def say(self, site: int, content: bytes) -> Said:
        """One message from one site."""

        async def run() -> Any:
            caller = self.town.caller(site)
            try:
                return await caller.call("POST", "/v1/optics/messages", content, XML)
            finally:
                await caller.close()

        got = asyncio.run(run())
        assert isinstance(got, Response), got
        assert got.headers["content-type"].startswith("application/xml")
        found = om.read(got.body)
        assert isinstance(found, om.Message), got.body
        return Said(got.status, found, got.headers.get("idempotent-replayed") == "true")

    def about(self, site: int, name: str, which: str, value: str) -> Said:
        """A `state` or a `cancel`."""
        return self.say(site, asked.write_about(name, f"S-{next(_ids)}", (which, value)))

    def request(self, quoted: Quoted, identity: str = "", replaces: str = "") -> AuthorizationState:
        """The answer to a quote."""
        said = self.say(quoted.site, asked.write_request(identity or f"R-{next(_ids)}", quoted.request, replaces))
        assert (said.status, said.message.name) == (200, "answer"), said
        return answered.read_answer(said.message)

    def state(self, quoted: Quoted, authorization: str) -> AuthorizationState:
        """Where it stands."""
        said = self.about(quoted.site, "state", "authorization", authorization)
        assert said.message.name == "answer", said
        return answered.read_answer(said.message)

    def bill(self, quoted: Quoted, agreed: AuthorizationState, over: int = 0) -> tuple[bytes, InvoiceState]:
        """The invoice message made from an authorization, delivered on the first day, and its state once decided."""
        amounts = tuple(line.amc for line in agreed.lines)
        made = invoice_of(
            quoted.request, (amounts[0] + over, *amounts[1:]), number=str(next(_numbers)), delivered=self.day,
            reference=agreed.reference,
        )  # fmt: skip
        content = asked.write_invoice(f"F-{next(_ids)}", made)
        said = self.say(quoted.site, content)
        assert (said.status, said.message.name) == (200, "receipt"), said
        return content, self.decided(quoted, said.message.values["invoice"])

    def decided(self, quoted: Quoted, invoice: str) -> InvoiceState:
        """What became of an invoice, asked for as optics software does."""
        end = time.monotonic() + 60
        while True:
            said = self.about(quoted.site, "state", "invoice", invoice)
            assert said.message.name == "invoiceState", said
            found = answered.read_invoice_state(said.message)
            if found.state not in UNDECIDED:
                return found
            assert time.monotonic() < end, found
            time.sleep(0.1)

    def query(self, quoted: Quoted) -> bytes:
        """Is the person of the quote covered on the day?"""
        who = quoted.request
        asks = EligibilityRequest(
            who.amc_number, who.member, who.birth_date, self.day.isoformat(), (asked.DOMAIN,), who.evidence,
            who.convention, who.csr, who.nir, who.rank,
        )  # fmt: skip
        return asked.write_question(f"Q-{next(_ids)}", asks)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with town(tmp_path_factory.mktemp("optics") / "h", 600) as made:
        yield Shop(made, quotes(made.country, made.country.day, profession="optician"))


def told(quoted: Quoted, **changes: Any) -> Quoted:
    """The same quote with another request."""
    return replace(quoted, request=msgspec.structs.replace(quoted.request, **changes))


def test_from_query_to_a_request_that_is_cancelled(shop: Shop) -> None:
    """Covered; agreed by line with what binds; found by id, reference and own reference; cancelled, it pays nothing."""
    quoted = told(next(shop.left), site_reference="D-0077")
    before = len(shop.town.sql(TRACE))
    said = shop.say(quoted.site, shop.query(quoted))
    rights = answered.read_rights(said.message)
    assert (rights.answer, [one.domain for one in rights.domains]) == ("covered", ["OPTI"])
    assert rights.accreditation
    agreed = shop.request(quoted)
    assert (agreed.state, agreed.reason) == ("agreed", "")
    assert agreed.amc == sum(line.amc for line in agreed.lines) > 0
    assert all(line.spent == line.amo + line.amc + line.patient for line in agreed.lines)
    assert agreed.valid_from == shop.day.isoformat() <= agreed.valid_until <= agreed.delivery_until
    assert agreed.if_rights_end
    assert agreed.line_tolerance > 0
    assert shop.town.sql(TRACE)[before:] == [
        ("eligibility", "eligibility-covered/1", "covered"), ("authorization", "authorization-decided/1", "agreed"),
    ]  # fmt: skip
    for which, value in (("reference", agreed.reference), ("siteReference", "D-0077")):
        found = answered.read_answer(shop.about(quoted.site, "state", which, value).message)
        assert (found.authorization, found.lines) == (agreed.authorization, agreed.lines)
    done = shop.about(quoted.site, "cancel", "reference", agreed.reference)
    assert (done.status, done.message.name) == (200, "cancelled")
    assert done.message.values == {"of": {"authorization": agreed.authorization}, "state": "cancelled"}
    assert [event.state for event in shop.state(quoted, agreed.authorization).events][-1] == "cancelled"
    again = shop.about(quoted.site, "cancel", "authorization", agreed.authorization)
    assert (again.status, again.code) == (409, "not-changeable")
    _, billed = shop.bill(quoted, agreed)
    assert (billed.state, billed.reason) == ("rejected", "authorization-cancelled")
    assert len(shop.town.sql(TRACE)) == before + 3 + _invoice_traces(shop)


def _invoice_traces(shop: Shop) -> int:
    """A cancel discloses nothing; a decided invoice does, and lines once a day when they are read."""
    return sum(row[0] == "invoice" for row in shop.town.sql(TRACE))


def test_from_request_to_a_pending_one_that_is_cancelled(shop: Shop) -> None:
    """Too dear for the table alone: pending, no amount, its attachment sealed; cancelled, nothing of it is left."""
    quoted = next(shop.left)
    secret = b"prescription of an invented patient"
    lines = []
    for line in quoted.request.lines[:2]:
        beside = line.particulars
        assert beside is not None
        beside = msgspec.structs.replace(beside, basket="A", price_limit=90_000)
        lines.append(msgspec.structs.replace(line, base=2_250, spent=90_000, unit_price=90_000, particulars=beside))
    dear = told(quoted, lines=tuple(lines), attachments=(Attachment("prescription", secret),))
    waiting = shop.request(dear)
    assert (waiting.state, waiting.reason, waiting.amc, waiting.lines) == ("pending", "amount-to-review", 0, ())
    assert shop.state(dear, waiting.authorization).state == "pending"
    sealed = shop.town.sql("select sealed from rempart.authorization_sealed")
    assert len(sealed) == 2
    assert not any(secret in row[0] for row in sealed)
    assert shop.about(dear.site, "cancel", "authorization", waiting.authorization).status == 200
    assert shop.state(dear, waiting.authorization).state == "cancelled"
    assert shop.town.sql("select 1 from rempart.authorization_sealed") == []


def test_from_request_to_an_invoice_accepted_within_the_tolerance(shop: Shop) -> None:
    """Agreed, delivered, invoiced at the agreed amounts: accepted to the cent; the authorization says by which."""
    quoted = next(shop.left)
    agreed = shop.request(quoted)
    content, billed = shop.bill(quoted, agreed)
    assert (billed.state, billed.amc) == ("accepted", agreed.amc), billed
    assert {step.rule for line in billed.lines for step in line.rules} == {"authorization-agreed"}
    now = shop.state(quoted, agreed.authorization)
    assert now.state == "invoiced"
    assert {event.state for event in now.events} == {"requested", "agreed", "invoiced"}
    repeat = shop.say(quoted.site, content)
    assert (repeat.status, repeat.repeated) == (200, True)
    assert repeat.message.values["invoice"] == billed.invoice
    _, twice = shop.bill(quoted, agreed)
    assert (twice.state, twice.reason) == ("rejected", "authorization-used")
    ended = shop.about(quoted.site, "cancel", "invoice", billed.invoice)
    assert ended.message.values == {"of": {"invoice": billed.invoice}, "state": "cancelled"}
    _, again = shop.bill(quoted, shop.state(quoted, agreed.authorization))
    assert (again.state, again.amc) == ("accepted", agreed.amc)


def test_the_tolerance_binds_messages_too(shop: Shop) -> None:
    """A little more than agreed passes when the line leaves room for it; more than the tolerance never does."""
    quoted = next(shop.left)
    dearer = tuple(msgspec.structs.replace(line, spent=line.spent + 50_000) for line in quoted.request.lines)
    quoted = told(quoted, lines=dearer)
    agreed = shop.request(quoted)
    assert agreed.state == "agreed"
    _, wrong = shop.bill(quoted, agreed, over=agreed.line_tolerance + 1)
    assert (wrong.state, wrong.reason) == ("rejected", "authorization-amount-exceeded")
    _, right = shop.bill(quoted, agreed, over=agreed.line_tolerance)
    assert (right.state, right.amc) == ("accepted", agreed.amc + agreed.line_tolerance)


def test_mixed_baskets_are_agreed_by_line_and_a_quote_replaces_another(shop: Shop) -> None:
    """Lenses of basket A in a frame of basket B; replaced once agreed, the former pays nothing any more."""
    quoted = next(shop.left)
    lines = []
    for line in quoted.request.lines:
        beside = line.particulars
        assert beside is not None
        if beside.item == "lens":
            beside = msgspec.structs.replace(beside, basket="A", price_limit=5_500)
            line = msgspec.structs.replace(line, base=2_250, spent=5_500, unit_price=5_500, particulars=beside)  # noqa: PLW2901 - the line of the new quote
        lines.append(line)
    first = shop.request(quoted)
    mixed = told(quoted, lines=tuple(lines))
    second = shop.request(mixed, replaces=first.authorization)
    assert (second.state, second.replaces) == ("agreed", first.authorization)
    assert [line.patient for line in second.lines[:2]] == [0, 0]
    assert shop.state(quoted, first.authorization).state == "modified"
    _, billed = shop.bill(mixed, second)
    assert (billed.state, billed.amc) == ("accepted", second.amc)


def test_a_message_is_taken_once(shop: Shop) -> None:
    """The same bytes again get the same answer, told as a repeat; another message under the same id is refused."""
    quoted = next(shop.left)
    content = asked.write_request("SAME-1", quoted.request)
    first, again = shop.say(quoted.site, content), shop.say(quoted.site, content)
    assert (first.repeated, again.repeated) == (False, True)
    assert first.message.values == again.message.values
    other = shop.say(quoted.site, asked.write_request("SAME-1", told(quoted, exemption="4").request))
    assert (other.status, other.code) == (409, "idempotency-key-reused")


def test_to_another_site_everything_looks_absent(shop: Shop) -> None:
    """State, cancel and replacement by another site find nothing; its own stays as it is."""
    quoted = next(shop.left)
    agreed = shop.request(quoted)
    other = next(site.index for site in shop.town.country.all_sites() if site.index != quoted.site)
    for name in ("state", "cancel"):
        for which, value in (("authorization", agreed.authorization), ("reference", agreed.reference)):
            said = shop.about(other, name, which, value)
            assert (said.status, said.code) == (404, "not-found")
    said = shop.say(other, asked.write_request(f"R-{next(_ids)}", quoted.request, agreed.authorization))
    assert (said.status, said.code) == (404, "not-found")
    assert shop.state(quoted, agreed.authorization).state == "agreed"


def test_what_the_use_case_refuses_is_told_by_line_and_element(shop: Shop) -> None:
    """A wrong key, a day too far away, an amount that cannot be: status and code of the JSON, place in the message."""
    quoted = next(shop.left)
    wrong = told(quoted, nir="285047592512300", planned_date="2029-01-01")
    said = shop.say(quoted.site, asked.write_request(f"R-{next(_ids)}", wrong.request))
    assert (said.status, said.code) == (422, "invalid-fields")
    faults = {(fault["element"], fault["code"]) for fault in said.message.values["fault"]}
    assert faults == {("request/card/nir", "nir-key"), ("request/plannedDate", "care-date-out-of-range")}
    assert all(fault["line"] > 1 for fault in said.message.values["fault"])
    agreed = shop.request(quoted)
    made = invoice_of(
        quoted.request, tuple(line.amc for line in agreed.lines), number="000", delivered=shop.day,
        reference=agreed.reference,
    )  # fmt: skip
    said = shop.say(quoted.site, asked.write_invoice(f"F-{next(_ids)}", made))
    assert (said.status, said.message.values["fault"][0]["element"]) == (422, "invoice/number")


def test_at_the_end_the_money_adds_up_and_nobody_is_named(shop: Shop) -> None:
    """Every money invariant holds; no table and no log holds a card that a message carried, in any encoding."""
    assert shop.town.broken() == {}
    agreed = shop.town.one("select count(*) from rempart.authorization_request where state = 'agreed'")
    assert agreed > 0
    found: dict[str, set[str]] = {"nir13": set(), "member": set(), "name": set()}
    for quoted in quotes(shop.town.country, shop.day, profession="optician"):
        person = shop.town.country.person(quoted.person)
        found["nir13"].add(str(quoted.request.nir))
        found["member"].add(quoted.request.member)
        found["name"] |= {person.family_name, person.given_name}
    search = search_of(found, ALONE)
    assert search.count > 1_000
    places = {place for place, data in _kept(shop.town) if search.hits(data)}
    assert places == set()
    planted = base64.b64encode(next(iter(found["nir13"])).encode())
    assert search.hits(b"x" + planted)


def _kept(made: Town) -> Iterator[tuple[str, bytes]]:
    """The hub's tables as they are copied out, and every log."""
    with psycopg.connect(made.house.database.url("admin"), autocommit=True) as connection:
        names = connection.execute("select tablename from pg_tables where schemaname = 'rempart'").fetchall()
        for (name,) in names:
            statement = sql.SQL("copy (select * from rempart.{}) to stdout (format binary)").format(
                sql.Identifier(name)
            )
            with connection.cursor().copy(statement) as copy:
                yield name, b"".join(copy)
    logs = sorted(made.house.folder.glob("*.log"))
    assert logs
    for path in logs:
        yield path.name, path.read_bytes()
