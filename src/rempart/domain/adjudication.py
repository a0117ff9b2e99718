"""What an insurer owes on an invoice: visible tuples of named rules over integer cents, pure.

A rule takes a line's frozen facts and the amount so far; it returns the amount after it, or the code of `reasons` that
stops the line. Every step that gave or changed an amount is kept under its rule's name. The compulsory share (AMO) is
verified, never replaced. AMO + insurer + patient = spent, per line and per invoice.

Outcomes. `held`: the insurer's table does not answer for one line; nobody's fault at the counter, so the whole invoice
waits. `accepted`: at least one line is accepted; each rejected line says why. `rejected`: no line is; the reason is
the first line's. The insurer pays what its table gives, and never more than the site asked: what was asked is what the
site will book.

Arithmetic: `AMC = min(formula, spent - AMO)`, floor 0 (unsourced, likely); 2 € and 1 € of the
member's own are recovered by the compulsory scheme later and do not appear here (bonne-assurance.com, participation
forfaitaire). Left out, to come with contracts in depth: counters, ceilings of responsible contracts, equipment
renewal, 100 % Santé, authorizations, flat shares on heavy acts, a second insurer's ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from rempart.domain.acts import domain_of
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.guarantee import KINDS, Formula, GuaranteeTable
from rempart.domain.money import percent
from rempart.domain.parameters import (
    ALSACE_MOSELLE,
    ALSACE_MOSELLE_NATURE,
    FULL_NATURES,
    GENERAL,
    LIMITS,
    NO_EXEMPTION,
    Limits,
    amo_rate,
    months_before,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from rempart.domain.invoice import Invoice, Line
    from rempart.domain.rights import Coverage

HELD_REASONS = frozenset({"table-missing", "product-unknown"})
AUTHORIZATION_FORMULA = "PEC"
"""The card's mark for a domain that pays only after a prise en charge."""


@dataclass(frozen=True, slots=True)
class Honoured:
    """An accreditation of this site for this person: it binds for `domains`, `start` and `end` included."""

    domains: frozenset[str]
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Context:
    """What the judgement needs from outside. `today` is the civil date at the site; `region` a regime of `parameters`.

    `closed`: the day from which the insurer's files no longer hold the record, None while they do.
    """

    today: date
    honoured: Honoured | None = None
    closed: date | None = None
    region: str = GENERAL
    limits: Limits = LIMITS


class LineState(NamedTuple):
    """The facts of one line, gathered before any rule speaks; a named tuple because a file builds a million.

    `rights` is "" or the reason that rights alone would give; `guaranteed` says an accreditation binds although rights
    closed. `rate_known`: the claimed rate is lawful. `expected_amo`: base x rate, of the spent amount at most.
    `counted_amo`: the AMO share that percentages and ticket moderateur are measured from (the full share when care
    outside the path lowered it).
    """

    line: Line
    today: date
    oldest: date
    domain: str | None
    rights: str
    guaranteed: bool
    formula: Formula | str
    rate_known: bool
    expected_amo: int
    counted_amo: int
    tolerance: int


# --- the rules of a line, in order ---


def line_sane(state: LineState, amount: int) -> int | str:
    """Amounts are not negative, AMO fits in what was spent, quantity counts something."""
    line = state.line
    sane = line.base >= 0 and 0 <= line.amo <= line.spent and line.amc >= 0 and 0 <= line.rate <= 100
    return amount if sane and line.quantity >= 1 else "amounts-wrong"


def care_date_possible(state: LineState, amount: int) -> int | str:
    """Care lies in the past, within the months an invoice may wait."""
    if state.line.care_date > state.today:
        return "future-care"
    return "too-old" if state.line.care_date < state.oldest else amount


def domain_of_act(state: LineState, amount: int) -> int | str:
    """The act belongs to a card column."""
    return amount if state.domain is not None else "unknown-family"


def rights_at_care_date(state: LineState, amount: int) -> int | str:
    """The column is open on the day of care, or an accreditation binds the insurer for it."""
    return state.rights or amount


def amo_verified(state: LineState, amount: int) -> int | str:
    """The rate is lawful for the act and date, and AMO = base x rate within the tolerance; the claim stands."""
    if not state.rate_known or abs(state.line.amo - state.expected_amo) > state.tolerance:
        return "amo-inconsistent"
    return amount


def ticket_moderateur(state: LineState, _amount: int) -> int | str:
    """What the compulsory scheme leaves of the base."""
    return state.line.base - state.counted_amo


