"""Reopening in waves: everybody has one turn that nobody chooses, shares are kept, and afterwards there is no queue."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.waves import MINUTE, Plan, Window, place_of, plan_fault, turn, waits

NINE = 1_800_000_000_000_000
WINDOWS = (Window(NINE, 20, 1), Window(NINE + 20 * MINUTE, 40, 19), Window(NINE + 60 * MINUTE, 60, 80))
PLAN = Plan("horizon", NINE - 1, WINDOWS)
SITES = [f"{750_000_000 + number}" for number in range(4_000)]


def test_shares_are_kept_and_each_window_is_filled_evenly() -> None:
    """Of 4,000 sites each window gets its share, and each of its minutes about as many as the others."""
    opens = [turn(PLAN, site, len(SITES)).opens for site in SITES]
    for window in WINDOWS:
        within = Counter(each for each in opens if window.starts <= each < window.ends)
        assert abs(sum(within.values()) / len(SITES) - window.share / 100) < 0.03
        if window.share > 10:
            assert len(within) == window.minutes
            assert max(within.values()) < 3 * sum(within.values()) / window.minutes


@given(st.from_regex(r"[0-9][0-9AB][0-9]{7}", fullmatch=True), st.integers(0, 200 * MINUTE))
def test_a_turn_comes_once_and_stays(site: str, later: int) -> None:
    """Before its minute a site waits, from it on it never does again; after the plan nobody waits."""
    mine = turn(PLAN, site, len(SITES))
    assert WINDOWS[0].starts <= mine.opens < PLAN.ends
    assert 1 <= mine.place <= mine.of == len(SITES)
    instant = NINE + later
    assert (waits(PLAN, site, len(SITES), instant) is None) == (instant >= mine.opens)
    assert waits(PLAN, site, len(SITES), PLAN.ends) is None


@given(st.from_regex(r"[0-9][0-9AB][0-9]{7}", fullmatch=True), st.from_regex(r"[0-9][0-9AB][0-9]{7}", fullmatch=True))
def test_who_stands_before_comes_before(one: str, other: str) -> None:
    """The order of places is the order of hours."""
    first, second = sorted((one, other), key=lambda site: place_of(PLAN, site))
    assert turn(PLAN, first, 100).opens <= turn(PLAN, second, 100).opens


def test_the_next_reopening_draws_anew() -> None:
    """Nobody is always the last: another closing gives another order."""
    again = Plan("horizon", NINE, WINDOWS)
    moved = sum(abs(place_of(PLAN, site) - place_of(again, site)) > 0.05 for site in SITES[:200])
    assert moved > 150


def test_a_plan_without_windows_lets_everybody_in() -> None:
    """That is how a plan is ended."""
    assert plan_fault(Plan("horizon", 1, ())) is None
    assert waits(Plan("horizon", 1, ()), SITES[0], 10, 0) is None


@pytest.mark.parametrize(
    ("windows", "code"),
    [
        ((Window(NINE, 20, 99),), "shares-not-whole"),
        ((Window(NINE, 20, 100), Window(NINE, 20, 0)), "shares-not-whole"),
        ((Window(NINE, 0, 100),), "windows-shape"),
        ((Window(NINE, 20, 50), Window(NINE + 10 * MINUTE, 20, 50)), "windows-overlap"),
        ((Window(NINE, 1, 4),) * 25, "windows-shape"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(windows: tuple[Window, ...], code: str) -> None:
    """Shares make a hundred, windows follow each other."""
    fault = plan_fault(Plan("horizon", 1, windows))
    assert fault is not None
    assert fault.code == code
