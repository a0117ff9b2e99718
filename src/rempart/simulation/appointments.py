"""Tomorrow's appointments of one dentist, asked in one batch when the day begins, and what must be said of each.

About people whom nobody else asks about that day: each counts as a stranger, whatever is answered, until the announced
appointments are used up; the last ones are beyond.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from rempart.domain.appointments import announced
from rempart.ground.instants import MICROSECONDS, start_of_day
from rempart.simulation.authorizations import presented
from rempart.simulation.caller import presented_request
from rempart.simulation.care import open_formulas
from rempart.simulation.events import AskBatch
from rempart.simulation.people import Person
from rempart.simulation.visits import FOREIGN_AMC, Calendar
from rempart.wire.batches import BatchItem

PROFESSION, DOMAIN = "dentist", "DESO"
BEYOND = 3
"""Appointments more than strangers are announced."""
LEFT = 40
"""People that quotes, estimates and late closures find, at least, before this book takes any."""
_AT = 7 * 3_600 * MICROSECONDS  # before anyone comes


def appointments(calendar: Calendar) -> Iterator[AskBatch]:
    """The book of the first dentist; nothing where there is none, or too few people."""
    country, day = calendar.country, calendar.day
    site = next((each for each in country.all_sites() if each.profession == PROFESSION), None)
    cap = announced(PROFESSION, day).a_day
    people = list(_unasked(calendar, cap + BEYOND))
    if site is None or not people:
        return
    tomorrow = day + timedelta(days=1)
    items: list[BatchItem] = []
    expected: dict[int, str] = {}
    for number, person in enumerate(people, 1):
        open_then = DOMAIN in dict(open_formulas(country.coverage(person), tomorrow))
        answer = "covered" if open_then else "not-confirmed"
        items.append(_item(calendar, number, person))
        expected[number] = answer if number <= cap else "appointments-budget-spent"
    for number, code, wrong in (
        (len(items) + 1, "handled-elsewhere", {"amc_number": FOREIGN_AMC}),
        (len(items) + 2, "invalid-fields", {"birth": "31.2.1999"}),
    ):
        items.append(_item(calendar, number, people[0], **wrong))
        expected[number] = code
    yield AskBatch(start_of_day(day) + _AT, site.index, tuple(items), expected, f"book-{tomorrow.isoformat()}")


def _unasked(calendar: Calendar, most: int) -> Iterator[Person]:
    """From the last of whom nobody sees that day: quotes and estimates take the first."""
    first, last = calendar.visits + LEFT, calendar.country.people
    found = 0
    for place in range(last - 1, first - 1, -1):
        person = calendar.country.person(calendar.person_at(place))
        if person.ways[0][1] is not None and found < most:
            found += 1
            yield person


def _item(calendar: Calendar, number: int, person: Person, **wrong: str) -> BatchItem:
    shown = replace(presented(calendar.country, person), **wrong)
    day = (calendar.day + timedelta(days=1)).isoformat()
    return BatchItem(number, presented_request(shown, care_date=day, domains=(DOMAIN,), evidence="machine"))
