"""The rules of a line in their order, and which of them concern which sort of line.

Each rule says what it concerns, and `rules_for` picks them once for each sort: a rule that does not concern a line does
not cost it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from rempart.domain.contract_rules import (
    after_the_first,
    c2s_tariff,
    fee_at_tariff,
    no_overrun_under_c2s,
    non_optam_limit,
    own_share_excluded,
    price_in_basket,
    reference_tariff,
    substitution_accepted,
)
from rempart.domain.equipment_rules import hearing_ceiling, optics_ceiling, renewal_due
from rempart.domain.floor_rules import moderateur_floor, optics_floor
from rempart.domain.line_facts import BASKET_FAMILIES, C2S_LAW, FEES_LAW, NO_CHARGE_LAW, LineState
from rempart.domain.line_rules import (
    allowance_left,
    amo_verified,
    asked_amount,
    care_date_possible,
    ceiling_spent_minus_amo,
    domain_of_act,
    formula_of_table,
    guaranteed_after_closure,
    line_sane,
    never_below_zero,
    rights_at_care_date,
    ticket_moderateur,
)
from rempart.domain.particulars import FEES

Apply = Callable[["LineState", int], "int | str"]
Picked = tuple[tuple[str, Apply, Callable[["LineState"], bool] | None], ...]


class Sort(NamedTuple):
    """What makes lines pass the same rules. `counted`: a part comes out of an allowance or is shared by lines."""

    family: str
    kind: str
    law: str
    described: bool
    fee: bool
    counted: bool
    second: bool


class Rule(NamedTuple):
    """A named step. A step that changes the amount is kept in the decision; `kept` names when it is kept anyway.

    `concerns` says which sorts of line pass it; None is every one.
    """

    name: str
    apply: Apply
    kept: Callable[[LineState], bool] | None = None
    concerns: Callable[[Sort], bool] | None = None


def is_equipment(sort: Sort) -> bool:
    """Whether the line describes equipment of a contract that renews it by law."""
    return sort.described and sort.family in {"optics", "hearing"} and sort.kind in {"responsible", "c2s"}


def _always(_state: LineState) -> bool:
    return True


RULES: tuple[Rule, ...] = (
    Rule("line-sane", line_sane),
    Rule("care-date-possible", care_date_possible),
    Rule("domain-of-act", domain_of_act),
    Rule("rights-at-care-date", rights_at_care_date),
    Rule("amo-verified", amo_verified),
    Rule(
        "own-share-excluded",
        own_share_excluded,
        concerns=lambda sort: sort.described and sort.kind in {"responsible", "c2s"},
    ),
    Rule(
        "substitution-accepted",
        substitution_accepted,
        concerns=lambda sort: sort.described and sort.family == "pharmacy",
    ),
    Rule("fee-at-tariff", fee_at_tariff, concerns=lambda sort: sort.fee),
    Rule("price-in-basket", price_in_basket, concerns=lambda sort: sort.described and sort.family in BASKET_FAMILIES),
    Rule("no-overrun-under-c2s", no_overrun_under_c2s, concerns=lambda sort: sort.kind == "c2s"),
    Rule("renewal-due", renewal_due, concerns=is_equipment),
    Rule("ticket-moderateur", ticket_moderateur),
    Rule("formula-of-table", formula_of_table, kept=_always, concerns=lambda sort: not sort.law),
    Rule(NO_CHARGE_LAW, formula_of_table, kept=_always, concerns=lambda sort: sort.law == NO_CHARGE_LAW),
    Rule(FEES_LAW, formula_of_table, kept=_always, concerns=lambda sort: sort.law == FEES_LAW),
    Rule(C2S_LAW, c2s_tariff, kept=_always, concerns=lambda sort: sort.law == C2S_LAW),
    Rule("allowance-left", allowance_left, concerns=lambda sort: sort.counted and not sort.law),
    Rule("responsible-floor", moderateur_floor, concerns=lambda sort: sort.kind == "responsible" and not sort.law),
    Rule(
        "responsible-optics-floor",
        optics_floor,
        concerns=lambda sort: (
            sort.described and sort.family == "optics" and sort.kind == "responsible" and not sort.law
        ),
    ),
    Rule(
        "responsible-optics-ceiling",
        optics_ceiling,
        concerns=lambda sort: sort.family == "optics" and sort.kind == "responsible" and not sort.law,
    ),
    Rule(
        "responsible-hearing-ceiling",
        hearing_ceiling,
        concerns=lambda sort: sort.family == "hearing" and sort.kind == "responsible",
    ),
    Rule("non-optam-limit", non_optam_limit, concerns=lambda sort: sort.described and sort.kind == "responsible"),
    Rule("reference-tariff", reference_tariff, concerns=lambda sort: sort.described and sort.family == "pharmacy"),
    Rule("after-the-first", after_the_first, concerns=lambda sort: sort.second),
    Rule("ceiling-spent-minus-amo", ceiling_spent_minus_amo),
    Rule("never-below-zero", never_below_zero),
    Rule("asked-amount", asked_amount),
    Rule("guaranteed-after-closure", guaranteed_after_closure, kept=lambda state: state.guaranteed),
)


@lru_cache(maxsize=2048)
def rules_for(sort: Sort) -> Picked:
    """The rules that concern a sort of line, in their order: those that do not cost it nothing."""
    return tuple((rule.name, rule.apply, rule.kept) for rule in RULES if rule.concerns is None or rule.concerns(sort))


def is_everyday(state: LineState) -> bool:
    """Whether nothing is told, counted, shared, fixed by law or paid by a first insurer: nearly every line."""
    line = state.line
    if line.particulars is not None or state.law or state.first or line.family == "optics":
        return False
    parts = state.parts
    return isinstance(parts, str) or (len(parts) == 1 and parts[0].everyday)


@lru_cache(maxsize=128)
def everyday_rules(family: str, kind: str) -> Picked:
    """The rules of an everyday line."""
    return rules_for(Sort(family, kind, "", described=False, fee=False, counted=False, second=False))


def sort_of(state: LineState) -> Sort:
    """The sort of one line."""
    particulars, parts = state.line.particulars, state.parts
    return Sort(
        state.line.family,
        state.question.coverage.kind,
        state.law,
        particulars is not None,
        particulars is not None and particulars.item in FEES,
        not isinstance(parts, str) and (len(parts) > 1 or not parts[0].everyday),
        state.first > 0,
    )
