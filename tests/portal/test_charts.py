"""Charts: what is drawn stands for its number, stays in its frame, and its scale reaches it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.portal import charts

WEEKS = tuple(f"{number:02d}/09" for number in range(1, 13))
VALUES = st.lists(st.one_of(st.none(), st.integers(-10, 10**10)), min_size=12, max_size=12)


@given(VALUES)
def test_columns_stand_on_the_base_and_never_leave_the_frame(values: list[int | None]) -> None:
    """As high as their share of the scale, in the order of the values, beside each other."""
    made = charts.columns(values, WEEKS, str, unit=100)
    seen = [value for value in values if value and value > 0]
    assert len(made.columns) == len(seen)
    ceiling = min(mark.y for mark in made.scale)
    for column, value in zip(made.columns, seen, strict=True):
        assert column.y + column.height == pytest.approx(made.base, abs=0.02)
        assert column.y >= ceiling - 0.02
        assert column.told.endswith(f" : {value}")
    edges = [edge for one in made.columns for edge in (one.x, one.x + one.width)]
    assert edges == sorted(edges)
    assert all(made.left <= edge <= made.width for edge in edges)


@given(st.integers(0, 10**12), st.sampled_from((1, 100)))
def test_the_scale_has_few_round_steps_and_reaches_the_most(most: int, unit: int) -> None:
    """One to four steps above the base, each a round number of units."""
    made = charts.columns([most], ["x"], str, unit=unit)
    steps = [int(mark.text) for mark in made.scale]
    assert steps[0] == 0
    assert 2 <= len(steps) <= charts.MARKS + 1
    assert steps[-1] >= most
    assert str(steps[1] // unit).rstrip("0") in {"1", "2", "5"}
    assert all(step % unit == 0 for step in steps)


def test_twice_as_much_is_twice_as_high() -> None:
    """Nothing starts above zero."""
    one, two = charts.columns([100, 200], ["a", "b"], str).columns
    assert two.height == pytest.approx(2 * one.height, abs=0.02)


def test_the_last_week_has_its_label_and_every_third_before_it() -> None:
    """Twelve labels would not fit on a telephone."""
    made = charts.columns([1] * 12, WEEKS, str)
    assert [mark.text for mark in made.labels] == ["03/09", "06/09", "09/09", "12/09"]


def test_without_a_value_there_is_no_column() -> None:
    """An empty chart keeps its frame; a page says that there is nothing yet."""
    made = charts.columns([None, 0], ["a", "b"], str)
    assert made.columns == ()
    assert charts.columns([], [], str).columns == ()


def test_bars_are_shares_of_the_greatest_and_the_least_is_seen() -> None:
    """One in a thousand is still a mark."""
    assert charts.shares([1_000, 500, 1, 0]) == (100, 50, 1, 0)
    assert charts.shares([]) == ()
