"""Micro-batches: what waits goes together, fairly; one bad item poisons nobody; what is unknown is tried once only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from rempart.application.together import Busy, Limits, Together, Unavailable

ROOMY = Limits(most=100, share=100, waiting=1_000, patience=60.0)


class Desk:
    """A lane's work that keeps what it was given, and goes on when it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = asyncio.Event()
        self.lost = -1
        self.error: Callable[[Sequence[int]], Exception | None] = lambda _: None

    async def __call__(self, items: Sequence[int]) -> list[str]:
        self.batches.append(list(items))
        await self.go.wait()
        error = self.error(items)
        if error is not None:
            raise error
        return [f"answer {item}" for item in items if item != self.lost]


Scene = Callable[[Together[int, str], Desk], Awaitable[None]]


def play(scene: Scene, limits: Limits = ROOMY, lanes: int = 1) -> Desk:
    """Runs a scene with lanes that share one desk."""

    async def run() -> Desk:
        desk = Desk()
        together: Together[int, str] = Together([desk] * lanes, limits)
        together.start()
        await settle()
        await scene(together, desk)
        await together.stop()
        return desk

    return asyncio.run(run())


async def settle() -> None:
    """Lets everything run that can run now."""
    for _ in range(20):
        await asyncio.sleep(0)


async def outcomes(futures: Sequence[asyncio.Future[str]]) -> list[Any]:
    return await asyncio.gather(*futures, return_exceptions=True)


def test_a_free_lane_takes_all_that_waits() -> None:
    """One alone goes at once; what comes while the lane works goes together afterwards, answers in their places."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        first = together.submit(0, "a")
        await settle()
        assert desk.batches == [[0]]
        others = [together.submit(item, "a") for item in (1, 2, 3)]
        await settle()
        assert together.waiting == 3
        desk.go.set()
        assert await outcomes([first, *others]) == ["answer 0", "answer 1", "answer 2", "answer 3"]

    assert play(scene).batches == [[0], [1, 2, 3]]


def test_two_lanes_work_side_by_side() -> None:
    """While one lane works, the other takes what comes next."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        futures = [together.submit(1, "a")]
        await settle()
        futures.append(together.submit(2, "a"))
        await settle()
        assert desk.batches == [[1], [2]]
        desk.go.set()
        await outcomes(futures)

    play(scene, lanes=2)


def test_a_second_lane_starts_when_as_many_wait_as_the_first_has() -> None:
    """Fewer are left to the next round, which costs as much for few as for many."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        futures = [together.submit(item, "a") for item in (1, 2, 3)]
        await settle()
        futures += [together.submit(item, "a") for item in (4, 5)]
        await settle()
        assert desk.batches == [[1, 2, 3]]
        futures.append(together.submit(6, "a"))
        await settle()
        assert desk.batches == [[1, 2, 3], [4, 5, 6]]
        desk.go.set()
        await outcomes(futures)

    play(scene, ROOMY._replace(hold=60.0), lanes=2)


def test_a_round_that_hangs_holds_the_next_ones_back_for_a_moment_only() -> None:
    """A free lane takes what waited `hold`, however few, while another lane does not come back."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        futures = [together.submit(item, "a") for item in (1, 2, 3)]
        await settle()
        futures.append(together.submit(4, "a"))
        await settle()
        assert desk.batches == [[1, 2, 3]]
        await asyncio.sleep(0.02)
        assert desk.batches == [[1, 2, 3], [4]]
        desk.go.set()
        await outcomes(futures)

    play(scene, ROOMY._replace(hold=0.001), lanes=2)


def test_a_client_has_only_its_places_in_a_full_batch() -> None:
    """One that fills the queue does not push another's single request back; the order of each client is kept."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        futures = [together.submit(0, "z")]
        await settle()
        futures += [together.submit(item, "greedy") for item in range(1, 9)]
        futures.append(together.submit(100, "modest"))
        desk.go.set()
        await outcomes(futures)

    batches = play(scene, Limits(most=4, share=2, waiting=1_000, patience=60.0)).batches
    assert batches[1] == [1, 2, 100]
    assert [item for batch in batches[1:] for item in batch if item != 100] == list(range(1, 9))


def test_a_failing_item_poisons_nobody_else() -> None:
    """A batch that fails is tried again item by item: the culprit gets its error, the others their answers."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        desk.error = lambda items: ArithmeticError("13") if 13 in items else None
        first = together.submit(0, "a")
        await settle()
        others = [together.submit(item, "a") for item in (1, 13, 2)]
        desk.go.set()
        one, culprit, two = (await outcomes([first, *others]))[1:]
        assert (one, two) == ("answer 1", "answer 2")
        assert isinstance(culprit, ArithmeticError)
        assert await together.submit(3, "a") == "answer 3"  # the lane is still at work

    assert play(scene).batches == [[0], [1, 13, 2], [1], [13], [2], [3]]


