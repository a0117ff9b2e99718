"""Requests that arrive together share the work. Knows nothing of the trade.

A lane takes what waits when it is free, so there is no collecting timer: one request alone goes at once, and the busier
it gets the larger the batches. While others work, a free lane leaves a few to the next round, which costs as much for
few as for many: it starts when as many wait as each of the others has, or when one has waited `hold`. Each client has
a few places a batch, so that one cannot fill them all.
If a batch fails it is tried again item by item, and only the culprit gets the error;
if it is unknown whether the work was done (`Unavailable`), all of it is unknown and nothing is tried again.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")
Work = Callable[[Sequence[Ask]], Awaitable[Sequence[Answer]]]


class Unavailable(Exception):
    """The work could not be done, or it is unknown whether it was: no answer may leave."""


class Busy(Exception):
    """The queue is full, or the request waited longer than its deadline: nothing was done."""


class Limits(NamedTuple):
    """`most` items a batch, `share` places of one client in a full one, `waiting` items queued.

    Seconds: `patience` until an item that waits is refused, `hold` until it goes although lanes work and it is alone.
    """

    most: int = 256
    share: int = 32
    waiting: int = 4096
    patience: float = 2.0
    hold: float = 0.01


class _Waiting(NamedTuple, Generic[Ask, Answer]):
    ask: Ask
    client: str
    since: float
    future: asyncio.Future[Answer]


class Together(Generic[Ask, Answer]):
    """`lanes` are the workers, one batch each at a time; `submit` gives a future of one item's answer."""

    def __init__(self, lanes: Sequence[Work[Ask, Answer]], limits: Limits) -> None:
        self._lanes = lanes
        self._limits = limits
        self._queue: deque[_Waiting[Ask, Answer]] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._under_way = 0  # items that lanes work on
        self._working = 0  # lanes
        self._held: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Starts the lanes on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._tasks = [self._loop.create_task(self._lane(work)) for work in self._lanes]

    async def stop(self) -> None:
        """Ends the lanes; what still waits gets `Unavailable`."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._held is not None:
            self._held.cancel()
        while self._queue:
            _fail(self._queue.popleft(), Unavailable("stopping"))

    def time(self) -> float:
        """Seconds of the loop's clock."""
        return self._loop.time()

    @property
    def waiting(self) -> int:
        """How many requests wait for a lane."""
        return len(self._queue)

    def submit(self, ask: Ask, client: str) -> asyncio.Future[Answer]:
        """Queues one item; raises `Busy` when the queue is full."""
        if len(self._queue) >= self._limits.waiting:
            raise Busy("queue full")
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._queue.append(_Waiting(ask, client, self._loop.time(), future))
        if self._idle:
            if self._worth_a_round():
                self._wake()
            elif self._held is None:
                self._held = self._loop.call_later(self._limits.hold, self._held_long)
        return future

    def _worth_a_round(self) -> bool:
        """As many wait as each working lane has; always, when none works."""
        return len(self._queue) * self._working >= self._under_way

    def _held_long(self) -> None:
        self._held = None
        if self._queue:
            self._wake()

    def _wake(self) -> None:
        while self._idle:
            free = self._idle.popleft()
            if not free.done():
                free.set_result(None)
                break

    async def _lane(self, work: Work[Ask, Answer]) -> None:
        while True:
            if not (self._queue and self._worth_a_round()):
                free = self._loop.create_future()
                self._idle.append(free)
                await free
            batch = self._take()
            if not batch:  # another lane was faster, or all of it waited too long
                continue
            self._working += 1
            self._under_way += len(batch)
            try:
                await self._run(work, batch)
            finally:
                self._working -= 1
                self._under_way -= len(batch)

    def _take(self) -> list[_Waiting[Ask, Answer]]:
        batch = self._all() if len(self._queue) <= self._limits.most else self._fairly()
        late = self._loop.time() - self._limits.patience
        if batch and batch[0].since < late:
            for waiting in batch:
                if waiting.since < late:
                    _fail(waiting, Busy("waited too long"))
        return [waiting for waiting in batch if not waiting.future.done()]

    def _all(self) -> list[_Waiting[Ask, Answer]]:
        batch = list(self._queue)
        self._queue.clear()
        return batch

    def _fairly(self) -> list[_Waiting[Ask, Answer]]:
        taken: list[_Waiting[Ask, Answer]] = []
        left: list[_Waiting[Ask, Answer]] = []
        places: Counter[str] = Counter()
        while self._queue and len(taken) < self._limits.most:
            waiting = self._queue.popleft()
            places[waiting.client] += 1
            (taken if places[waiting.client] <= self._limits.share else left).append(waiting)
        self._queue.extendleft(reversed(left))
        return taken

    async def _run(self, work: Work[Ask, Answer], batch: list[_Waiting[Ask, Answer]]) -> None:
        try:
            answers = await work([waiting.ask for waiting in batch])
            if len(answers) != len(batch):
                raise Unavailable("answers missing")  # whose they are is unknown, and so is what was done
        except Unavailable as unavailable:
            for waiting in batch:
                _fail(waiting, unavailable)
        except asyncio.CancelledError:
            for waiting in batch:
                _fail(waiting, Unavailable("stopping"))
            raise
        except Exception as error:  # noqa: BLE001 - whatever one item did to the batch, the others must not pay for it
            if len(batch) == 1:
                _fail(batch[0], error)
                return
            for waiting in batch:
                await self._run(work, [waiting])
        else:
            for waiting, answer in zip(batch, answers, strict=True):
                if not waiting.future.done():
                    waiting.future.set_result(answer)


def _fail(waiting: _Waiting[Ask, Answer], error: Exception) -> None:
    if not waiting.future.done():
        waiting.future.set_exception(error)
