"""What authorizations hold, on a real PostgreSQL: case workers at once, deliveries in parts, the rest given back."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from rempart.application.authorization_decisions import Carried, Verdict, verdict_of
from rempart.application.guard import Caller, SiteFacts
from rempart.application.invoice_records import Decided, Kept, Submitted
from rempart.domain.authorization import AGREED, CANCELLED, PENDING
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.deliveries import AgreedLine
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.storage import authorization_decisions as decisions
from rempart.storage import authorizations, door
from rempart.storage.authorization_claims import expire
from rempart.storage.invariants.counters import counters_equal_their_entries
from rempart.storage.invoices import Batch, InvoiceBooks

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres

NOW = 1_795_420_800_000_000  # 23 November 2026, 08:00 UTC
TODAY = date(2026, 11, 23)
EPOCH = date(1970, 1, 1).toordinal()
DAY = TODAY.toordinal() - EPOCH
SITE, INSURER, KEY = "992300010", "0000401166", b"k" * 16
LIMIT = 120_00
SPENT, BASE = 150_00, 20_00  # a line asks for 150 euros; 20 of what is agreed are not the allowance's
_ids = itertools.count(1)


class Books:
    """Requests of one person whose lines draw on one allowance of 120 euros."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def sql(self, statement: str, *values: object, role: str = "admin") -> list[tuple[Any, ...]]:
        with closing(psycopg.connect(self.database.url(role), autocommit=True)) as connection:
            done = connection.execute(statement.encode(), values)
            return done.fetchall() if done.description else []

    def request(
        self, *amounts: int, state: str = PENDING, replaces: UUID | None = None, units: int = 1
    ) -> UUID:  # fmt: skip
        """One with a line for each amount (cents that the table takes of the allowance); an agreed one holds them."""
        request, lines = uuid4(), [self._line(number, BASE + amount) for number, amount in enumerate(amounts, 1)]
        marks = [AgreedLine(bytes([n]) * 16, "OPTI", x.spent, 0, x.amc, units) for n, x in enumerate(lines)]
        self.sql(
            "insert into rempart.authorization_request (request, number, mac, site, client, operator, insurer, domain, "
            "site_reference, state, reason, requested, planned_day, first_day, last_day, latest_day, cut, line_cents, "
            "total_cents, lines, spent, amo, amc, replaces, tag) values (%s, %s, '', %s, 'client-1', 'operator-1', %s, "
            "'OPTI', '', %s, '', %s, %s, %s, %s, %s, false, 100, 100, %s, %s, 0, %s, %s, '')",
            request, f"P{next(_ids):019d}", SITE, INSURER, state, NOW, DAY, DAY, DAY + 30, DAY + 45,
            authorizations.stored_lines(marks, lines), SPENT * len(lines), sum(x.amc for x in lines), replaces,
        )  # fmt: skip
        for line, amount in enumerate(amounts):
            self.sql(
                "insert into rempart.authorization_hold values (%s, %s, 0, %s, false, %s, %s, %s, 'cents', %s, %s, %s)",
                request, line, KEY, DAY - 300, DAY + 40, LIMIT, amount, BASE, DAY,
            )  # fmt: skip
        if state == AGREED:
            held = "select rempart.hold_agreed(%s, null, %s, %s, %s, %s, %s)"
            places = [list(range(len(amounts))), [0] * len(amounts), list(amounts)]
            assert self.sql(held, request, *places, DAY + 45, NOW, role="hub") == [(None,)]
        return request

    def _line(self, number: int, amc: int) -> DecidedLine:
        return DecidedLine(number, "OPTI", SPENT, 0, amc, SPENT - amc, (RuleAmount("rule", amc),))

    def decide(self, *requests: tuple[UUID, tuple[int, ...]]) -> list[decisions.Outcome]:
        """All at once: each agrees to so many cents a line."""

        async def one(request: UUID, amounts: tuple[int, ...], gate: asyncio.Barrier) -> decisions.Outcome:
            connection = door.Database(self.database.url("hub"), timeout=60)
            try:
                await connection.connection()
                case = await decisions.case(connection, INSURER, request, operator=decisions.EVERY_OPERATOR)
                await gate.wait()
                if case is None:
                    return decisions.Outcome("absent")
                ruling = verdict_of(case.ruling, Verdict(AGREED, tuple(enumerate(amounts, 1))), TODAY)
                assert not isinstance(ruling, str), ruling
                return await decisions.decide(connection, case, ruling, Carried("agent", b"{}", b"signed"), instant=NOW)
            finally:
                await connection.close()

        async def inside() -> list[decisions.Outcome]:
            gate = asyncio.Barrier(len(requests))
            return list(await asyncio.gather(*(one(*request, gate) for request in requests)))

        return asyncio.run(inside())

    def deliver(self, request: UUID, *wanted: tuple[tuple[int, int, int], ...]) -> list[tuple[str, bytes]]:
        """Invoices at once, each of (agreed line, units, cents): reason and id of each."""

        async def one(invoice: Decided, gate: asyncio.Barrier) -> tuple[str, bytes]:
            connection = door.Database(self.database.url("worker"), timeout=60)
            try:
                await connection.connection()
                await gate.wait()
                batch = Batch(b"\x07" * 16, [invoice], NOW, TODAY)
                (written,) = await InvoiceBooks(connection).write(batch)
                return written.reason, written.submitted.identity
            finally:
                await connection.close()

        async def inside() -> list[tuple[str, bytes]]:
            gate = asyncio.Barrier(len(wanted))
            return list(await asyncio.gather(*(one(self._invoice(request, each), gate) for each in wanted)))

        return asyncio.run(inside())

    def _invoice(self, request: UUID, parts: tuple[tuple[int, int, int], ...]) -> Decided:
        number = next(_ids)
        acts = tuple(Line(n, TODAY, "OPT", "optics", 0, 0, 0, SPENT, amc) for n, (_, _, amc) in enumerate(parts, 1))
        presented = Presented(INSURER, "INVENTED", None, "800101", "1")
        amc = sum(part[2] for part in parts)
        invoice = Invoice(SITE, f"{number:09d}", TODAY, presented, acts, SPENT * len(acts), 0, amc)
        caller = Caller(None, "client-1", "site", SITE, "", b"grant", b"g" * 16, NOW + 1)
        facts = SiteFacts(SITE, "optician", "operator-1", "Europe/Paris", "good")
        submitted = Submitted(b"\x08" * 8 + number.to_bytes(8, "big"), 1, invoice, caller, facts, "api", NOW - 10)
        lines = tuple(self._line(n, amc) for n, (_, _, amc) in enumerate(parts, 1))
        takes = tuple((line, units) for line, units, _ in parts)
        return Decided(
            submitted, INSURER, "operator-1", "accepted", "", Decision("accepted", lines), b"t" * 32,
            kept=Kept(b"a", b"s", b"c"), authorization=request.bytes, takes=takes,
        )  # fmt: skip

    def cancel(self, invoice: bytes) -> str:
        said: str = self.sql("select rempart.cancel_invoice(%s, %s, %s)", UUID(bytes=invoice), SITE, NOW + next(_ids))[
            0
        ][0]
        return said

    def totals(self) -> tuple[int, int]:
        """Used and held."""
        rows = self.sql("select used, held from rempart.counter")
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    def state(self, request: UUID) -> tuple[str, list[str]]:
        """Where it stands, and its events since."""
        (state,) = self.sql("select state from rempart.authorization_request where request = %s", request)[0]
        events = "select state from rempart.authorization_event where request = %s order by event"
        return state, [row[0] for row in self.sql(events, request)]

    def end(self, request: UUID) -> None:
        """The site cancels what is left."""

        async def inside() -> str:
            connection = door.Database(self.database.url("hub"))
            try:
                return await authorizations.change(connection, (request, SITE), CANCELLED, "site", instant=NOW)
            finally:
                await connection.close()

        assert asyncio.run(inside()) == ""

    def sound(self) -> None:
        with closing(psycopg.connect(self.database.url("worker"))) as connection:
            assert counters_equal_their_entries(connection) == []


