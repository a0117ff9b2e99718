"""A stolen key asks a whole leaked list by batch: it learns what announced appointments allow, honest books go on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from rempart.domain.appointments import announced
from rempart.simulation.authorizations import presented
from rempart.simulation.caller import Caller, presented_request
from rempart.simulation.people import Person
from rempart.wire.batches import BatchAnswer, BatchItem, BatchReceipt, BatchState
from support.houses import FIRST_DAY, town
from support.journey import Journey

pytestmark = pytest.mark.postgres
HOUR = 3_600_000_000
ROBBED, HONEST = "dentist", "physiotherapist"
DOMAIN = {ROBBED: "DESO", HONEST: "AUXM"}


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with town(tmp_path_factory.mktemp("list") / "h", 1_500, insurers=2) as made:
        yield Journey(made)


def _items(journey: Journey, people: Sequence[Person], profession: str, *, days: int = 1) -> tuple[BatchItem, ...]:
    """Their appointments, spread over the next `days`; an item's number is its person's."""
    return tuple(
        BatchItem(
            person.number + 1,
            presented_request(
                presented(journey.town.country, person),
                care_date=(journey.today + timedelta(days=1 + place % days)).isoformat(),
                domains=(DOMAIN[profession],), evidence="machine",
            ),
        )
        for place, person in enumerate(people)
    )  # fmt: skip


def _asked(journey: Journey, profession: str, items: tuple[BatchItem, ...], key: str) -> tuple[BatchAnswer, ...]:
    """The answers of a batch, an hour later."""
    clock = journey.town.clock
    assert clock is not None

    async def send(caller: Caller) -> str:
        receipt = await caller.batch(items, key)
        assert isinstance(receipt, BatchReceipt), receipt
        return receipt.batch

    batch = journey.at(journey.site(profession), send)
    end = time.monotonic() + 60
    while journey.town.one("select count(*) from rempart.batch_chunk"):
        assert time.monotonic() < end
        time.sleep(0.02)
    clock.move_to(clock.now() + HOUR)

    async def read(caller: Caller) -> tuple[BatchAnswer, ...]:
        found = await caller.batch_state(batch)
        assert isinstance(found, BatchState), found
        assert found.state == "ready"
        return found.answers

    return journey.at(journey.site(profession), read)


def _learned(answers: Sequence[BatchAnswer]) -> set[int]:
    """About whom something true was said."""
    return {each.item for each in answers if each.answer is not None and each.answer.answer == "covered"}


def test_a_leaked_list_by_batch_learns_the_budget_of_each_day_and_honest_books_are_answered(journey: Journey) -> None:
    """1,200 people in the list, spread over sixty days of care, on two days: never more than a day of asking allows."""
    leaked = list(journey.town.country.everyone())[:1_200]
    budget = announced(ROBBED, FIRST_DAY)
    learned: set[int] = set()
    for day in range(2):
        one = _asked(journey, ROBBED, _items(journey, leaked, ROBBED, days=1), f"one day {day}")
        assert len(_learned(one) - learned) <= budget.a_day
        learned |= _learned(one)
        spread = _asked(journey, ROBBED, _items(journey, leaked[::-1], ROBBED, days=59), f"spread {day}")
        learned |= _learned(spread)
        assert 0 < len(learned) <= budget.asked * (day + 1)
        book = list(journey.people("AUXM"))[day * 15 : day * 15 + 15]
        honest = _asked(journey, HONEST, _items(journey, book, HONEST), f"book {day}")
        assert len(_learned(honest)) == len(book)
        journey.later(1)
    shown = journey.town.one(
        "select count(distinct tag) from rempart.disclosure where site = %s and evidence <> 'known' "
        "and template <> 'none'", journey.town.country.site(journey.site(ROBBED)).number,
    )  # fmt: skip
    assert shown <= budget.asked * 2
    journey.met.extend(leaked)
    journey.sound()
