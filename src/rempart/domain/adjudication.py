"""What an insurer owes on an invoice: visible tuples of named rules over integer cents, pure.

A rule takes a line's frozen facts and the amount so far; it returns the amount after it, or the code of `reasons` that
stops the line. Every step that gave or changed an amount is kept under its rule's name. The compulsory share (AMO) is
verified, never replaced. AMO + insurer + patient = spent, per line and per invoice (a first insurer's payment apart).

Outcomes. `held`: the insurer's table does not answer for one line; nobody's fault at the counter, so the whole invoice
waits. `accepted`: at least one line is accepted; each rejected line says why. `rejected`: no line is; the reason is
the first line's. The insurer pays what its table gives, and never more than the site asked: what was asked is what the
site will book.

Arithmetic: `AMC = min(formula, spent - AMO, legal ceilings, counters left)`, floor 0 (unsourced, likely); 2 € and 1 €
of the member's own are recovered by the compulsory scheme later and do not appear here (bonne-assurance.com,
participation forfaitaire). Each rule says which lines it concerns: `rules_for` picks them once for each kind of line.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from rempart.domain.allowances import CounterKey, CounterUse, Tally
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.equipment_rules import equipment_uses, remember_equipment
from rempart.domain.line_facts import Context, Honoured, LineState, line_state, question_of
from rempart.domain.line_rules import take
from rempart.domain.rules import RULES, Sort, everyday_rules, is_equipment, is_everyday, rules_for, sort_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rempart.domain.guarantee import GuaranteeTable
    from rempart.domain.invoice import Invoice, Line
    from rempart.domain.rights import Coverage

__all__ = ["HELD_REASONS", "RULES", "Context", "Honoured", "adjudicate", "rejected"]

HELD_REASONS = frozenset({"table-missing", "product-unknown"})
_NO_COUNTER: Mapping[CounterKey, int] = MappingProxyType({})


def decide_line(state: LineState) -> DecidedLine:
    """Run the rules; a stopped line is owed nothing by the insurer and keeps the rule that stopped it."""
    amount = 0
    steps: list[RuleAmount] = []
    sort = None if is_everyday(state) else sort_of(state)
    rules = everyday_rules(state.line.family, state.question.coverage.kind) if sort is None else rules_for(sort)
    for name, apply, kept in rules:
        given = apply(state, amount)
        if given == amount and kept is None:
            continue  # nearly every rule of nearly every line
        if isinstance(given, str):
            return rejected_line(state.line, given, (state.domain or "", name), first=state.first)
        if given != amount or (kept is not None and kept(state)):
            steps.append(RuleAmount(name, given))
            amount = given
    line, first = state.line, state.first
    other = min(first, line.spent - line.amo - amount) if first else 0
    uses: tuple[CounterUse, ...] = ()
    if sort is not None:
        uses = _used(state, amount, sort)
    patient = line.spent - line.amo - amount - other
    return DecidedLine(
        line.number,
        state.domain or "",
        line.spent,
        line.amo,
        amount,
        patient,
        tuple(steps),
        "",
        other,
        uses,
    )


def _used(state: LineState, amount: int, sort: Sort) -> tuple[CounterUse, ...]:
    """What an accepted line takes, written into the invoice's tally too; nothing when nothing is paid."""
    uses = take(state, amount) if sort.counted else []
    if is_equipment(sort):
        uses += equipment_uses(state, amount)
    if sort.kind == "responsible":
        remember_equipment(state, amount)
    state.question.tally.uses += uses
    return tuple(uses)


def rejected_line(line: Line, reason: str, where: tuple[str, str], *, first: int = 0) -> DecidedLine:
    """A line the insurer pays nothing for; `where` is its domain and the rule that stopped it.

    Amounts that cannot be are brought within the spent amount so that the sum holds.
    """
    spent = max(line.spent, 0)
    amo = min(max(line.amo, 0), spent)
    other = min(first, spent - amo)
    steps = (RuleAmount(where[1], 0),)
    return DecidedLine(line.number, where[0], spent, amo, 0, spent - amo - other, steps, reason, other)


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
    left: Mapping[CounterKey, int] = _NO_COUNTER,
) -> Decision:
    """Decide an invoice.

    `coverage` None: nobody was found for the keys presented. `table` None: the insurer sent no table. `left`: what is
    left of each counter that `counters.needs` named, by its key; a counter that is not there is whole.
    """
    for check in INVOICE_CHECKS:
        if reason := check(invoice):
            return rejected(invoice, reason)
    if coverage is None:
        return rejected(invoice, "not-confirmed")
    question = question_of(invoice, coverage, table, profession=profession, context=context, tally=Tally(left))
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
    """The same line with nothing paid yet and nothing used, because another line holds or rejects the invoice."""
    patient = line.spent - line.amo - line.other
    return DecidedLine(
        line.number,
        line.domain,
        line.spent,
        line.amo,
        0,
        patient,
        line.rules,
        line.reason or reason,
        line.other,
    )


def rejected(invoice: Invoice, reason: str, lines: tuple[DecidedLine, ...] = ()) -> Decision:
    """The whole invoice rejected for one reason; lines already rejected for another keep theirs."""
    if lines:
        return Decision("rejected", tuple(_unpaid(line, reason) for line in lines), reason)
    return Decision(
        "rejected",
        tuple(rejected_line(line, reason, ("", reason)) for line in invoice.lines),
        reason,
    )
