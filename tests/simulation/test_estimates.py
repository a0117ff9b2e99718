"""Estimates of a day: of people nobody else sees, each with what it must tell."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from rempart.simulation.country import Country
from rempart.simulation.estimates import estimates
from rempart.simulation.events import AskEstimate, SendInvoices
from rempart.simulation.visits import Calendar

DAY = date(2026, 11, 24)
CALENDAR = Calendar(Country(1, 3_000, day=DAY), DAY)


def test_lenses_a_consultation_and_a_stay_are_estimated() -> None:
    """Each is asked about, and no share is above what is left."""
    made = [each for each in estimates(CALENDAR) if isinstance(each, AskEstimate)]
    assert {each.what for each in made} == {"optician", "doctor", "hospital"}
    for each in made:
        spent, amo, amc = each.shares
        assert 0 < amc <= spent - amo
    assert {each.shares for each in made if each.what == "hospital"} == {(92_00, 0, 92_00)}
    assert {each.shares for each in made if each.what == "optician"} == {(200_00, 23_69, 15_79 + 120_00)}


def test_they_are_about_different_people_whom_nobody_sees_that_day() -> None:
    """Nobody is estimated twice, nobody who is at a counter."""
    numbers = [each.request.nir for each in estimates(CALENDAR) if isinstance(each, AskEstimate)]
    assert len(set(numbers)) == len(numbers)
    assert not {CALENDAR.visit(number).presented.nir for number in range(CALENDAR.visits)} & set(numbers)


def test_a_country_where_everybody_is_seen_has_none() -> None:
    """Nobody to ask about is no error."""
    full = Calendar(Country(1, 16, day=DAY), DAY)
    assert list(estimates(full)) == []


def test_lenses_are_sold_for_what_was_estimated() -> None:
    """One invoice follows each estimate of lenses, at the same site, owed as told."""
    made = list(estimates(CALENDAR))
    pairs = [(one, other) for one, other in pairwise(made) if isinstance(other, SendInvoices)]
    assert pairs
    for asked, sold in pairs:
        assert isinstance(asked, AskEstimate)
        assert (asked.site, asked.shares[2]) == (sold.site, sold.bills[0].amc)
