"""Invoices on a real PostgreSQL: one live invoice a number, races lost without a cent, decided again, cancelled."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import psycopg
import pytest
from psycopg import errors

from rempart.application.eligibility import known_until
from rempart.application.guard import Caller, SiteFacts
from rempart.application.invoice_records import Decided, Kept, Standing, Submitted
from rempart.domain.adjudication import rejected
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.storage import door
from rempart.storage.arrays import blobs, texts
from rempart.storage.inbound import Waiting
from rempart.storage.invoices import STANDINGS, Batch, InvoiceBooks

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres

NOW = 1_795_420_800_000_000  # 23 November 2026, 08:00 UTC
TODAY = date(2026, 11, 23)
SITE, OTHER = "992300010", "992300028"
INSURER = "0000401166"
INBOUND = UUID(bytes=b"\x07" * 8 + bytes(8))
KEPT = Kept(b"acts", b"settlement", b"copy")
T = TypeVar("T")
_ids = itertools.count(1)


def decided(number: str, **changes: Any) -> Decided:
    """One invoice as decided: accepted, 14 euros for the insurer, but for what is said of it."""
    site = changes.pop("site", SITE)
    state, reason = changes.get("state", "accepted"), changes.get("reason", "")
    act = Line(1, date(2026, 11, 20), "PH7", "pharmacy", 4_000, 65, 2_600, 4_000, 1_400)
    presented = Presented(INSURER, "INVENTED", None, "800101", "1")
    invoice = Invoice(site, number, TODAY, presented, (act,), 4_000, 2_600, 1_400, site_reference="bed 12")
    identity = (b"\x07" * 8 + next(_ids).to_bytes(8, "big"))[:16]
    caller = Caller(None, "client-1", "site", site, "", b"grant", b"g" * 16, NOW + 1)
    facts = SiteFacts(site, "pharmacy", "operator-1", "Europe/Paris", "good")
    submitted = Submitted(identity, 1, invoice, caller, facts, "api", changes.pop("received", NOW - 10))
    usual = Decision("accepted", (DecidedLine(1, "PHAR", 4_000, 2_600, 1_400, 0, (RuleAmount("rule", 1_400),)),))
    decision = usual if state == "accepted" else replace(rejected(invoice, reason), outcome=state)
    kept = KEPT if state in {"accepted", "rejected"} else None
    given: dict[str, Any] = {"tag": b"t" * 32, "content": None, "meeting": None, "corrects": b"", "kept": kept}
    given |= {name: value for name, value in changes.items() if name in given}
    return Decided(submitted, INSURER, "operator-1", state, reason, decision, **given)


@dataclass
class Books:
    """A migrated database, and the worker's books over it."""

    database: Database

    def run(self, work: Callable[[InvoiceBooks], Awaitable[T]]) -> T:
        async def inside() -> T:
            connection = door.Database(self.database.url("worker"))
            try:
                return await work(InvoiceBooks(connection))
            finally:
                await connection.close()

        return asyncio.run(inside())

    def write(self, *one: Decided, again: bool = False) -> list[tuple[str, str]]:
        """Writes one batch; state and reason of each as really written."""
        batch = Batch(b"\x07" * 16, one, NOW, TODAY, again)
        return [(each.state, each.reason) for each in self.run(lambda books: books.write(batch))]

    def standings(self, *wanted: tuple[str, str, bytes]) -> list[Standing]:
        return self.run(lambda books: books.standings(wanted))

    def sql(self, statement: str, *values: object, role: str = "admin") -> list[tuple[Any, ...]]:
        with closing(psycopg.connect(self.database.url(role), autocommit=True)) as connection:
            done = connection.execute(statement.encode(), values)
            return done.fetchall() if done.description else []

    def transfers(self) -> list[tuple[Any, ...]]:
        return self.sql("select debit, credit, amount, kind, subject from rempart.transfer order by transfer")

    def events(self, one: Decided) -> list[tuple[Any, ...]]:
        found = self.sql(
            "select state, cause from rempart.invoice_history where invoice = %s order by place, event", identity(one)
        )
        return [tuple(row) for row in found]


