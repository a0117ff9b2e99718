"""How much a rights file changes, and whether two people must agree before it answers; which files may come next.

Pure. Rules 10 and 11 of the trade: rejects under a threshold; closings, openings, formula changes and
extensions weighed apart; a kind of change within 10 % of what the signed header announced passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

ANNOUNCED_TOLERANCE_PERCENT = 10
FIRST_YEAR = 2000  # month 0 of `month_number`


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may do by itself. Percentages are of the people who had rights on the file's day."""

    reject_percent: float = 0.5
    reject_most: int = 1_000
    closing_percent: float = 2.0
    opening_percent: float = 10.0
    formula_percent: float = 20.0


@dataclass(frozen=True, slots=True)
class Weights:
    """People: `base` had rights on the file's day; the others are what the file does. Extension never weighs."""

    base: int
    opened: int
    closed: int
    changed: int
    extended: int


@dataclass(frozen=True, slots=True)
class Announced:
    """What the signed header expects."""

    opened: int
    closed: int
    changed: int


def over_limit(weights: Weights, limits: Limits, announced: Announced | None) -> tuple[str, ...]:
    """The kinds of change beyond their limit and not announced: closed, opened, changed. Empty: the file passes.

    An insurer's first file has nothing to be weighed against and passes.
    """
    if not weights.base:
        return ()
    kinds = (
        ("closed", weights.closed, limits.closing_percent, announced.closed if announced else None),
        ("opened", weights.opened, limits.opening_percent, announced.opened if announced else None),
        ("changed", weights.changed, limits.formula_percent, announced.changed if announced else None),
    )
    return tuple(
        kind
        for kind, count, percent, said in kinds
        if count * 100 > percent * weights.base and not (said is not None and _near(count, said))
    )


def _near(count: int, announced: int) -> bool:
    return abs(count - announced) * 100 <= ANNOUNCED_TOLERANCE_PERCENT * announced


def too_many_rejects(lines: int, rejects: int, limits: Limits) -> bool:
    """Whether so many bad lines refuse the whole file."""
    return rejects > limits.reject_most or rejects * 100 > limits.reject_percent * lines


def sequence_fault(kind: str, sequence: int, last: int, *, restore: bool) -> str:
    """Why a file may not come next, or "". `last` is the sequence last applied, 0 for none.

    A restore takes an older full file.
    """
    if restore:
        return "" if kind == "full" and sequence <= last else "restore-not-older-full"
    if kind == "delta" and last == 0:
        return "delta-before-full"
    if sequence <= last:
        return "sequence-back"
    # An insurer that moves in starts where it stands: its first file may carry any number.
    return "sequence-gap" if last and sequence != last + 1 else ""


def month_number(day: date) -> int:
    """Months since January 2000."""
    return (day.year - FIRST_YEAR) * 12 + day.month - 1
