"""What `rempart table explain` says: the case that fits, the allowance, each rule with its amount, the shares."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from rempart.domain.acts import FAMILIES
from rempart.domain.adjudication import adjudicate
from rempart.domain.allowances import Tally
from rempart.domain.estimate import asked_invoice
from rempart.domain.explanations import of_allowance, of_case, of_line
from rempart.domain.guarantee import GuaranteeTable
from rempart.domain.invoice import Line
from rempart.domain.line_facts import Context, LineState, line_state, question_of
from rempart.domain.particulars import Particulars
from rempart.domain.rights import DOMAINS, Coverage, Period

PROFESSIONS = {
    "pharmacy": "pharmacy", "biology": "laboratory", "lpp": "equipment", "optics": "optician", "hearing": "hearing",
    "dental": "dentist", "dental-prosthesis": "dentist", "nursing": "nurse", "physiotherapy": "physiotherapist",
    "auxiliary": "speech-therapist", "consultation": "doctor", "transport": "transport", "ccam": "doctor",
    "radiology": "radiology", "hospital-drug": "hospital", "hospital-stay": "hospital", "other": "doctor",
}  # fmt: skip
"""Who most often bills a family."""


class Wanted(NamedTuple):
    """One act to explain. `amounts`: base in cents, rate in percent, spent in cents, quantity."""

    product: str
    level: str
    kind: str
    profession: str
    family: str
    code: str
    day: date
    amounts: tuple[int, int, int, int]
    particulars: Particulars | None
    place: str
    age: int
    network: str


class Explained(NamedTuple):
    """Sentences in order, and the shares in cents."""

    sentences: tuple[str, ...]
    shares: dict[str, object]


def explained(table: GuaranteeTable, wanted: Wanted) -> Explained | str:
    """The sentences, or why there are none."""
    if wanted.family not in FAMILIES:
        return f"the act is one of: {', '.join(FAMILIES)}"
    known = {(each.product, each.level) for each in table.products}
    if (wanted.product, wanted.level) not in known:
        return "the table has no such product and level"
    base, rate, spent, quantity = wanted.amounts
    line = Line(
        1, wanted.day, wanted.code, wanted.family, base, rate, 0, spent, 0, quantity, place=wanted.place,
        particulars=wanted.particulars,
    )  # fmt: skip
    periods = tuple(Period(domain, wanted.day, wanted.day, "100") for domain in DOMAINS)
    coverage = Coverage(1, wanted.product, wanted.level, _kind(table, wanted), periods)
    born = date(wanted.day.year - wanted.age, 1, 1)
    context = Context(wanted.day, network=frozenset({wanted.network} - {""}), born=born)
    profession = wanted.profession or PROFESSIONS[wanted.family]
    invoice = asked_invoice((line,))
    tally = Tally(MappingProxyType({}))
    question = question_of(invoice, coverage, table, profession=profession, context=context, tally=tally)
    state = line_state(invoice.lines[0], question)
    decided = adjudicate(invoice, coverage, table, profession=profession, context=context).lines[0]
    pays = state.parts if isinstance(state.parts, tuple) else ()
    told = (*_where(state), *of_line(decided, pays))
    shares: dict[str, object] = {
        "domain": decided.domain, "amo": decided.amo, "amc": decided.amc, "patient": decided.patient,
        "reason": decided.reason, "rules": [step.rule for step in decided.rules],
    }  # fmt: skip
    return Explained(told, shares)


def _kind(table: GuaranteeTable, wanted: Wanted) -> str:
    """The kind asked for, else the version's own, else responsible, as nearly all contracts are."""
    if wanted.kind:
        return wanted.kind
    for each in table.products:
        if (each.product, each.level) == (wanted.product, wanted.level) and each.start <= wanted.day <= each.end:
            return each.kind or "responsible"
    return "responsible"


def _where(state: LineState) -> tuple[str, ...]:
    """Contract, case and allowance."""
    told = [f"Contract of kind {state.question.coverage.kind}."]
    version, domain = state.version, state.domain
    if version is None or domain is None or state.law:
        return tuple(told)
    if state.told is not None:
        fitting = next((case for case in version.cases.get(domain, ()) if case.fits(state.told)), None)
        told.append("No case fits: the domain's own formula." if fitting is None else f"Case: {of_case(fitting)}.")
    parts = state.parts if isinstance(state.parts, tuple) else ()
    told += [
        f"Allowance {part.allowance}: {of_allowance(version.allowances[part.allowance])}, here whole."
        for part in parts
        if part.allowance
    ]
    return tuple(told)