@pytest.fixture
def books(postgres: Database) -> Books:
    made = Books(postgres)
    made.sql(
        "insert into rempart.inbound (inbound, client, site, channel, grant_id, fingerprint, received) "
        "values (%s, 'client-1', %s, 'api', ''::bytea, ''::bytea, %s)", INBOUND, SITE, NOW - 10,
    )  # fmt: skip
    return made


def identity(one: Decided) -> UUID:
    return UUID(bytes=one.submitted.identity)


DUPLICATE = [("rejected", "duplicate")]
ACCEPTED = [("accepted", "")]


# --- what is known of a number and of a content ---


def test_nothing_is_known_of_an_empty_book(books: Books) -> None:
    """Asked about many, about none: an answer for each."""
    assert books.standings((SITE, "000000001", b"c" * 16), (SITE, "000000002", b"")) == [Standing(), Standing()]
    assert books.standings() == []


def test_a_live_number_is_the_sites_own(books: Books) -> None:
    """Accepted, held and waiting invoices keep their number; another site's same number is another invoice."""
    live = [decided("000000001"), decided("000000002", state="held"), decided("000000003", state="waiting")]
    books.write(*live)
    asked = [(SITE, f"00000000{n}", b"") for n in (1, 2, 3)]
    assert books.standings(*asked) == [Standing(live=one.submitted.identity) for one in live]
    assert books.standings((OTHER, "000000001", b"")) == [Standing()]


def test_a_rejected_invoice_is_the_former_one_of_its_number(books: Books) -> None:
    """The newest that is no longer live is what a correction corrects; a mere duplicate is nothing to correct."""
    first = decided("000000001", state="rejected", reason="rights-closed", received=NOW - 30)
    second = decided("000000001", state="rejected", reason="amo-inconsistent", received=NOW - 20)
    third = decided("000000001", state="rejected", reason="duplicate", received=NOW - 10)
    for one in (first, second, third):
        books.write(one)
    assert books.standings((SITE, "000000001", b"")) == [Standing(former=second.submitted.identity)]
    fourth = decided("000000001", corrects=second.submitted.identity)
    assert books.write(fourth) == ACCEPTED
    assert books.standings((SITE, "000000001", b"")) == [
        Standing(live=fourth.submitted.identity, former=second.submitted.identity)
    ]
    corrects = books.sql("select corrects from rempart.invoice where invoice = %s", identity(fourth))
    assert corrects == [(identity(second),)]


def test_same_content_is_seen_under_another_number_of_a_live_invoice_only(books: Books) -> None:
    """The invoice's own number is no suspicion, nor is a content that nobody could fingerprint."""
    content, rejected_content = b"c" * 16, b"d" * 16
    one = decided("000000001", content=content)
    books.write(one, decided("000000002", state="rejected", reason="rights-closed", content=rejected_content))
    same = Standing(same_content=one.submitted.identity)
    asked = [(SITE, "000000009", content), (SITE, "000000009", rejected_content), (SITE, "000000009", b"")]
    assert books.standings(*asked) == [same, Standing(), Standing()]
    assert books.standings((SITE, "000000001", content)) == [Standing(live=one.submitted.identity)]


# --- one commit a batch ---


def test_an_accepted_invoice_is_written_whole(books: Books) -> None:
    """Invoice, its history, decision, sealed copies and one transfer of the share; no identity in a column."""
    one = decided("000000001", content=b"c" * 16)
    assert books.write(one) == ACCEPTED
    assert books.events(one) == [("received", "api"), ("acknowledged", ""), ("accepted", "")]
    ((debit, credit, *rest),) = books.transfers()
    assert rest == [1_400, "decision", identity(one)]
    assert INSURER in debit
    assert SITE in credit
    assert books.sql("select outcome, reason, tag, instant from rempart.decision") == [("accepted", "", b"t" * 32, NOW)]
    assert books.sql("select insurer, month, acts, settlement, copy from rempart.invoice_sealed") == [
        (INSURER, 2026 * 12 + 10, *KEPT)
    ]
    (row,) = books.sql("select i::text from rempart.invoice i")
    assert "INVENTED" not in row[0]
    assert "800101" not in row[0]


