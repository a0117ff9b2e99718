"""Lives a simulated day through the real API and compares what came of every invoice with the ground truth."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Any

from rempart.bench.world import World
from rempart.domain.authorization import PENDING as UNDECIDED
from rempart.domain.particulars import CONTACTS
from rempart.ground.instants import now
from rempart.simulation.appointments import appointments
from rempart.simulation.caller import Caller
from rempart.simulation.clients import registration_of
from rempart.simulation.day import events
from rempart.simulation.estimates import estimates
from rempart.simulation.events import AskAuthorization, AskBatch, AskEstimate, Bill, SendFile
from rempart.simulation.orders import orders
from rempart.simulation.play import Played, Player
from rempart.simulation.visits import Calendar
from rempart.wire.authorizations import AuthorizationState
from rempart.wire.batches import BatchReceipt
from rempart.wire.estimates import EstimateAnswer
from rempart.wire.problem import Problem

SIDE_BY_SIDE = 32  # sites that read back at once
PATIENCE = 120.0  # seconds without any progress
PENDING = frozenset({"receiving", "received"})
UNTAKEN = frozenset({"refused", "tested"})


@dataclass
class DayReport:
    """What happened. `surprises` are outcomes that differ from the ground truth: (what, expected, seen) → how many.

    `quotes` and `estimates` by the answer; amounts in cents: `agreed` of quotes, `delivered` what is owed under them,
    `estimated` what patients were told that the insurer and they themselves would pay; `allowances`: purchases paid
    in part out of one, and cents that they took. `appointments`: answers, or codes of refusals, of a batch.
    `undecided`: the number on the card of an insurer whose case workers have a request to decide, or "".
    """

    events: int = 0
    questions: Counter[str] = field(default_factory=Counter)
    bills: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    surprises: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    files: int = 0
    amc_expected: int = 0
    quotes: Counter[str] = field(default_factory=Counter)
    agreed: int = 0
    deliveries: int = 0
    delivered: int = 0
    estimates: Counter[str] = field(default_factory=Counter)
    estimated: tuple[int, int] = (0, 0)
    allowances: tuple[int, int] = (0, 0)
    appointments: Counter[str] = field(default_factory=Counter)
    undecided: str = ""
    seconds: float = 0.0


async def live(world: World, day: date, *, visits: int | None = None, progress: Callable[[], None]) -> DayReport:
    """One day, played and read back. `progress` is called after each event."""
    began = time.monotonic()
    report = DayReport()

    def done() -> None:
        report.events += 1
        progress()

    player = Player(world.country, world.house.base, now=now, patience=PATIENCE)
    calendar = Calendar(world.country, day, visits)
    whole = chain(
        appointments(calendar), events(world.country, day, visits=visits), orders(calendar), estimates(calendar)
    )
    played = await player.play(whole, done=done)
    for (what, expected, got), count in played.answers.items():
        report.questions[got] += count
        if expected != got:
            report.surprises[f"question:{what}", expected, got] += count
    for asked, answer in played.quoted:
        _quoted(report, asked, answer)
    for wanted, told in played.estimated:
        _estimated(report, wanted, told)
    report.files = len(played.files)
    reading = _Reading(world, report)
    await reading.all(played)
    for book, receipt in played.batches:
        await reading.batch(book, receipt)
    report.seconds = time.monotonic() - began
    return report


def _quoted(report: DayReport, asked: AskAuthorization, answer: AuthorizationState | str) -> None:
    """One quote's answer, held against the simulation's own arithmetic."""
    state, reason, amc = (answer, "", 0) if isinstance(answer, str) else (answer.state, answer.reason, answer.amc)
    report.quotes[state] += 1
    if state == UNDECIDED:
        report.undecided = asked.request.amc_number
    if state == "agreed":
        report.agreed += amc
    got = (state, reason, amc if state == "agreed" else 0)
    wanted = (asked.expected, asked.reason, asked.amc)
    if got != wanted:
        report.surprises[f"quote:{asked.what}", "/".join(map(str, wanted)), "/".join(map(str, got))] += 1


def _estimated(report: DayReport, asked: AskEstimate, told: EstimateAnswer | str) -> None:
    """One estimate, held against the simulation's own arithmetic."""
    if isinstance(told, str):
        report.estimates[told] += 1
        report.surprises[f"estimate:{asked.what}", "estimated", told] += 1
        return
    report.estimates[told.answer] += 1
    report.estimated = (report.estimated[0] + told.amc, report.estimated[1] + told.patient)
    got = (told.spent, told.amo, told.amc)
    if got != asked.shares:
        wanted, seen = ("/".join(map(str, each)) for each in (asked.shares, got))
        report.surprises[f"estimate:{asked.what}", wanted, f"{told.answer} {told.reason} {seen}"] += 1


