"""What each kind of formula gives for a line, before any ceiling of law: named functions over cents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rempart.domain.formulas import Formula
from rempart.domain.money import percent

if TYPE_CHECKING:
    from rempart.domain.line_facts import LineState

Pays = Callable[[Formula, "LineState"], int]
"""(formula, facts of the line) → cents before ceilings; may be negative, the rules see to that."""


def _percent_including_amo(formula: Formula, state: LineState) -> int:
    return percent(state.line.base, formula.percent) - state.counted_amo


def _percent_excluding_amo(formula: Formula, state: LineState) -> int:
    return percent(state.line.base, formula.percent)


def _ticket_moderateur(_formula: Formula, state: LineState) -> int:
    return state.line.base - state.counted_amo


def _amount_per_line(formula: Formula, _state: LineState) -> int:
    return formula.amount


def _amount_per_act(formula: Formula, state: LineState) -> int:
    return formula.amount * state.line.quantity


def _amount_per_day(formula: Formula, state: LineState) -> int:
    particulars = state.line.particulars
    return formula.amount * ((particulars.days if particulars is not None else 0) or state.line.quantity)


def _amount_including_amo(formula: Formula, state: LineState) -> int:
    return formula.amount * state.line.quantity - state.counted_amo


def _amount_once(formula: Formula, state: LineState) -> int:
    return max(formula.amount - state.question.tally.shared.get(formula, 0), 0)


def _actual_costs(_formula: Formula, state: LineState) -> int:
    return state.line.spent - state.line.amo


def _basket_price(_formula: Formula, state: LineState) -> int:
    line = state.line
    limit = state.price_limit
    return (line.spent if limit is None else min(line.spent, limit)) - line.amo


def _none(_formula: Formula, _state: LineState) -> int:
    return 0


PAYS: Mapping[str, Pays] = {
    "percent-including-amo": _percent_including_amo,
    "percent-excluding-amo": _percent_excluding_amo,
    "ticket-moderateur": _ticket_moderateur,
    "amount-per-line": _amount_per_line,
    "amount-per-act": _amount_per_act,
    "amount-per-ear": _amount_per_act,
    "amount-per-day": _amount_per_day,
    "amount-per-stay": _amount_once,
    "amount-per-equipment": _amount_once,
    "amount-including-amo": _amount_including_amo,
    "actual-costs": _actual_costs,
    "basket-price": _basket_price,
    "none": _none,
}
"""One function for each of `formulas.KINDS`."""


def gross(formula: Formula, state: LineState) -> int:
    """What one formula gives for a line, its own ceiling applied; may be negative."""
    line = state.line
    if formula.except_rates and line.rate in formula.except_rates:
        return 0
    given = PAYS[formula.kind](formula, state)
    if formula.ceiling:
        most = formula.ceiling * line.quantity - (line.amo if formula.ceiling_includes_amo else 0)
        return min(given, most)
    return given