def formula_of_table(state: LineState, _amount: int) -> int | str:
    """What the contract's formula gives; a table that does not answer holds the invoice."""
    formula, line = state.formula, state.line
    if isinstance(formula, str):
        return formula
    if formula.except_rates and line.rate in formula.except_rates:
        return 0
    return KINDS[formula.kind](formula, line.base, state.counted_amo, line.quantity)


def ceiling_spent_minus_amo(state: LineState, amount: int) -> int | str:
    """Nobody is paid more than was spent."""
    return min(amount, state.line.spent - state.line.amo)


def never_below_zero(_state: LineState, amount: int) -> int | str:
    """A formula below the compulsory share gives nothing; it takes nothing back."""
    return max(amount, 0)


def asked_amount(state: LineState, amount: int) -> int | str:
    """Never more than the site asked; a line that asked for something and gets nothing is told so."""
    if amount == 0 and state.line.amc > 0:
        return "nothing-covered"
    return min(amount, state.line.amc)


def guaranteed_after_closure(_state: LineState, amount: int) -> int | str:
    """Marks an amount owed by the accreditation alone, for the insurer's settlement."""
    return amount


class Rule(NamedTuple):
    """A named step. A step that changes the amount is kept in the decision; `kept` names when it is kept anyway."""

    name: str
    apply: Callable[[LineState, int], int | str]
    kept: Callable[[LineState], bool] | None = None


RULES: tuple[Rule, ...] = (
    Rule("line-sane", line_sane),
    Rule("care-date-possible", care_date_possible),
    Rule("domain-of-act", domain_of_act),
    Rule("rights-at-care-date", rights_at_care_date),
    Rule("amo-verified", amo_verified),
    Rule("ticket-moderateur", ticket_moderateur),
    Rule("formula-of-table", formula_of_table, kept=lambda _state: True),
    Rule("ceiling-spent-minus-amo", ceiling_spent_minus_amo),
    Rule("never-below-zero", never_below_zero),
    Rule("asked-amount", asked_amount),
    Rule(
        "guaranteed-after-closure",
        guaranteed_after_closure,
        kept=lambda state: state.guaranteed,
    ),
)


def decide_line(state: LineState) -> DecidedLine:
    """Run the rules; a stopped line is owed nothing by the insurer and keeps the rule that stopped it."""
    amount = 0
    steps: list[RuleAmount] = []
    for name, apply, kept in RULES:
        given = apply(state, amount)
        if isinstance(given, str):
            return rejected_line(state.line, given, state.domain or "", name)
        if given != amount or (kept is not None and kept(state)):
            steps.append(RuleAmount(name, given))
            amount = given
    line = state.line
    patient = line.spent - line.amo - amount
    return DecidedLine(
        line.number,
        state.domain or "",
        line.spent,
        line.amo,
        amount,
        patient,
        tuple(steps),
    )


def rejected_line(line: Line, reason: str, domain: str, rule: str) -> DecidedLine:
    """A line the insurer pays nothing for.

    Amounts that cannot be are brought within the spent amount so that the sum holds.
    """
    spent = max(line.spent, 0)
    amo = min(max(line.amo, 0), spent)
    return DecidedLine(line.number, domain, spent, amo, 0, spent - amo, (RuleAmount(rule, 0),), reason)


# --- the facts of a line ---


class Question(NamedTuple):
    """What is the same for every line of an invoice, gathered once."""

    coverage: Coverage
    table: GuaranteeTable | None
    profession: str
    context: Context
    regime: str
    full: bool
    oldest: date


def question_of(
    invoice: Invoice,
    coverage: Coverage,
    table: GuaranteeTable | None,
    *,
    profession: str,
    context: Context,
) -> Question:
    """Gather the invoice's own facts: local regime, 100 % by nature or exemption, oldest payable care date."""
    local = invoice.nature == ALSACE_MOSELLE_NATURE or context.region == ALSACE_MOSELLE
    full = invoice.nature in FULL_NATURES or invoice.exemption not in NO_EXEMPTION
    oldest = months_before(context.today, context.limits.oldest_months)
    return Question(
        coverage,
        table,
        profession,
        context,
        ALSACE_MOSELLE if local else GENERAL,
        full,
        oldest,
    )