@pytest.fixture
def books(postgres: Database) -> Books:
    made = Books(postgres)
    made.sql(
        "insert into rempart.site (site, profession, operator, since) values (%s, 'optician', 'operator-1', 0)", SITE
    )
    made.sql(
        "insert into rempart.insurer (insurer, name, operator, member_rule, since) values (%s, 'M', 'o', '{}', 0)",
        INSURER,
    )
    made.sql(
        "insert into rempart.inbound (inbound, client, site, channel, grant_id, fingerprint, received) "
        "values (%s, 'client-1', %s, 'api', ''::bytea, ''::bytea, %s)", UUID(bytes=b"\x08" * 8 + bytes(8)), SITE, NOW,
    )  # fmt: skip
    return made


def test_fifty_case_workers_at_once_never_exceed_an_allowance(books: Books) -> None:
    """Each agrees to 35 euros of one allowance of 120: three are held, the others told until when and still wait."""
    requests = [books.request(35_00) for _ in range(50)]
    found = books.decide(*((request, (BASE + 35_00,)) for request in requests))
    held = decisions.Outcome("allowance-held", date.fromordinal(DAY + EPOCH + 194))
    assert (found.count(decisions.Outcome("")), found.count(held)) == (3, 47), set(found)
    assert books.totals() == (0, 3 * 35_00)
    states = sorted(books.state(request)[0] for request in requests)
    assert states == ["agreed"] * 3 + ["pending"] * 47
    books.sound()


def test_what_waits_holds_nothing_and_what_was_used_meanwhile_is_told(books: Books) -> None:
    """Used by another since it was asked: refused as a value, the room is told, and less of it can be agreed."""
    waiting, other = books.request(80_00), books.request(90_00, state=AGREED)
    assert books.totals() == (0, 90_00)
    ((reason, invoice),) = books.deliver(other, ((0, 1, BASE + 90_00),))
    assert (reason, books.totals()) == ("", (90_00, 0))
    assert books.decide((waiting, (BASE + 80_00,))) == [decisions.Outcome("allowance-used")]
    assert books.state(waiting) == ("pending", [])
    assert books.decide((waiting, (BASE + 30_00,))) == [decisions.Outcome("")]
    assert books.totals() == (90_00, 30_00)
    assert books.cancel(invoice) == "cancelled"
    assert books.totals() == (0, 120_00)  # held again by the authorization that it was made from
    books.sound()


