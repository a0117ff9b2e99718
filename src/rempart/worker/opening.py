"""From a deposit to its invoices: sealed chunks → the keeper's box → the format → invoices with their site's authority.

Runs in a thread with blocking connections of its own, so that reading a file and deciding its invoices overlap.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import msgspec

from rempart.application.guard import Caller, SiteFacts
from rempart.application.invoice_records import Submitted
from rempart.application.together import Unavailable
from rempart.application.tokens import grant_id_of
from rempart.domain.invoice import Invoice
from rempart.formats import b2, invoice_json
from rempart.sealing.client import KeeperSync, KeeperUnavailable
from rempart.sealing.frames import AuthorityItem, OpenDepositItem
from rempart.storage.inbound import Inbound, Waiting
from rempart.storage.shared_files import Stretch

FAULTS_KEPT = 1000
NARROWED_FOR = 300_000_000  # microseconds; then a site's authority is asked for again, long before it expires
OURS = frozenset({"clock-apart"})
"""Refusals that are about our machines: the deposit is taken up again, never refused for them."""


@dataclass(slots=True)
class Report:
    """What is told of a deposit besides its invoices: faults up to a limit, how many in all, tests, skipped records."""

    faults: list[dict[str, Any]] = field(default_factory=list)
    fault_count: int = 0
    refused: int = 0
    tests: int = 0
    skipped: int = 0
    broken: bool = False

    def refuse(self, code: str) -> None:
        """The whole deposit is refused."""
        self.fault(level="file", code=code)
        self.broken = True

    def pack(self) -> bytes:
        """As it waits for the reports of other parts; it says nothing of people."""
        return msgspec.json.encode(self)

    @staticmethod
    def of(packed: Sequence[bytes]) -> Report:
        """One report of many, in their order."""
        whole = Report()
        for each in packed:
            part = msgspec.json.decode(each, type=Report)
            whole.faults += part.faults[: FAULTS_KEPT - len(whole.faults)]
            whole.fault_count += part.fault_count
            whole.refused += part.refused
            whole.tests += part.tests
            whole.skipped += part.skipped
            whole.broken |= part.broken
        return whole

    def fault(self, **where: Any) -> None:
        """Counts one, and keeps it while there is room."""
        self.fault_count += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append({name: value for name, value in where.items() if value})


class Opener:
    """Opens one deposit at a time. `now` gives microseconds UTC; it is read at each call of the keeper.

    A large file takes longer than the keeper lets two clocks differ.
    """

    def __init__(
        self, keeper: KeeperSync, waiting: Waiting, sites: Mapping[str, SiteFacts], now: Callable[[], int]
    ) -> None:
        self._keeper = keeper
        self._waiting = waiting
        self._sites = sites
        self._now = now

    def open(self, inbound: Inbound, report: Report) -> Iterator[Submitted]:
        """Its invoices in order. Raises `Unavailable` when keeper or database does not answer."""
        self._fresh()
        if inbound.channel == "api":
            yield from self._from_json(inbound, report)
        else:
            yield from self._from_b2(inbound, report)

    def cut(self, inbound: Inbound, report: Report, most: int) -> list[Stretch]:
        """The parts of a B2 file, `most` invoices or a little more each; a file that is broken has none.

        Raises `Refused` when it cannot be opened, and as `open`.
        """
        self._fresh()
        ends = [0]

        def counted() -> Iterator[bytes]:
            for block in self._blocks(inbound):
                ends.append(ends[-1] + len(block))
                yield block

        plan = b2.plan(counted(), most)
        _faults(report, plan.faults)
        report.broken = bool(plan.faults)
        return [_stretch(part, ends) for part in plan.parts]

    def part(self, inbound: Inbound, report: Report, stretch: Stretch) -> Iterator[Submitted]:
        """The invoices of one part in order. Raises as `cut`."""
        yield from self._read(inbound, report, self._events(inbound, stretch))

    def later(self, inbound: Inbound, stretch: Stretch) -> Iterator[Submitted]:
        """Those of a part that were left to the end, without a report: it was told before. Raises as `cut`."""
        for event in self._events(inbound, stretch, only=frozenset(stretch.later)):
            if isinstance(event, b2.InvoiceRead):
                if event.invoice.mode == "real":
                    yield from self._submit(inbound, event.invoice, event.record, distinct=False)
                if event.record == stretch.later[-1]:
                    return

    def _events(self, inbound: Inbound, stretch: Stretch, only: frozenset[int] | None = None) -> Iterator[b2.Event]:
        self._fresh()
        blocks = self._blocks(inbound, stretch.chunk)
        first = next(blocks, b"")[stretch.skip :]
        part = b2.Part(0, stretch.record, stretch.lot, stretch.modes)
        return b2.read_part(chain((first,), blocks), part, only=only)

    def _fresh(self) -> None:
        self._authority = b""
        self._narrowed = self._now()
        self._callers: dict[str, Caller | None] = {}

    def _blocks(self, inbound: Inbound, chunk: int = 0) -> Iterator[bytes]:
        for sealed in self._waiting.chunks(inbound.inbound, chunk):
            try:
                (result,) = self._keeper.call("open_deposit", [OpenDepositItem(sealed, self._now())])
            except KeeperUnavailable as error:
                raise Unavailable("keeper") from error
            if result.refusal in OURS:
                raise Unavailable("keeper")
            if result.refusal:
                raise Refused(result.refusal)
            self._authority = result.authority
            if self._now() - self._narrowed > NARROWED_FOR:
                self._callers.clear()
                self._narrowed = self._now()
            yield result.content

    def _from_json(self, inbound: Inbound, report: Report) -> Iterator[Submitted]:
        found = invoice_json.read(b"".join(self._blocks(inbound)), inbound.site)
        if not isinstance(found, tuple):
            raise Refused(found.code)
        for ordinal, one in enumerate(found, 1):
            if isinstance(one, invoice_json.Refused):
                report.refused += 1
                continue
            if one.invoice.mode != "real":
                report.tests += 1
                continue
            yield from self._submit(inbound, one.invoice, ordinal, distinct=one.distinct)

    def _from_b2(self, inbound: Inbound, report: Report) -> Iterator[Submitted]:
        checked = b2.check(self._blocks(inbound))
        _faults(report, checked.faults)
        if checked.faults:
            report.broken = True
            return
        yield from self._read(inbound, report, b2.read(self._blocks(inbound), checked=checked))

    def _read(self, inbound: Inbound, report: Report, events: Iterator[b2.Event]) -> Iterator[Submitted]:
        for event in events:
            if not isinstance(event, b2.InvoiceRead):
                self._note(inbound, event, report)
            elif event.invoice.mode != "real":
                report.tests += 1
            elif self._caller(inbound, event.invoice.site) is None:
                report.refused += 1
            else:
                yield from self._submit(inbound, event.invoice, event.record, distinct=False)

    def _note(self, inbound: Inbound, event: b2.Event, report: Report) -> None:
        if isinstance(event, b2.InvoiceRefused):
            report.refused += 1
            _faults(report, event.faults, site=event.site, number=event.number)
        elif isinstance(event, b2.LotStart):
            self._mandate(inbound, event.lot, report)
        elif isinstance(event, b2.LotRefused):
            _faults(report, event.faults, site=event.lot.site)
        elif isinstance(event, b2.LotEnd):
            report.skipped += sum(count for _, count in event.skipped)

    def _mandate(self, inbound: Inbound, lot: b2.LotRef, report: Report) -> None:
        if self._caller(inbound, lot.site) is None:
            code = "no-mandate" if lot.site in self._sites else "site-unknown"
            report.fault(level="lot", record=lot.record, code=code, site=lot.site)

    def _submit(self, inbound: Inbound, invoice: Invoice, place: int, *, distinct: bool) -> Iterator[Submitted]:
        caller = self._caller(inbound, invoice.site)
        if caller is not None:
            identity = inbound.inbound[:12] + place.to_bytes(4, "big")
            yield Submitted(
                identity, place, invoice, caller, self._sites[invoice.site], inbound.channel, inbound.received, distinct
            )

    def _caller(self, inbound: Inbound, site: str) -> Caller | None:
        """The depositor's authority narrowed to one site; None when it has none there."""
        if site not in self._callers:
            self._callers[site] = self._narrow(inbound, site) if site in self._sites else None
        return self._callers[site]

    def _narrow(self, inbound: Inbound, site: str) -> Caller | None:
        instant = self._now()
        try:
            (result,) = self._keeper.call("authority", [AuthorityItem(self._authority, site, instant)])
        except KeeperUnavailable as error:
            raise Unavailable("keeper") from error
        if result.refusal:
            return None
        return Caller(
            None, inbound.client, "", site, "", result.grant, grant_id_of(result.grant), instant + 900_000_000
        )


class Refused(Exception):
    """The deposit cannot be opened as what it says it is; the code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _stretch(part: b2.Part, ends: Sequence[int]) -> Stretch:
    """Where a part lies among blocks that end at these bytes of the file, the first of them 0."""
    chunk = bisect_right(ends, part.at) - 1
    return Stretch(chunk, part.at - ends[chunk], part.record, part.lot, part.modes, part.later)


def _faults(report: Report, faults: Sequence[b2.Fault], **where: str) -> None:
    for fault in faults:
        report.fault(level=fault.level, record=fault.record, position=fault.position, code=fault.code, **where)
