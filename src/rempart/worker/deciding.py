"""Decides deposits: a thread reads one file, lanes decide its invoices 400 at a time, each batch is one commit.

A large file is cut into parts that any worker takes. Killed anywhere, the deposit or the part is started again and what
is written is skipped: an invoice's id is its deposit's id and its place in it, so the second run meets the first one's
rows. What repeats an invoice of the same file is decided when all others of the file are, one after the other.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from typing import Any, NamedTuple

import structlog

from rempart.application.invoice_records import Decided, Needs, Submitted
from rempart.application.invoices import decide
from rempart.application.keeping_again import keep_again
from rempart.application.together import Unavailable
from rempart.domain.parameters import DISTINCT_AFTER_WORKING_DAYS
from rempart.storage.inbound import Inbound, Reopened, Waiting
from rempart.storage.invoices import Batch, InvoiceBooks
from rempart.storage.shared_files import Claim, OvertakenError, SharedFiles, Stretch
from rempart.worker.opening import Opener, Refused, Report

log = structlog.get_logger()
AHEAD = 4  # batches read before they are decided


@dataclass(frozen=True, slots=True)
class Lane:
    """What one batch needs: its own keeper and database connections."""

    needs: Callable[[], Needs]
    books: InvoiceBooks


class Task(NamedTuple):
    """What is decided: `begun` by a worker that died, or `again` in the batch window; `claim` when it is a part."""

    inbound: Inbound
    begun: bool = False
    again: bool = False
    claim: Claim | None = None


class Reading(NamedTuple):
    """What the reading thread works on; `pick` leaves out what is written already."""

    invoices: Iterator[Submitted]
    batches: queue.Queue[Any]
    stop: threading.Event
    pick: Callable[[list[Submitted]], list[Submitted]] | None
    lanes: int


@dataclass(frozen=True, slots=True)
class Sharing:
    """How large files are cut and held: `most` invoices a part, leases in microseconds of the machine's `clock`."""

    files: SharedFiles
    most: int
    lease: int
    clock: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Deciding:
    """Decides one deposit or part at a time over its lanes. `now` gives microseconds UTC, `today` the date in Paris."""

    waiting: Waiting
    sharing: Sharing
    opener: Callable[[], Opener]
    lanes: Sequence[Lane]
    size: int
    now: Callable[[], int]
    today: Callable[[int], date]

    async def deposit(self, inbound: Inbound) -> Report:
        """One deposit, whole, and closed with its report; or cut, when it is large.

        Raises `Unavailable`: it will be taken up again.
        """
        report = Report()
        opener = self.opener()
        begun = self.waiting.begun(inbound.inbound)
        try:
            if inbound.channel == "api":
                await self._all(opener.open(inbound, report), Task(inbound, begun=begun))
            else:
                stretches = await asyncio.to_thread(opener.cut, inbound, report, self.sharing.most)
                if len(stretches) > 1:
                    self.sharing.files.cut(inbound.inbound, stretches)
                    return report
                for stretch in stretches:
                    await self._stretch(stretch, report, Task(inbound, begun=begun))
                    await self._left([stretch], Task(inbound, begun=begun))
        except Refused as refused:
            report.refuse(refused.code)
        self._close(inbound, report)
        return report

    async def part(self, claim: Claim) -> None:
        """One part of a large file; who does the last one closes the deposit.

        Raises `Unavailable`, and `OvertakenError` when it took so long that another has it.
        """
        report, task = Report(), Task(claim.inbound, begun=claim.again, claim=claim)
        try:
            if claim.last:
                await self._left(self.sharing.files.left(claim.inbound.inbound), task)
            else:
                await self._stretch(claim.stretch, report, task)
        except Refused as refused:
            report.refuse(refused.code)
        except BaseException:
            self.sharing.files.release(claim)
            raise
        reports = self.sharing.files.done(claim, report.pack())
        if reports is not None:
            self._close(claim.inbound, Report.of(reports))

    def finish(self) -> None:
        """Closes files whose parts are all decided and whose last worker died before it closed them."""
        for inbound, reports in self.sharing.files.ended():
            if self.waiting.lock(inbound.inbound):
                try:
                    self._close(inbound, Report.of(reports))
                finally:
                    self.waiting.release(inbound.inbound)

    def claim(self) -> Claim | None:
        """The next part that is free."""
        return self.sharing.files.claim(self.sharing.clock(), self.sharing.lease)

    async def _stretch(self, stretch: Stretch, report: Report, task: Task) -> None:
        """A part but what is left to the end."""
        later = frozenset(stretch.later)
        invoices = self.opener().part(task.inbound, report, stretch)
        await self._all((one for one in invoices if one.position not in later), task)

    async def _left(self, stretches: Sequence[Stretch], task: Task) -> None:
        """What was left, in the order of the file; it was counted when it was first read."""
        found = [stretch for stretch in stretches if stretch.later]
        if found:
            opener = self.opener()
            read = chain.from_iterable(opener.later(task.inbound, stretch) for stretch in found)
            await self._all(read, task, lanes=1)

    def _close(self, inbound: Inbound, report: Report) -> None:
        state = "refused" if report.broken else "decided"
        self.waiting.end(inbound.inbound, state, self._told(inbound, report))
        log.info("deposit-decided", state=state, count=sum(self.waiting.counts(inbound.inbound).values()))

    async def again(self, inbound: Inbound, wanted: dict[bytes, Reopened]) -> None:
        """The invoices of a deposit that waited or were held, decided again in the batch window."""
        invoices = self.opener().open(inbound, Report())
        windowed = (one for each in invoices if (one := _windowed(each, wanted)) is not None)
        await self._all(windowed, Task(inbound, again=True))
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

    async def _all(self, invoices: Iterator[Submitted], task: Task, *, lanes: int | None = None) -> None:
        """Reads in a thread, decides in the lanes; the first failure ends both."""
        batches: queue.Queue[list[Submitted] | BaseException | None] = queue.Queue(maxsize=AHEAD)
        stop = threading.Event()
        working = self.lanes[:lanes]
        pick = self._fresh if task.begun else None
        reading = Reading(invoices, batches, stop, pick, len(working))
        reader = threading.Thread(target=self._read, args=(reading,), daemon=True)
        reader.start()
        try:
            async with asyncio.TaskGroup() as group:
                for lane in working:
                    group.create_task(self._lane(lane, batches, task))
        except* Unavailable as failures:
            raise Unavailable("keeper or database") from failures
        except* OvertakenError as failures:
            raise failures.exceptions[0] from None
        except* Refused as failures:
            raise failures.exceptions[0] from None
        finally:
            stop.set()
            while reader.is_alive():
                _drain(batches)
                await asyncio.to_thread(reader.join, 0.05)

    def _read(self, reading: Reading) -> None:
        invoices, batches, stop, pick, lanes = reading
        try:
            while batch := list(islice(invoices, self.size)):
                if stop.is_set():
                    return
                batches.put(pick(batch) if pick is not None else batch)
            for _ in range(lanes):
                batches.put(None)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the lanes must hear of it
            for _ in range(lanes):
                batches.put(error)

    def _fresh(self, batch: list[Submitted]) -> list[Submitted]:
        """Those that a worker that died did not write."""
        written = self.waiting.written([one.identity for one in batch])
        return [one for one in batch if one.identity not in written] if written else batch

    async def _lane(self, lane: Lane, batches: queue.Queue[Any], task: Task) -> None:
        while True:
            batch = await asyncio.to_thread(batches.get)
            if batch is None:
                return
            if isinstance(batch, BaseException):
                raise batch
            if batch:
                if task.claim is not None:
                    await lane.books.renew(task.claim, self.sharing.clock(), self.sharing.lease)
                await self._batch(lane, batch, task)

    async def _batch(self, lane: Lane, batch: list[Submitted], task: Task) -> list[Decided]:
        instant = self.now()
        today = self.today(instant)
        needs = lane.needs()
        decided = await decide(needs, batch, instant, today)

        async def restate(stale: Sequence[Decided]) -> Sequence[Decided]:
            return await keep_again(needs, stale, today)

        made = Batch(task.inbound.inbound, decided, instant, today, task.again, task.claim)
        return await lane.books.write(made, restate)


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
