"""A birth date of the same ages decides as the true one does, and tells no birthday."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.line_facts import age_on
from rempart.domain.same_age import same_age


@given(
    st.dates(date(1930, 1, 1), date(2026, 11, 22)),
    st.lists(st.dates(date(2024, 1, 1), date(2027, 12, 31)), min_size=1, max_size=6),
)
def test_a_birth_date_of_the_same_age_decides_the_same(born: date, days: list[date]) -> None:
    """On every day that matters the age is that of the true one, lunar months and wrapped centuries included."""
    for birth in (f"{born:%y%m%d}", f"{born:%y}{born.month + 20:02d}{born:%d}"):
        told = same_age(birth, days)
        assert [age_on(told, day) for day in days] == [age_on(birth, day) for day in days]
        assert told[:2] == birth[:2]


def test_a_birthday_is_not_told() -> None:
    """One day of care leaves all birthdays of a year in two classes."""
    day = [date(2026, 7, 1)]
    told = {same_age(f"85{month:02d}{dom:02d}", day) for month in range(1, 13) for dom in range(1, 29)}
    assert told == {"850101", "850702"}
