"""Formulas: how a contract pays one line before any ceiling.

Every formula says whether it includes the compulsory share (AMO): "100 % BR" on a leaflet includes it, and reading one
for the other is the commonest miscalculation of the trade. So there is no plain `percent`.
"""

from __future__ import annotations

from dataclasses import dataclass

from rempart.domain.money import MAX_CENTS

MAX_PERCENT = 1000
"""Beyond ten times the base a percentage is a typing mistake."""


@dataclass(frozen=True, slots=True)
class Formula:
    """One payment. `percent` for the percent kinds, `amount` in cents for the amount kinds, else zero.

    `except_rates`: AMO rates (percent) of lines that the contract leaves out, such as 15 % medicines. `allowance` names
    the product's allowance that the payment comes out of. `ceiling`, in cents for each counted unit, limits the
    insurer's share, or AMO and insurer together when `ceiling_includes_amo`.
    """

    kind: str
    percent: int = 0
    amount: int = 0
    except_rates: tuple[int, ...] = ()
    allowance: str = ""
    ceiling: int = 0
    ceiling_includes_amo: bool = False

    @property
    def everyday(self) -> bool:
        """Whether one line can be paid without looking at any other."""
        return not self.allowance and self.kind not in SHARED_KINDS


KINDS = (
    "percent-including-amo",
    "percent-excluding-amo",
    "ticket-moderateur",
    "amount-per-line",
    "amount-per-act",
    "amount-per-ear",
    "amount-per-day",
    "amount-per-stay",
    "amount-per-equipment",
    "amount-including-amo",
    "actual-costs",
    "basket-price",
    "none",
)
"""What each gives is in `formula_kinds`."""
PERCENT_KINDS = frozenset({"percent-including-amo", "percent-excluding-amo"})
AMOUNT_KINDS = frozenset(kind for kind in KINDS if kind.startswith("amount-"))
SHARED_KINDS = frozenset({"amount-per-stay", "amount-per-equipment"})
"""Paid once for all lines of an invoice that the same formula pays."""


def formula_problem(formula: Formula) -> str:
    """The code of what is wrong with one formula, or "" when it is sound."""
    if formula.kind not in KINDS:
        return "amo-not-said" if formula.kind == "percent" else "kind-unknown"
    percent_fits = 1 <= formula.percent <= MAX_PERCENT if formula.kind in PERCENT_KINDS else formula.percent == 0
    if not percent_fits:
        return "percent-out-of-range"
    amount_fits = 1 <= formula.amount <= MAX_CENTS if formula.kind in AMOUNT_KINDS else formula.amount == 0
    if not amount_fits or not 0 <= formula.ceiling <= MAX_CENTS:
        return "amount-out-of-range"
    if any(not 0 <= rate <= 100 for rate in formula.except_rates):
        return "rate-out-of-range"
    return ""
