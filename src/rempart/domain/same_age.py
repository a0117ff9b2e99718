"""A birth date that gives the same ages as the true one on the days that matter, and tells no more than they do.

Rules of a contract ask for an age in years on a few days. Whoever decides needs that, not the birthday.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

DECEMBER = 12  # lunar months beyond it count as December, as ages do


def same_age(birth: str, days: Iterable[date]) -> str:
    """AAMMJJ with the year of `birth` (AAMMJJ) and the earliest month and day that no age on `days` tells apart.

    A month and day that no calendar has (the 32nd) are no mistake: they are only ever compared.
    """
    born = min(int(birth[2:4]), DECEMBER), int(birth[4:6])
    before = [(day.month, day.day) for day in days if (day.month, day.day) < born]
    month, day_of_month = max(before, default=(1, 0))
    return f"{birth[:2]}{month:02d}{day_of_month + 1:02d}"
