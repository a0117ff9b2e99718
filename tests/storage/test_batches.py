"""Batches in PostgreSQL: a chunk is settled once, strangers count by day of care and of asking, answers expire."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest

from rempart.application.batches import SPENT, Settling
from rempart.storage.batches import BatchIntake, NewBatch, WaitingBatches
from rempart.storage.door import Database as Connection
from support.databases import Database
from support.settle_ledger import DAY, HOUR, NOW, OTHER, SITE, TODAY, Ledger, line

pytestmark = pytest.mark.postgres
TOMORROW = TODAY + 1
CAPS = (5, 8, 100)  # a day of care, a day of asking, a client
BATCH = bytes(15)


@pytest.fixture
def ledger(postgres: Database) -> Ledger:
    made = Ledger(postgres)
    made.fill()
    return made


def batch(number: int, chunks: int = 1, **changes: object) -> NewBatch:
    """One of client-1 at SITE with an item a chunk; released an hour from now."""
    parts = [((place + 1,), b"sealed") for place in range(chunks)]
    usual: dict[str, object] = {
        "batch": BATCH + bytes([number]), "client": "client-1", "site": SITE, "grant_id": b"g" * 16, "received": NOW,
        "ready": NOW + HOUR, "items": chunks, "key_mac": bytes([number]) * 16, "request_mac": b"r" * 16,
        "receipt": b"{}", "chunks": parts, "refused": (),
    }  # fmt: skip
    return NewBatch(**(usual | changes))  # type: ignore[arg-type]  # fields by name


def settling(people: Sequence[int], *, care: int = TOMORROW, first: int = 1, **changes: object) -> Settling:
    """Strangers' lines, numbered from `first`."""
    lines = [line(person, purpose="appointments", token=None, instant=NOW + n) for n, person in enumerate(people)]
    numbers = list(range(first, first + len(people)))
    shown, known = [b"stranger %d" % n for n in numbers], [b"known %d" % n for n in numbers]
    usual: dict[str, object] = {
        "caps": CAPS, "grant_id": b"g" * 16, "numbers": numbers, "care_days": [care] * len(people), "shown": shown,
        "shown_known": known, "lines": lines,
    }  # fmt: skip
    return Settling(**(usual | changes))  # type: ignore[arg-type]  # fields by name


async def _taken(ledger: Ledger, new: NewBatch) -> bool:
    hub = Connection(ledger.database.url("hub"))
    try:
        return await BatchIntake(hub).take(new)
    finally:
        await hub.close()


async def _settled(ledger: Ledger, *works: Settling, now: int = NOW) -> list[int]:
    """Each on a connection of its own, all at once, each for the chunk it takes."""

    async def one(work: Settling) -> int:
        lane = Connection(ledger.database.url("worker"))
        waiting = WaitingBatches(lane)
        try:
            chunk = await waiting.take()
            if chunk is None:
                return 0
            count = await waiting.settle(chunk, work, now)
            await waiting.release(chunk)
            return count
        finally:
            await lane.close()

    return await asyncio.gather(*map(one, works))


def answers(ledger: Ledger) -> Counter[str]:
    rows = ledger.sql("select coalesce(convert_from(sealed, 'UTF8'), refusal) from rempart.batch_answer")
    return Counter(row[0].split()[0] for row in rows)


def used(ledger: Ledger) -> dict[str, int]:
    return dict(
        ledger.sql("select split_part(scope, ':', 1) || ' ' || (day - %s), people from rempart.announced", TODAY)
    )


def test_strangers_beyond_the_day_of_care_are_refused_and_nobody_else(ledger: Ledger) -> None:
    """The first come first; a budget that is spent leaves a refusal as a value and a disclosure that shows nothing."""
    assert asyncio.run(_taken(ledger, batch(1)))
    assert asyncio.run(_settled(ledger, settling(range(1, 8)))) == [7]
    assert answers(ledger) == {"stranger": 5, SPENT: 2}
    assert used(ledger) == {"care 1": 5, "asked 0": 5, "client 0": 5}
    rows = ledger.sql("select template, purpose, count(*) from rempart.disclosure group by 1, 2 order by 1")
    assert rows == [("none", "appointments", 2), ("stranger/1", "appointments", 5)]
    assert ledger.budget(f"site:{SITE}")[:3] == (0, 0, 0)


