"""Formulas, cases and the steps of a decision in English sentences, for people who write guarantee tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rempart.domain.money import format_euros
from rempart.domain.reasons import sentence

if TYPE_CHECKING:
    from rempart.domain.allowances import Allowance
    from rempart.domain.decision import DecidedLine
    from rempart.domain.formulas import Formula
    from rempart.domain.guarantee import Case

FORMULAS: dict[str, str] = {
    "percent-including-amo": "{percent} % of the base, the compulsory share included",
    "percent-excluding-amo": "{percent} % of the base, in addition to the compulsory share",
    "ticket-moderateur": "the ticket moderateur: the base less the compulsory share",
    "amount-per-line": "{amount} for the line, in addition to the compulsory share",
    "amount-per-act": "{amount} for each act, in addition to the compulsory share",
    "amount-per-ear": "{amount} for each ear, in addition to the compulsory share",
    "amount-per-day": "{amount} for each day",
    "amount-per-stay": "{amount} once for the stay",
    "amount-per-equipment": "{amount} once for the equipment, in addition to the compulsory share",
    "amount-including-amo": "{amount} for each act, the compulsory share included",
    "actual-costs": "all that the compulsory share leaves of the amount spent",
    "basket-price": "the price up to the basket's limit, less the compulsory share",
    "none": "nothing",
}

STEPS: dict[str, str] = {
    "ticket-moderateur": "The compulsory scheme leaves {amount} of the base.",
    "formula-of-table": "The contract pays {pays}: {amount}.",
    "no-charge-basket": "Law pays this basket in full under a responsible contract: {amount}.",
    "hospital-fees-of-law": "Law has a responsible contract pay this fee in full: {amount}.",
    "c2s-tariff": "C2S pays the tariff less the compulsory share: {amount}.",
    "allowance-left": "What is left of the allowance limits it to {amount}.",
    "responsible-floor": "A responsible contract pays the whole ticket moderateur at least: {amount}.",
    "responsible-optics-floor": "The least that a responsible contract pays for class B spectacles: {amount}.",
    "responsible-optics-ceiling": "The optical ceiling of responsible contracts (TM inside, AMO not): {amount}.",
    "responsible-hearing-ceiling": "The hearing ceiling of responsible contracts (AMO inside): {amount}.",
    "non-optam-limit": "The limit for a doctor without price agreement: {amount}.",
    "reference-tariff": "The reference tariff limits it to {amount}.",
    "after-the-first": "What the first insurer left: {amount}.",
    "ceiling-spent-minus-amo": "Nobody pays more than was spent: {amount}.",
    "never-below-zero": "Below the compulsory share it pays nothing: {amount}.",
    "asked-amount": "The site asked for less: {amount}.",
    "newborn-provisional": "A newborn under its parent's contract, within the provisional ceiling: {amount}.",
    "newborn-ceiling": "What is left of a newborn's provisional ceiling: {amount}.",
    "guaranteed-after-closure": "Owed by the accreditation although rights closed: {amount}.",
}


def of_formula(formula: Formula) -> str:
    """One formula in words."""
    text = FORMULAS[formula.kind].format(percent=formula.percent, amount=format_euros(formula.amount))
    if formula.ceiling:
        inside = "compulsory share inside" if formula.ceiling_includes_amo else "insurer's share alone"
        text += f", at most {format_euros(formula.ceiling)} ({inside})"
    if formula.allowance:
        text += f", out of the allowance {formula.allowance}"
    if formula.except_rates:
        rates = ", ".join(f"{rate} %" for rate in formula.except_rates)
        text += f", except for acts at {rates}"
    return text


def of_formulas(pays: tuple[Formula, ...]) -> str:
    """Several formulas in words, one after the other."""
    return "; then ".join(of_formula(formula) for formula in pays)


def of_case(case: Case) -> str:
    """When a case applies."""
    told = [
        f"{name} {' or '.join(words)}"
        for name, words in (
            ("family", case.families),
            ("code", case.codes),
            ("item", case.items),
            ("basket", case.baskets),
            ("pricing", case.pricings),
            ("correction", case.corrections),
        )
        if words
    ]
    if case.network:
        told.append(f"{case.network} of network")
    if case.from_age:
        told.append(f"from {case.from_age} years")
    if case.below_age <= 150:
        told.append(f"below {case.below_age} years")
    return ", ".join(told) or "always"


def of_allowance(allowance: Allowance) -> str:
    """An allowance in words."""
    limit = format_euros(allowance.limit) if allowance.unit == "cents" else f"{allowance.limit} units"
    if allowance.period == "calendar-year":
        return f"{limit} a calendar year"
    if allowance.period == "rolling":
        return f"{limit} in any {allowance.months} months"
    return f"{limit} a contract year from {allowance.anniversary or 'the day the rights opened'}"


def of_line(line: DecidedLine, pays: tuple[Formula, ...]) -> tuple[str, ...]:
    """Each step of a decided line, then its shares."""
    told = [f"Column {line.domain}." if line.domain else "No column of the card."]
    if line.reason:
        told.append(f"{sentence(line.reason, english=True)} [{line.reason}]")
    else:
        words = of_formulas(pays) if pays else "nothing"
        told += [STEPS[step.rule].format(amount=format_euros(step.amount), pays=words) for step in line.rules]
    shares = (("Spent", line.spent), ("compulsory", line.amo), ("insurer", line.amc), ("patient", line.patient))
    told.append(", ".join(f"{name} {format_euros(cents)}" for name, cents in shares) + ".")
    return tuple(told)
