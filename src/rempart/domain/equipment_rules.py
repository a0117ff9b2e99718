"""Rules of optical and hearing equipment: when it is renewed, and what a responsible contract pays of it at most.

Renewals and the optical ceiling (CSS L.871-1, R.871-2) are counted over every invoice of a person: spectacles billed as
a frame and then as lenses have one ceiling. The period of both is that of the renewal (`tariffs.RENEWALS`). Left out:
equipment that its line does not describe has no renewal and no period, and its ceiling is its invoice's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rempart.domain.allowances import CounterNeed, CounterUse, rolling_need
from rempart.domain.line_facts import NO_CHARGE_LAW, age_at
from rempart.domain.line_rules import used_of
from rempart.domain.particulars import AID, CONTACTS, FRAME, LENS, NO_CHARGE_BASKETS, correction_class
from rempart.domain.tariffs import amount_on, optical_class, renewal_months

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from rempart.domain.invoice import Line
    from rempart.domain.line_facts import LineState, Question

CEILING = "ceiling/optics"
"""Cents paid of spectacles, a first insurer's among them; what class A takes above the ceiling is not counted."""
EARS = 2


# --- what is counted ---


def equipment_needs(state: LineState) -> tuple[CounterNeed, ...]:
    """Every counter of equipment that the rules of this line may read: renewals, then the optical ceiling."""
    kind = state.question.coverage.kind
    if kind not in {"responsible", "c2s"}:
        return ()
    ceiling = ceiling_need(state) if kind == "responsible" else None
    return renewal_needs(state) if ceiling is None else (*renewal_needs(state), ceiling)


def equipment_uses(state: LineState, amount: int) -> list[CounterUse]:
    """What a line that is paid `amount` cents takes of them; nothing when nothing is paid."""
    if amount <= 0:
        return []
    line, tally = state.line, state.question.tally
    uses = []
    for need in equipment_needs(state):
        free = tally.left_of(need)
        taken = min(amount + state.first, free) if need.unit == "cents" else line.quantity
        if taken:
            uses.append(used_of(need, taken, line.care_date, free))
    return uses


def renewal_needs(state: LineState) -> tuple[CounterNeed, ...]:
    """The rolling counters of this item and side; none when it is renewed freely or the line does not describe it.

    Of aids both ears together are counted too: a line that names no ear is one of the two.
    """
    item, months = _renewal(state)
    if not months:
        return ()
    line, side = state.line, state.line.particulars.side if state.line.particulars is not None else ""
    if item == FRAME:
        return (rolling_need(f"renewal/{item}", line.care_date, months, (1, "units")),)
    both = rolling_need(f"renewal/{item}", line.care_date, months, (EARS, "units"))
    if not side:
        return (both,)
    own = rolling_need(f"renewal/{item}-{side}", line.care_date, months, (1, "units"))
    return (own, both) if item == AID else (own,)


def ceiling_need(state: LineState) -> CounterNeed | None:
    """Of a frame or lens, what is paid within its renewal's period; of the day when it is renewed freely."""
    item, months = _renewal(state)
    if item not in {FRAME, LENS}:
        return None
    day = state.line.care_date
    most = _ceiling_of_equipment(state.question, day)
    if months:
        return rolling_need(CEILING, day, months, (most, "cents"))
    return CounterNeed(CEILING, day, day, most, "cents")


def _renewal(state: LineState) -> tuple[str, int]:
    """(item, months of its renewal), 0 when it is renewed freely; ("", 0) for what is not described equipment."""
    line, particulars = state.line, state.line.particulars
    if particulars is None or line.family not in {"optics", "hearing"}:
        return "", 0
    item = particulars.item or (AID if line.family == "hearing" else "")
    if item not in {FRAME, LENS, AID}:
        return "", 0
    return item, renewal_months(item, particulars.renewal, age_at(state.question, line.care_date))


# --- renewal ---


