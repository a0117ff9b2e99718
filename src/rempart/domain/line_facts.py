"""The facts of an invoice and of each line, gathered before any rule speaks.

What law pays whatever the table says is decided here too (`law_of`): no-charge baskets and hospital fees under a
responsible contract, and everything under C2S.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from rempart.domain.acts import domain_of
from rempart.domain.allowances import Tally
from rempart.domain.formulas import Formula
from rempart.domain.guarantee import GuaranteeTable, Membership, Told, Version
from rempart.domain.money import percent
from rempart.domain.parameters import (
    ALSACE_MOSELLE,
    ALSACE_MOSELLE_NATURE,
    FULL_NATURES,
    GENERAL,
    HEAVY_FAMILIES,
    LIMITS,
    NO_EXEMPTION,
    Limits,
    amo_rate,
    months_before,
)
from rempart.domain.particulars import (
    AID,
    FEES,
    FRAME,
    HEAVY_ACT_FEE,
    LENS,
    NO_CHARGE_BASKETS,
    PRICED_BASKETS,
    Particulars,
    correction_class,
)
from rempart.domain.tariffs import YOUNG_UNTIL, amount_on, fee_of_stay

if TYPE_CHECKING:
    from rempart.domain.invoice import Invoice, Line
    from rempart.domain.rights import Coverage

AUTHORIZATION_FORMULA = "PEC"
"""The card's mark for a domain that pays only after a prise en charge."""

NO_CHARGE_LAW, FEES_LAW, C2S_LAW = "no-charge-basket", "hospital-fees-of-law", "c2s-tariff"
_LAW_PAYS = (Formula("basket-price"),)
_FEE_PAYS = (Formula("actual-costs"),)
_NOBODY = Particulars()


@dataclass(frozen=True, slots=True)
class Honoured:
    """An accreditation of this site for this person: it binds for `domains`, `start` and `end` included."""

    domains: frozenset[str]
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Context:
    """What the judgement needs from outside. `today` is the civil date at the site; `region` a regime of `parameters`.

    `closed`: the day from which the insurer's files no longer hold the record, None while they do. `authorized`: the
    domains for which an agreed authorization stands for this invoice. `network`: networks of care in which the site is,
    beside those that the table says; `members`: its dated memberships, as files of its operator say. `first_paid`:
    (line number, cents) that a first insurer paid, where the line does not say. `born`: the birth date where it is
    known better than from the invoice's six characters.
    """

    today: date
    honoured: Honoured | None = None
    closed: date | None = None
    region: str = GENERAL
    limits: Limits = LIMITS
    authorized: frozenset[str] = frozenset()
    network: frozenset[str] = frozenset()
    first_paid: tuple[tuple[int, int], ...] = ()
    born: date | None = None
    members: tuple[Membership, ...] = ()


class Question(NamedTuple):
    """What is the same for every line of an invoice, gathered once. `heavy`: it bills the fee on heavy acts."""

    coverage: Coverage
    table: GuaranteeTable | None
    profession: str
    context: Context
    regime: str
    full: bool
    oldest: date
    birth: str
    lines: tuple[Line, ...]
    heavy: bool
    tally: Tally
    site: str = ""


class LineState(NamedTuple):
    """The facts of one line; a named tuple because a file builds a million.

    `rights` is "" or the reason that rights alone would give; `guaranteed` says an accreditation binds although rights
    closed. `parts`: what pays, or the reason why nothing can. `law`: the name of the law that pays whatever the table
    says, or "". `rate_known`: the claimed rate is lawful. `expected_amo`: base x rate, of the spent amount at most.
    `counted_amo`: the AMO share that percentages and ticket moderateur are measured from (the full share when care
    outside the path lowered it). `first`: what a first insurer paid. `price_limit`: cents for the whole line, or None.
    """

    line: Line
    question: Question
    domain: str | None
    rights: str
    guaranteed: bool
    parts: tuple[Formula, ...] | str
    law: str
    rate_known: bool
    expected_amo: int
    counted_amo: int
    first: int = 0
    price_limit: int | None = None
    told: Told | None = None
    version: Version | None = None


