"""Prises en charge of a day: quotes of opticians, hearing, dentists and hospitals, and the deliveries made from them.

About people whom nobody else sees that day. What must be agreed is worked out here from the guarantee tables' words and
2026 tariffs, without `domain.adjudication`, as the rest of the day's ground truth. Left out: what other insurers' desks
decide by hand (the quote that is too big for the table alone stays pending).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import count

import msgspec

from rempart.domain.invoice import Invoice, Presented
from rempart.ground.instants import MICROSECONDS, start_of_day
from rempart.simulation.authorizations import DOMAINS, QUOTES, presented, request_for
from rempart.simulation.country import Country
from rempart.simulation.events import AskAuthorization, Bill, Deliver, Order
from rempart.simulation.guarantees import in_network
from rempart.simulation.people import Person
from rempart.simulation.visits import Calendar
from rempart.wire.authorizations import QuoteLine
from rempart.wire.invoices import ParticularsRequest

OWED = {
    "optician": 300_00,  # the table's amount for class B equipment; the ceilings of the law lie above
    "hearing": 2 * (1_100_00 - 240_00),  # actual costs after AMO, below the 1,500 € an ear that include it
    "dentist": 250 * 120_00 // 100 - 72_00,  # 250 % of the base including AMO
    "hospital": 4 * 23_00 + 4 * 45_00,  # four daily fees whole, four rooms at 45 €
}
"""Cents that a responsible contract agrees to for each quote of `QUOTES`."""
IN_NETWORK = 330_00 - 3 * 3
"""Cents for the optician's quote in the network, where the table has 400: all of 330 but three shares of AMO."""

ORDINARY = 60
"""Visits for each of which one quote of each profession is asked."""
CROWNS = 14
"""Crowns of the quote that a case worker must look at: beyond 3,000 € of the insurer's."""
OVER = 50_00
"""Cents that one delivery asks beyond its agreement, more than any tolerance."""
FIRST_NUMBER = 600_000_001
_AT = 10 * 3_600 * MICROSECONDS  # ten in the morning


def orders(calendar: Calendar) -> Iterator[Order]:
    """The day's quotes, each followed by its delivery; for whatever professions the country has sites of."""
    makers = _Orders(calendar)
    for profession in QUOTES:
        for _ in range(max(1, calendar.visits // ORDINARY)):
            yield from makers.delivered(profession)
    yield from makers.special()


def unseen(calendar: Calendar, first: int = 0) -> Iterator[Person]:
    """People who visit nobody that day, from the `first`th of them on."""
    for place in range(calendar.visits + first, calendar.country.people):
        yield calendar.country.person(calendar.person_at(place))


class _Orders:
    def __init__(self, calendar: Calendar) -> None:
        self._country: Country = calendar.country
        self._day: date = calendar.day
        self._instant = start_of_day(calendar.day) + _AT
        self._people = {profession: unseen(calendar) for profession in (*QUOTES, "closed")}
        self._sites: dict[str, list[int]] = {}
        for site in calendar.country.all_sites():
            self._sites.setdefault(site.profession, []).append(site.index)
        self._numbers = count(1)
        self._taken: set[int] = set()

    def delivered(self, profession: str) -> Iterator[Order]:
        """A quote that is agreed, and its delivery the same day, owed as agreed."""
        asked = self._asked(profession, QUOTES[profession])
        if asked is not None:
            yield asked
            yield self._deliver(asked, "accepted", "", asked.amc)

    def special(self) -> Iterator[Order]:
        """One without rights, one for a case worker, one delivered for more than was agreed."""
        closed = self._asked("optician", QUOTES["optician"], rights=False)
        if closed is not None:
            yield replace(closed, expected="refused", reason="not-confirmed", amc=0, what="without-rights")
        (crown,) = QUOTES["dentist"]
        teeth = (f"{quarter}{place}" for quarter in (1, 2) for place in range(1, 8))
        crowns = tuple(_on_tooth(crown, tooth) for tooth in teeth)
        many = self._asked("dentist", crowns)
        if many is not None:
            yield replace(many, expected="pending", reason="amount-to-review", amc=0, what="for-a-case-worker")
        more = self._asked("dentist", QUOTES["dentist"])
        if more is not None:
            yield replace(more, what="billed-beyond")
            yield self._deliver(more, "rejected", "authorization-amount-exceeded", 0, over=OVER)

    def _asked(
        self, profession: str, lines: tuple[QuoteLine, ...], *, rights: bool = True
    ) -> AskAuthorization | None:  # fmt: skip
        """The next one for whom this can be asked; None when there is nobody or no site."""
        sites = self._sites.get(profession, [])
        person = next((each for each in self._people[profession] if self._fits(each, DOMAINS[profession])), None)
        if not rights:
            person = next((each for each in self._people["closed"] if self._without(each)), None)
        if person is None or not sites:
            return None
        self._taken.add(person.number)
        number = next(self._numbers)
        request = request_for(presented(self._country, person), self._day, lines)
        owed = OWED[profession]
        if profession == "optician" and in_network(self._country.insurer_of(person)):
            owed = IN_NETWORK
        return AskAuthorization(
            self._instant, sites[number % len(sites)], -number, request, "agreed", "", owed, profession
        )

    def _fits(self, person: Person, domain: str) -> bool:
        coverage = self._country.coverage(person)
        opened = any(each.domain == domain and each.start <= self._day <= each.end for each in coverage.periods)
        plain = coverage.kind == "responsible" and not coverage.last_equipment and coverage.rank == 1
        return opened and plain and person.ways[0][1] is not None and person.number not in self._taken

    def _without(self, person: Person) -> bool:
        coverage = self._country.coverage(person)
        opened = any(each.start <= self._day <= each.end for each in coverage.periods)
        return not opened and person.ways[0][1] is not None

    def _deliver(self, asked: AskAuthorization, outcome: str, reason: str, amc: int, *, over: int = 0) -> Deliver:
        site = self._country.site(asked.site)
        request = asked.request
        number = f"{FIRST_NUMBER - asked.visit:09d}"
        shown = Presented(
            request.amc_number, request.member, request.nir, request.birth_date, request.rank, request.convention
        )
        invoice = Invoice(site.number, number, self._day, shown, (), 0, 0, 0)
        bill = Bill(asked.visit, -1, invoice, outcome, reason, amc, "delivery")
        return Deliver(self._instant, asked.site, asked.visit, bill, over)


def _on_tooth(line: QuoteLine, tooth: str) -> QuoteLine:
    return msgspec.structs.replace(line, particulars=ParticularsRequest(teeth=(tooth,), basket="free"))
