"""Carries out a day of care against a real hub: each site's events in order, all sites at once, and what came of them.

Before a correction is sent, what it corrects must have been decided, as it would be in the hours between: the player
looks until it is. The concentrator sends when all sites are done.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rempart.simulation.authorizations import invoice_of
from rempart.simulation.caller import Caller, invoice_request
from rempart.simulation.clients import Registration, registration_of, registrations
from rempart.simulation.country import Country
from rempart.simulation.events import (
    Ask,
    AskAuthorization,
    AskBatch,
    AskEstimate,
    Bill,
    Deliver,
    Event,
    Order,
    SendFile,
    SendInvoices,
)
from rempart.simulation.files import file_bytes
from rempart.wire.authorizations import AuthorizationState
from rempart.wire.batches import BatchReceipt
from rempart.wire.estimates import EstimateAnswer
from rempart.wire.problem import Problem

_UNDECIDED = frozenset({"received", "acknowledged"})
_NOT_YET = 404  # what was deposited may not be unpacked yet
_LOOK_EVERY = 0.1  # seconds
SIDE_BY_SIDE = 64  # sites that speak at once


@dataclass(slots=True)
class Played:
    """What a hub answered. `answers`: (what, expected, got) → how many; `sent`: (bill, the hub's id or a code).

    `quoted` and `estimated`: each quote and each estimate with the hub's answer, or the code of its problem; `batches`:
    each with its receipt, to be read once it is released.
    """

    answers: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    accreditations: dict[int, str] = field(default_factory=dict)
    sent: list[tuple[Bill, str]] = field(default_factory=list)
    files: list[tuple[SendFile, str]] = field(default_factory=list)
    quoted: list[tuple[AskAuthorization, AuthorizationState | str]] = field(default_factory=list)
    estimated: list[tuple[AskEstimate, EstimateAnswer | str]] = field(default_factory=list)
    batches: list[tuple[AskBatch, BatchReceipt | str]] = field(default_factory=list)

    @property
    def unexpected(self) -> int:
        """Questions that were answered otherwise than the ground truth has it."""
        return sum(count for (_, expected, got), count in self.answers.items() if expected != got)


class Player:
    """Plays a country's day. `base`, `public`, `now` as for `Caller`; `patience` for decisions, in seconds."""

    def __init__(
        self, country: Country, base: str, *, now: Callable[[], int], public: str = "", patience: float = 20.0
    ) -> None:
        self._country, self._base, self._now, self._public = country, base, now, public
        self._patience = patience
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)
        self.played = Played()

    async def play(self, events: Iterable[Event | Order], *, done: Callable[[], None] = lambda: None) -> Played:
        """Plays all events; `done` is called after each. Raises what `Caller` raises when the hub does not answer."""
        by_site: dict[int, list[Event | Order]] = {}
        last: list[SendFile] = []
        for event in events:
            if isinstance(event, SendFile) and event.concentrator:
                last.append(event)
            else:
                site = event.lots[0].site if isinstance(event, SendFile) else event.site
                by_site.setdefault(site, []).append(event)
        async with asyncio.TaskGroup() as group:
            for site, own in by_site.items():
                group.create_task(self._site(registration_of(self._country, site), own, done))
        for event in last:
            client = next(each for each in registrations(self._country) if each.client == event.client)
            await self._site(client, [event], done)
        return self.played

    async def _site(
        self, registration: Registration, events: list[Event | Order], done: Callable[[], None]
    ) -> None:  # fmt: skip
        caller = Caller(self._base, registration, registration.sites[0], now=self._now, public=self._public)
        latest = _Latest()
        try:
            async with self._places:
                await self._in_order(caller, events, latest, done)
        finally:
            await caller.close()

    async def _in_order(
        self, caller: Caller, events: list[Event | Order], latest: _Latest, done: Callable[[], None]
    ) -> None:  # fmt: skip
        for event in events:
            if isinstance(event, Ask):
                await self._ask(caller, event)
            elif isinstance(event, SendInvoices):
                await self._invoices(caller, event, latest)
            elif isinstance(event, AskAuthorization):
                await self._quote(caller, event, latest)
            elif isinstance(event, Deliver):
                await self._deliver(caller, event, latest)
            elif isinstance(event, AskEstimate):
                told = await caller.estimate(event.request)
                self.played.estimated.append((event, told.code if isinstance(told, Problem) else told))
            elif isinstance(event, AskBatch):
                taken = await caller.batch(event.items, event.key)
                self.played.batches.append((event, taken.code if isinstance(taken, Problem) else taken))
            else:
                await self._file(caller, event, latest)
            done()

    async def _ask(self, caller: Caller, ask: Ask) -> None:
        answer = await caller.ask(ask)
        got = answer.code if isinstance(answer, Problem) else answer.answer
        self.played.answers[ask.what, ask.expected, got] += 1
        if not isinstance(answer, Problem) and answer.accreditation:
            self.played.accreditations[ask.visit] = answer.accreditation.replace(" ", "")

    async def _quote(self, caller: Caller, asked: AskAuthorization, latest: _Latest) -> None:
        answer = await caller.authorization(asked.request, f"quote{asked.visit}")
        self.played.quoted.append((asked, answer.code if isinstance(answer, Problem) else answer))
        if not isinstance(answer, Problem):
            latest.quotes[asked.visit] = (asked, answer)

    async def _deliver(self, caller: Caller, event: Deliver, latest: _Latest) -> None:
        """The quote's lines as they were agreed; what was not agreed is not delivered, and missed when it is read."""
        asked, agreed = latest.quotes.get(event.visit, (None, None))
        said = agreed.state if agreed is not None else "unanswered"
        if asked is not None and agreed is not None and agreed.state == "agreed":
            first, *rest = (line.amc for line in agreed.lines)
            invoice = event.bill.invoice
            made = invoice_of(
                asked.request, (first + event.over, *rest), number=invoice.number, delivered=invoice.issued,
                reference=agreed.reference,
            )  # fmt: skip
            receipt = await caller.invoices((made,), f"delivery{event.visit}")
            said = receipt.code if isinstance(receipt, Problem) else receipt.invoices[0].invoice
        self.played.sent.append((event.bill, said))

    async def _invoices(self, caller: Caller, event: SendInvoices, latest: _Latest) -> None:
        if any(bill.what in {"corrected", "other-channel"} for bill in event.bills):
            await self._decided(caller, latest.file, latest.invoices.get(event.bills[0].invoice.number, ""))
        known = self.played.accreditations
        requests = [invoice_request(bill.invoice, accreditation=known.get(bill.visit)) for bill in event.bills]
        receipt = await caller.invoices(tuple(requests), event.key)
        if isinstance(receipt, Problem):
            self.played.sent += [(bill, receipt.code) for bill in event.bills]
            return
        for bill, one in zip(event.bills, receipt.invoices, strict=True):
            latest.invoices[one.number] = one.invoice
            if not event.repeated:
                self.played.sent.append((bill, one.invoice or one.state))

    async def _file(self, caller: Caller, event: SendFile, latest: _Latest) -> None:
        await self._decided(caller, latest.file, "")
        receipt = await caller.file(file_bytes(self._country, event, self.played.accreditations))
        found = receipt.code if isinstance(receipt, Problem) else receipt.file
        latest.file = "" if isinstance(receipt, Problem) else receipt.file
        self.played.files.append((event, found))

    async def _decided(self, caller: Caller, sent_file: str, sent_invoice: str) -> None:
        """Waits until what was sent is decided, or patience ends: then the hub's own answer tells."""

        async def look() -> bool:
            if sent_file:
                file = await caller.file_state(sent_file)
                if file.status == _NOT_YET if isinstance(file, Problem) else file.state in _UNDECIDED:
                    return False
            if sent_invoice:
                invoice = await caller.invoice_state(sent_invoice)
                return invoice.status != _NOT_YET if isinstance(invoice, Problem) else invoice.state not in _UNDECIDED
            return True

        waited = 0.0
        while waited < self._patience and not await look():
            await asyncio.sleep(_LOOK_EVERY)
            waited += _LOOK_EVERY


@dataclass(slots=True)
class _Latest:
    """The hub's ids of the file that a site sent last, of its invoices by their numbers, and its quotes' answers."""

    file: str = ""
    invoices: dict[str, str] = field(default_factory=dict)
    quotes: dict[int, tuple[AskAuthorization, AuthorizationState]] = field(default_factory=dict)