def line_state(line: Line, question: Question) -> LineState:
    """Look up everything the rules of one line read."""
    coverage, context = question.coverage, question.context
    domain = domain_of(question.profession, line.family, line.place, line.care_date)
    rights, guaranteed = _rights(coverage, domain, line.care_date, context)
    formula: Formula | str = "table-missing"
    if question.table is not None and domain is not None:
        formula = question.table.formula(coverage.product, coverage.level, domain, line.care_date)
    lawful = amo_rate(line.family, line.rate, line.care_date, code=line.code, regime=question.regime)
    rate_known = lawful is not None or (line.rate == 100 and (question.full or line.exemption not in NO_EXEMPTION))
    reimbursed = min(line.base, line.spent)
    counted = line.amo
    if lawful is not None and lawful.in_path and coverage.kind == "responsible":
        counted = max(counted, percent(reimbursed, lawful.in_path))
    return LineState(
        line,
        context.today,
        question.oldest,
        domain,
        rights,
        guaranteed,
        formula,
        rate_known or (line.rate == 0 and line.base == 0),
        percent(reimbursed, line.rate),
        counted,
        context.limits.tolerance_line,
    )


def _rights(coverage: Coverage, domain: str | None, care_date: date, context: Context) -> tuple[str, bool]:
    """("", False) open; ("", True) owed by the accreditation; else the reason and False."""
    something_open = False
    cut = context.closed is not None and care_date >= context.closed
    for period in () if cut else coverage.periods:
        if period.start <= care_date <= period.end:
            if period.domain == domain:
                return ("authorization-needed" if period.formula == AUTHORIZATION_FORMULA else ""), False
            something_open = True
    honoured = context.honoured
    if honoured is not None and domain in honoured.domains and honoured.start <= care_date <= honoured.end:
        return "", True
    return ("domain-not-covered" if something_open else "rights-closed"), False


# --- the invoice ---


def has_lines(invoice: Invoice) -> str:
    """An invoice is about at least one act."""
    return "" if invoice.lines else "no-lines"


def totals_agree(invoice: Invoice) -> str:
    """The announced totals are the sums of the lines."""
    spent = amo = amc = 0
    for line in invoice.lines:
        spent, amo, amc = spent + line.spent, amo + line.amo, amc + line.amc
    agree = spent == invoice.total_spent and amo == invoice.total_amo and amc == invoice.total_amc
    return "" if agree else "totals-wrong"


INVOICE_CHECKS: tuple[Callable[[Invoice], str], ...] = (has_lines, totals_agree)
"""Before any line: each returns "" or the reason that rejects the whole invoice."""


def adjudicate(
    invoice: Invoice,
    coverage: Coverage | None,
    table: GuaranteeTable | None,
    *,
    profession: str,
    context: Context,
) -> Decision:
    """Decide an invoice.

    `coverage` None: nobody was found for the keys presented. `table` None: the insurer sent no table.
    """
    for check in INVOICE_CHECKS:
        if reason := check(invoice):
            return rejected(invoice, reason)
    if coverage is None:
        return rejected(invoice, "not-confirmed")
    question = question_of(invoice, coverage, table, profession=profession, context=context)
    states = [line_state(line, question) for line in invoice.lines]
    lines = tuple([decide_line(state) for state in states])
    if not _amo_within(states, lines, context.limits.tolerance_invoice):
        return rejected(invoice, "amo-inconsistent", lines)
    return _outcome(lines)


def _amo_within(states: list[LineState], lines: tuple[DecidedLine, ...], tolerance: int) -> bool:
    """Claimed less expected AMO of the accepted lines, taken together, stays within the tolerance in cents."""
    gap = 0
    for state, line in zip(states, lines, strict=True):
        if not line.reason:
            gap += state.line.amo - state.expected_amo
    return -tolerance <= gap <= tolerance


def _outcome(lines: tuple[DecidedLine, ...]) -> Decision:
    for line in lines:
        if line.reason in HELD_REASONS:
            return Decision("held", tuple(_unpaid(each, line.reason) for each in lines), line.reason)
    for line in lines:
        if not line.reason:
            return Decision("accepted", lines)
    return Decision("rejected", lines, lines[0].reason)


def _unpaid(line: DecidedLine, reason: str) -> DecidedLine:
    """The same line with nothing paid yet, because another line holds or rejects the invoice."""
    patient = line.spent - line.amo
    return DecidedLine(
        line.number,
        line.domain,
        line.spent,
        line.amo,
        0,
        patient,
        line.rules,
        line.reason or reason,
    )


def rejected(invoice: Invoice, reason: str, lines: tuple[DecidedLine, ...] = ()) -> Decision:
    """The whole invoice rejected for one reason; lines already rejected for another keep theirs."""
    if lines:
        return Decision("rejected", tuple(_unpaid(line, reason) for line in lines), reason)
    return Decision(
        "rejected",
        tuple(rejected_line(line, reason, "", reason) for line in invoice.lines),
        reason,
    )
