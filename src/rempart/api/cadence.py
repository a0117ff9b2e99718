"""An answer leaves at its own arrival + D, or at the next multiple when it was not ready by then.

Never at a global tick: a caller who aims just before a tick could read which answers were ready. One timer serves
all, because requests that arrive in order also leave in order.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable


class Cadence:
    """`seconds` is D; 0 turns the cadence off (`demo.unsafe_cadence_off`)."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self.missed = 0  # answers that were not ready at the first multiple
        self._timer: asyncio.TimerHandle | None = None

    async def hold(self, arrived: float) -> None:
        """Waits until the first multiple of D after `arrived` (loop time, seconds) that has not passed."""
        if not self._seconds:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.later(arrived, lambda: None if future.done() else future.set_result(None))
        await future

    def later(self, arrived: float, leave: Callable[[], None]) -> None:
        """Calls `leave` at that multiple; at once when the cadence is off."""
        if not self._seconds:
            leave()
            return
        loop = asyncio.get_running_loop()
        periods = int((loop.time() - arrived) / self._seconds) + 1
        self.missed += periods > 1
        due = arrived + periods * self._seconds
        self._order += 1
        heapq.heappush(self._waiting, (due, self._order, leave))
        if self._waiting[0][1] == self._order:
            self._arm(loop, due)

    def _arm(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(due, self._release, loop)

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time() + 0.0005  # timers have a millisecond; half of it early is still the same for every answer
        waiting = self._waiting
        self._timer = None
        while waiting and waiting[0][0] <= now:
            loop.call_soon(heapq.heappop(waiting)[2])  # each by itself: one that fails holds no other back
        if waiting:
            self._arm(loop, waiting[0][0])