def question_of(
    invoice: Invoice,
    coverage: Coverage,
    table: GuaranteeTable | None,
    *,
    profession: str,
    context: Context,
    tally: Tally,
) -> Question:
    """Gather the invoice's own facts: local regime, 100 % by nature or exemption, oldest payable care date."""
    local = invoice.nature == ALSACE_MOSELLE_NATURE or context.region == ALSACE_MOSELLE
    full = invoice.nature in FULL_NATURES or invoice.exemption not in NO_EXEMPTION
    oldest = months_before(context.today, context.limits.oldest_months)
    heavy = False
    for line in invoice.lines:
        if line.particulars is not None and line.particulars.item == HEAVY_ACT_FEE:
            heavy = True
    return Question(
        coverage,
        table,
        profession,
        context,
        ALSACE_MOSELLE if local else GENERAL,
        full,
        oldest,
        invoice.presented.birth,
        invoice.lines,
        heavy,
        tally,
        invoice.site,
    )


def line_state(line: Line, question: Question) -> LineState:
    """Look up everything the rules of one line read."""
    coverage, context = question.coverage, question.context
    care_date, particulars = line.care_date, line.particulars
    domain = domain_of(question.profession, line.family, line.place, care_date)
    rights, guaranteed = rights_of(coverage, domain, care_date, context)
    lawful = amo_rate(line.family, line.rate, care_date, code=line.code, regime=question.regime)
    reimbursed = min(line.base, line.spent)
    counted = line.amo
    if lawful is not None and lawful.in_path and coverage.kind == "responsible":
        counted = max(counted, percent(reimbursed, lawful.in_path))
    law, limit = "", None
    if particulars is not None or coverage.kind == "c2s":
        limit = price_limit(line, age_at(question, care_date))
        law = law_of(line, coverage.kind)
    told: Told | None = None
    version: Version | None = None
    parts: tuple[Formula, ...] | str = "table-missing"
    if law:
        parts = _FEE_PAYS if law == FEES_LAW else _LAW_PAYS
    if question.table is not None and domain is not None and law != C2S_LAW:
        found = question.table.version(coverage.product, coverage.level, care_date)
        if isinstance(found, str):
            parts = parts if law else found
        else:
            version = found
            plain = domain not in found.cases or (particulars is None and domain in found.only_described)
            if plain and not law:
                parts = found.formulas.get(domain, "table-missing")
            else:
                parts, law, told = _parts(line, question, found, domain=domain, lawful=(parts, law))
    return LineState(
        line,
        question,
        domain,
        rights,
        guaranteed,
        parts,
        law,
        lawful is not None or _other_rate(line, question),
        percent(reimbursed, line.rate),
        counted,
        _first_paid(line, context),
        limit,
        told,
        version,
    )


def _first_paid(line: Line, context: Context) -> int:
    """Cents that a first insurer paid, as the line says, else as the caller knows."""
    if line.particulars is not None and line.particulars.first_paid is not None:
        return line.particulars.first_paid
    return dict(context.first_paid).get(line.number, 0) if context.first_paid else 0


def _parts(
    line: Line, question: Question, version: Version, *, domain: str, lawful: tuple[tuple[Formula, ...] | str, str]
) -> tuple[tuple[Formula, ...] | str, str, Told | None]:
    """What pays, by law or by the table, and what the cases were told when there were any."""
    parts, law = lawful
    if law and not (law == FEES_LAW and domain in version.cases):
        return parts, law, None
    told = told_of(line, question, version)
    if law:
        for case in version.cases[domain]:
            if told.item in case.items and case.fits(told):
                return case.pays, "", told
        return parts, law, told
    return version.pays(domain, told) or "table-missing", "", told


def _other_rate(line: Line, question: Question) -> bool:
    """Rates that no row of the family gives: 100 % by exemption or heavy act, 0 % of what has no base or is a fee."""
    if line.rate == 100:
        if question.full or line.exemption not in NO_EXEMPTION:
            return True
        if question.heavy and line.family in HEAVY_FAMILIES:
            return line.base >= (amount_on("heavy-act-threshold", line.care_date) or 0)
    fee = line.particulars is not None and line.particulars.item in FEES
    if line.rate == 0:
        return line.base == 0 or fee
    return fee and line.rate == 100 and question.regime == ALSACE_MOSELLE


