"""Decides deposits: a thread reads one file, lanes decide its invoices 400 at a time, each batch is one commit.

Killed anywhere, it starts the deposit again and skips what is written: an invoice's id is its deposit's id and its
place in it, so the second run meets the first one's rows.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

import structlog

from rempart.application.invoice_records import Decided, Needs, Submitted
from rempart.application.invoices import decide
from rempart.application.keeping_again import keep_again
from rempart.application.together import Unavailable
from rempart.domain.parameters import DISTINCT_AFTER_WORKING_DAYS
from rempart.storage.inbound import Inbound, Reopened, Waiting
from rempart.storage.invoices import Batch, InvoiceBooks
from rempart.worker.opening import Opener, Refused, Report

log = structlog.get_logger()
AHEAD = 4  # batches read before they are decided


@dataclass(frozen=True, slots=True)
class Lane:
    """What one batch needs: its own keeper and database connections."""

    needs: Callable[[], Needs]
    books: InvoiceBooks


@dataclass(frozen=True, slots=True)
class Deciding:
    """Decides one deposit at a time over its lanes. `now` gives microseconds UTC, `today` the civil date in Paris."""

    waiting: Waiting
    opener: Callable[[], Opener]
    lanes: Sequence[Lane]
    size: int
    now: Callable[[], int]
    today: Callable[[int], date]

    async def deposit(self, inbound: Inbound) -> Report:
        """One deposit, whole; it is closed with its report. Raises `Unavailable`: it will be taken up again."""
        report = Report()
        opener = self.opener()
        again = self.waiting.begun(inbound.inbound)
        try:
            await self._all(opener.open(inbound, report), inbound, None, begun=again)
        except Refused as refused:
            report.fault(level="file", code=refused.code)
            report.broken = True
        state = "refused" if report.broken else "decided"
        self.waiting.end(inbound.inbound, state, self._told(inbound, report))
        log.info("deposit-decided", state=state, count=sum(self.waiting.counts(inbound.inbound).values()))
        return report

    async def again(self, inbound: Inbound, wanted: dict[bytes, Reopened]) -> None:
        """The invoices of a deposit that waited or were held, decided again in the batch window."""
        opener = self.opener()
        await self._all(opener.open(inbound, Report()), inbound, wanted)
        self.waiting.tidy(inbound.inbound)

    def _told(self, inbound: Inbound, report: Report) -> dict[str, Any]:
        return {
            "counts": self.waiting.counts(inbound.inbound),
            "refused": report.refused,
            "tests": report.tests,
            "skipped": report.skipped,
            "faults": report.faults,
            "fault_count": report.fault_count,
        }

    async def _all(
        self, invoices: Iterator[Submitted], inbound: Inbound, wanted: dict[bytes, Reopened] | None, *,
        begun: bool = False,
    ) -> None:  # fmt: skip
        """Reads in a thread, decides in the lanes; the first failure ends both."""
        batches: queue.Queue[list[Submitted] | BaseException | None] = queue.Queue(maxsize=AHEAD)
        stop = threading.Event()
        if wanted is not None:
            invoices = (one for each in invoices if (one := _windowed(each, wanted)) is not None)
        pick = self._fresh if begun else None
        reader = threading.Thread(target=self._read, args=(invoices, batches, stop, pick), daemon=True)
        reader.start()
        try:
            async with asyncio.TaskGroup() as group:
                for lane in self.lanes:
                    group.create_task(self._lane(lane, batches, inbound, again=wanted is not None))
        except* Unavailable as failures:
            raise Unavailable("keeper or database") from failures
        except* Refused as failures:
            raise failures.exceptions[0] from None
        finally:
            stop.set()
            while reader.is_alive():
                _drain(batches)
                await asyncio.to_thread(reader.join, 0.05)

    def _read(
        self, invoices: Iterator[Submitted], batches: queue.Queue[Any], stop: threading.Event,
        pick: Callable[[list[Submitted]], list[Submitted]] | None,
    ) -> None:  # fmt: skip
        try:
            while batch := list(islice(invoices, self.size)):
                if stop.is_set():
                    return
                batches.put(pick(batch) if pick is not None else batch)
            for _ in self.lanes:
                batches.put(None)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the lanes must hear of it
            for _ in self.lanes:
                batches.put(error)

    def _fresh(self, batch: list[Submitted]) -> list[Submitted]:
        """Those that a worker that died did not write."""
        written = self.waiting.written([one.identity for one in batch])
        return [one for one in batch if one.identity not in written] if written else batch

    async def _lane(self, lane: Lane, batches: queue.Queue[Any], inbound: Inbound, *, again: bool) -> None:
        while True:
            batch = await asyncio.to_thread(batches.get)
            if batch is None:
                return
            if isinstance(batch, BaseException):
                raise batch
            if batch:
                await self._batch(lane, batch, inbound, again=again)

    async def _batch(self, lane: Lane, batch: list[Submitted], inbound: Inbound, *, again: bool) -> list[Decided]:
        instant = self.now()
        today = self.today(instant)
        needs = lane.needs()
        decided = await decide(needs, batch, instant, today)

        async def restate(stale: Sequence[Decided]) -> Sequence[Decided]:
            return await keep_again(needs, stale, today)

        return await lane.books.write(Batch(inbound.inbound, decided, instant, today, again), restate)


def _windowed(one: Submitted, wanted: dict[bytes, Reopened]) -> Submitted | None:
    """The invoice as it is decided again in the batch window, None when it is not among those wanted."""
    if one.identity not in wanted:
        return None
    why = wanted[one.identity]
    waited = DISTINCT_AFTER_WORKING_DAYS if why.waited_out else 0
    return one._replace(distinct=one.distinct or why.distinct, waited=waited, windowed=True)


def _drain(batches: queue.Queue[Any]) -> None:
    while True:
        try:
            batches.get_nowait()
        except queue.Empty:
            return
