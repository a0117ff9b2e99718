"""What the lines of a quote hold of allowances, or would once a case worker agrees: one row a line and allowance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from rempart.application.counting import Place
from rempart.domain.allowances import CounterNeed
from rempart.domain.decision import DecidedLine, Decision
from rempart.domain.deliveries import CENTS, HeldLine
from rempart.domain.invoice import Invoice, Line


class LineHold(NamedTuple):
    """One line's part of one allowance; `day` is the planned delivery's."""

    held: HeldLine
    at: Place
    day: date


def standing_alone(decision: Decision, invoice: Invoice, decide: Callable[[Invoice], Decision]) -> list[DecidedLine]:
    """Each line as decided. Where the table is silent about another, as it would be on a quote of its own.

    A silent table holds the whole quote; what its other lines take of allowances is still theirs.
    """
    if decision.outcome != "held":
        return list(decision.lines)
    found = []
    for line in invoice.lines:
        alone = replace(
            invoice, lines=(line,), total_spent=line.spent, total_amo=line.amo, total_amc=line.amc
        )  # fmt: skip
        found.append(decide(alone).lines[0])
    return found


def line_holds(
    places: Sequence[Place], lines: Sequence[tuple[Line, DecidedLine, Sequence[CounterNeed]]]
) -> tuple[LineHold, ...]:
    """Of each (line, its decision, the counters it may read); those that take nothing now are told with zero cents."""
    numbered = {place.need.key: (number, place) for number, place in enumerate(places)}
    found = []
    for index, (line, decided, needs) in enumerate(lines):
        for need in needs:
            if need.key not in numbered:
                continue
            number, place = numbered[need.key]
            amount = sum(use.amount for use in decided.uses if use.key == need.key)
            if need.unit == CENTS:
                held = HeldLine(index, number, need.unit, amount, decided.amc - amount)
            else:
                held = HeldLine(index, number, need.unit, amount or line.quantity, 0)
            found.append(LineHold(held, place, line.care_date))
    return tuple(found)


def taken_now(holds: Sequence[LineHold], lines: Sequence[DecidedLine]) -> tuple[LineHold, ...]:
    """Those that an agreement by the table itself takes."""
    using = {(index, use.key) for index, line in enumerate(lines) for use in line.uses if use.amount > 0}
    return tuple(hold for hold in holds if (hold.held.line, hold.at.need.key) in using)
