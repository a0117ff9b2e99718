"""What a card's dates and the list of revoked cards make of it on a day of care."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.card import LIVE_MOST, Card, Live, Verdict, judge, minute_fault

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
CARD = Card("0000401166", "VM", "", "10000001", FIRST, LAST, "850412", "1", "P", ("PHAR",), 1, bytes(16))
LIVE = Live(600_000, 600_000 + LIVE_MOST, bytes(64))


@given(st.integers(-800, 800), st.sampled_from(["clear", "perhaps", "unchecked", "old"]))
def test_a_card_covers_from_its_first_to_its_last_day_and_no_other(days: int, revocation: str) -> None:
    """Both days are included; outside them the list of revoked cards changes nothing."""
    day = date(2026, 6, 1) + timedelta(days)
    found = judge(CARD, day, revocation)  # type: ignore[arg-type]  # drawn from the literals
    if day < FIRST:
        assert found.code == "card-not-yet"
    elif day > LAST:
        assert found.code == "card-ended"
    else:
        assert found.code == ("card-ask-on-line" if revocation == "perhaps" else "card-covered")
    assert (found.until == LAST) == (found.code == "card-covered")


def test_a_hit_sends_on_line_and_never_refuses() -> None:
    """The filter may be wrong about a good card, so its hit says nothing of coverage, neither yes nor no."""
    assert judge(CARD, LAST, "perhaps") == Verdict("card-ask-on-line", None, (), "perhaps")


@pytest.mark.parametrize(
    ("apart", "code"),
    [(-2, "card-minute-other"), (-1, None), (0, None), (2, None), (3, "card-minute-other")],
)
def test_a_minute_holds_from_one_ahead_to_two_old(apart: int, code: str | None) -> None:
    """A phone's clock may be a minute ahead, and a counter takes a moment to scan."""
    assert minute_fault(LIVE, 660_060 // 60, 660_060 + 60 * apart) == code


def test_a_phones_card_ends_by_itself() -> None:
    """Neither before it was issued nor from the second it expires."""
    assert minute_fault(LIVE, 599_999 // 60, 599_999) == "card-live-ended"
    last = LIVE.expires - 1
    assert minute_fault(LIVE, last // 60, last) is None
    assert minute_fault(LIVE, LIVE.expires // 60, LIVE.expires) == "card-live-ended"


def test_a_card_shows_nobody() -> None:
    """Its representation, which an error or a log might print, holds no field."""
    assert repr(CARD) == "Card(…)"
    assert "10000001" not in repr(CARD)