def renewal_due(state: LineState, amount: int) -> int | str:
    """Equipment is renewed when its time has come, or early for a reason that the law lists."""
    needs = renewal_needs(state)
    if not needs:
        return amount
    free = min(state.question.tally.left_of(need) for need in needs)
    if delivered(state, needs[0]) or _declared(state, needs[0]):
        free = 0
    return amount if state.line.quantity <= free else "renewal-too-early"


def delivered(state: LineState, need: CounterNeed) -> bool:
    """Whether the insurer's file knows a delivery of this equipment inside the need's period."""
    for code, day in state.question.coverage.last_equipment:
        if need.period_start <= day <= need.period_end and code in _codes(need.counter):
            return True
    return False


def _declared(state: LineState, need: CounterNeed) -> bool:
    """Whether the line itself says a delivery inside the need's period, such as one under another insurer."""
    particulars = state.line.particulars
    last = particulars.last_delivery if particulars is not None else None
    return last is not None and need.period_start <= last <= need.period_end


def _codes(counter: str) -> tuple[str, ...]:
    """The rights file's words for a counter: `OPTI`, `AUDI-LEFT`, `AUDI-RIGHT`, `AUDI`."""
    if counter.startswith("renewal/aid"):
        side = counter.removeprefix("renewal/aid").upper()
        return ("AUDI", f"AUDI{side}") if side else ("AUDI", "AUDI-LEFT", "AUDI-RIGHT")
    return ("OPTI",)


# --- ceilings ---


def optics_ceiling(state: LineState, amount: int) -> int | str:
    """The ceiling of the whole equipment, TM inside, AMO not; class A elements come off it; a frame has its own.

    What was paid of the equipment before, on this invoice or another, comes off it as well.
    """
    line, tally = state.line, state.question.tally
    item = line.particulars.item if line.particulars is not None else ""
    if item == CONTACTS:
        return amount
    question, day = state.question, line.care_date
    most = _ceiling_of_equipment(question, day) - _in_class_a(question.lines, day) - tally.optics
    need = ceiling_need(state)
    if need is not None:
        following = question.lines[question.lines.index(line) + 1 :]
        most = min(most, tally.left_of(need) - _in_class_a(following, day))
    if item == FRAME:
        most = min(most, (amount_on("frame-b", day) or amount) * line.quantity)
    return min(amount, max(most - state.first, 0))


def _ceiling_of_equipment(question: Question, day: date) -> int:
    """Cents of the equipment delivered that day; lenses billed elsewhere are as its frame's line says, else simple."""
    lenses: list[str] = []
    elsewhere = "simple"
    for line in question.lines:
        if line.family != "optics" or line.care_date != day or line.particulars is None:
            continue
        if line.particulars.item == LENS:
            lenses += [correction_class(line.particulars.correction)] * min(line.quantity, 2)
        elif line.particulars.item == FRAME:
            elsewhere = correction_class(line.particulars.correction)
    first, second = ([*lenses, elsewhere, elsewhere])[:2]
    return amount_on(optical_class(first, second), day) or 0


def _in_class_a(lines: Sequence[Line], day: date) -> int:
    """Cents that class A elements of that day's equipment take of its ceiling."""
    return sum(
        line.spent - line.amo
        for line in lines
        if line.family == "optics" and line.care_date == day
        and line.particulars is not None and line.particulars.basket in NO_CHARGE_BASKETS
    )  # fmt: skip


def hearing_ceiling(state: LineState, amount: int) -> int | str:
    """AMO and insurers together pay at most the ceiling for an ear, AMO inside.

    No counter of cents: `renewal_due` gives an ear one line in its period, so no second invoice finds its ceiling.
    """
    line = state.line
    total = (amount_on("hearing-total", line.care_date) or 0) * line.quantity
    return min(amount, max(total - line.amo - state.first, 0))


def remember_equipment(state: LineState, amount: int) -> None:
    """Count an accepted class B element against its equipment on this invoice, described or not."""
    line = state.line
    item = line.particulars.item if line.particulars is not None else ""
    if line.family == "optics" and state.law != NO_CHARGE_LAW and item != CONTACTS:
        state.question.tally.optics += amount + state.first
