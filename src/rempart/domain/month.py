"""Months of the log as one integer, `year * 12 + month - 1`, cut in UTC: a tree must not depend on a civil clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

MONTHS = 0
"""Stands where a month stands, for the log of months itself."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def month_of(instant: int) -> int:
    """Month of an instant in microseconds UTC."""
    day = _EPOCH + timedelta(microseconds=instant)
    return day.year * 12 + day.month - 1


def month_text(month: int) -> str:
    """`2026-11`."""
    return f"{month // 12:04}-{month % 12 + 1:02}"


def month_from_text(text: str) -> int | None:
    """The month written `2026-11`; None when it is not one."""
    found = _TEXT.fullmatch(text)
    return int(found[1]) * 12 + int(found[2]) - 1 if found else None


def month_start(month: int) -> int:
    """First instant of the month, microseconds UTC; the month ends where the next one starts."""
    first = datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return (first - _EPOCH) // timedelta(microseconds=1)