def test_other_days_of_care_do_not_widen_the_day_of_asking(ledger: Ledger) -> None:
    """A list spread over many days of care learns what one day of asking allows."""
    assert asyncio.run(_taken(ledger, batch(1)))
    care = [TOMORROW + n for n in range(30)]
    asyncio.run(_settled(ledger, settling(range(1, 31), care_days=care)))
    assert answers(ledger) == {"stranger": CAPS[1], SPENT: 30 - CAPS[1]}


def test_one_client_over_many_sites_has_its_own_cap(ledger: Ledger) -> None:
    """A vendor's batches share one budget, whatever the site."""
    for number, site in enumerate((SITE, OTHER), 1):
        assert asyncio.run(_taken(ledger, batch(number, site=site)))
        lines = [line(n, purpose="appointments", token=None, site=site, instant=NOW + n) for n in range(1, 6)]
        asyncio.run(_settled(ledger, settling(range(1, 6), lines=lines, caps=(5, 8, 7))))
    assert answers(ledger) == {"stranger": 7, SPENT: 3}


def test_known_people_and_repeats_cost_nothing(ledger: Ledger) -> None:
    """Who the site knows, who was seen today and who comes twice in a batch count nowhere, or once."""
    ledger.settle(line(1, known_until=TODAY + 60), line(2))
    assert asyncio.run(_taken(ledger, batch(1)))
    asyncio.run(_settled(ledger, settling([1, 2, 3, 3, 3])))
    assert answers(ledger) == {"known": 1, "stranger": 4}
    assert used(ledger) == {"care 1": 1, "asked 0": 1, "client 0": 1}


def test_what_is_omitted_costs_more(ledger: Ledger) -> None:
    """A question without NIR or rank weighs as at a counter."""
    assert asyncio.run(_taken(ledger, batch(1)))
    lines = [line(n, purpose="appointments", token=None, cost=2, instant=NOW + n) for n in (1, 2, 3)]
    asyncio.run(_settled(ledger, settling([1, 2, 3], lines=lines)))
    assert answers(ledger) == {"stranger": 2, SPENT: 1}


def test_who_is_refused_for_another_reason_costs_nothing(ledger: Ledger) -> None:
    """A closed compartment is told as such, and gives the budget back."""
    ledger.sql("insert into rempart.compartment (compartment, state) values ('hub', 'closed')")
    assert asyncio.run(_taken(ledger, batch(1)))
    asyncio.run(_settled(ledger, settling([1, 2])))
    assert answers(ledger) == {"compartment": 2}
    assert set(used(ledger).values()) == {0}


def test_a_chunk_is_settled_once_whoever_comes_second(ledger: Ledger) -> None:
    """A worker that died after its commit, or two that hold the same chunk: one set of facts, one set of answers."""
    assert asyncio.run(_taken(ledger, batch(1)))

    async def twice() -> list[int]:
        lanes = [Connection(ledger.database.url("worker")) for _ in range(2)]
        chunk = await WaitingBatches(lanes[0]).take()
        assert chunk is not None
        assert await WaitingBatches(lanes[1]).take() is None
        done = await asyncio.gather(*(WaitingBatches(lane).settle(chunk, settling([1, 2]), NOW) for lane in lanes))
        for lane in lanes:
            await lane.close()
        return sorted(done)

    assert asyncio.run(twice()) == [-1, 2]
    assert answers(ledger) == {"stranger": 2}
    assert ledger.sql("select count(*) from rempart.disclosure") == [(2,)]


def test_no_two_questions_have_one_instant_though_every_clock_stands_still_or_steps_back(ledger: Ledger) -> None:
    """Eight workers ask at one microsecond, then one whose clock is an hour behind, then one whose clock is right."""

    async def ranges() -> list[tuple[int, int]]:
        lanes = [Connection(ledger.database.url("worker")) for _ in range(8)]
        try:
            books = [WaitingBatches(lane) for lane in lanes]
            wanted = [(NOW, n + 1) for n in range(8)]
            found = list(
                await asyncio.gather(*(book.instants(*want) for book, want in zip(books, wanted, strict=True)))
            )
            wanted += [(NOW - HOUR, 250), (NOW + HOUR, 1)]
            found += [await books[0].instants(*want) for want in wanted[8:]]
        finally:
            for lane in lanes:
                await lane.close()
        return [(first, count) for first, (_, count) in zip(found, wanted, strict=True)]

    found = asyncio.run(ranges())
    instants = [first + place for first, count in found for place in range(count)]
    assert len(set(instants)) == len(instants) == 36 + 251
    assert min(instants) == NOW
    assert sorted(instants)[:-1] == list(range(NOW, NOW + 286))
    assert max(instants) == NOW + HOUR


