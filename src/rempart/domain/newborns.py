"""Newborns: covered under a parent's contract until the insurer's file names them, within days and a ceiling.

A newborn is presented by the parent's NIR and member number, and its own birth date and rank. Days and ceiling are
parameters of the trade ("unsourced, likely": practice of family contracts); an insurer says in its rights file whose
children are covered from birth. Left out: births told by a maternity ward, adoption.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from rempart.domain.allowances import CounterNeed, CounterUse
from rempart.domain.decision import DecidedLine, Decision, RuleAmount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rempart.domain.allowances import CounterKey

NEWBORN_DAYS = 90
"""From the birth date, that day excluded, until when care is provisionally covered."""

NEWBORN_CEILING = 500_00
"""Cents an insurer may owe for one child in all before its own line is loaded."""

STAMPED_MONTHS = 27
"""How long after its birth a child's record goes on being counted under the name it had as a newborn."""

NEWBORN = 1 << 30
"""Added to the key version of a row that was found by the parent's way: a record key's version is far below it."""

RULE, CEILING_RULE, CEILING_REASON = "newborn-provisional", "newborn-ceiling", "newborn-ceiling"
CEILING = CounterNeed("newborn", date(1970, 1, 1), date(2099, 12, 31), NEWBORN_CEILING, "cents")
"""What is counted of one child, whatever the period."""

_EPOCH = date(1970, 1, 1).toordinal()


def born(birth: str, care: date) -> date | None:
    """The day that AAMMJJ names, the latest not after `care`; None where no calendar has it (lunar dates)."""
    year = care.year // 100 * 100 + int(birth[:2])
    try:
        day = date(year, int(birth[2:4]), int(birth[4:6]))
        return day if day <= care else day.replace(year=year - 100)
    except ValueError:
        return None


def is_newborn(birth: str, care: int) -> bool:
    """Whether care on a day (since 1970) lies within `NEWBORN_DAYS` of the birth AAMMJJ."""
    if not birth.isdigit() or not 0 <= care <= 60_000:
        return False
    if birth[:2] not in _years(care):
        return False  # nearly everybody, and every question asks
    day = date.fromordinal(_EPOCH + care)
    found = born(birth, day)
    return found is not None and day - found <= timedelta(days=NEWBORN_DAYS)


@lru_cache(maxsize=1024)
def _years(care: int) -> frozenset[str]:
    """The two digits of the years in which somebody may be born who is a newborn on that day."""
    day = date.fromordinal(_EPOCH + care)
    return frozenset(f"{year % 100:02}" for year in range((day - timedelta(days=NEWBORN_DAYS)).year, day.year + 1))


def capped(decision: Decision, left: Mapping[CounterKey, int]) -> Decision:
    """The decision under the provisional ceiling: what is left of it is given to lines in their order.

    The excess is the patient's until the child's own record answers; a line of which nothing is left is rejected.
    """
    if decision.outcome != "accepted":
        return decision
    free = min(left.get(CEILING.key, CEILING.limit), CEILING.limit)
    lines = []
    for line in decision.lines:
        if line.reason or not line.amc:
            lines.append(line)
            continue
        amount = min(line.amc, free)
        free -= amount
        lines.append(_under(line, amount))
    if all(line.reason for line in lines):
        return replace(decision, outcome="rejected", lines=tuple(lines), reason=lines[0].reason)
    return replace(decision, lines=tuple(lines))


def _under(line: DecidedLine, amount: int) -> DecidedLine:
    """The line with `amount` cents of it paid, counted against the ceiling."""
    cut = line.amc - amount
    uses = tuple(
        use if use.unit != "cents" else use._replace(amount=min(use.amount, amount)) for use in line.uses if amount
    )
    if amount:
        uses += (CounterUse(CEILING.counter, CEILING.period_start, CEILING.period_end, amount, _day(line), "cents"),)
    return line._replace(
        amc=amount, patient=line.patient + cut, reason="" if amount else CEILING_REASON, uses=uses,
        rules=(*line.rules, RuleAmount(CEILING_RULE if cut else RULE, amount)),
    )  # fmt: skip


def _day(line: DecidedLine) -> date:
    """The ceiling is one period: any day of it counts."""
    return line.uses[0].day if line.uses else CEILING.period_start