@pytest.mark.parametrize(("state", "reason"), [("held", "possible-duplicate"), ("waiting", "budget-waiting")])
def test_what_is_not_decided_owes_nothing_yet(books: Books, state: str, reason: str) -> None:
    """No decision, no sealed copy and no transfer; its number is kept and its instant of decision is open."""
    books.write(decided("000000001", state=state, reason=reason))
    assert books.transfers() == books.sql("select 1 from rempart.decision") == []
    assert books.sql("select state, reason, live, decided from rempart.invoice") == [(state, reason, True, None)]


def test_an_accepted_invoice_makes_the_record_known_longer(books: Books) -> None:
    """A stranger billed is known for 13 months; a rejected one is not, and nothing is shortened."""
    met = [bytes([n]) * 16 for n in (1, 2, 3)]
    for meeting, until in zip(met, (0, 0, 90_000), strict=True):
        books.sql("insert into rempart.met values (%s, 20780, %s)", meeting, until)
    books.write(
        decided("000000001", meeting=met[0]),
        decided("000000002", meeting=met[1], state="rejected", reason="rights-closed"),
        decided("000000003", meeting=met[2]),
    )
    found = books.sql("select known_until from rempart.met order by meeting")
    assert found == [(known_until(TODAY),), (0,), (90_000,)]


@pytest.mark.parametrize("together", [True, False])
def test_a_race_lost_is_a_duplicate_and_owes_nothing(books: Books, *, together: bool) -> None:
    """Two accepted under one number, in one batch or in two: one transfer, and the loser says why."""
    first, second = decided("000000001"), decided("000000001")
    written = books.write(first, second) if together else books.write(first) + books.write(second)
    assert written == ACCEPTED + DUPLICATE
    assert [row[4] for row in books.transfers()] == [identity(first)]
    assert books.events(second) == [("received", "api"), ("acknowledged", ""), ("rejected", "duplicate")]
    assert books.sql("select sum(amc) from rempart.invoice where live") == [(1_400,)]
    assert books.sql("select count(*) from rempart.invoice_sealed") == [(1,)]


def test_many_lanes_at_once_write_one_live_invoice(books: Books) -> None:
    """Ten connections with the same number: one accepted, nine duplicates, one transfer."""
    ones = [decided("000000001") for _ in range(10)]

    async def write(one: Decided) -> Sequence[Decided]:
        connection = door.Database(books.database.url("worker"))
        try:
            return await InvoiceBooks(connection).write(Batch(b"\x07" * 16, (one,), NOW, TODAY))
        finally:
            await connection.close()

    async def all_at_once() -> list[Sequence[Decided]]:
        return await asyncio.gather(*(write(one) for one in ones))

    states = sorted((each.state, each.reason) for found in asyncio.run(all_at_once()) for each in found)
    assert states == ACCEPTED + DUPLICATE * 9
    assert len(books.transfers()) == 1


def test_lanes_that_meet_the_same_numbers_in_opposite_orders_do_not_wait_in_a_circle(books: Books) -> None:
    """Two batches of the same numbers, one backwards: each number is accepted once, and nobody is given up."""
    numbers = [f"{number:09d}" for number in range(1, 3_001)]
    batches = [[decided(number) for number in order] for order in (numbers, numbers[::-1])]

    async def all_at_once() -> list[Sequence[Decided]]:
        lanes = [door.Database(books.database.url("worker"), timeout=30) for _ in batches]
        for lane in lanes:
            await lane.connection()  # so that they start together
        try:
            return await asyncio.gather(*(
                InvoiceBooks(lane).write(Batch(b"\x07" * 16, batch, NOW, TODAY))
                for lane, batch in zip(lanes, batches, strict=True)
            ))  # fmt: skip
        finally:
            for lane in lanes:
                await lane.close()

    states = sorted((each.state, each.reason) for found in asyncio.run(all_at_once()) for each in found)
    assert states == ACCEPTED * 3_000 + DUPLICATE * 3_000


def test_the_same_batch_written_twice_changes_nothing(books: Books) -> None:
    """A worker that died after the commit and starts again finds its invoices written."""
    ones = [decided("000000001"), decided("000000002", state="rejected", reason="rights-closed")]
    books.write(*ones)
    before = books.transfers(), [books.events(one) for one in ones]
    assert books.write(*ones) == []
    assert (books.transfers(), [books.events(one) for one in ones]) == before


