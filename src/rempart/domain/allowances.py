"""Allowances and counters: which period a use falls in, what is left, what one decision has taken so far.

The domain keeps no counter. Before a decision `counters.needs` says which counters it may read; the caller gives what
is left of each; the decision says what it uses; the caller writes the uses under a row lock, and decides again when a
figure was stale. Three kinds of period: calendar year, contract anniversary, rolling. A rolling use counts against
every use less than n months before or after it, so entries written out of order exceed nothing: its key in storage is
the counter alone, and what is left is the limit less the entries whose `day` lies between `period_start` and
`period_end`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from rempart.domain.parameters import months_before

if TYPE_CHECKING:
    from rempart.domain.formulas import Formula

Unit = Literal["cents", "units"]
CounterKey = tuple[str, date, date]
"""(counter, first day, last day of the period), both included."""
PERIODS = ("calendar-year", "anniversary", "rolling")
FROM_RIGHTS = ""
"""The anniversary of an allowance that names no day: the day on which the rights of the domain opened."""


class CounterNeed(NamedTuple):
    """A counter that a decision may read: `limit` cents or units from `period_start` to `period_end`, both included."""

    counter: str
    period_start: date
    period_end: date
    limit: int
    unit: Unit
    rolling: bool = False

    @property
    def key(self) -> CounterKey:
        """Under which `adjudicate` looks up what is left."""
        return (self.counter, self.period_start, self.period_end)


class CounterUse(NamedTuple):
    """What a decision uses: `amount` cents or units on `day`, the care date. Cancelling gives back the same entry.

    `free` cents or units were left before it, -1 where nobody looked.
    """

    counter: str
    period_start: date
    period_end: date
    amount: int
    day: date
    unit: Unit
    rolling: bool = False
    free: int = -1

    @property
    def key(self) -> CounterKey:
        """The key of the need that it answers."""
        return (self.counter, self.period_start, self.period_end)


@dataclass(frozen=True, slots=True)
class Allowance:
    """A product's limit over a period: `limit` cents or units. `months` for rolling; `anniversary` MM-DD or ""."""

    name: str
    limit: int
    unit: Unit
    period: str
    months: int = 0
    anniversary: str = FROM_RIGHTS


class Tally:
    """What one invoice's lines have taken so far, beside what was left before it. One object for one decision."""

    __slots__ = ("left", "optics", "shared", "uses")

    def __init__(self, left: Mapping[CounterKey, int]) -> None:
        self.left = left
        self.uses: list[CounterUse] = []
        self.shared: dict[Formula, int] = {}
        self.optics = 0

    def left_of(self, need: CounterNeed) -> int:
        """Cents or units still free; a counter that the caller said nothing about is whole."""
        left = min(self.left.get(need.key, need.limit), need.limit)
        for use in self.uses:
            if use.counter == need.counter and need.period_start <= use.day <= need.period_end:
                left -= use.amount
        return max(left, 0)


def allowance_need(allowance: Allowance, day: date, opened: date) -> CounterNeed:
    """The need for a use on `day`. `opened` is the first day of the rights, for an anniversary without a day."""
    counter = f"allowance/{allowance.name}"
    if allowance.period == "rolling":
        return rolling_need(counter, day, allowance.months, (allowance.limit, allowance.unit))
    if allowance.period == "calendar-year":
        start, end = date(day.year, 1, 1), date(day.year, 12, 31)
    else:
        start, end = contract_year(day, allowance.anniversary, opened)
    return CounterNeed(counter, start, end, allowance.limit, allowance.unit)


def rolling_need(counter: str, day: date, months: int, limit: tuple[int, Unit]) -> CounterNeed:
    """Everything less than `months` before or after `day`."""
    one = timedelta(days=1)
    return CounterNeed(
        counter, months_before(day, months) + one, months_before(day, -months) - one, *limit, rolling=True
    )


def contract_year(day: date, anniversary: str, opened: date) -> tuple[date, date]:
    """First and last day of the contract year that holds `day`; 29 February falls on the 28th in other years."""
    month, dom = (int(anniversary[:2]), int(anniversary[3:])) if anniversary else (opened.month, opened.day)
    start = _on(day.year, month, dom)
    if start > day:
        return _on(day.year - 1, month, dom), start - timedelta(days=1)
    return start, _on(day.year + 1, month, dom) - timedelta(days=1)


def _on(year: int, month: int, day: int) -> date:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, month, 28 if (month, day) == (2, 29) and not leap else day)


def distinct(found: Sequence[CounterNeed]) -> tuple[CounterNeed, ...]:
    """Each need once, in order of first appearance."""
    return tuple(dict.fromkeys(found))
