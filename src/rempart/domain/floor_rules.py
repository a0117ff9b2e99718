"""What a responsible contract pays at least, whatever its table says: named rules (CSS L.871-1, R.871-1, R.871-2).

The ticket moderateur of every act, but for medicines at 15 and 30 % that the table leaves out; and for class B
spectacles, once the table pays anything above it, a least amount by the two lenses. `table_check` tells a table that
says less. Left out: spa treatment, homeopathy (no family of ours names them).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rempart.domain.formulas import AMOUNT_KINDS, PERCENT_KINDS
from rempart.domain.parameters import ALSACE_MOSELLE
from rempart.domain.particulars import CONTACTS, LENS, NO_CHARGE_BASKETS, OWN_SHARES, correction_class
from rempart.domain.tariffs import amount_on, optical_class

if TYPE_CHECKING:
    from rempart.domain.invoice import Line
    from rempart.domain.line_facts import LineState

LEFT_OUT = frozenset({15, 30})
"""AMO rates of medicines that a responsible contract may leave out (mutuelle.org, 2 June 2021)."""
LEFT_OUT_LOCALLY = LEFT_OUT | {80}
"""The same medicines in Alsace-Moselle, where the local regime brings their rate to 80 %."""


def moderateur_floor(state: LineState, amount: int) -> int | str:
    """The ticket moderateur, when the table gives less and may not leave it out."""
    least = state.line.base - state.counted_amo
    parts = state.parts
    if amount >= least or isinstance(parts, str):  # nearly always
        return amount
    out = LEFT_OUT_LOCALLY if state.question.regime == ALSACE_MOSELLE else LEFT_OUT
    if state.line.rate in out and any(state.line.rate in part.except_rates for part in parts):
        return amount
    return least


def optics_floor(state: LineState, amount: int) -> int | str:
    """On the last class B line of spectacles: what is missing to the least amount for both lenses and the frame."""
    line = state.line
    equipment = [each for each in state.question.lines if _class_b(each) and each.care_date == line.care_date]
    lenses = [
        correction_class(each.particulars.correction)
        for each in equipment
        if each.particulars is not None and each.particulars.item == LENS
        for _ in range(min(each.quantity, 2))
    ]
    if not lenses or line.number != equipment[-1].number or not _pays_more(state):
        return amount
    first, second = ([*lenses, "simple"])[:2]
    least = amount_on(f"{optical_class(first, second)}-floor", line.care_date) or 0
    return max(amount, min(least - state.question.tally.optics, line.spent - line.amo))


def _class_b(line: Line) -> bool:
    told = line.particulars
    return (
        line.family == "optics"
        and told is not None
        and (told.item not in {"", CONTACTS, *OWN_SHARES} and told.basket not in NO_CHARGE_BASKETS)
    )


def _pays_more(state: LineState) -> bool:
    """Whether the table pays this line anything above the ticket moderateur; only then has the law a least amount."""
    parts = () if isinstance(state.parts, str) else state.parts
    return any(
        part.kind in AMOUNT_KINDS
        or part.kind == "actual-costs"
        or (part.kind in PERCENT_KINDS and (part.kind == "percent-excluding-amo" or part.percent > 100))
        for part in parts
    )