def test_lanes_at_once_reach_the_budget_exactly(ledger: Ledger) -> None:
    """Eight chunks of five strangers by eight lanes: the day of care's five, not one more, not one less."""
    assert asyncio.run(_taken(ledger, batch(1, chunks=8)))
    works = [settling(range(5 * n + 1, 5 * n + 6), first=10 * n + 1) for n in range(8)]
    assert asyncio.run(_settled(ledger, *works)) == [5] * 8
    assert answers(ledger) == {"stranger": 5, SPENT: 35}


def test_a_batch_is_answered_when_its_last_chunk_is_and_never_released_late_at_that_moment(ledger: Ledger) -> None:
    """In time its release stays as drawn; missed, it comes at a whole minute after it."""
    for number, now in ((1, NOW), (2, NOW + HOUR + 90_000_000)):
        assert asyncio.run(_taken(ledger, batch(number)))
        asyncio.run(_settled(ledger, settling([1]), now=now))
    rows = ledger.sql("select state, ready - %s from rempart.batch order by batch", NOW + HOUR)
    assert rows == [("answered", 0), ("answered", 120_000_000)]


def test_the_same_key_is_taken_once(ledger: Ledger) -> None:
    """The second finds the first one's receipt."""

    async def around() -> tuple[list[bool], object, object, object]:
        hub = Connection(ledger.database.url("hub"))
        intake = BatchIntake(hub)
        taken = [await intake.take(batch(n, key_mac=b"k" * 16)) for n in (1, 2)]
        found = await intake.replayed("client-1", b"k" * 16)
        own = await intake.find("client-1", SITE, UUID(bytes=BATCH + b"\1"))
        others = [
            await intake.find(*who, UUID(bytes=BATCH + b"\1")) for who in (("client-2", SITE), ("client-1", OTHER))
        ]
        await hub.close()
        return taken, found, own, others

    taken, found, own, others = asyncio.run(around())
    assert taken == [True, False]
    assert found == (b"r" * 16, b"{}")
    assert own is not None
    assert others == [None, None]


def test_a_day_after_the_release_the_answers_are_gone(ledger: Ledger) -> None:
    """Then the batch is expired; what was disclosed stays."""
    assert asyncio.run(_taken(ledger, batch(1)))
    asyncio.run(_settled(ledger, settling([1])))

    async def tidy(now: int) -> None:
        lane = Connection(ledger.database.url("worker"))
        await WaitingBatches(lane).tidy(now, DAY)
        await lane.close()

    asyncio.run(tidy(NOW + HOUR + DAY))
    assert ledger.sql("select state from rempart.batch") == [("answered",)]
    asyncio.run(tidy(NOW + HOUR + DAY + 1))
    assert ledger.sql("select state from rempart.batch") == [("expired",)]
    assert ledger.sql("select count(*) from rempart.batch_answer") == [(0,)]
    assert ledger.sql("select count(*) from rempart.disclosure") == [(1,)]


def test_a_late_batch_rings_once(ledger: Ledger) -> None:
    """Its alarm counts batches and names nobody."""
    assert asyncio.run(_taken(ledger, batch(1)))

    async def ring(now: int) -> tuple[int, tuple[int, int]]:
        lane = Connection(ledger.database.url("worker"))
        waiting = WaitingBatches(lane)
        found = await waiting.ring(now, "batches-late"), await waiting.counts(now)
        await lane.close()
        return found

    assert asyncio.run(ring(NOW)) == (0, (1, 0))
    assert asyncio.run(ring(NOW + HOUR + 1)) == (1, (1, 1))
    assert asyncio.run(ring(NOW + HOUR + 2)) == (0, (1, 1))
    assert ledger.sql("select code, counts from rempart.alarm") == [("batches-late", {"items": 1})]