def test_a_failure_in_the_middle_leaves_nothing(books: Books) -> None:
    """The whole batch is one commit: a transfer that cannot be written takes invoice and events with it."""
    one = decided("000000001")
    books.sql(
        "insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
        "values ('a', 'b', 1, 'decision', %s, 0)", identity(one),
    )  # fmt: skip
    with pytest.raises(Exception, match="transfer_kind_subject_key"):
        books.write(one)
    assert books.sql("select 1 from rempart.invoice union all select 1 from rempart.invoice_event") == []


def test_a_deposit_is_begun_when_any_invoice_of_it_was_written(books: Books) -> None:
    """What a worker that died left is asked once a deposit; another deposit's invoices are not its own."""
    other = UUID(bytes=b"\x08" * 12 + bytes(4))
    with closing(psycopg.connect(books.database.url("worker"), autocommit=True)) as connection:
        waiting = Waiting(connection)
        assert not waiting.begun(INBOUND.bytes)
        one = decided("000000001", state="held", reason="possible-duplicate")
        books.write(one)
        assert waiting.begun(INBOUND.bytes)
        assert not waiting.begun(other.bytes)
        assert waiting.written([one.submitted.identity, other.bytes]) == {one.submitted.identity}


# --- decided again ---


@pytest.mark.parametrize("state", ["held", "waiting"])
def test_what_waited_is_decided_again_once(books: Books, state: str) -> None:
    """Accepted in the window: one decision, one transfer; a second window changes nothing."""
    first = decided("000000001", state=state, reason="budget-waiting")
    books.write(first)
    again = decided("000000001")._replace(submitted=first.submitted)
    assert books.write(again, again=True) == ACCEPTED
    assert books.write(again, again=True) == []
    assert books.events(first)[-2:] == [(state, "budget-waiting"), ("accepted", "")]
    assert len(books.transfers()) == 1
    assert books.sql("select state, reason, live, amc from rempart.invoice") == [("accepted", "", True, 1_400)]


def test_rejected_in_the_window_frees_the_number(books: Books) -> None:
    """The number is free for the correction, and the content no longer casts suspicion."""
    first = decided("000000001", state="held", reason="possible-duplicate", content=b"c" * 16)
    books.write(first)
    rejected = decided("000000001", state="rejected", reason="rights-closed", content=b"c" * 16)
    again = rejected._replace(submitted=first.submitted)
    assert books.write(again, again=True) == [("rejected", "rights-closed")]
    assert books.standings((SITE, "000000001", b""), (SITE, "000000002", b"c" * 16)) == [
        Standing(former=first.submitted.identity),
        Standing(),
    ]
    assert books.write(decided("000000001", corrects=first.submitted.identity)) == ACCEPTED


def test_what_was_cancelled_meanwhile_is_not_decided(books: Books) -> None:
    """The site's word came first: the window finds nothing to decide."""
    first = decided("000000001", state="waiting", reason="budget-waiting")
    books.write(first)
    assert cancel(books, first) == "cancelled"
    again = decided("000000001")._replace(submitted=first.submitted)
    assert books.write(again, again=True) == []
    assert books.transfers() == []


# --- cancelling ---


def cancel(books: Books, one: Decided, site: str = SITE) -> str:
    ((said,),) = books.sql(
        "select rempart.cancel_invoice(%s, %s, %s)", identity(one), site, NOW + 1, role="hub"
    )  # fmt: skip
    return str(said)


def test_a_cancelled_invoice_takes_its_transfer_back_and_frees_its_number(books: Books) -> None:
    """A new transfer the other way, never an edit; the number and the content are free; a second time does nothing."""
    one = decided("000000001", content=b"c" * 16)
    books.write(one)
    assert cancel(books, one) == "cancelled"
    assert cancel(books, one) == "not-cancellable"
    (debit, credit, amount, _, _), back = books.transfers()
    assert back == (credit, debit, amount, "cancellation", identity(one))
    assert books.events(one)[-1] == ("cancelled", "site")
    assert books.standings((SITE, "000000001", b""), (SITE, "000000002", b"c" * 16)) == [
        Standing(former=one.submitted.identity),
        Standing(),
    ]
    assert books.write(decided("000000001")) == ACCEPTED


