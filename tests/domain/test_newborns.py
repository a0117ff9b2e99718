"""Newborns: who is one on a day of care, and what the provisional ceiling leaves of a decision."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.allowances import CounterUse
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.newborns import CEILING, NEWBORN_CEILING, NEWBORN_DAYS, born, capped, is_newborn

EPOCH = date(1970, 1, 1)
DAY = date(2026, 11, 24)


def line(number: int, amc: int, *, reason: str = "") -> DecidedLine:
    uses = (CounterUse("allowance/x", date(2026, 1, 1), date(2026, 12, 31), amc, DAY, "cents"),) if amc else ()
    return DecidedLine(number, "PHAR", amc + 650, 400, amc, 250, (RuleAmount("table", amc),), reason, uses=uses)


@given(st.dates(date(1970, 1, 1), date(2098, 12, 31)), st.integers(-400, 400))
def test_ninety_days_from_birth(day: date, age: int) -> None:
    """From the day of birth to ninety days later, both included."""
    care = (day - EPOCH).days + age
    assert is_newborn(f"{day:%y%m%d}", care) == (0 <= age <= NEWBORN_DAYS and care >= 0)


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


@given(st.lists(st.integers(0, NEWBORN_CEILING), min_size=1, max_size=6), st.integers(0, NEWBORN_CEILING + 100))
def test_lines_share_what_is_left_in_their_order(amounts: list[int], left: int) -> None:
    """Never more than is left, shares always make the whole, and each cent paid is counted once against the ceiling."""
    lines = tuple(line(number, amc) for number, amc in enumerate(amounts, 1))
    found = capped(Decision("accepted", lines), {CEILING.key: left})
    free = min(left, NEWBORN_CEILING)
    assert found.amc == min(sum(amounts), free)
    for before, after in zip(lines, found.lines, strict=True):
        assert after.amo + after.amc + after.patient == after.spent == before.spent
        assert after.amc <= before.amc
        assert (after.reason == "newborn-ceiling") == (before.amc > 0 == after.amc)
    assert sum(use.amount for use in found.uses if use.counter == CEILING.counter) == found.amc
    assert sum(use.amount for use in found.uses if use.counter != CEILING.counter) == found.amc
    if found.outcome == "rejected":
        assert (found.amc, found.reason) == (0, "newborn-ceiling")


def test_a_whole_ceiling_is_taken_when_nothing_is_said_of_it() -> None:
    """The rule's name tells that the amount is provisional, or that it was cut."""
    found = capped(Decision("accepted", (line(1, 400_00), line(2, 200_00))), {})
    assert [(one.amc, one.rules[-1].rule) for one in found.lines] == [
        (400_00, "newborn-provisional"), (100_00, "newborn-ceiling"),
    ]  # fmt: skip


@pytest.mark.parametrize("outcome", ["rejected", "held"])
def test_what_is_not_accepted_stays_as_it_is(outcome: str) -> None:
    """A ceiling is about what is paid."""
    decision = Decision(outcome, (line(1, 0, reason="rights-closed"),), "rights-closed")
    assert capped(decision, {}) is decision
    assert timedelta(days=NEWBORN_DAYS) == timedelta(90)
