"""Counters on a real PostgreSQL: never exceeded by who comes at once, given back, held, released; sums that hold."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg
import psycopg
import pytest
from psycopg import errors

from rempart.application.counting import Counted, Place
from rempart.application.guard import Caller, SiteFacts
from rempart.application.invoice_records import Decided, Kept, Submitted
from rempart.application.together import Unavailable
from rempart.domain.allowances import CounterKey, CounterNeed, CounterUse
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.storage import counters, door
from rempart.storage.invariants.counters import counters_equal_their_entries
from rempart.storage.invoices import Batch, InvoiceBooks

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres

NOW = 1_795_420_800_000_000  # 23 November 2026, 08:00 UTC
TODAY, CARE = date(2026, 11, 23), date(2026, 11, 20)
SITE, INSURER = "992300010", "0000401166"
KEY = b"k" * 16
YEAR = Place(KEY, CounterNeed("allowance/contacts", date(2026, 1, 1), date(2026, 12, 31), 10_000, "cents"))
_ids = itertools.count(1)


def rolling(first: date, last: date, limit: int = 10_000) -> Place:
    return Place(b"r" * 16, CounterNeed("allowance/rooms", first, last, limit, "units", rolling=True))


def decision_of(place: Place, asked: int, left: Mapping[CounterKey, int], day: date = CARE) -> Decision:
    """What a contract gives that pays what is asked out of one counter."""
    need = place.need
    amount = min(asked, left[need.key])
    use = CounterUse(need.counter, need.period_start, need.period_end, amount, day, need.unit, need.rolling)
    line = DecidedLine(1, "OPTI", 4_000, 0, amount, 4_000 - amount, (RuleAmount("rule", amount),), uses=(use,))
    return Decision("accepted", (line,))


def decided(number: int, asked: int = 1_400, place: Place = YEAR, *, left: int | None = None) -> Decided:
    """One invoice as decided on a figure read before: the whole counter unless `left` is said."""
    act = Line(1, CARE, "OPT", "optics", 4_000, 0, 0, 4_000, asked)
    presented = Presented(INSURER, "INVENTED", None, "800101", "1")
    invoice = Invoice(SITE, f"{number:09d}", TODAY, presented, (act,), 4_000, 0, asked)
    caller = Caller(None, "client-1", "site", SITE, "", b"grant", b"g" * 16, NOW + 1)
    facts = SiteFacts(SITE, "optician", "operator-1", "Europe/Paris", "good")
    identity = b"\x08" * 8 + next(_ids).to_bytes(8, "big")
    submitted = Submitted(identity, 1, invoice, caller, facts, "api", NOW - 10)
    counted = Counted((place,), lambda free: decision_of(place, asked, free), b"ticket", b"p" * 16)
    decision = counted.decide({place.need.key: place.need.limit if left is None else left})
    return Decided(
        submitted, INSURER, "operator-1", "accepted", "", decision, b"t" * 32, kept=Kept(b"a", b"s", b"c"),
        counted=counted,
    )  # fmt: skip


async def restate(stale: Sequence[Decided]) -> list[Decided]:
    """Copies of the fresh decision, as the keeper would seal them."""
    return [one._replace(kept=Kept(b"again", str(one.decision.amc).encode(), b"c")) for one in stale]


class Shelf:
    """The worker's side of a migrated database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def write(self, *batches: Sequence[Decided]) -> list[list[Decided]]:
        """All batches at once, each over a connection of its own."""

        async def one(batch: Sequence[Decided], gate: asyncio.Barrier) -> list[Decided]:
            connection = door.Database(self.database.url("worker"), timeout=60)
            try:
                await connection.connection()
                await gate.wait()
                return await InvoiceBooks(connection).write(Batch(b"\x07" * 16, batch, NOW, TODAY), restate)
            finally:
                await connection.close()

        async def inside() -> list[list[Decided]]:
            gate = asyncio.Barrier(len(batches))
            return list(await asyncio.gather(*(one(batch, gate) for batch in batches)))

        return asyncio.run(inside())

    def sql(self, statement: str, *values: object, role: str = "admin") -> list[tuple[Any, ...]]:
        with closing(psycopg.connect(self.database.url(role), autocommit=True)) as connection:
            done = connection.execute(statement.encode(), values)
            return done.fetchall() if done.description else []

    def taken(self, place: Place = YEAR) -> tuple[int, int]:
        """Used and held."""

        async def inside() -> tuple[int, int]:
            connection = door.Database(self.database.url("hub"))
            try:
                (found,) = await counters.taken(connection, [place])
                return found.used, found.held
            finally:
                await connection.close()

        return asyncio.run(inside())

    def hold(
        self, request: UUID, amount: int, *, until: int = 20_800, replaces: UUID | None = None, role: str = "hub"
    ) -> int | None:  # fmt: skip
        """None when it is held, else the last day of what is held elsewhere."""
        keys, rolls, first, last = counters.columns([YEAR])
        statement = "select rempart.hold_counters(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        values = (request, replaces, keys, rolls, first, last, [10_000], [amount], [20_780], until, NOW)
        found: int | None = self.sql(statement, *values, role=role)[0][0]
        return found

    def broken(self) -> list[str]:
        with closing(psycopg.connect(self.database.url("worker"))) as connection:
            return counters_equal_their_entries(connection) + counters_equal_their_entries(connection, NOW)


