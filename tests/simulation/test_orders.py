"""Quotes of a day: of people nobody else sees, each agreed one with its delivery, one of each that differs."""

from __future__ import annotations

from datetime import date

from rempart.simulation.country import Country
from rempart.simulation.events import AskAuthorization, Deliver
from rempart.simulation.orders import orders, unseen
from rempart.simulation.visits import Calendar

DAY = date(2026, 11, 24)
CALENDAR = Calendar(Country(1, 3_000, day=DAY), DAY)


def test_every_agreed_quote_is_delivered_and_owed_as_agreed() -> None:
    """Each profession asks; a delivery owes what its own quote was agreed for, or is rejected beyond it."""
    made = list(orders(CALENDAR))
    asked = {each.visit: each for each in made if isinstance(each, AskAuthorization)}
    delivered = {each.visit: each for each in made if isinstance(each, Deliver)}
    assert {"optician", "hearing", "dentist", "hospital"} <= {each.what for each in asked.values()}
    assert set(delivered) == {visit for visit, each in asked.items() if each.expected == "agreed"}
    for visit, each in delivered.items():
        wanted = (asked[visit].amc, "accepted") if not each.over else (0, "rejected")
        assert (each.bill.amc, each.bill.outcome) == wanted
    assert {each.expected for each in asked.values()} == {"agreed", "refused", "pending"}


def test_they_are_about_people_whom_nobody_else_sees_that_day() -> None:
    """No visit's person is asked about, so neither changes what the other must give."""
    seen = {CALENDAR.person_at(number) for number in range(CALENDAR.visits)}
    others = {person.number for person in unseen(CALENDAR)}
    assert not seen & others
    assert len(seen | others) == CALENDAR.country.people
    shown = {CALENDAR.visit(number).presented.nir for number in range(CALENDAR.visits)}
    assert not shown & {each.request.nir for each in orders(CALENDAR) if isinstance(each, AskAuthorization)}


def test_a_country_where_everybody_is_seen_has_none() -> None:
    """Nobody to ask about is no error."""
    full = Calendar(Country(1, 16, day=DAY), DAY)
    assert full.visits == 16
    assert list(orders(full)) == []
