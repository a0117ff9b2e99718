"""The key of a site's own records: another for each day, person and site, and made again by who presents the person."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.own_record import LENGTH, SEARCH_DAYS, own_key, own_keys

SECRETS = st.binary(min_size=16, max_size=16)
DAYS = st.integers(1_000, 60_000)


@given(SECRETS, SECRETS, DAYS, DAYS)
def test_keys_agree_for_one_person_site_and_day_alone(one: bytes, other: bytes, day: int, another: int) -> None:
    """The same secret and day give the same key; nothing else does."""
    assert len(own_key(one, day)) == LENGTH
    assert own_key(one, day) == own_key(bytes(one), day)
    assert (own_key(one, day) == own_key(other, another)) == ((one, day) == (other, another))


@given(SECRETS, st.integers(5_000, 60_000), st.integers(0, SEARCH_DAYS + 5))
def test_the_search_reaches_back_27_months_and_no_further(secret: bytes, today: int, ago: int) -> None:
    """What was written on a day of the span is looked up, what is older is not."""
    assert (own_key(secret, today - ago) in own_keys(secret, today)) == (ago < SEARCH_DAYS)
