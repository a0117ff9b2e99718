"""How long a payment took, in working days, and what lateness costs under a contract.

The scheme that the law fixes for the compulsory part is the model (decree 2016-1069 of 3 August 2016, CSS D.161-13-3
and D.161-13-4): seven working days from the acknowledgement, then 1 € an invoice on days 8 and 9, 10 % of the amount
from day 10. It does not bind complementary insurers: penalties are off unless a contract sets them. Holidays are given
by the caller. Left out: the holidays of Alsace-Moselle and overseas, interest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from rempart.domain.money import percent

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A contract's terms: the target in working days, and what lateness costs where `penalties` is set.

    `flat` cents an invoice for `flat_days` days beyond the target, `rate` percent of its amount later still; the
    insurer or the operator bears them (`charged_to`).
    """

    target_days: int
    penalties: bool = False
    flat: int = 0
    flat_days: int = 0
    rate: int = 0
    charged_to: str = "insurer"


DECREE = Scheme(7, penalties=True, flat=100, flat_days=2, rate=10)
"""The scheme of the decree."""


def penalty(scheme: Scheme, taken: int, amount: int) -> int:
    """Cents that an invoice of `amount` cents earns when it was paid on working day `taken`."""
    late = taken - scheme.target_days
    if not scheme.penalties or late <= 0:
        return 0
    return scheme.flat if late <= scheme.flat_days else percent(amount, scheme.rate)


class WorkingDays:
    """Counts working days, Monday to Friday without holidays, between any two days of a span."""

    def __init__(self, first: date, last: date, holidays: Collection[date]) -> None:
        self._first = first.toordinal()
        self._before: list[int] = [0]
        day = first
        while day <= last:
            works = day.weekday() < 5 and day not in holidays
            self._before.append(self._before[-1] + works)
            day += ONE_DAY

    def taken(self, start: date, end: date) -> int:
        """Working days after `start`, `end` included: paid on the day of the acknowledgement took none.

        Raises `IndexError` for a day outside the span.
        """
        return max(0, self._upto(end) - self._upto(start))

    def _upto(self, day: date) -> int:
        index = day.toordinal() - self._first + 1
        if index < 0:
            raise IndexError("a day before the span")
        return self._before[index]


def due_day(start: date, target_days: int, holidays: Collection[date]) -> date:
    """The last day on which what was acknowledged on `start` is paid in time; `holidays` must hold those after it."""
    day, left = start, target_days
    while left > 0:
        day += ONE_DAY
        left -= day.weekday() < 5 and day not in holidays
    return day


@dataclass(frozen=True, slots=True)
class Half:
    """A half-year: 1 from January, 2 from July."""

    year: int
    number: int

    @property
    def name(self) -> str:
        """`2026-2`."""
        return f"{self.year}-{self.number}"

    @property
    def first(self) -> date:
        return date(self.year, 1 if self.number == 1 else 7, 1)

    @property
    def last(self) -> date:
        return date(self.year, 6, 30) if self.number == 1 else date(self.year, 12, 31)


def parse_half(text: str) -> Half | None:
    """`2026-2`, or None."""
    year, _, number = text.partition("-")
    if len(year) == 4 and year.isascii() and year.isdecimal() and number in {"1", "2"} and int(year) > 1:
        return Half(int(year), int(number))
    return None


@dataclass(frozen=True, slots=True)
class Delay:
    """How one insurer's invoices of a half-year were paid: `worst` and `median` working days, cents of penalties."""

    operator: str
    insurer: str
    invoices: int
    within: int
    median: int
    worst: int
    penalties: int


def summed(operator: str, insurer: str, taken: Iterable[int], target: int, *, penalties: int) -> Delay:
    """The figures of a half-year; at least one invoice."""
    days = sorted(taken)
    within = sum(1 for day in days if day <= target)
    return Delay(operator, insurer, len(days), within, days[(len(days) - 1) // 2], days[-1], penalties)
