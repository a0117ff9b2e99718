"""An answer leaves at its own arrival + D, or at the next multiple when it was not ready by then.

Never at a global tick: a caller who aims just before a tick could read which answers were ready. One timer serves
all, because requests that arrive in order also leave in order.
"""

from __future__ import annotations

import asyncio
import heapq


class Cadence:
    """`seconds` is D; 0 turns the cadence off (`demo.unsafe_cadence_off`)."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = 0
        self.missed = 0  # answers that were not ready at the first multiple
        self._timer: asyncio.TimerHandle | None = None

    async def hold(self, arrived: float) -> None:
        """Waits until the first multiple of D after `arrived` (loop time, seconds) that has not passed."""
        if not self._seconds:
            return
        loop = asyncio.get_running_loop()
        periods = int((loop.time() - arrived) / self._seconds) + 1
        self.missed += periods > 1
        due = arrived + periods * self._seconds
        future: asyncio.Future[None] = loop.create_future()
        self._order += 1
        heapq.heappush(self._waiting, (due, self._order, future))
        if self._waiting[0][1] == self._order:
            self._arm(loop, due)
        await future

    def _arm(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(due, self._release, loop)

    def _release(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time() + 0.0005  # timers have a millisecond; half of it early is still the same for every answer
        waiting = self._waiting
        self._timer = None
        while waiting and waiting[0][0] <= now:
            future = heapq.heappop(waiting)[2]
            if not future.done():
                future.set_result(None)
        if waiting:
            self._arm(loop, waiting[0][0])
