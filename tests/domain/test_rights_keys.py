"""A key with dates shows the coverage within those dates only."""

from __future__ import annotations

from datetime import date

import pytest

from rempart.domain.rights import Coverage, Key, Period, seen_through


def coverage(*spans: tuple[date, date]) -> Coverage:
    return Coverage(1, "P", "", "c2s", tuple(Period("PHAR", start, end, "100") for start, end in spans))


YEAR = (date(2026, 1, 1), date(2026, 12, 31))
NEXT = (date(2027, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("start", "end", "spans"),
    [
        (None, None, (YEAR, NEXT)),
        (None, date(2026, 3, 31), ((date(2026, 1, 1), date(2026, 3, 31)),)),
        (date(2027, 12, 31), None, ((date(2027, 12, 31), date(2027, 12, 31)),)),
        (date(2026, 12, 31), date(2027, 1, 1), ((date(2026, 12, 31),) * 2, (date(2027, 1, 1),) * 2)),
    ],
)
def test_periods_are_cut_to_the_keys_dates(
    start: date | None, end: date | None, spans: tuple[tuple[date, date], ...]
) -> None:
    """Both dates are included, on the key's side and on the period's."""
    assert seen_through(coverage(YEAR, NEXT), Key("1", None, "850512", "1", start, end)) == coverage(*spans)


def test_a_key_out_of_all_periods_shows_nothing() -> None:
    """An old member number whose dates are over finds no rights."""
    assert seen_through(coverage(YEAR), Key("1", None, "850512", "1", None, date(2025, 12, 31))) is None
