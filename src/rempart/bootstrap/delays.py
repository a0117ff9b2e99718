"""Payment delays of a half-year: French holidays, terms, what was paid, penalties put together."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from functools import cache
from typing import Any

import holidays
import psycopg

from rempart.domain.payment_delay import Delay, Half, Scheme, WorkingDays, penalty, summed
from rempart.ground.instants import PARIS, civil_date
from rempart.ground.settings import Settings
from rempart.storage import delays

NO_TERMS = Scheme(7)
"""The natural target where a contract names none; nothing is owed for being late."""
LONGEST = timedelta(days=3 * 366)
"""An invoice may be 27 months old; the span that working days are counted in reaches further."""


@cache
def french_holidays(year: int) -> frozenset[date]:
    """Holidays of metropolitan France, without those of Alsace-Moselle."""
    return frozenset(holidays.country_holidays("FR", years=year))


def working_days(half: Half) -> WorkingDays:
    """Counts for everything that may be paid in the half-year."""
    first = half.first - LONGEST
    known = frozenset[date]().union(*(french_holidays(year) for year in range(first.year, half.year + 1)))
    return WorkingDays(first, half.last, known)


def looked_at(connection: psycopg.Connection[Any], half: Half) -> tuple[list[Delay], list[delays.Penalty]]:
    """Each insurer's delays, and what each site earned; terms are those of the half-year's first day."""
    counted, schemes = working_days(half), delays.schemes(connection, half.first)
    taken: dict[tuple[str, str], list[int]] = defaultdict(list)
    earned: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for one in delays.paid(connection, half):
        scheme = _scheme(schemes, one.operator, one.insurer)
        days = counted.taken(one.acknowledged, one.paid)
        taken[one.operator, one.insurer].append(days)
        if cents := penalty(scheme, days, one.amount):
            earned[one.operator, one.insurer, one.site].append(cents)
    found = [
        summed(
            operator, insurer, days, _scheme(schemes, operator, insurer).target_days,
            penalties=sum(sum(cents) for key, cents in earned.items() if key[:2] == (operator, insurer)),
        )
        for (operator, insurer), days in sorted(taken.items())
    ]  # fmt: skip
    return found, [
        delays.Penalty(*key, len(cents), sum(cents), _scheme(schemes, *key[:2]).charged_to)
        for key, cents in sorted(earned.items())
    ]


def report(settings: Settings, half: Half, instant: int, *, post: bool) -> tuple[list[Delay], int] | str:
    """The delays and the cents of penalties posted now; `half-not-over` when they are to be posted too early."""
    if post and civil_date(instant, PARIS) <= half.last:
        return "half-not-over"
    with psycopg.connect(settings.database.worker_url) as connection:
        connection.execute("set transaction isolation level repeatable read")
        found, earned = looked_at(connection, half)
        return found, delays.post(connection, half, earned, instant) if post else 0


def _scheme(schemes: dict[tuple[str, str], Scheme], operator: str, insurer: str) -> Scheme:
    return schemes.get((operator, insurer)) or schemes.get((operator, "")) or NO_TERMS
