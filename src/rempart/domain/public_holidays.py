"""French public holidays of one year (Labour Code, L. 3133-1), for programs that do without the `holidays` package.

Left out: the two more of Alsace-Moselle, those overseas.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

FIXED = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
"""Month and day."""
AFTER_EASTER = (1, 39, 50)
"""Easter Monday, Ascension, Whit Monday: days after Easter Sunday."""


@lru_cache(maxsize=16)
def public_holidays(year: int) -> frozenset[date]:
    """The days of that year, 2008 or later: in the three years before, Whit Monday was none."""
    sunday = easter(year)
    moving = (sunday + timedelta(days=days) for days in AFTER_EASTER)
    return frozenset((*(date(year, month, day) for month, day in FIXED), *moving))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the anonymous algorithm (Meeus, Astronomical Algorithms, ch. 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    last = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * last) // 433
    month = (h + last - 7 * m + 90) // 25
    return date(year, month, (h + last - 7 * m + 33 * month + 19) % 32)