def rights_of(coverage: Coverage, domain: str | None, care_date: date, context: Context) -> tuple[str, bool]:
    """("", False) open; ("", True) owed by the accreditation; else the reason and False."""
    something_open = False
    cut = context.closed is not None and care_date >= context.closed
    for period in () if cut else coverage.periods:
        if period.start <= care_date <= period.end:
            if period.domain == domain:
                needed = period.formula == AUTHORIZATION_FORMULA and domain not in context.authorized
                return ("authorization-needed" if needed else ""), False
            something_open = True
    honoured = context.honoured
    if honoured is not None and domain in honoured.domains and honoured.start <= care_date <= honoured.end:
        return "", True
    return ("domain-not-covered" if something_open else "rights-closed"), False


def law_of(line: Line, kind: str) -> str:
    """The law that pays this line whatever the table says: its rule's name, or ""."""
    if kind == "c2s":
        return C2S_LAW
    particulars = line.particulars or _NOBODY
    if kind == "responsible":
        if particulars.basket in NO_CHARGE_BASKETS and line.family in BASKET_FAMILIES:
            return NO_CHARGE_LAW
        if particulars.item in FEES:
            return FEES_LAW
    return ""


BASKET_FAMILIES = frozenset({"optics", "hearing", "dental", "dental-prosthesis"})


def price_limit(line: Line, age: int) -> int | None:
    """Cents that the whole line may cost in a basket of limited prices, as a fee, or as C2S; None: no limit known."""
    particulars = line.particulars or _NOBODY
    if particulars.item in FEES:
        if particulars.days:
            return fee_of_stay(particulars.item, line.care_date, particulars.days)
        one = amount_on(particulars.item, line.care_date)
        return None if one is None else one * line.quantity
    if particulars.basket not in PRICED_BASKETS:
        return None
    one = particulars.price_limit
    if particulars.item == FRAME and particulars.basket == "A":
        one = amount_on("frame-a", line.care_date)
    elif particulars.basket == "1" and line.family == "hearing":
        young = age <= YOUNG_UNTIL or particulars.blind
        one = amount_on("hearing-1-young" if young else "hearing-1", line.care_date)
    return None if one is None else one * line.quantity


def told_of(line: Line, question: Question, version: Version) -> Told:
    """What the cases of a table look at."""
    particulars = line.particulars or _NOBODY
    correction = correction_class(particulars.correction) if particulars.item == LENS else ""
    network = "in" if version.networks and _in_network(line, question, version) else "out"
    item = particulars.item or (AID if line.family == "hearing" else "")
    return Told(
        line.family,
        line.code,
        item,
        particulars.basket,
        particulars.pricing,
        correction,
        network,
        age_at(question, line.care_date),
    )


def _in_network(line: Line, question: Question, version: Version) -> bool:
    """Whether the site is that day in one of the product's networks: as the table or a file says, or the caller."""
    said = question.table.networks_of(question.site, line.care_date) if question.table is not None else frozenset()
    if version.networks & (said | question.context.network):
        return True
    return any(
        each.network in version.networks and each.start <= line.care_date <= each.end
        for each in question.context.members
    )


def age_at(question: Question, day: date) -> int:
    """Age in years on `day`; from six characters (AAMMJJ) the youngest age they allow, lunar months as December."""
    born = question.context.born
    if born is not None:
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return age_on(question.birth, day)


@lru_cache(maxsize=8192)
def age_on(birth: str, day: date) -> int:
    """Age in years from six characters (AAMMJJ): the youngest they allow, 99 where they say nothing."""
    if len(birth) < 6 or not birth.isdigit():
        return 99
    year, month, dom = int(birth[-6:-4]), min(int(birth[-4:-2]), 12), int(birth[-2:])
    full = day.year // 100 * 100 + year
    if (full, month, dom) > (day.year, day.month, day.day):
        full -= 100
    return day.year - full - ((day.month, day.day) < (month, dom))
