"""Newborns: covered under a parent's contract until the insurer's file names them, within days and a ceiling.

A newborn is presented by the parent's NIR and member number, and its own birth date and rank. Days and ceiling are
dated rows of `parameters` ("unsourced, likely": practice of family contracts); an insurer says in its rights file whose
children are covered from birth. Left out: births told by a maternity ward, adoption.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rempart.domain.allowances import CounterNeed, CounterUse
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.parameters import newborn_terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rempart.domain.allowances import CounterKey

STAMPED_MONTHS = 27
"""How long after its birth a child's record goes on being counted under the name it had as a newborn."""

NEWBORN = 1 << 30
"""Added to the key version of a row that was found by the parent's way: a record key's version is far below it."""

RULE, CEILING_RULE, CEILING_REASON = "newborn-provisional", "newborn-ceiling", "newborn-ceiling"
COUNTER = "newborn"
_PERIOD = (date(1970, 1, 1), date(2099, 12, 31))
CEILING_KEY: CounterKey = (COUNTER, *_PERIOD)
"""What is counted of one child: one period, whatever the day of care."""

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
    """Whether care on a day (since 1970) lies within the days of `newborn_terms` from the birth AAMMJJ."""
    if not birth.isdigit() or not 0 <= care <= 60_000:
        return False
    years, days = _window(care)
    if birth[:2] not in years:
        return False  # nearly everybody, and every question asks
    day = date.fromordinal(_EPOCH + care)
    found = born(birth, day)
    return found is not None and day - found <= days


def newborn_until(birth: str, care: date) -> date:
    """The last day, `care` or later, on which who is a newborn on `care` still is one."""
    day = care.toordinal() - _EPOCH
    while is_newborn(birth, day + 1):
        day += 1
    return date.fromordinal(_EPOCH + day)


def ceiling_on(care: date) -> CounterNeed:
    """What an insurer may owe for one child in all by care on that day, before the child's own line is loaded."""
    terms = newborn_terms(care)
    return CounterNeed(*CEILING_KEY, terms.ceiling if terms is not None else 0, "cents")


class _Window(NamedTuple):
    """The two digits of the years in which a newborn of one day of care may be born, and for how long it is one."""

    years: frozenset[str]
    days: timedelta


@lru_cache(maxsize=1024)
def _window(care: int) -> _Window:
    day = date.fromordinal(_EPOCH + care)
    terms = newborn_terms(day)
    if terms is None:
        return _Window(frozenset(), timedelta(0))
    days = timedelta(days=terms.days)
    return _Window(frozenset(f"{year % 100:02}" for year in range((day - days).year, day.year + 1)), days)


def told_provisional(lines: Iterable[DecidedLine]) -> bool:
    """Whether a rule of a line says that it was decided for a newborn under its parent's contract."""
    return any(step.rule in {RULE, CEILING_RULE} for line in lines for step in line.rules)


def capped(decision: Decision, left: Mapping[CounterKey, int], care: date) -> Decision:
    """The decision for `care` under the provisional ceiling: what is left of it is given to lines in their order.

    The excess is the patient's until the child's own record answers; a line of which nothing is left is rejected.
    """
    if decision.outcome != "accepted":
        return decision
    need = ceiling_on(care)
    free = min(left.get(need.key, need.limit), need.limit)
    lines = []
    for line in decision.lines:
        if line.reason or not line.amc:
            lines.append(line)
            continue
        amount = min(line.amc, free)
        free -= amount
        lines.append(_under(line, amount, care))
    if all(line.reason for line in lines):
        return replace(decision, outcome="rejected", lines=tuple(lines), reason=lines[0].reason)
    return replace(decision, lines=tuple(lines))


def noted(decision: Decision) -> Decision:
    """A quote that the table does not answer, its lines saying that a newborn is meant; nothing is paid of it yet."""
    if decision.outcome != "held":
        return decision
    lines = tuple(line._replace(rules=(*line.rules, RuleAmount(RULE, line.amc))) for line in decision.lines)
    return replace(decision, lines=lines)


def _under(line: DecidedLine, amount: int, care: date) -> DecidedLine:
    """The line with `amount` cents of it paid, counted against the ceiling."""
    cut = line.amc - amount
    uses = tuple(
        use if use.unit != "cents" else use._replace(amount=min(use.amount, amount)) for use in line.uses if amount
    )
    if amount:
        uses += (CounterUse(*CEILING_KEY, amount, care, "cents"),)
    return line._replace(
        amc=amount, patient=line.patient + cut, reason="" if amount else CEILING_REASON, uses=uses,
        rules=(*line.rules, RuleAmount(CEILING_RULE if cut else RULE, amount)),
    )  # fmt: skip
