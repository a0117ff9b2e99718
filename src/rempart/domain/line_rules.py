"""The rules every line passes: what a line must be, what the contract gives, and the ceilings nobody is above."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rempart.domain.allowances import CounterNeed, CounterUse, allowance_need
from rempart.domain.formula_kinds import gross
from rempart.domain.formulas import SHARED_KINDS, Formula

if TYPE_CHECKING:
    from datetime import date

    from rempart.domain.line_facts import LineState


def line_sane(state: LineState, amount: int) -> int | str:
    """Amounts are not negative, AMO fits in what was spent, quantity counts something."""
    line = state.line
    sane = line.base >= 0 and 0 <= line.amo <= line.spent and line.amc >= 0 and 0 <= line.rate <= 100
    return amount if sane and line.quantity >= 1 else "amounts-wrong"


def care_date_possible(state: LineState, amount: int) -> int | str:
    """Care lies in the past, within the months an invoice may wait."""
    question = state.question
    if state.line.care_date > question.context.today:
        return "future-care"
    return "too-old" if state.line.care_date < question.oldest else amount


def domain_of_act(state: LineState, amount: int) -> int | str:
    """The act belongs to a card column."""
    return amount if state.domain is not None else "unknown-family"


def rights_at_care_date(state: LineState, amount: int) -> int | str:
    """The column is open on the day of care, or an accreditation binds the insurer for it."""
    return state.rights or amount


def amo_verified(state: LineState, amount: int) -> int | str:
    """The rate is lawful for the act and date, and AMO = base x rate within the tolerance; the claim stands."""
    tolerance = state.question.context.limits.tolerance_line
    if not state.rate_known or abs(state.line.amo - state.expected_amo) > tolerance:
        return "amo-inconsistent"
    return amount


def ticket_moderateur(state: LineState, _amount: int) -> int | str:
    """What the compulsory scheme leaves of the base."""
    return state.line.base - state.counted_amo


def formula_of_table(state: LineState, _amount: int) -> int | str:
    """What the contract's formula gives, or several one after the other; a table that does not answer holds."""
    parts = state.parts
    if isinstance(parts, str):
        return parts
    if len(parts) == 1:
        return gross(parts[0], state)
    rest = state.line.spent - state.line.amo
    for part in parts:
        rest -= min(max(gross(part, state), 0), rest)
    return state.line.spent - state.line.amo - rest


def allowance_left(state: LineState, amount: int) -> int | str:
    """What comes out of an allowance is limited to what is left of it; a line that finds it empty is told so.

    Not a line that a responsible contract owes its ticket moderateur: the floor comes next.
    """
    parts = state.parts
    if isinstance(parts, str) or amount <= 0:
        return amount
    given = sum(most for _, most in limited(state, parts))
    owed = state.question.coverage.kind == "responsible" and state.line.base > state.counted_amo
    return "allowance-used" if given == 0 and state.line.amc > 0 and not owed else given


def ceiling_spent_minus_amo(state: LineState, amount: int) -> int | str:
    """Nobody is paid more than was spent."""
    return min(amount, state.line.spent - state.line.amo)


def never_below_zero(_state: LineState, amount: int) -> int | str:
    """A formula below the compulsory share gives nothing; it takes nothing back."""
    return max(amount, 0)


def asked_amount(state: LineState, amount: int) -> int | str:
    """Never more than the site asked; a line that asked for something and gets nothing is told so."""
    if amount == 0 and state.line.amc > 0:
        return "nothing-covered"
    return min(amount, state.line.amc)


def guaranteed_after_closure(_state: LineState, amount: int) -> int | str:
    """Marks an amount owed by the accreditation alone, for the insurer's settlement."""
    return amount


# --- allowances within a line ---


def limited(state: LineState, parts: tuple[Formula, ...]) -> list[tuple[Formula, int]]:
    """Each part with the most it can pay: what it gives, within what is left of its allowance."""
    found = []
    taken: dict[str, int] = {}
    rest = state.line.spent - state.line.amo
    for part in parts:
        most = min(max(gross(part, state), 0), rest)
        need = need_of(part, state)
        if need is not None:
            left = max(state.question.tally.left_of(need) - taken.get(need.counter, 0), 0)
            if need.unit == "units":
                most = most * min(left, state.line.quantity) // state.line.quantity
                taken[need.counter] = taken.get(need.counter, 0) + min(left, state.line.quantity)
            else:
                most = min(most, left)
                taken[need.counter] = taken.get(need.counter, 0) + most
        rest -= most
        found.append((part, most))
    return found


def need_of(part: Formula, state: LineState) -> CounterNeed | None:
    """The counter that a part comes out of, None when it comes out of none."""
    if not part.allowance or state.version is None:
        return None
    return allowance_need(state.version.allowances[part.allowance], state.line.care_date, opened(state))


def opened(state: LineState) -> date:
    """The first day of the rights that hold the care date, else the care date."""
    day = state.line.care_date
    starts = [
        period.start
        for period in state.question.coverage.periods
        if period.domain == state.domain and period.start <= day <= period.end
    ]
    return min(starts, default=day)


def take(state: LineState, amount: int) -> list[CounterUse]:
    """What an accepted line of `amount` cents uses, first parts first; shared formulas remember what they gave."""
    parts = state.parts
    if isinstance(parts, str) or amount <= 0:
        return []
    uses: list[CounterUse] = []
    left = amount
    for part, most in limited(state, parts):
        given = min(most, left)
        left -= given
        if part.kind in SHARED_KINDS:
            shared = state.question.tally.shared
            shared[part] = shared.get(part, 0) + given
        need = need_of(part, state)
        if need is not None and given:
            free = state.question.tally.left_of(need)
            used = given if need.unit == "cents" else min(state.line.quantity, free)
            before = sum(use.amount for use in uses if use.counter == need.counter)
            uses.append(used_of(need, used, state.line.care_date, max(free - before, 0)))
    return uses


def used_of(need: CounterNeed, amount: int, day: date, free: int) -> CounterUse:
    """The use that answers a need, of which `free` were left."""
    return CounterUse(need.counter, need.period_start, need.period_end, amount, day, need.unit, need.rolling, free)