@pytest.fixture
def shelf(postgres: Database) -> Shelf:
    made = Shelf(postgres)
    made.sql(
        "insert into rempart.inbound (inbound, client, site, channel, grant_id, fingerprint, received) "
        "values (%s, 'client-1', %s, 'api', ''::bytea, ''::bytea, %s)", UUID(bytes=b"\x08" * 8 + bytes(8)), SITE, NOW,
    )  # fmt: skip
    return made


def test_fifty_invoices_at_once_never_exceed_a_counter(shelf: Shelf) -> None:
    """Each was decided on the whole counter: seven are paid in full, one in part, the rest nothing; to the cent."""
    written = shelf.write(*([decided(number)] for number in range(1, 51)))
    amounts = sorted((one.decision.amc for batch in written for one in batch), reverse=True)
    assert amounts == [1_400] * 7 + [200] + [0] * 42
    assert shelf.taken() == (10_000, 0)
    assert shelf.sql("select sum(amc), count(*) from rempart.invoice") == [(10_000, 50)]
    assert shelf.sql("select sum(amount) from rempart.transfer") == [(10_000,)]
    wrong = "select count(*) from rempart.invoice join rempart.invoice_sealed s using (invoice) where amc < 1400 and "
    assert shelf.sql(wrong + "convert_from(s.settlement, 'UTF8') <> amc::text") == [(0,)]  # copies say what was decided
    assert shelf.broken() == []


def test_a_batch_counts_its_own_invoices(shelf: Shelf) -> None:
    """Ten in one commit, each decided as if it were alone."""
    (written,) = shelf.write([decided(number) for number in range(1, 11)])
    assert sum(one.decision.amc for one in written) == 10_000
    assert shelf.taken() == (10_000, 0)


def test_a_decision_that_reads_what_is_there_is_written_as_it_is(shelf: Shelf) -> None:
    """Somebody else's use in between changes nothing as long as the decision is the same: nothing is sealed twice."""
    shelf.write([decided(1)])
    ((second,),) = shelf.write([decided(2)])
    assert second.kept == Kept(b"a", b"s", b"c")
    assert shelf.taken() == (2_800, 0)


def test_what_was_given_back_meanwhile_is_paid(shelf: Shelf) -> None:
    """A decision that read an empty counter is made again when it no longer is."""
    ((one,),) = shelf.write([decided(1, left=0)])
    assert one.decision.amc == 1_400


