"""Which counters a decision may read, before it is made. The words are those of `allowances`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from rempart.domain.acts import domain_of
from rempart.domain.allowances import Allowance, CounterKey, CounterNeed, CounterUse, Tally, distinct
from rempart.domain.equipment_rules import equipment_needs
from rempart.domain.guarantee import GuaranteeTable, Version
from rempart.domain.line_facts import Context, line_state, question_of
from rempart.domain.line_rules import need_of

if TYPE_CHECKING:
    from rempart.domain.invoice import Invoice, Line
    from rempart.domain.rights import Coverage

__all__ = ["Allowance", "CounterKey", "CounterNeed", "CounterUse", "needs"]


def needs(
    invoice: Invoice,
    coverage: Coverage | None,
    table: GuaranteeTable | None,
    *,
    profession: str,
    context: Context,
) -> tuple[CounterNeed, ...]:
    """The counters that `adjudicate` may read for this invoice, each once; nearly always none, and then cheap.

    A need is told even when the line will be rejected for another reason.
    """
    if coverage is None:
        return ()
    wanted = [
        line for line in invoice.lines if line.particulars is not None or _counts(line, coverage, table, profession)
    ]
    if not wanted:
        return ()
    tally = Tally(MappingProxyType({}))
    question = question_of(invoice, coverage, table, profession=profession, context=context, tally=tally)
    found: list[CounterNeed] = []
    for line in wanted:
        state = line_state(line, question)
        for part in () if isinstance(state.parts, str) else state.parts:
            need = need_of(part, state)
            found += [] if need is None else [need]
        found += equipment_needs(state)
    return distinct(found)


def _counts(line: Line, coverage: Coverage, table: GuaranteeTable | None, profession: str) -> bool:
    """Whether something may be counted of a line without particulars: its column has a part out of an allowance."""
    version = table.version(coverage.product, coverage.level, line.care_date) if table is not None else ""
    if not isinstance(version, Version) or not version.counted:
        return False
    return domain_of(profession, line.family, line.place, line.care_date) in version.counted
