"""Working days and what lateness costs: the decree's scheme as a table, both sides of each day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.bootstrap.delays import french_holidays
from rempart.domain.payment_delay import (
    DECREE,
    Half,
    Scheme,
    WorkingDays,
    due_day,
    parse_half,
    penalty,
    summed,
)

SPAN = (date(2025, 12, 1), date(2026, 12, 31))
COUNTED = WorkingDays(*SPAN, french_holidays(2025) | french_holidays(2026))


@pytest.mark.parametrize(
    ("taken", "amount", "owed"),
    [
        (0, 10_000, 0),
        (7, 10_000, 0),  # the seventh working day is in time
        (8, 10_000, 100),  # 1 € an invoice
        (9, 10_000, 100),
        (10, 10_000, 1_000),  # 10 % of the amount
        (45, 10_000, 1_000),
        (8, 50, 100),  # the euro does not depend on the amount
        (10, 55, 6),  # 5.5 cents, half-up
        (10, 54, 5),
    ],
)
def test_the_decree_scheme(taken: int, amount: int, owed: int) -> None:
    """1 € on days 8 and 9, 10 % from day 10."""
    assert penalty(DECREE, taken, amount) == owed


def test_penalties_are_off_unless_a_contract_sets_them() -> None:
    """The decree binds the compulsory part only."""
    assert penalty(Scheme(7), 60, 100_000) == 0


@pytest.mark.parametrize(
    ("acknowledged", "paid", "taken"),
    [
        (date(2026, 11, 23), date(2026, 11, 23), 0),
        (date(2026, 11, 20), date(2026, 11, 23), 1),  # Friday to Monday
        (date(2026, 11, 21), date(2026, 11, 23), 1),  # acknowledged on a Saturday
        (date(2026, 4, 30), date(2026, 5, 11), 5),  # 1 May and 8 May are Fridays
        (date(2026, 4, 3), date(2026, 4, 7), 1),  # Easter Monday
        (date(2025, 12, 24), date(2026, 1, 2), 5),  # Christmas and New Year
        (date(2026, 7, 13), date(2026, 7, 15), 1),  # 14 July
        (date(2026, 11, 24), date(2026, 11, 23), 0),
    ],
)
def test_working_days_leave_weekends_and_holidays_out(acknowledged: date, paid: date, taken: int) -> None:
    """The day of the acknowledgement does not count, the day of payment does."""
    assert COUNTED.taken(acknowledged, paid) == taken


@given(st.dates(*SPAN), st.dates(*SPAN), st.dates(*SPAN))
def test_counting_adds_up(one: date, two: date, three: date) -> None:
    """From first to last is what lies between, whatever day it is cut at."""
    first, middle, last = sorted((one, two, three))
    assert COUNTED.taken(first, last) == COUNTED.taken(first, middle) + COUNTED.taken(middle, last)
    assert 0 <= COUNTED.taken(first, last) <= (last - first).days


def test_a_day_outside_the_span_is_not_guessed() -> None:
    """Neither before nor after it."""
    for day in (SPAN[0] - timedelta(days=2), SPAN[1] + timedelta(days=1)):
        with pytest.raises(IndexError):
            COUNTED.taken(day, day)


def test_half_years_are_read() -> None:
    """`2026-2` is July to December."""
    assert parse_half("2026-2") == Half(2026, 2)
    assert (Half(2026, 2).first, Half(2026, 2).last) == (date(2026, 7, 1), date(2026, 12, 31))
    assert (Half(2026, 1).first, Half(2026, 1).last) == (date(2026, 1, 1), date(2026, 6, 30))
    assert [parse_half(text) for text in ("2026-3", "26-1", "2026", "0000-1", "２０２６-1")] == [None] * 5


def test_figures_of_a_half_year() -> None:
    """Median and worst in working days, how many in time."""
    found = summed("op", "a", [9, 1, 7, 3], 7, penalties=5)
    assert (found.invoices, found.within, found.median, found.worst, found.penalties) == (4, 3, 3, 9, 5)


@given(st.dates(SPAN[0], date(2026, 11, 30)), st.integers(1, 15))
def test_the_promised_day_is_the_last_that_is_in_time(start: date, target: int) -> None:
    """As many working days away as the contract promises; the working day after it is late."""
    holidays = french_holidays(2025) | french_holidays(2026)
    promised = due_day(start, target, holidays)
    assert COUNTED.taken(start, promised) == target
    assert COUNTED.taken(start, due_day(promised, 1, holidays)) == target + 1