def test_a_cancellation_gives_back_once(shelf: Shelf) -> None:
    """And what it gave back can be used; the site asks, and no identity is needed."""
    (batch,) = shelf.write([decided(number) for number in range(1, 9)])
    assert shelf.taken() == (10_000, 0)
    cancelled = UUID(bytes=batch[0].submitted.identity)
    for said in ("cancelled", "not-cancellable"):
        assert shelf.sql("select rempart.cancel_invoice(%s, %s, %s)", cancelled, SITE, NOW, role="hub") == [(said,)]
        assert shelf.taken() == (8_600, 0)
    assert shelf.sql("select rempart.cancel_invoice(%s, '992300028', %s)", uuid4(), NOW, role="hub") == [("not-found",)]
    ((again,),) = shelf.write([decided(99)])
    assert again.decision.amc == 1_400
    assert shelf.broken() == []


def test_what_rolls_counts_the_days_around(shelf: Shelf) -> None:
    """One key, and of its entries only those in the window asked about."""
    before, after = rolling(date(2025, 11, 21), date(2026, 11, 20)), rolling(date(2026, 11, 21), date(2027, 11, 20))
    shelf.write([decided(1, 30, before)])
    assert (shelf.taken(before), shelf.taken(after)) == ((30, 0), (0, 0))


def test_a_loser_of_a_number_uses_nothing(shelf: Shelf) -> None:
    """Two invoices under one number at once: the duplicate takes nothing of the counter."""
    first, second = shelf.write([decided(1)], [decided(1)])
    assert sorted(one.reason for one in (*first, *second)) == ["", "duplicate"]
    assert shelf.taken() == (1_400, 0)


def test_what_is_held_is_not_free_and_is_told_until_when(shelf: Shelf) -> None:
    """A hold stands against invoices and other holds, comes back when released, and is spent by its invoice."""
    mine, other, invoice = uuid4(), uuid4(), uuid4()
    assert shelf.hold(mine, 9_000, until=20_811) is None
    assert shelf.hold(other, 2_000) == 20_811
    assert shelf.hold(other, 10_001, replaces=mine) == 20_811
    ((one,),) = shelf.write([decided(1)])
    assert one.decision.amc == 1_000
    assert shelf.taken() == (1_000, 9_000)
    released = "select rempart.release_counters(%s, %s, %s)"
    assert [shelf.sql(released, mine, invoice, NOW, role="hub")[0][0] for _ in range(2)] == [2, 0]
    assert shelf.taken() == (10_000, 0)
    assert shelf.hold(other, 2_000) == 0
    shelf.sql("select rempart.give_back(%s, %s)", invoice, NOW, role="worker")
    assert shelf.hold(other, 2_000) is None
    assert shelf.sql(released, other, None, NOW, role="hub") == [(1,)]
    assert shelf.taken() == (1_000, 0)
    assert shelf.broken() == []


def test_a_modified_request_does_not_stand_in_its_own_way(shelf: Shelf) -> None:
    """What it holds is counted as released by the one that replaces it; a hold nobody wrote a request for goes."""
    first, second = uuid4(), uuid4()
    assert (shelf.hold(first, 9_000), shelf.hold(second, 9_500), shelf.hold(second, 9_500, replaces=first)) == (
        None, 20_800, None,
    )  # fmt: skip
    stray = "select rempart.release_stray_holds(%s, %s)"
    assert shelf.sql(stray, NOW, NOW, role="worker") == [(0,)]
    assert shelf.sql(stray, NOW + 1, NOW, role="worker") == [(2,)]
    assert shelf.taken() == (0, 0)


def test_one_counter_held_over_two_windows_is_never_exceeded(shelf: Shelf) -> None:
    """A frame counts two years and its lenses, renewed early, one: each sees what the other takes of the ceiling."""
    two, one = rolling(date(2024, 11, 21), date(2028, 11, 19)), rolling(date(2025, 11, 21), date(2027, 11, 19))
    statement = "select rempart.hold_counters(%s, null, %s, %s, %s, %s, %s, %s, %s, %s, %s)"

    def hold(*amounts: int) -> int | None:
        values = (*counters.columns([two, one]), [10_000, 10_000], list(amounts), [20_780, 20_780], 20_800, NOW)
        found: int | None = shelf.sql(statement, uuid4(), *values, role="hub")[0][0]
        return found

    assert hold(4_000, 6_001) == 0
    assert (hold(4_000, 6_000), shelf.taken(two), shelf.taken(one)) == (None, (0, 10_000), (0, 10_000))
    assert hold(1, 1) == 20_800
    assert shelf.broken() == []


