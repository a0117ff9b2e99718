"""Months of the log are cut in UTC."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.month import month_from_text, month_of, month_start, month_text


@given(st.integers(1970 * 12, 9998 * 12))
def test_a_month_begins_where_the_one_before_ends(month: int) -> None:
    """First and last microsecond of a month belong to it; its text reads back."""
    assert month_of(month_start(month)) == month
    assert month_of(month_start(month + 1) - 1) == month
    assert month_from_text(month_text(month)) == month


def test_november_2026() -> None:
    """The example of the documentation."""
    assert month_text(24322) == "2026-11"
    assert month_start(24322) == 1_793_491_200_000_000


@pytest.mark.parametrize("text", ["", "2026-13", "2026-00", "2026-1", "months", "2026-11\n", "2026-11-01"])
def test_what_is_no_month(text: str) -> None:
    """Anything else is not a month."""
    assert month_from_text(text) is None
