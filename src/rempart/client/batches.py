"""Batches of questions from vendors' software: sent once, read when they are ready. Mixed into both clients of `hub`.

A client that seals identities seals each item's. The same batch sealed anew under its key is known by its mark.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar
from uuid import UUID, uuid4

import msgspec

from rempart.client.calls import Call, Presents, keyed
from rempart.client.identity import Sealer
from rempart.wire.batches import BatchItem, BatchReceipt, BatchRequest, BatchState
from rempart.wire.problem import Problem

T = TypeVar("T")
PATH = "/v1/eligibility/batches"
LEAST, MOST = 1.0, 60.0  # seconds between two looks, however near or far the release is
WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Items(Presents):
    """The beneficiaries of a batch, to be sealed one by one under their numbers."""

    numbers: tuple[int, ...] = ()

    def body(self, sealer: Sealer) -> bytes:
        """The batch with what each item presents sealed, under one mark."""
        mark = sealer.mark(msgspec.json.encode((self.numbers, self.requests)), self.key)
        pairs = zip(self.numbers, map(sealer.request, self.requests), strict=True)
        items = [{"item": number, "question": question} for number, question in pairs]
        return msgspec.json.encode({"items": items, "sealed_mark": mark})


def send(items: tuple[BatchItem, ...], key: str) -> Call[BatchReceipt]:
    """Many questions at once under an idempotency key: repeated freely, they are asked once."""
    told = Items(tuple(each.question for each in items), key, numbers=tuple(each.item for each in items))
    body = msgspec.json.encode(BatchRequest(items))
    return Call("POST", PATH, BatchReceipt, body, keyed(key), presents=told)


def read(identity: str) -> Call[BatchState]:
    """The answers of a batch, once it is ready."""
    return Call("GET", f"{PATH}/{UUID(identity)}", BatchState)


class _Performs(Protocol):
    def perform(self, call: Call[T]) -> T | Problem: ...


class _PerformsAsync(Protocol):
    async def perform(self, call: Call[T]) -> T | Problem: ...


class Batches:
    """What `Client` has of batches."""

    def eligibility_batch(self: _Performs, items: Sequence[BatchItem], key: str = "") -> BatchReceipt | Problem:
        """Asks up to 2,000 questions, each under a number of yours; `key` as of `hub.new_key`, kept by you."""
        return self.perform(send(tuple(items), key or str(uuid4())))

    def batch_state(self: _Performs, batch: str) -> BatchState | Problem:
        """The answers of a batch, or that it waits."""
        return self.perform(read(batch))

    def batch_answers(self: _Performs, receipt: BatchReceipt, seconds: float = 5_400.0) -> BatchState | Problem:
        """Waits for the release and gives the answers; after `seconds` what stands then, which may still be waiting."""
        end = time.monotonic() + seconds
        pauses = _pauses(receipt.ready_from)
        while True:
            time.sleep(min(next(pauses), max(0.0, end - time.monotonic())))
            found = self.perform(read(receipt.batch))
            if isinstance(found, Problem) or found.state != WAITING or time.monotonic() >= end:
                return found


class AsyncBatches:
    """What `AsyncClient` has of batches; what each does: `Batches`."""

    async def eligibility_batch(
        self: _PerformsAsync, items: Sequence[BatchItem], key: str = ""
    ) -> BatchReceipt | Problem:
        return await self.perform(send(tuple(items), key or str(uuid4())))

    async def batch_state(self: _PerformsAsync, batch: str) -> BatchState | Problem:
        return await self.perform(read(batch))

    async def batch_answers(
        self: _PerformsAsync, receipt: BatchReceipt, seconds: float = 5_400.0
    ) -> BatchState | Problem:
        end = time.monotonic() + seconds
        pauses = _pauses(receipt.ready_from)
        while True:
            await asyncio.sleep(min(next(pauses), max(0.0, end - time.monotonic())))
            found = await self.perform(read(receipt.batch))
            if isinstance(found, Problem) or found.state != WAITING or time.monotonic() >= end:
                return found


def _pauses(ready_from: str) -> Iterator[float]:
    """Seconds until the release, by this machine's clock, then until each later look: longer and longer."""
    yield max(0.0, (datetime.fromisoformat(ready_from) - datetime.now(UTC)).total_seconds())
    pause = LEAST
    while True:
        yield pause
        pause = min(MOST, pause * 2)
