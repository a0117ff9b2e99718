"""Newborns: who is one on a day of care, and what the provisional ceiling leaves of a decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain import newborns
from rempart.domain.allowances import CounterUse
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.newborns import (
    CEILING_KEY,
    COUNTER,
    born,
    capped,
    ceiling_on,
    is_newborn,
    newborn_until,
    noted,
    told_provisional,
)
from rempart.domain.parameters import NEWBORN_TERMS, NewbornTerms, newborn_terms

EPOCH = date(1970, 1, 1)
DAY = date(2026, 11, 24)
DAYS, LIMIT = 90, 500_00
CHANGE = date(2027, 1, 1)
CHANGED = (
    NewbornTerms(90, 500_00, "as it was", end=CHANGE - timedelta(1)),
    NewbornTerms(60, 300_00, "as it would be", start=CHANGE),
)


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Other days and another ceiling from the first of January 2027."""
    monkeypatch.setattr(newborns, "newborn_terms", lambda care: newborn_terms(care, CHANGED))
    newborns._window.cache_clear()
    yield
    newborns._window.cache_clear()


def days(care: date) -> int:
    return (care - EPOCH).days


def line(number: int, amc: int, *, reason: str = "") -> DecidedLine:
    uses = (CounterUse("allowance/x", date(2026, 1, 1), date(2026, 12, 31), amc, DAY, "cents"),) if amc else ()
    return DecidedLine(number, "PHAR", amc + 650, 400, amc, 250, (RuleAmount("table", amc),), reason, uses=uses)


@given(st.dates(date(1970, 1, 1), date(2098, 12, 31)), st.integers(-400, 400))
def test_ninety_days_from_birth(day: date, age: int) -> None:
    """From the day of birth to ninety days later, both included."""
    care = (day - EPOCH).days + age
    assert is_newborn(f"{day:%y%m%d}", care) == (0 <= age <= DAYS and care >= 0)


@pytest.mark.parametrize("birth", ["261399", "269901", "260230", "abcdef", "261300"])
def test_dates_of_no_calendar_are_nobodys_birth(birth: str) -> None:
    """Lunar dates are ordinary, and old."""
    assert not is_newborn(birth, (DAY - EPOCH).days)


def test_two_digits_name_the_latest_year_before_the_day() -> None:
    """A birth tomorrow is one a century ago; 29 February has no century before 2000 + 100."""
    assert born("261124", DAY) == DAY
    assert born("261125", DAY) == date(1926, 11, 25)
    assert born("280229", date(2028, 2, 28)) == date(1928, 2, 29)
    assert born("000229", date(2100, 3, 1)) is None


@given(st.lists(st.integers(0, LIMIT), min_size=1, max_size=6), st.integers(0, LIMIT + 100))
def test_lines_share_what_is_left_in_their_order(amounts: list[int], left: int) -> None:
    """Never more than is left, shares always make the whole, and each cent paid is counted once against the ceiling."""
    lines = tuple(line(number, amc) for number, amc in enumerate(amounts, 1))
    found = capped(Decision("accepted", lines), {CEILING_KEY: left}, DAY)
    free = min(left, LIMIT)
    assert found.amc == min(sum(amounts), free)
    for before, after in zip(lines, found.lines, strict=True):
        assert after.amo + after.amc + after.patient == after.spent == before.spent
        assert after.amc <= before.amc
        assert (after.reason == "newborn-ceiling") == (before.amc > 0 == after.amc)
    assert sum(use.amount for use in found.uses if use.counter == COUNTER) == found.amc
    assert sum(use.amount for use in found.uses if use.counter != COUNTER) == found.amc
    if found.outcome == "rejected":
        assert (found.amc, found.reason) == (0, "newborn-ceiling")


def test_a_whole_ceiling_is_taken_when_nothing_is_said_of_it() -> None:
    """The rule's name tells that the amount is provisional, or that it was cut."""
    found = capped(Decision("accepted", (line(1, 400_00), line(2, 200_00))), {}, DAY)
    assert [(one.amc, one.rules[-1].rule) for one in found.lines] == [
        (400_00, "newborn-provisional"), (100_00, "newborn-ceiling"),
    ]  # fmt: skip


