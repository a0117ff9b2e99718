"""What is odd in a sound guarantee table: gaps, contradictions, and what a responsible contract may not say.

Responsible contracts: CSS L.871-1, R.871-1 and R.871-2, as `tariffs` holds their figures. A ceiling that the table
passes is cut when an invoice is decided, and a floor that it misses is lifted (`floor_rules`): both are told here, for
the insurer owes what its leaflet does not say. Left out: what a text outside the table promises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rempart.domain.floor_rules import LEFT_OUT_LOCALLY
from rempart.domain.formulas import AMOUNT_KINDS, PERCENT_KINDS, Formula
from rempart.domain.particulars import DAILY_FEE, DAILY_FEE_PSYCHIATRY, FRAME, NO_CHARGE_BASKETS, OWN_SHARES
from rempart.domain.tariffs import NON_OPTAM_PERCENT, NON_OPTAM_POINTS, amount_on, optical_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from rempart.domain.guarantee import Case, GuaranteeTable, ProductTable

FORBIDDEN, CONTRADICTION, GAP, NOTE = "forbidden", "contradiction", "gap", "note"
Place = tuple[str | int, ...]


class Remark(NamedTuple):
    """One remark: index of the product, place inside it, what it is worth, and a stable code of `SENTENCES`."""

    product: int
    inside: Place
    weight: str
    code: str


SENTENCES: dict[str, str] = {
    "kind-not-said": "The product does not say its kind, so the rules of responsible contracts were not checked.",
    "below-ticket-moderateur": "A responsible contract pays the whole ticket moderateur; this is lifted to it.",
    "ticket-moderateur-limited": "A responsible contract may not limit the ticket moderateur by an allowance.",
    "rates-left-out": "A responsible contract may leave out medicines at 15 and 30 % only (80 in Alsace-Moselle).",
    "daily-fee-limited": "A responsible contract pays the daily hospital fee in full, without a limit of time.",
    "pays-own-share": "A responsible contract may not pay the participation nor the franchises.",
    "no-charge-overruled": "Law pays this basket in full under a responsible contract; this case is never used.",
    "above-optical-ceiling": "This is above the optical ceiling of a responsible contract and will be cut.",
    "below-optical-floor": "A responsible contract pays more for class B equipment; this is lifted.",
    "above-hearing-ceiling": "This is above the hearing ceiling of a responsible contract and will be cut.",
    "non-optam-too-high": "Without price agreement a responsible contract pays at most 100 % above TM; it is cut.",
    "non-optam-too-near": "Without price agreement a responsible contract pays 20 points less than with it; it is cut.",
    "case-never-reached": "An earlier case of this domain takes every line of this one.",
    "ages-reversed": "No age is both from-age and below below-age.",
    "network-not-named": "The case asks for a network, and the product names none.",
    "network-without-site": "The table lists no site of a network that this product names: no invoice is in it.",
    "allowance-unused": "No formula comes out of this allowance.",
    "no-formula-otherwise": "A line that fits no case of this domain has no formula: it is held.",
    "domain-not-named": "The table does not name this domain: invoices of members who have it are held.",
    "dates-gap": "No version covers the days between this version and the one before.",
}


def remarks(table: GuaranteeTable) -> tuple[Remark, ...]:
    """Every remark about a table, product by product."""
    found: list[Remark] = []
    listed = {member.network for member in table.members}
    for index, product in enumerate(table.products):
        for check in CHECKS:
            found += [Remark(index, *remark) for remark in check(product)]
        if not listed.issuperset(product.networks):
            found.append(Remark(index, ("networks",), GAP, "network-without-site"))
    return tuple(found)


Found = tuple[Place, str, str]


def _everywhere(product: ProductTable) -> Iterator[tuple[Place, str, Case | None, tuple[Formula, ...]]]:
    for domain, formula in product.formulas:
        yield ("formulas", domain), domain, None, (formula,)
    for domain, cases in product.cases:
        for number, case in enumerate(cases):
            yield ("cases", domain, number), domain, case, case.pays


def kind_said(product: ProductTable) -> Iterator[Found]:
    """Without a kind the law of its contract is not known."""
    if not product.kind:
        yield (), NOTE, "kind-not-said"


def cases_reached(product: ProductTable) -> Iterator[Found]:
    """A case that an earlier one covers, ages that no one has, networks without a name."""
    for domain, cases in product.cases:
        for number, case in enumerate(cases):
            place = ("cases", domain, number)
            if case.from_age >= case.below_age:
                yield place, CONTRADICTION, "ages-reversed"
            if case.network and not product.networks:
                yield place, CONTRADICTION, "network-not-named"
            if any(_covers(earlier, case) for earlier in cases[:number]):
                yield place, CONTRADICTION, "case-never-reached"


def _covers(earlier: Case, later: Case) -> bool:
    lists = ("families", "codes", "items", "baskets", "pricings", "corrections")
    for name in lists:
        wide, narrow = frozenset(getattr(earlier, name)), frozenset(getattr(later, name))
        if wide and not (narrow and narrow <= wide):
            return False
    if earlier.network and earlier.network != later.network:
        return False
    return earlier.from_age <= later.from_age and later.below_age <= earlier.below_age


def allowances_used(product: ProductTable) -> Iterator[Found]:
    """An allowance that no formula uses."""
    used = {formula.allowance for _, _, _, pays in _everywhere(product) for formula in pays}
    for allowance in product.allowances:
        if allowance.name not in used:
            yield ("allowances", allowance.name), CONTRADICTION, "allowance-unused"


def domains_answered(product: ProductTable) -> Iterator[Found]:
    """Cases without a formula for the rest."""
    named = {domain for domain, _ in product.formulas}
    for domain, cases in product.cases:
        if domain not in named and not any(_takes_all(case) for case in cases):
            yield ("cases", domain), GAP, "no-formula-otherwise"


def _takes_all(case: Case) -> bool:
    told = case.families or case.codes or case.items or case.baskets or case.pricings or case.corrections
    return not told and not case.network and case.from_age == 0 and case.below_age > 150


def floor_of_law(product: ProductTable) -> Iterator[Found]:
    """The ticket moderateur and the daily fee, which a responsible contract always pays."""
    if product.kind != "responsible":
        return
    for place, _domain, case, pays in _everywhere(product):
        if case is not None and OWN_SHARES.intersection(case.items):
            if any(formula.kind != "none" for formula in pays):
                yield place, FORBIDDEN, "pays-own-share"
            continue
        if case is not None and {DAILY_FEE, DAILY_FEE_PSYCHIATRY}.intersection(case.items):
            if not _pays_whole_fee(case, product.start):
                yield place, FORBIDDEN, "daily-fee-limited"
            continue
        if case is not None and case.items and not {FRAME, "lens", "aid", "stay"}.intersection(case.items):
            continue  # rooms, companions and the like have no ticket moderateur
        yield from _moderateur(place, pays)


def _moderateur(place: Place, pays: tuple[Formula, ...]) -> Iterator[Found]:
    first = pays[0]
    if first.kind == "none" or (first.kind == "percent-including-amo" and first.percent < 100):
        yield place, FORBIDDEN, "below-ticket-moderateur"
    if first.allowance and first.kind in {"ticket-moderateur", *PERCENT_KINDS}:
        yield place, FORBIDDEN, "ticket-moderateur-limited"
    if any(rate not in LEFT_OUT_LOCALLY for rate in first.except_rates):
        yield place, FORBIDDEN, "rates-left-out"


def _pays_whole_fee(case: Case, day: date) -> bool:
    fee = max(amount_on(item, day) or 0 for item in case.items if item in {DAILY_FEE, DAILY_FEE_PSYCHIATRY})
    first = case.pays[0]
    if first.allowance or (first.ceiling and first.ceiling < fee):
        return False
    return first.kind == "actual-costs" or (first.kind == "amount-per-day" and first.amount >= fee)


def ceilings_of_law(product: ProductTable) -> Iterator[Found]:
    """What a responsible contract may not pay above, and the no-charge baskets that law pays."""
    if product.kind != "responsible":
        return
    for place, domain, case, pays in _everywhere(product):
        if case is not None and case.baskets and NO_CHARGE_BASKETS.issuperset(case.baskets):
            if any(formula.kind not in {"basket-price", "actual-costs"} for formula in pays):
                yield place, CONTRADICTION, "no-charge-overruled"
            continue
        if domain == "OPTI":
            yield from _optics(place, case, pays, product.start)
        if domain == "AUDI":
            yield from _hearing(place, pays, product.start)
    yield from _non_optam(product)


def _optics(place: Place, case: Case | None, pays: tuple[Formula, ...], day: date) -> Iterator[Found]:
    worst = max(case.corrections, key=_strength) if case is not None and case.corrections else "very-complex"
    frame_only = case is not None and case.items == (FRAME,)
    ceiling = amount_on("frame-b" if frame_only else optical_class(worst, worst), day)
    best = case.corrections[0] if case is not None and len(case.corrections) == 1 else "simple"
    floor = amount_on(f"{optical_class(best, best)}-floor", day)
    contacts = case is not None and "contact-lenses" in case.items
    for formula in pays:
        if formula.kind in AMOUNT_KINDS and not contacts and ceiling is not None and formula.amount > ceiling:
            yield place, FORBIDDEN, "above-optical-ceiling"
        if formula.kind == "amount-per-equipment" and floor is not None and formula.amount < floor:
            yield place, FORBIDDEN, "below-optical-floor"


def _strength(correction: str) -> int:
    return ("simple", "complex", "very-complex").index(correction)


def _hearing(place: Place, pays: tuple[Formula, ...], day: date) -> Iterator[Found]:
    ceiling = amount_on("hearing-total", day)
    if ceiling is not None and any(formula.amount > ceiling for formula in pays):
        yield place, FORBIDDEN, "above-hearing-ceiling"


def _non_optam(product: ProductTable) -> Iterator[Found]:
    for domain, cases in product.cases:
        agreed = [case.pays[0].percent for case in cases if "optam" in case.pricings and case.pays[0].percent]
        for number, case in enumerate(cases):
            level = case.pays[0].percent
            if "non-optam" not in case.pricings or not level:
                continue
            place = ("cases", domain, number)
            most = NON_OPTAM_PERCENT + (100 if case.pays[0].kind == "percent-including-amo" else 0)
            if level > most:
                yield place, FORBIDDEN, "non-optam-too-high"
            if agreed and level > max(min(agreed) - NON_OPTAM_POINTS, 100):
                yield place, FORBIDDEN, "non-optam-too-near"


CHECKS: tuple[Callable[[ProductTable], Iterator[Found]], ...] = (
    kind_said,
    domains_answered,
    cases_reached,
    allowances_used,
    floor_of_law,
    ceilings_of_law,
)
"""What is looked at in each product version."""
