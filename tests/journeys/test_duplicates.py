"""The same care is paid exactly once, however often and by whatever way its invoice comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, TypeVar

import msgspec
import pytest

from rempart.domain.duplicates import repeatable
from rempart.ground.instants import DAY
from rempart.simulation.caller import Caller
from rempart.simulation.events import Bill
from rempart.wire.problem import Problem
from support.houses import Town, decided, decided_file, request_of, town

pytestmark = pytest.mark.postgres

OPTIONS = {"budgets.doctor": {"typed": 1, "machine": 1}}
REPEATED = "repeatable"
ACCEPTED = ("accepted", "")
T = TypeVar("T")


@dataclass
class Office:
    """Fresh bills that must be accepted, each for its site's index."""

    town: Town
    bills: dict[str, list[tuple[int, Bill]]]

    def take(self, profession: str = "pharmacy") -> tuple[int, Bill]:
        """A bill nobody sent yet, and its site."""
        return self.bills[profession].pop()

    def run(self, work: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        """Runs a coroutine function, and looks whether the books still balance."""
        found: T = asyncio.run(work(*arguments))  # type: ignore[arg-type]  # every Awaitable here is a coroutine
        assert self.town.broken() == {}
        return found

    def rows(self, site: int, number: str) -> list[tuple[str, str]]:
        """(state, reason) of every invoice of the site under that number."""
        site_number = self.town.country.site(site).number
        statement = "select state, reason from rempart.invoice where site = %s and number = %s order by state, reason"
        return self.town.sql(statement, site_number, number)

    def owed(self, site: int, number: str) -> int:
        """Cents that the ledger owes for that number: decided less cancelled."""
        statement = """select coalesce(sum(case kind when 'decision' then amount else -amount end), 0)::bigint
            from rempart.transfer where kind in ('decision', 'cancellation') and subject in
            (select invoice from rempart.invoice where site = %s and number = %s)"""
        return int(self.town.one(statement, self.town.country.site(site).number, number))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A small country, its hub and worker, and bills by profession."""
    with town(tmp_path_factory.mktemp("duplicates") / "house", 1_200, options=OPTIONS) as made:
        numbers = {site.number: site for site in made.country.all_sites()}
        bills: dict[str, list[tuple[int, Bill]]] = {}
        for bill in made.bills(visits=600):
            site = numbers[bill.invoice.site]
            suspect = not repeatable(bill.invoice.lines) and all(line.spent >= 100 for line in bill.invoice.lines)
            if site.index > 3 and (suspect or repeatable(bill.invoice.lines)):
                bills.setdefault(site.profession if suspect else REPEATED, []).append((site.index, bill))
        yield Office(made, bills)


_keys = count(1)


async def send(caller: Caller, *requests: Any, key: str = "") -> list[str]:
    """Sends invoices in one call; the hub's ids."""
    receipt = await caller.invoices(requests, key or f"duplicates-{next(_keys)}")
    assert not isinstance(receipt, Problem), receipt.code
    assert all(one.state == "received" for one in receipt.invoices), receipt
    return [one.invoice for one in receipt.invoices]


def test_fifty_connections_send_the_same_invoice_at_once(office: Office) -> None:
    """One is accepted; the others are the same deposit, or are told that they are duplicates."""
    site, bill = office.take()

    async def together() -> list[str]:
        callers = [office.town.caller(site) for _ in range(50)]
        await asyncio.gather(*(caller.token() for caller in callers))
        bodies = [request_of(bill, site_reference=f"A {4700 + place if place % 2 else 4700}") for place in range(50)]
        sent = await asyncio.gather(*(send(c, body) for c, body in zip(callers, bodies, strict=True)))
        states = [(await decided(callers[0], one[0])).state for one in sent]
        await asyncio.gather(*(caller.close() for caller in callers))
        return states

    states = office.run(together)
    rows = office.rows(site, bill.invoice.number)
    assert rows.count(ACCEPTED) == 1
    assert set(rows) == {ACCEPTED, ("rejected", "duplicate")}
    assert len(rows) >= 26, "the deposits that differ were all decided"
    assert set(states) == {"accepted", "rejected"}
    assert office.owed(site, bill.invoice.number) == bill.amc


def test_two_channels_at_once(office: Office) -> None:
    """The same invoice by API and in a B2 file, sent together: paid once."""

    async def together(site: int, bill: Bill, number: int) -> None:
        api, file = office.town.caller(site), office.town.caller(site)
        content = office.town.b2(site, (bill,), number)
        sent, receipt = await asyncio.gather(send(api, request_of(bill)), file.file(content))
        assert not isinstance(receipt, Problem)
        await decided(api, sent[0])
        assert await decided_file(file, receipt.file) == "decided"
        await api.close()
        await file.close()

    for number in range(1, 5):
        site, bill = office.take()
        office.run(together, site, bill, number)
        assert office.rows(site, bill.invoice.number) == [ACCEPTED, ("rejected", "duplicate")]
        assert office.owed(site, bill.invoice.number) == bill.amc


def test_sent_again_after_a_time_out(office: Office) -> None:
    """The same key gets the first answer; a new key, which never heard of the first, still pays once."""
    site, bill = office.take()

    async def again() -> None:
        caller = office.town.caller(site)
        first = await send(caller, request_of(bill), key="time-out-1")
        assert await send(caller, request_of(bill), key="time-out-1") == first
        await decided(caller, first[0])
        assert await send(caller, request_of(bill), key="time-out-1") == first
        assert (await decided(caller, (await send(caller, request_of(bill)))[0])).state in ("accepted", "rejected")
        reused = await caller.invoices((request_of(bill, number="000999999"),), "time-out-1")
        assert isinstance(reused, Problem)
        assert reused.code == "idempotency-key-reused"
        await caller.close()

    office.run(again)
    assert office.rows(site, bill.invoice.number).count(ACCEPTED) == 1
    assert office.owed(site, bill.invoice.number) == bill.amc


def _wrong(bill: Bill) -> Bill:
    """The same bill with AMO amounts that no rate gives."""
    lines = tuple(replace(line, amo=line.amo - 5 if line.amo >= 5 else line.amo + 5) for line in bill.invoice.lines)
    return replace(bill, invoice=replace(bill.invoice, lines=lines))


def test_rejected_corrected_and_resent_the_same_day(office: Office) -> None:
    """A rejected invoice frees its number; the correction is accepted and linked to it, both ways."""
    site, bill = office.take()

    async def correct() -> None:
        caller = office.town.caller(site)
        wrong = (await send(caller, request_of(_wrong(bill))))[0]
        assert (await decided(caller, wrong)).reason == "amo-inconsistent"
        right = (await send(caller, request_of(bill)))[0]
        state = await decided(caller, right)
        assert (state.state, state.amc, state.corrects) == ("accepted", bill.amc, wrong)
        assert (await decided(caller, wrong)).corrected_by == right
        await caller.close()

    office.run(correct)
    assert office.owed(site, bill.invoice.number) == bill.amc


def test_two_corrected_resends_race(office: Office) -> None:
    """A clerk and the night batch both correct the same rejected invoice, by two channels: one is paid."""

    async def race(site: int, bill: Bill, number: int) -> None:
        desk, night = office.town.caller(site), office.town.caller(site)
        wrong = (await send(desk, request_of(_wrong(bill))))[0]
        assert (await decided(desk, wrong)).state == "rejected"
        other = desk.invoices((request_of(bill, site_reference="A 4712"),), f"race-{number}")
        sent, second, receipt = await asyncio.gather(
            send(desk, request_of(bill)), other, night.file(office.town.b2(site, (bill,), 50 + number))
        )
        assert not isinstance(second, Problem)
        assert not isinstance(receipt, Problem)
        await decided(desk, sent[0])
        await decided(desk, second.invoices[0].invoice)
        await decided_file(night, receipt.file)
        await desk.close()
        await night.close()

    for number in range(3):
        site, bill = office.take()
        office.run(race, site, bill, number)
        rows = office.rows(site, bill.invoice.number)
        assert rows == [ACCEPTED, ("rejected", "amo-inconsistent"), *[("rejected", "duplicate")] * 2]
        assert office.owed(site, bill.invoice.number) == bill.amc


def test_the_same_content_under_another_number_is_held_until_the_site_says_distinct(office: Office) -> None:
    """A suspicion holds the invoice and owes nothing; the site's word decides it."""
    site, bill = office.take()
    other = "700000001"

    async def say() -> None:
        caller = office.town.caller(site)
        await decided(caller, (await send(caller, request_of(bill)))[0])
        held = (await send(caller, request_of(bill, other)))[0]
        state = await decided(caller, held)
        assert (state.state, state.reason) == ("held", "possible-duplicate")
        assert office.owed(site, other) == 0
        assert not isinstance(await caller.say_distinct(held), Problem)
        state = await decided(caller, held, other_than=("held",))
        assert (state.state, state.amc) == ("accepted", bill.amc)
        await caller.close()

    office.run(say)
    assert office.owed(site, other) == bill.amc


def test_repeated_acts_of_care_are_not_suspected(office: Office) -> None:
    """The same care twice a day is a nurse's or physiotherapist's ordinary day: both are accepted."""
    site, bill = office.take(REPEATED)

    async def twice() -> list[str]:
        caller = office.town.caller(site)
        sent = await send(caller, request_of(bill), request_of(bill, "700000002"))
        states = [(await decided(caller, one)).state for one in sent]
        await caller.close()
        return states

    assert office.run(twice) == ["accepted", "accepted"]


def test_cancelling_frees_the_number(office: Office) -> None:
    """A cancelled invoice is owed no longer; the very same one sent again is a new one and is accepted."""
    site, bill = office.take()

    async def cancel() -> None:
        caller = office.town.caller(site)
        first = (await send(caller, request_of(bill)))[0]
        await decided(caller, first)
        said = await caller.cancel(first)
        assert not isinstance(said, Problem), said.code
        assert office.owed(site, bill.invoice.number) == 0
        again = await caller.cancel(first)
        assert isinstance(again, Problem)
        assert again.code == "not-cancellable"
        second = (await send(caller, request_of(bill)))[0]
        assert second != first
        assert (await decided(caller, second)).state == "accepted"
        await caller.close()

    office.run(cancel)
    assert office.rows(site, bill.invoice.number) == [ACCEPTED, ("cancelled", "cancelled")]
    assert office.owed(site, bill.invoice.number) == bill.amc


def test_what_waits_for_the_batch_window_is_decided_in_it(office: Office) -> None:
    """Beyond the site's budget of strangers an invoice waits, still blocks its number, and is paid the day after."""
    site, _ = office.bills["doctor"][-1]
    bills = [bill for _, bill in office.bills["doctor"]][:4]
    assert len(bills) == 4

    async def wait() -> list[str]:
        caller = office.town.caller(site)
        numbers = [f"70000010{place}" for place in range(4)]
        sent = await send(caller, *(request_of(b, n) for b, n in zip(bills, numbers, strict=True)))
        states = [(await decided(caller, one)).state for one in sent]
        assert sorted(states) == ["accepted", "waiting", "waiting", "waiting"]
        late = sent[states.index("waiting")]
        place = sent.index(late)
        twin = await send(
            caller, msgspec.structs.replace(request_of(bills[place], numbers[place]), site_reference="A 4713")
        )
        assert (await decided(caller, twin[0])).reason == "duplicate"
        clock = office.town.clock
        assert clock is not None
        clock.move_to((clock.now() // DAY + 1) * DAY + 8 * 3_600_000_000)
        found = [(await decided(caller, one, other_than=("waiting",))).state for one in sent]
        await caller.close()
        return found

    assert office.run(wait) == ["accepted"] * 4
    assert office.town.one("select count(*) from rempart.inbox") == 0, "sealed contents go when nothing waits"