def test_cancelling_is_the_sites_own_right(books: Books) -> None:
    """Another site is told what it would be told of an invoice that does not exist."""
    one = decided("000000001")
    books.write(one)
    assert cancel(books, one, OTHER) == cancel(books, decided("000000002")) == "not-found"
    assert len(books.transfers()) == 1


def test_what_is_ordered_at_the_bank_or_rejected_cannot_be_cancelled(books: Books) -> None:
    """A rejected invoice has nothing to cancel; a reserved one is being paid."""
    refused = decided("000000001", state="rejected", reason="rights-closed")
    ordered = decided("000000002")
    books.write(refused, ordered)
    with closing(psycopg.connect(books.database.url(), autocommit=True)) as admin:
        admin.execute("set session_replication_role = replica")  # the line alone, without its remittance
        line = "insert into rempart.remittance_line (remittance, invoice, amount) values (gen_random_uuid(), %s, 1400)"
        admin.execute(line, (identity(ordered),))
    assert cancel(books, refused) == cancel(books, ordered) == "not-cancellable"


@pytest.mark.parametrize("table", ["transfer", "decision", "invoice_event"])
def test_facts_of_an_invoice_are_never_edited(books: Books, table: str) -> None:
    """Not even by a superuser who leaves the guard in place."""
    books.write(decided("000000001"), decided("000000002", state="held", reason="possible-duplicate"))
    for statement in (f"update rempart.{table} set instant = 0", f"delete from rempart.{table}"):  # noqa: S608 - a name of ours
        with pytest.raises(errors.InsufficientPrivilege):
            books.sql(statement)


# --- the plan ---


def test_the_plan_made_on_an_empty_table_still_looks_up_when_it_is_full(books: Books) -> None:
    """A prepared statement first planned at midnight must not walk all live invoices once a million are there."""
    books.sql("vacuum analyze rempart.invoice")  # from now on the planner believes that it is empty
    with closing(psycopg.connect(books.database.url("worker"), autocommit=True)) as connection:
        for name, value in door.SESSION.items():
            connection.execute("select set_config(%s, %s, false)", (name, value))
        connection.execute(f"prepare standings (text, text, text) as {STANDINGS}".encode())
        asked = f"execute standings ('{texts(['992300010'])}', '{texts(['000000001'])}', '{blobs([b'c'])}')"
        connection.execute(asked.encode())
        plan = "\n".join(row[0] for row in connection.execute(f"explain {asked}".encode()).fetchall())
    assert "Materialize" not in plan, plan
    assert "Seq Scan" not in plan, plan
    assert "using invoice_content" in plan, plan
    conditions = sorted(row.strip() for row in plan.splitlines() if "Index Cond" in row)
    of_a_number = "Index Cond: ((site = q.site) AND (number = q.number))"
    assert conditions == [of_a_number, of_a_number, "Index Cond: (content = q.content)"], plan


def under_guarantee(number: str, **changes: Any) -> Decided:
    """Owed by a card although rights were closed: 9 of 14 euros."""
    one = decided(number, **changes)
    lines = (
        DecidedLine(1, "PHAR", 2_500, 1_600, 900, 0, (RuleAmount("guaranteed-after-closure", 900),)),
        DecidedLine(2, "PHAR", 1_500, 1_000, 500, 0, (RuleAmount("rule", 500),)),
    )
    return one._replace(decision=Decision("accepted", lines), bound="card")


def test_what_a_guarantee_alone_owes_is_posted_to_the_insurer(books: Books) -> None:
    """In the decision's commit, only for what closed rights would not have paid; it cannot be changed."""
    one = under_guarantee("000000001")
    assert books.write(one, decided("000000002")) == ACCEPTED * 2
    posted = "select invoice, insurer, kind, bound, amount from rempart.guarantee_posting"
    assert books.sql(posted) == [(identity(one), INSURER, "guaranteed-after-closure", "card", 900)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        books.sql("update rempart.guarantee_posting set amount = 1")


def test_a_duplicate_posts_no_guarantee(books: Books) -> None:
    """Who loses the race for a number owes nothing."""
    assert books.write(under_guarantee("000000001"), under_guarantee("000000001")) == ACCEPTED + DUPLICATE
    assert books.sql("select count(*) from rempart.guarantee_posting") == [(1,)]
