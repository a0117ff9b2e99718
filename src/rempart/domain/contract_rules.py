"""Rules of kinds of contract and of care: responsible contracts, C2S, hospital fees, pharmacy, second rank.

A responsible contract (CSS L.871-1, R.871-1 and -2) has ceilings that it may not pay above and things it may not pay.
Those of equipment are in `equipment_rules`, what it must pay at least in `floor_rules`, and its no-charge baskets are
`line_facts.law_of`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rempart.domain.money import percent
from rempart.domain.particulars import OWN_SHARES, PRICED_BASKETS
from rempart.domain.tariffs import NON_OPTAM_PERCENT, NON_OPTAM_POINTS

if TYPE_CHECKING:
    from rempart.domain.line_facts import LineState

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
