"""Tomorrow's appointments of the simulated day: one batch, within what it announces but for the last."""

from __future__ import annotations

from datetime import date

from rempart.domain.appointments import announced
from rempart.simulation.appointments import BEYOND, PROFESSION, appointments
from rempart.simulation.country import Country
from rempart.simulation.estimates import estimates
from rempart.simulation.events import AskAuthorization, AskEstimate
from rempart.simulation.orders import orders
from rempart.simulation.visits import Calendar

DAY = date(2026, 11, 24)
CAP = announced(PROFESSION, DAY).a_day


def book(people: int, day: date = DAY) -> dict[int, str]:
    """What must be said of each."""
    return {number: said for asked in appointments(calendar(people, day)) for number, said in asked.expected.items()}


def calendar(people: int, day: date = DAY) -> Calendar:
    return Calendar(Country(1, people, day=day), day)


def test_the_book_goes_beyond_what_is_announced() -> None:
    """As many strangers as announced are answered; the next are told so, and what needs no record costs nothing."""
    said = list(book(2_000).values())
    assert said.count("covered") + said.count("not-confirmed") == CAP
    assert said.count("covered") > 0
    assert said[-2 - BEYOND :] == ["appointments-budget-spent"] * BEYOND + ["handled-elsewhere", "invalid-fields"]


def test_nobody_in_it_is_asked_about_twice() -> None:
    """Each appointment is another person's, and nobody's of whom a quote or an estimate is asked that day."""
    made = calendar(2_000)
    (asked,) = appointments(made)
    people = [each.question.nir for each in asked.items[: CAP + BEYOND]]
    assert len(set(people)) == len(people) == CAP + BEYOND
    others = [each.request.nir for each in (*orders(made), *estimates(made))
              if isinstance(each, AskAuthorization | AskEstimate)]  # fmt: skip
    assert not set(people) & set(others)


def test_they_are_tomorrows_with_tomorrows_rights() -> None:
    """On the last day of the year whoever's rights end with it is not confirmed."""
    (asked,) = appointments(calendar(2_000, date(2026, 12, 31)))
    assert {each.question.care_date for each in asked.items} == {"2027-01-01"}
    assert list(asked.expected.values()).count("not-confirmed") > list(book(2_000).values()).count("not-confirmed")


def test_a_country_too_small_has_none() -> None:
    """People are left for what else happens that day."""
    assert book(40) == {}


def test_nothing_it_prints_names_anyone() -> None:
    """Its form in a log or an error is a count."""
    (asked,) = appointments(calendar(2_000))
    assert repr(asked) == f"AskBatch({CAP + BEYOND + 2})"
