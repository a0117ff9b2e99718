"""Rules of kinds of contract and of care: responsible contracts, C2S, equipment, hospital fees, pharmacy, second rank.

A responsible contract (CSS L.871-1, R.871-1 and -2) has ceilings that it may not pay above and things it may not pay.
What it must pay at least is in `floor_rules`, and its no-charge baskets are `line_facts.law_of`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rempart.domain.allowances import CounterNeed, rolling_need
from rempart.domain.line_facts import NO_CHARGE_LAW, age_at
from rempart.domain.money import percent
from rempart.domain.particulars import (
    AID,
    CONTACTS,
    FRAME,
    LENS,
    NO_CHARGE_BASKETS,
    OWN_SHARES,
    PRICED_BASKETS,
    correction_class,
)
from rempart.domain.tariffs import NON_OPTAM_PERCENT, NON_OPTAM_POINTS, amount_on, optical_class, renewal_months

if TYPE_CHECKING:
    from datetime import date

    from rempart.domain.line_facts import LineState, Question

PATIENT_WISH = "E"
"""Qualifier of an overrun that the patient asked for (a visit out of hours); it stays with the patient."""


def own_share_excluded(state: LineState, amount: int) -> int | str:
    """A responsible contract never pays the participation of 2 € nor the franchises (CSS L.871-1)."""
    particulars = state.line.particulars
    return "excluded-by-law" if particulars is not None and particulars.item in OWN_SHARES else amount


def substitution_accepted(state: LineState, amount: int) -> int | str:
    """Refusing the generic without a justification of the prescriber removes third-party payment (CSS L.162-16-7)."""
    particulars = state.line.particulars
    return "substitution-refused" if particulars is not None and particulars.substitution == "refused" else amount


def fee_at_tariff(state: LineState, amount: int) -> int | str:
    """A fee that law fixes is not billed above its tariff; a stay counts each of its days at that day's."""
    limit = state.price_limit
    return "fee-over-tariff" if limit is not None and state.line.spent > limit else amount


def price_in_basket(state: LineState, amount: int) -> int | str:
    """In a basket of limited prices the price is known and not exceeded."""
    particulars, limit = state.line.particulars, state.price_limit
    if particulars is None or particulars.basket not in PRICED_BASKETS:
        return amount
    if limit is None:
        return "price-limit-missing"
    return "price-over-limit" if state.line.spent > limit else amount


def no_overrun_under_c2s(state: LineState, amount: int) -> int | str:
    """C2S pays the tariff and allows no overrun, but one that the patient asked for."""
    line, limit = state.line, state.price_limit
    allowed = line.base if limit is None else max(limit, line.base)
    over = line.spent > allowed and line.qualifier != PATIENT_WISH
    return "overrun-not-allowed" if over else amount


def c2s_tariff(state: LineState, _amount: int) -> int | str:
    """The tariff less AMO: the base, or the price of the basket or fee."""
    line, limit = state.line, state.price_limit
    return (line.base if limit is None else max(min(line.spent, limit), line.base)) - line.amo


# --- equipment ---


def renewal_due(state: LineState, amount: int) -> int | str:
    """Equipment is renewed when its time has come, or early for a reason that the law lists."""
    need = renewal_need(state)
    if need is None:
        return amount
    quantity = state.line.quantity
    free = state.question.tally.left_of(need)
    if delivered(state, need) or _declared(state, need):
        free = 0
    return amount if quantity <= free else "renewal-too-early"


def renewal_need(state: LineState) -> CounterNeed | None:
    """The rolling counter of this item and side, None when it is renewed freely or the line does not describe it."""
    line, particulars = state.line, state.line.particulars
    if particulars is None:
        return None
    item, side = particulars.item or (AID if line.family == "hearing" else ""), particulars.side
    if item not in {FRAME, LENS, AID} or line.family not in {"optics", "hearing"}:
        return None
    months = renewal_months(item, particulars.renewal, age_at(state.question, line.care_date))
    if not months:
        return None
    counter = f"renewal/{item}-{side}" if side and item != FRAME else f"renewal/{item}"
    limit = 1 if side or item == FRAME else 2
    return rolling_need(counter, line.care_date, months, (limit, "units"))


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


def optics_ceiling(state: LineState, amount: int) -> int | str:
    """The ceiling of the whole equipment, TM inside, AMO not; class A elements come off it; a frame has its own."""
    line = state.line
    item = line.particulars.item if line.particulars is not None else ""
    if item == CONTACTS:
        return amount
    most = _ceiling_of_equipment(state.question, line.care_date) - state.question.tally.optics
    if item == FRAME:
        most = min(most, (amount_on("frame-b", line.care_date) or amount) * line.quantity)
    return min(amount, max(most - state.first, 0))


def _ceiling_of_equipment(question: Question, day: date) -> int:
    """Cents left for class B elements of the equipment delivered that day, before any was paid."""
    lenses: list[str] = []
    in_class_a = 0
    for line in question.lines:
        if line.family != "optics" or line.care_date != day or line.particulars is None:
            continue
        if line.particulars.item == LENS:
            lenses += [correction_class(line.particulars.correction)] * min(line.quantity, 2)
        if line.particulars.basket in NO_CHARGE_BASKETS:
            in_class_a += line.spent - line.amo
    first, second = ([*lenses, "simple", "simple"])[:2]
    return max((amount_on(optical_class(first, second), day) or 0) - in_class_a, 0)


def hearing_ceiling(state: LineState, amount: int) -> int | str:
    """AMO and insurers together pay at most the ceiling for an ear, AMO inside."""
    line = state.line
    total = (amount_on("hearing-total", line.care_date) or 0) * line.quantity
    return min(amount, max(total - line.amo - state.first, 0))


def non_optam_limit(state: LineState, amount: int) -> int | str:
    """A doctor without price agreement: at most 100 % of the base above TM, and 20 points below one with it.

    Like every ceiling of law it holds for two insurers together.
    """
    particulars = state.line.particulars
    if particulars is None or particulars.pricing != "non-optam":
        return amount
    line, moderateur = state.line, max(state.line.base - state.counted_amo, 0)
    most = moderateur + percent(line.base, NON_OPTAM_PERCENT)
    if state.told is not None and state.version is not None and state.domain is not None:
        agreed = state.version.pays(state.domain, state.told._replace(pricing="optam"))
        if agreed and agreed[0].percent:
            including = agreed[0].kind == "percent-including-amo"
            lower = percent(line.base, max(agreed[0].percent - NON_OPTAM_POINTS, 0))
            most = min(most, max(lower - (state.counted_amo if including else 0), moderateur))
    return min(amount, max(most - state.first, 0))


# --- pharmacy, second rank ---


def reference_tariff(state: LineState, amount: int) -> int | str:
    """Medicines with a reference tariff (TFR) are paid on it, whatever they cost (unsourced, likely)."""
    particulars = state.line.particulars
    if particulars is None or particulars.reference_price is None:
        return amount
    return min(amount, max(particulars.reference_price * state.line.quantity - state.line.amo - state.first, 0))


def after_the_first(state: LineState, amount: int) -> int | str:
    """A second insurer pays of what AMO and the first left."""
    return min(amount, max(state.line.spent - state.line.amo - state.first, 0))


def remember_equipment(state: LineState, amount: int) -> None:
    """Count an accepted class B element against its equipment's ceiling."""
    line = state.line
    item = line.particulars.item if line.particulars is not None else ""
    if line.family == "optics" and state.law != NO_CHARGE_LAW and item != CONTACTS:
        state.question.tally.optics += amount + state.first
