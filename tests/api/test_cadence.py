"""An answer leaves at its own arrival + D, or at the next multiple: on a loop whose clock is moved by hand."""

from __future__ import annotations

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from rempart.api.cadence import Cadence

D = 0.008
HALF = 0.0005  # seconds: how early a timer may be, the same for every answer


class _Selector(selectors.DefaultSelector):
    """Never waits: what would have been waited is told to the clock."""

    moved: Callable[[float], None]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout:
            self.moved(timeout)
        return super().select(0)


class FakeTime(asyncio.SelectorEventLoop):
    """A loop whose time passes only while nothing can run."""

    def __init__(self) -> None:
        selector = _Selector()
        selector.moved = self.move
        self.now = 1_000.0
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


def play(scene: Callable[[FakeTime], Coroutine[Any, Any, None]]) -> None:
    loop = FakeTime()
    try:
        loop.run_until_complete(scene(loop))
    finally:
        loop.close()


async def answered(loop: FakeTime, cadence: Cadence, arrived: float, work: float) -> float:
    """When a request that arrived then and took that long may leave."""
    await asyncio.sleep(arrived + work - loop.now)
    await cadence.hold(arrived)
    return loop.now


@pytest.mark.parametrize(
    ("work", "periods"), [(0.0, 1), (0.001, 1), (0.0079, 1), (0.0081, 2), (0.0159, 2), (0.0161, 3), (0.1001, 13)]
)
def test_an_answer_leaves_at_the_first_multiple_after_it_is_ready(work: float, periods: int) -> None:
    """A hit and a miss of the same span leave at the same instant after their arrival."""

    async def scene(loop: FakeTime) -> None:
        cadence = Cadence(D)
        arrived = loop.now
        left = await answered(loop, cadence, arrived, work)
        assert left - arrived == pytest.approx(periods * D, abs=2 * HALF)
        assert cadence.missed == (periods > 1)

    play(scene)


def test_no_answer_leaves_early_and_each_leaves_at_its_own_multiple() -> None:
    """Five hundred at any distance, of any length: never at a common tick, never before arrival + D."""
    chance = random.Random(7)
    arrivals = [1_000.0 + chance.random() * 0.2 for _ in range(500)]
    works = [chance.expovariate(1 / 0.004) for _ in arrivals]

    async def scene(loop: FakeTime) -> None:
        cadence = Cadence(D)
        pairs = zip(arrivals, works, strict=True)
        left = await asyncio.gather(*(answered(loop, cadence, arrived, work) for arrived, work in pairs))
        for arrived, work, gone in zip(arrivals, works, left, strict=True):
            held = gone - arrived
            assert held >= D - HALF
            assert held >= work - 1e-9
            assert held - work <= D + 2 * HALF
            assert abs(held / D - round(held / D)) * D <= 2 * HALF

    play(scene)


def test_answers_of_the_same_wait_leave_in_the_order_of_arrival() -> None:
    """Whichever was ready first, whoever came first leaves first."""
    order: list[int] = []

    async def one(loop: FakeTime, cadence: Cadence, number: int) -> None:
        await answered(loop, cadence, 1_000.0 + number * 0.0001, (20 - number) * 0.0002)
        order.append(number)

    async def scene(loop: FakeTime) -> None:
        cadence = Cadence(D)
        await asyncio.gather(*(one(loop, cadence, number) for number in range(20)))

    play(scene)
    assert order == list(range(20))


def test_one_that_is_due_sooner_does_not_wait_for_one_that_is_due_later() -> None:
    """A late answer of an old request is due before a fresh one that already waits."""

    async def scene(loop: FakeTime) -> None:
        cadence = Cadence(D)
        fresh = asyncio.ensure_future(answered(loop, cadence, 1_000.004, 0.0))
        old = asyncio.ensure_future(answered(loop, cadence, 999.999, 0.0061))
        assert await old == pytest.approx(1_000.007, abs=2 * HALF)
        assert not fresh.done()
        assert await fresh == pytest.approx(1_000.012, abs=2 * HALF)

    play(scene)


def test_who_went_away_holds_nobody_up() -> None:
    """A cancelled request leaves no hole: those behind it leave at their time."""

    async def scene(loop: FakeTime) -> None:
        cadence = Cadence(D)
        gone = asyncio.ensure_future(cadence.hold(loop.now))
        await asyncio.sleep(0.001)
        here = asyncio.ensure_future(answered(loop, cadence, loop.now, 0.0))
        gone.cancel()
        arrived = loop.now
        assert await here - arrived == pytest.approx(D, abs=2 * HALF)

    play(scene)


def test_turned_off_nothing_is_held() -> None:
    """The demonstration's dangerous switch lets answers leave when they are ready."""

    async def scene(loop: FakeTime) -> None:
        before = loop.now
        cadence = Cadence(0)
        await cadence.hold(before - 5)
        assert loop.now == before
        assert cadence.missed == 0

    play(scene)
