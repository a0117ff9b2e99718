"""A case worker's decision put in place of the table's: pure, from what waited and what was signed to what binds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import NamedTuple

from rempart.domain.authorization import AGREED, REFUSED, Ruling, terms_of, validity
from rempart.domain.decision import DecidedLine, RuleAmount
from rempart.domain.newborns import RULE as NEWBORN_RULE
from rempart.domain.newborns import told_provisional

RULE = "case-worker-decided"
REFUSALS = (
    "insurer-refused", "insurer-refused-document", "insurer-refused-quote", "insurer-refused-renewal",
    "insurer-refused-contract",
)  # fmt: skip
"""Why a case worker may refuse; the first says no more."""


class Verdict(NamedTuple):
    """`agreed` with (line number, cents) for every line, or `refused` without lines, with a reason of `REFUSALS`."""

    verdict: str
    lines: tuple[tuple[int, int], ...]
    reason: str = ""


class Carried(NamedTuple):
    """Which client carried the decision, and the decision as signed; a person's account signs nothing: empty then."""

    client: str
    statement: bytes
    signature: bytes


def verdict_of(waiting: Ruling, verdict: Verdict, today: date) -> Ruling | str:
    """What binds once decided; or `lines-differ`, `amount-out-of-range`, `nothing-agreed`, `reason-unknown`.

    Validity counts from the day of the decision. Rights that were known to end when it was asked still end it.
    """
    if verdict.reason and (verdict.verdict != REFUSED or verdict.reason not in REFUSALS):
        return "reason-unknown"
    if verdict.verdict == REFUSED:
        refused = replace(waiting, state=REFUSED, reason=verdict.reason or REFUSALS[0])
        return "lines-differ" if verdict.lines else refused
    given = dict(verdict.lines)
    if len(given) != len(verdict.lines) or set(given) != {line.number for line in waiting.lines}:
        return "lines-differ"
    if any(not 0 <= given[line.number] <= line.spent - line.amo for line in waiting.lines):
        return "amount-out-of-range"
    if not any(given.values()):
        return "nothing-agreed"
    terms = terms_of(waiting.domain, today)
    last, latest = waiting.last, waiting.latest
    if terms is not None and not waiting.cut:
        last, latest, _ = validity(terms, today, None)
    lines = tuple(_line(line, given[line.number]) for line in waiting.lines)
    return replace(waiting, state=AGREED, reason="", lines=lines, last=last, latest=latest)


def _line(line: DecidedLine, amc: int) -> DecidedLine:
    patient = line.spent - line.amo - amc - line.other
    rules: tuple[RuleAmount, ...] = (RuleAmount(RULE, amc),)
    if told_provisional((line,)):
        rules = (*rules, RuleAmount(NEWBORN_RULE, amc))
    return DecidedLine(line.number, line.domain, line.spent, line.amo, amc, patient, rules, "", line.other)
