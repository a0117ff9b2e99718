"""Rights closed in the past after a question was answered: owed under the accreditation, rejected without one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from rempart.bench.deltas import send_delta
from rempart.bench.world import World
from rempart.domain.invoice import Invoice, Line
from rempart.formats.rights_file import Expected, format_closure
from rempart.simulation.authorizations import presented
from rempart.simulation.caller import Caller, invoice_request, presented_request
from rempart.simulation.care import open_formulas
from rempart.simulation.clients import registration_of
from rempart.simulation.orders import unseen
from rempart.simulation.people import Person
from rempart.simulation.sites import Site
from rempart.simulation.visits import Calendar
from rempart.wire.problem import Problem

AGO = timedelta(days=20)
"""How long before the day of care the insurer says, too late, that rights ended."""
WITHOUT = 2
"""Of the invoices, how many are sent without the accreditation they were given."""
BASE, AMO = 60_00, 39_00  # a medicine at 65 %; the insurer's share is the rest
FIRST_NUMBER = 610_000_001
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Late:
    """One invoice after a late closure: what the insurer owes of it (cents), and what was decided."""

    number: str
    insurer: str
    amc: int
    accredited: bool
    seen: tuple[str, str, int] = ("", "", 0)


@dataclass(frozen=True, slots=True)
class _Case:
    site: Site
    person: Person
    number: str
    accredited: bool


async def late_closures(
    world: World, calendar: Calendar, pairs: Sequence[tuple[str, str]], *, most: int
) -> tuple[list[Late], set[tuple[str, str]]]:
    """Asks, closes by each insurer's delta file, then bills: at most `most` with an accreditation, two without.

    `pairs` are (site, insurer) where it may happen; gives what was decided, and the pairs served with one.
    """
    cases = list(_cases(world, calendar, pairs, most))
    numbers = await asyncio.gather(*(_asked(world, case) for case in cases))
    _close(world, [case.person for case in cases])
    found = [await _billed(world, case, number) for case, number in zip(cases, numbers, strict=True)]
    served = {(case.site.number, one.insurer) for case, one in zip(cases, found, strict=True) if case.accredited}
    return found, served


def _cases(world: World, calendar: Calendar, pairs: Sequence[tuple[str, str]], most: int) -> Iterator[_Case]:
    sites = {site.number: site for site in world.country.all_sites()}
    people = [each for each in unseen(calendar) if fits(calendar, each)]
    people.reverse()  # quotes take the first
    numbers = count(FIRST_NUMBER)
    made = 0
    for site, insurer in pairs:
        person = next((each for each in people if world.country.insurer_of(each).number == insurer), None)
        if person is None or made == most + WITHOUT:
            continue
        people.remove(person)
        yield _Case(sites[site], person, f"{next(numbers):09d}", accredited=not 0 < made <= WITHOUT)
        made += 1


def fits(calendar: Calendar, person: Person) -> bool:
    """Whether a responsible contract pays this person's medicines as a ticket modérateur on the day."""
    coverage = calendar.country.coverage(person)
    plain = coverage.kind == "responsible" and coverage.rank == 1 and person.ways[0][1] is not None
    return plain and dict(open_formulas(coverage, calendar.day)).get("PHAR") == "TM"


def caller_of(world: World, site: Site) -> Caller:
    """The software of one site."""
    known = registration_of(world.country, site.index)
    return Caller(world.house.base, known, known.sites[0], now=world.now)


async def _asked(world: World, case: _Case) -> str:
    """The accreditation of a question asked while rights were open."""
    caller = caller_of(world, case.site)
    shown, day = presented(world.country, case.person), world.country.day.isoformat()
    answer = await caller.eligibility(
        presented_request(shown, care_date=day, domains=("PHAR",), evidence="machine")
    )  # fmt: skip
    await caller.close()
    if isinstance(answer, Problem) or not answer.accreditation:
        return ""
    return answer.accreditation.replace(" ", "")


def _close(world: World, people: Sequence[Person]) -> None:
    """Each insurer's delta says that these people's rights ended days ago; loaded as any file."""
    country = world.country
    for index in sorted({person.insurer for person in people}):
        lines = [format_closure(p.reference, country.day - AGO) for p in people if p.insurer == index]
        send_delta(world, country.insurers[index], lines, Expected(0, len(lines), 0))


async def _billed(world: World, case: _Case, accreditation: str) -> Late:
    country = world.country
    line = Line(1, country.day, "PH7", "pharmacy", BASE, 65, AMO, BASE, BASE - AMO, unit_price=BASE)
    invoice = Invoice(
        case.site.number, case.number, country.day, presented(country, case.person), (line,), BASE, AMO, BASE - AMO
    )
    late = Late(case.number, country.insurer_of(case.person).number, BASE - AMO, case.accredited)
    caller = caller_of(world, case.site)
    request = invoice_request(invoice, accreditation=accreditation if case.accredited else None)
    receipt = await caller.invoices((request,), f"late-{case.number}")
    seen = (receipt.code, "", 0) if isinstance(receipt, Problem) else await decided(caller, receipt.invoices[0].invoice)
    await caller.close()
    return replace(late, seen=seen)


async def decided(caller: Caller, invoice: str) -> tuple[str, str, int]:
    """State, reason and cents of an invoice once it is decided; `undecided` when nobody does."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        state = await caller.invoice_state(invoice)
        if not isinstance(state, Problem) and state.state not in {"", "received", "acknowledged"}:
            return state.state, state.reason, state.amc
        await asyncio.sleep(0.05)
    return "undecided", "", 0