def test_more_than_the_table_gives_comes_out_of_the_allowance_too(books: Books) -> None:
    """A case worker exceeds no allowance: two lines of one request share it, and their sum counts."""
    both = books.request(50_00, 50_00)
    assert books.decide((both, (BASE + 60_00, BASE + 60_01))) == [decisions.Outcome("allowance-used")]
    assert books.decide((both, (BASE + 60_00, BASE + 60_00))) == [decisions.Outcome("")]
    assert books.totals() == (0, 120_00)


def test_a_modification_agreed_by_a_case_worker_takes_the_formers_place(books: Books) -> None:
    """What the former holds is as good as free for it, and is then released; an invoiced former refuses it."""
    former = books.request(100_00, state=AGREED)
    modified = books.request(110_00, replaces=former)
    assert books.decide((modified, (BASE + 110_00,))) == [decisions.Outcome("")]
    assert (books.state(former)[0], books.totals()) == ("modified", (0, 110_00))
    again = books.request(110_00, replaces=modified)
    assert books.deliver(modified, ((0, 1, BASE + 110_00),))[0][0] == ""
    assert books.decide((again, (BASE + 1,))) == [decisions.Outcome("former-invoiced")]
    books.sound()


def test_two_ears_are_invoiced_one_after_the_other(books: Books) -> None:
    """Partly invoiced, then invoiced; each part spends its own; the second of one ear is too much; all are events."""
    request = books.request(70_00, 50_00, state=AGREED)
    ((reason, first),) = books.deliver(request, ((0, 1, BASE + 70_00),))
    assert (reason, books.state(request)[0], books.totals()) == ("", "partly-invoiced", (70_00, 50_00))
    assert books.deliver(request, ((0, 1, 1),))[0][0] == "authorization-quantity-over"
    assert books.deliver(request, ((1, 1, BASE + 51_01),))[0][0] == "authorization-amount-exceeded"
    assert books.deliver(request, ((1, 1, BASE + 40_00),))[0][0] == ""
    assert (books.state(request)[0], books.totals()) == ("invoiced", (110_00, 0))  # cheaper: 10 euros are free again
    assert books.deliver(request, ((1, 1, 1),))[0][0] == "authorization-used"
    assert books.cancel(first) == "cancelled"
    assert (books.state(request)[0], books.totals()) == ("partly-invoiced", (40_00, 70_00))
    assert books.state(request)[1] == ["partly-invoiced", "invoiced", "partly-invoiced"]
    books.sound()


def test_what_is_left_at_the_end_is_given_back_exactly(books: Books) -> None:
    """Cancelled or expired after one of two lines: the other's hold is released to the cent, the first stays spent."""
    one, other = books.request(30_00, 20_00, state=AGREED), books.request(40_00, 30_00, state=AGREED)
    ((_, invoice),) = books.deliver(one, ((0, 1, BASE + 30_00),))
    books.deliver(other, ((1, 1, BASE + 30_00),))
    assert books.totals() == (60_00, 60_00)
    books.end(one)
    assert (books.state(one)[0], books.totals()) == ("cancelled", (60_00, 40_00))
    with closing(psycopg.connect(books.database.url("worker"), autocommit=True)) as connection:
        assert expire(connection, DAY + 46, NOW) == 1
    assert (books.state(other)[0], books.totals()) == ("expired", (60_00, 0))
    assert books.deliver(other, ((0, 1, 1),))[0][0] == "authorization-expired"
    assert books.cancel(invoice) == "cancelled"
    assert books.totals() == (30_00, 0)  # what ended holds nothing again
    assert books.sql("select count(*) from rempart.authorization_hold") == [(0,)]
    books.sound()


def test_twenty_deliveries_at_once_take_each_unit_once(books: Books) -> None:
    """Six units of one line: six of twenty invoices pass, whoever comes first; the hold is spent to the cent."""
    request = books.request(100_00, state=AGREED, units=6)
    found = [reason for reason, _ in books.deliver(request, *[((0, 1, 20_00),)] * 20)]
    assert sorted(found) == [""] * 6 + ["authorization-used"] * 14
    assert books.state(request) == ("invoiced", ["partly-invoiced"] * 5 + ["invoiced"])
    assert books.sql("select sum(units), count(*) from rempart.authorization_part") == [(6, 6)]
    assert books.totals()[1] == 0
    assert books.totals()[0] <= 100_00
    books.sound()


def test_the_hub_reads_no_key_of_what_is_held(books: Books) -> None:
    """Lines and places only; and a part, once written, is a fact."""
    request = books.request(10_00)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        books.sql("select counter from rempart.authorization_hold", role="hub")
    told = books.sql("select * from rempart.holds_of(%s, null)", request, role="hub")
    assert told == [(0, 0, "cents", 10_00, BASE, LIMIT)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        books.sql("update rempart.authorization_part set units = 2", role="worker")