class _Reading:
    """Reads every invoice back, each by its own site; it gives up when nothing at all is decided any more."""

    def __init__(self, world: World, report: DayReport) -> None:
        self._world = world
        self._report = report
        self._deadline = time.monotonic() + PATIENCE
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)
        self._under: Counter[tuple[str, str]] = Counter()  # invoices that the hub has taken under a site's number

    async def all(self, played: Played) -> None:
        by_site: dict[int, list[Bill]] = {}
        numbers = {site.number: site.index for site in self._world.country.all_sites()}
        for bill, _ in played.sent:
            by_site.setdefault(numbers[bill.invoice.site], []).append(bill)
        for event, _ in played.files:
            for lot in event.lots:
                by_site.setdefault(lot.site, []).extend(lot.bills)
        self._under.update(
            (bill.invoice.site, bill.invoice.number)
            for bills in by_site.values()
            for bill in bills
            if bill.outcome not in UNTAKEN
        )
        await self._drained(played.files)
        async with asyncio.TaskGroup() as group:
            for site, bills in by_site.items():
                group.create_task(self._site(site, bills))

    def _progress(self) -> None:
        self._deadline = time.monotonic() + PATIENCE

    def _caller(self, site: int) -> Caller:
        registration = registration_of(self._world.country, site)
        return Caller(self._world.house.base, registration, registration.sites[0], now=now)

    async def batch(self, asked: AskBatch, receipt: BatchReceipt | str) -> None:
        """Every appointment's answer, once they are released: long ago, in a day of any length."""
        told = {number: receipt if isinstance(receipt, str) else "not-ready" for number in asked.expected}
        self._progress()
        caller = self._caller(asked.site)
        while not isinstance(receipt, str) and time.monotonic() < self._deadline:
            found = await caller.batch_state(receipt.batch)
            if isinstance(found, Problem):
                told = dict.fromkeys(told, found.code)
                break
            if found.state != "waiting":
                told |= {one.item: one.refusal or (one.answer.answer if one.answer else "") for one in found.answers}
                break
            await asyncio.sleep(0.2)
        await caller.close()
        self._report.appointments.update(told.values())
        for number, expected in asked.expected.items():
            if told[number] != expected:
                self._report.surprises["appointment", expected, told[number]] += 1

    async def _drained(self, files: list[tuple[SendFile, str]]) -> None:
        """Until every file is decided or refused; those of the concentrator are seen through their invoices."""
        self._progress()
        for event, identity in files:
            if event.concentrator:
                continue
            caller = self._caller(event.lots[0].site)
            while time.monotonic() < self._deadline:
                state = await caller.file_state(identity)
                if isinstance(state, Problem) or state.state not in PENDING:
                    self._progress()
                    break
                await asyncio.sleep(0.05)
            await caller.close()

    async def _site(self, site: int, bills: list[Bill]) -> None:
        async with self._places:
            caller = self._caller(site)
            for bill in bills:
                await self._bill(caller, bill)
            await caller.close()

    async def _bill(self, caller: Caller, bill: Bill) -> None:
        self._report.bills[bill.outcome] += 1
        if bill.reason:
            self._report.reasons[bill.reason] += 1
        if bill.outcome == "accepted":
            self._report.amc_expected += bill.amc
            if bill.what == "delivery":
                self._report.deliveries += 1
                self._report.delivered += bill.amc
            self._allowance(bill)
        if bill.outcome in UNTAKEN:
            return
        wanted = ("rejected" if bill.outcome == "duplicate" else bill.outcome, bill.reason, bill.amc)
        seen = await self._seen(caller, bill)
        while wanted not in seen and time.monotonic() < self._deadline and self._undecided(bill, seen):
            await asyncio.sleep(0.1)
            seen = await self._seen(caller, bill)
        if wanted in seen:
            self._progress()
        else:
            told = "; ".join(f"{state}/{reason}/{amc}" for state, reason, amc in seen) or "absent"
            self._report.surprises[f"bill:{bill.what}", "/".join(map(str, wanted)), told] += 1

    def _allowance(self, bill: Bill) -> None:
        for line in bill.invoice.lines:
            if line.particulars is not None and line.particulars.item == CONTACTS:
                count, cents = self._report.allowances
                self._report.allowances = (count + 1, cents + bill.amc - (line.base - line.amo))

    def _undecided(self, bill: Bill, seen: list[tuple[Any, ...]]) -> bool:
        """Whether more may come: one is found by its number only when it is unpacked, its correction or twin later."""
        return len(seen) < self._under[bill.invoice.site, bill.invoice.number] or ("received", "", 0) in seen

    async def _seen(self, caller: Caller, bill: Bill) -> list[tuple[Any, ...]]:
        found = await caller.find(bill.invoice.number)
        if isinstance(found, Problem):
            return []
        states = [await caller.invoice_state(identity) for identity in found]
        return [(s.state, s.reason, s.amc) for s in states if not isinstance(s, Problem)]