@pytest.mark.parametrize("outcome", ["rejected", "held"])
def test_what_is_not_accepted_stays_as_it_is(outcome: str) -> None:
    """A ceiling is about what is paid."""
    decision = Decision(outcome, (line(1, 0, reason="rights-closed"),), "rights-closed")
    assert capped(decision, {}, DAY) is decision


@pytest.mark.parametrize(
    ("birth", "care", "newborn"),
    [
        ("261002", date(2026, 12, 31), True),  # day 90, by the row of 2026
        ("261001", date(2026, 12, 31), False),  # day 91
        ("261102", CHANGE, True),  # day 60, by the row of 2027
        ("261101", CHANGE, False),  # day 61: a newborn the day before, by the row of that day
        ("261101", CHANGE - timedelta(1), True),
        ("270101", CHANGE, True),
    ],
)
def test_days_are_those_of_the_row_of_the_day_of_care(changed: None, birth: str, care: date, *, newborn: bool) -> None:
    """Both sides of the last day and of the day on which the row changes."""
    assert is_newborn(birth, days(care)) == newborn


@pytest.mark.parametrize(
    ("care", "asked", "owed", "rule"),
    [
        (CHANGE - timedelta(1), 500_00, 500_00, "newborn-provisional"),
        (CHANGE - timedelta(1), 500_01, 500_00, "newborn-ceiling"),
        (CHANGE, 300_00, 300_00, "newborn-provisional"),
        (CHANGE, 300_01, 300_00, "newborn-ceiling"),
    ],
)
def test_the_ceiling_is_that_of_the_row_of_the_day_of_care(
    changed: None, care: date, asked: int, owed: int, rule: str
) -> None:
    """To the cent on both sides of the day; counted under one name, so that what was owed before still counts."""
    found = capped(Decision("accepted", (line(1, asked),)), {}, care)
    assert (found.amc, found.lines[0].rules[-1].rule) == (owed, rule)
    assert [use.key for use in found.uses if use.counter == COUNTER] == [CEILING_KEY]
    assert ceiling_on(care).limit == owed


def test_the_rows_in_force_are_ninety_days_and_500_euro_and_say_that_nothing_sources_them() -> None:
    """Every day has one row; before the first of a table that begins, nobody is a newborn and nothing is owed."""
    (row,) = NEWBORN_TERMS
    assert (row.days, row.ceiling, row.start, row.end) == (DAYS, LIMIT, date.min, date.max)
    assert "unsourced" in row.source
    assert newborn_terms(CHANGE - timedelta(1), CHANGED[1:]) is None


def test_without_a_row_nobody_is_a_newborn(monkeypatch: pytest.MonkeyPatch) -> None:
    """No row, no provisional cover: the ceiling is nothing."""
    monkeypatch.setattr(newborns, "newborn_terms", lambda care: newborn_terms(care, ()))
    newborns._window.cache_clear()
    assert not is_newborn("261124", days(DAY))
    assert ceiling_on(DAY).limit == 0
    newborns._window.cache_clear()


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.integers(0, DAYS))
def test_a_newborn_is_one_until_its_ninetieth_day(day: date, age: int) -> None:
    """Whatever day of care it is asked from; of a birth date that no calendar has, until the day of care itself."""
    assert newborn_until(f"{day:%y%m%d}", day + timedelta(age)) == day + timedelta(DAYS)
    assert newborn_until("261399", day) == day


def test_a_quote_that_the_table_does_not_answer_says_that_a_newborn_is_meant() -> None:
    """Nothing is paid of it; an accepted or rejected one is not touched."""
    held = Decision("held", (line(1, 0, reason="formula-missing"),), "formula-missing")
    assert told_provisional(noted(held).lines)
    assert (noted(held).amc, noted(held).reason) == (0, "formula-missing")
    for outcome in ("accepted", "rejected"):
        other = replace(held, outcome=outcome)
        assert noted(other) is other
        assert not told_provisional(other.lines)
