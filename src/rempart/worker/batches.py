"""Answers batches of questions: takes a chunk, opens it, asks through the door, commits facts and answers at once.

A lane does one chunk at a time and shares nothing with another: lanes and workers share the queue by locks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from rempart.application.batches import Chunk, Needs, Settling, weighed
from rempart.application.eligibility import Ports
from rempart.application.guard import Caller
from rempart.application.together import Unavailable
from rempart.application.tokens import grant_id_of
from rempart.sealing.answer_frames import SealAnswersItem
from rempart.sealing.frames import OpenDepositItem
from rempart.storage.batch_records import pack_answer, unpack_questions
from rempart.storage.batches import WaitingBatches

log = structlog.get_logger()
OURS = frozenset({"clock-apart"})
"""Refusals that are about our machines: the chunk is taken up again, never refused for them."""
SEALED = 100  # answers sealed by one call: questions at counters wait for the same keeper
WITHDRAWN = frozenset({"grant-revoked", "no-mandate"})
Caps = tuple[int, int, int]


class Box(Protocol):
    """The keeper's box socket."""

    async def call(self, operation: str, items: Sequence[Any]) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class BoxSealer:
    """The `Sealer` port over the box."""

    box: Box

    async def seal(self, authority: bytes, batch: bytes, contents: Sequence[tuple[int, bytes]]) -> Sequence[bytes]:
        """Raises `Unavailable` when the keeper refuses its own authority: the chunk is opened again."""
        sealed: list[bytes] = []
        for start in range(0, len(contents), SEALED):
            numbers, plain = zip(*contents[start : start + SEALED], strict=True)
            (result,) = await self.box.call("seal_answers", [SealAnswersItem(authority, batch, numbers, plain)])
            if result.refusal:
                raise Unavailable("keeper")
            sealed += result.sealed
        return sealed


@dataclass(frozen=True, slots=True)
class BatchLane:
    """`caps` gives a site's (day of care, day of asking, client) caps at an instant; `now` microseconds UTC."""

    ports: Ports
    box: Box
    waiting: WaitingBatches
    caps: Callable[[str, int], Caps]
    now: Callable[[], int]

    async def round(self) -> bool:
        """One chunk; False when none waited. Raises `Unavailable`: the chunk stays and is taken up again."""
        chunk = await self.waiting.take()
        if chunk is None:
            return False
        try:
            count = await self.waiting.settle(chunk, await self._settling(chunk), self.now())
        finally:
            await self.waiting.release(chunk)
        log.info("batch-chunk-answered", count=count)
        return True

    async def _settling(self, chunk: Chunk) -> Settling:
        instant = self.now()
        caps = self.caps(chunk.site, instant)
        (opened,) = await self.box.call("open_deposit", [OpenDepositItem(chunk.sealed, instant)])
        if opened.refusal in OURS:
            raise Unavailable("keeper")
        if opened.refusal or (opened.client, opened.site) != (chunk.client, chunk.site):
            code = "client-standing" if opened.refusal in WITHDRAWN else "unavailable"
            return Settling(caps, refused=[(number, code) for number in chunk.numbers])
        caller = Caller(
            None, opened.client, "", opened.site, "", opened.authority, grant_id_of(opened.authority),
            instant + 900_000_000,
        )  # fmt: skip
        asked = unpack_questions(opened.content, caller)
        # Only now: the keeper has heard this clock, so a wrong one cannot push everybody's instants ahead.
        first = await self.waiting.instants(instant, len(asked))
        items = [(number, question._replace(instant=first + place)) for place, (number, question) in enumerate(asked)]
        return await weighed(Needs(self.ports, BoxSealer(self.box), pack_answer), chunk, items, caps)