def test_unavailable_fails_all_and_is_not_tried_again() -> None:
    """When it is unknown whether the work was done, nobody gets an answer and nothing is done twice."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        first = together.submit(0, "a")
        await settle()
        others = [together.submit(item, "a") for item in (1, 2)]
        desk.error = lambda items: Unavailable("database") if len(items) > 1 else None
        desk.go.set()
        found = await outcomes([first, *others])
        assert found[0] == "answer 0"
        assert all(isinstance(each, Unavailable) for each in found[1:])

    assert play(scene).batches == [[0], [1, 2]]


def test_unavailable_while_trying_again_fails_that_item_only_once() -> None:
    """The second try of one item may be unavailable too; it ends there."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        def error(items: Sequence[int]) -> Exception | None:
            if len(items) > 1:
                return ValueError("batch")
            return Unavailable("keeper") if items[0] == 2 else None

        first = together.submit(0, "a")
        await settle()
        others = [together.submit(item, "a") for item in (1, 2, 3)]
        desk.error = error
        desk.go.set()
        found = await outcomes([first, *others])
        assert isinstance(found[2], Unavailable)
        assert [found[1], found[3]] == ["answer 1", "answer 3"]

    assert play(scene).batches == [[0], [1, 2, 3], [1], [2], [3]]


def test_a_full_queue_is_busy() -> None:
    """The queue is bounded: one too many is told at once, those who wait keep their places."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        futures = [together.submit(0, "a")]
        await settle()
        futures += [together.submit(item, "a") for item in (1, 2)]
        with pytest.raises(Busy):
            together.submit(3, "a")
        desk.go.set()
        assert await outcomes(futures) == ["answer 0", "answer 1", "answer 2"]

    assert play(scene, Limits(most=100, share=100, waiting=2, patience=60.0)).batches == [[0], [1, 2]]


def test_who_waited_beyond_the_deadline_is_busy_and_nothing_is_done() -> None:
    """A lane that comes too late drops what waited too long, and works on what did not."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        loop = asyncio.get_running_loop()
        clock = [loop.time()]
        loop.time = lambda: clock[0]  # type: ignore[method-assign]  # the loop's clock is moved by hand
        first = together.submit(0, "a")
        await settle()
        late = together.submit(1, "a")
        clock[0] += 1.5
        fresh = together.submit(2, "a")
        clock[0] += 1.0
        desk.go.set()
        found = await outcomes([first, late, fresh])
        assert found[0] == "answer 0"
        assert isinstance(found[1], Busy)
        assert found[2] == "answer 2"

    assert play(scene, Limits(most=100, share=100, waiting=100, patience=2.0)).batches == [[0], [2]]


def test_who_gave_up_is_not_worked_for() -> None:
    """A request cancelled while it waited takes no place in the work."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        first = together.submit(0, "a")
        await settle()
        gone, here = together.submit(1, "a"), together.submit(2, "a")
        gone.cancel()
        desk.go.set()
        assert await outcomes([first, here]) == ["answer 0", "answer 2"]

    assert play(scene).batches == [[0], [2]]


def test_stopping_fails_what_waits_and_what_is_at_work() -> None:
    """Nobody is left without an answer: it is unknown for those at work, and the same is told to those who wait."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        working = together.submit(0, "a")
        await settle()
        waiting = together.submit(1, "a")
        await together.stop()
        assert all(isinstance(each, Unavailable) for each in await outcomes([working, waiting]))
        assert together.waiting == 0

    assert play(scene).batches == [[0]]


def test_an_answer_too_few_answers_nobody_and_the_lane_goes_on() -> None:
    """A work that loses an item must not move its neighbour's answer to it: all of the batch is unknown."""

    async def scene(together: Together[int, str], desk: Desk) -> None:
        first = together.submit(0, "a")
        await settle()
        others = [together.submit(item, "a") for item in (1, 2, 3)]
        desk.lost = 2
        desk.go.set()
        found = await outcomes([first, *others])
        assert all(isinstance(each, Unavailable) for each in found[1:])
        assert await together.submit(4, "a") == "answer 4"

    assert play(scene).batches == [[0], [1, 2, 3], [4]]
