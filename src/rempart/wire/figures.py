"""GET /v1/figures: a site's money in sums, for charts. Cents are integers; days are civil days in Paris; no invoice."""

from __future__ import annotations

import msgspec


class WeekFigures(msgspec.Struct, frozen=True):
    """One week, named by its Monday: transfers, cents, invoices, median days from receipt to payment (null: none)."""

    week: str
    transfers: int
    amount: int
    invoices: int
    delay: int | None


class RejectionFigure(msgspec.Struct, frozen=True):
    """How many invoices were rejected for one reason; what the code means in both languages."""

    reason: str
    sentence: str
    english: str
    invoices: int


class DueFigure(msgspec.Struct, frozen=True):
    """What one insurer's accepted invoices make due and no transfer pays yet, by the day the contract promises.

    `expected` is empty where no contract says a delay.
    """

    insurer: str
    name: str
    expected: str
    invoices: int
    amount: int


class Figures(msgspec.Struct, frozen=True):
    """`weeks` the oldest first, twelve with the present one; `delay` the median over all of them.

    `rejections` those since the first of these weeks, the most frequent first; `due` what comes first, first.
    """

    weeks: tuple[WeekFigures, ...]
    delay: int | None
    rejections: tuple[RejectionFigure, ...]
    due: tuple[DueFigure, ...]