def test_who_asks_again_after_a_lost_answer_finds_its_own_hold(shelf: Shelf) -> None:
    """A hub that dies between hold and request leaves a hold that the repeat, under the same id, takes over."""
    mine, other = uuid4(), uuid4()
    assert shelf.hold(mine, 9_000) is None
    assert shelf.hold(other, 2_000) == 20_800, "it stands against others"
    assert shelf.hold(mine, 9_500) is None
    assert shelf.taken() == (0, 9_500)
    assert shelf.broken() == []


def test_fifty_holds_at_once_never_exceed_a_counter(shelf: Shelf) -> None:
    """As many as fit are held, the others are told until when."""

    async def hold(gate: asyncio.Barrier) -> int | None:
        connection = await asyncpg.connect(shelf.database.url("hub"))
        keys, rolls, first, last = counters.columns([YEAR])
        await gate.wait()
        statement = "select rempart.hold_counters($1, null, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        found: int | None = await connection.fetchval(
            statement, uuid4(), keys, rolls, first, last, [10_000], [900], [20_780], 20_800, NOW
        )
        await connection.close()
        return found

    async def inside() -> list[int | None]:
        gate = asyncio.Barrier(50)
        return list(await asyncio.gather(*(hold(gate) for _ in range(50))))

    found = asyncio.run(inside())
    assert (found.count(None), found.count(20_800)) == (11, 39)
    assert shelf.taken() == (0, 9_900)


def test_entries_are_facts_and_totals_are_nobodys_to_write(shelf: Shelf) -> None:
    """No role changes an entry or a total; the hub reads neither: it asks for keys it was given."""
    shelf.write([decided(1)])
    for role in ("hub", "worker"):
        for statement in (
            "update rempart.counter set used = 0", "delete from rempart.counter_entry",
            "update rempart.counter_entry set amount = 1",
        ):  # fmt: skip
            with pytest.raises(errors.InsufficientPrivilege):
                shelf.sql(statement, role=role)
    for statement in ("select 1 from rempart.counter", "select 1 from rempart.counter_entry"):
        with pytest.raises(errors.InsufficientPrivilege):
            shelf.sql(statement, role="hub")
    with pytest.raises(errors.InsufficientPrivilege):
        shelf.sql("select rempart.cancel_invoice_alone(%s, %s, %s)", uuid4(), SITE, NOW, role="worker")


def test_a_total_that_is_not_its_entries_is_found(shelf: Shelf) -> None:
    """The check tells it, by a key and not by a person; and an ended invoice that still counts."""
    (batch,) = shelf.write([decided(1)])
    shelf.sql("update rempart.counter set used = 7")
    assert len(shelf.broken()) == 2
    shelf.sql("update rempart.counter set used = 1400")
    assert shelf.broken() == []
    shelf.sql("update rempart.invoice set state = 'cancelled', live = false")
    assert shelf.broken()[0].endswith(f"{UUID(bytes=batch[0].submitted.identity)} ended and still counts 1400")


def test_without_an_end_it_is_unavailable(shelf: Shelf) -> None:
    """A decision that never settles is given up: the deposit is taken up again, nothing was written."""
    changing = itertools.count(1)
    one = decided(1)
    assert one.counted is not None
    counted = one.counted._replace(decide=lambda left: decision_of(YEAR, next(changing), left))
    with pytest.raises(Unavailable):
        shelf.write([one._replace(counted=counted)])
    assert shelf.sql("select count(*) from rempart.invoice") == [(0,)]
