"""Two things that rights files bring late: a newborn on its parent's card, and rights opened after a rejection.

A pharmacy bills somebody whom nobody knows, and is rejected. One delta then brings that person and says that a parent's
children are covered from birth: the newborn is answered provisionally and its invoice is owed, and the rejected one is
decided again by the hub itself.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from rempart.bench.deltas import send_delta
from rempart.bench.late import AMO, BASE, PATIENCE, caller_of, decided, fits
from rempart.bench.world import World
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.rights import Key, RightsLine
from rempart.formats.rights_file import Expected, format_line
from rempart.simulation.authorizations import presented
from rempart.simulation.caller import Caller, invoice_request, presented_request
from rempart.simulation.orders import unseen
from rempart.simulation.people import Person
from rempart.simulation.visits import Calendar
from rempart.wire.problem import Problem

NUMBERS = ("620000001", "620000002")
MEMBER = 7_654_321  # whose number nobody has
REJECTED = ("rejected", "not-confirmed", 0)
ACCEPTED = ("accepted", "", BASE - AMO)


@dataclass
class Opened:
    """(how many, cents) of newborns and of invoices decided again; `ceiling` in cents, as the answer told it.

    `surprises` are outcomes that differ from what had to come: (what, expected, seen) → how many.
    """

    newborns: tuple[int, int] = (0, 0)
    ceiling: int = 0
    again: tuple[int, int] = (0, 0)
    surprises: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def owed(self) -> int:
        """Cents that insurers owe for both."""
        return self.newborns[1] + self.again[1]

    def expect(self, what: str, wanted: object, seen: object) -> bool:
        """Whether what was seen is what had to come; it is kept when it is not."""
        if wanted != seen:
            self.surprises[what, str(wanted), str(seen)] += 1
        return wanted == seen


async def opened(world: World) -> Opened:
    """Everything, at one pharmacy; nothing where no parent fits."""
    began, found = time.monotonic(), Opened()
    parents = list(_parents(Calendar(world.country, world.country.day)))
    if parents:
        site = next(site for site in world.country.all_sites() if site.profession == "pharmacy")
        caller = caller_of(world, site)
        try:
            await _Pharmacy(world, caller, site.number, found).run(parents[0])
        finally:
            await caller.close()
    found.seconds = time.monotonic() - began
    return found


def _parents(calendar: Calendar) -> Iterator[Person]:
    """The first adult who visits nobody, whom a ticket modérateur covers, and who has no child born yesterday."""
    born = f"{_born(calendar.day):%Y%m%d}"
    for person in unseen(calendar):
        family = calendar.country.household(person.family.number)
        if person.relation == "adult" and fits(calendar, person) and all(each.birth != born for each in family):
            yield person
            return


def _born(day: date) -> date:
    return day - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Pharmacy:
    """One pharmacy's software, and what it saw."""

    world: World
    caller: Caller
    site: str
    seen: Opened

    async def run(self, parent: Person) -> None:
        """Both are billed, the insurer's delta comes, both are looked at again."""
        country = self.world.country
        card = presented(country, parent)
        insurer = country.insurer_of(parent)
        member = insurer.written_member(MEMBER)
        newborn = replace(card, birth=f"{_born(country.day):%y%m%d}", rank="1")
        lost, state = await self._bill(replace(card, member=insurer.printed_member(member)), NUMBERS[0])
        self.seen.expect("nobody's card", REJECTED, state)
        send_delta(self.world, insurer, self._lines(parent, member), Expected(1, 0, 0))
        await self._covered(newborn)
        _, state = await self._bill(newborn, NUMBERS[1])
        if self.seen.expect("newborn", ACCEPTED, state):
            self.seen.newborns = (1, state[2])
        state = await self._corrected(lost)
        if self.seen.expect("decided again", ACCEPTED, state):
            self.seen.again = (1, state[2])

    async def _bill(self, who: Presented, number: str) -> tuple[str, tuple[str, str, int]]:
        """The hub's id of an invoice, and what was decided of it."""
        day = self.world.country.day
        line = Line(1, day, "PH7", "pharmacy", BASE, 65, AMO, BASE, BASE - AMO, unit_price=BASE)
        invoice = Invoice(self.site, number, day, who, (line,), BASE, AMO, BASE - AMO)
        receipt = await self.caller.invoices((invoice_request(invoice),), f"opened-{number}")
        if isinstance(receipt, Problem):
            return "", (receipt.code, "", 0)
        identity = receipt.invoices[0].invoice
        return identity, await decided(self.caller, identity)

    async def _corrected(self, invoice: str) -> tuple[str, str, int]:
        """What a rejected invoice became, once the hub looked at it again."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            state = await self.caller.invoice_state(invoice)
            if isinstance(state, Problem):
                return state.code, "", 0
            if state.corrected_by:
                return await decided(self.caller, state.corrected_by)
            await asyncio.sleep(0.05)
        return "not-decided-again", "", 0

    def _lines(self, parent: Person, member: str) -> list[bytes]:
        coverage = self.world.country.coverage(parent)
        _, nir, birth, rank = parent.ways[0]
        told = RightsLine(parent.reference, parent.keys, replace(coverage, newborns=True))
        brought = RightsLine("BROUGHT-LATE", (Key(member, nir, birth, rank),), coverage)
        return [format_line(line, delta=True) for line in (told, brought)]

    async def _covered(self, newborn: Presented) -> None:
        day = self.world.country.day.isoformat()
        answer = await self.caller.eligibility(
            presented_request(newborn, care_date=day, domains=("PHAR",), evidence="machine")
        )  # fmt: skip
        if isinstance(answer, Problem):
            self.seen.expect("newborn's question", "covered", answer.code)
            return
        self.seen.expect("newborn's question", ("covered", True), (answer.answer, answer.provisional))
        self.seen.ceiling = answer.ceiling
