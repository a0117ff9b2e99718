"""What a patient pays now: an accreditation's coverage and lines not invoiced yet, by the very rules of a decision.

Nothing is held and nothing is used. The compulsory share is worked out as base x rate of the amount spent at most; what
is asked of the insurer is all that it leaves. A hospital stay is given by its days: `stay_lines` makes its fee lines.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from rempart.domain.adjudication import adjudicate
from rempart.domain.counters import needs
from rempart.domain.decision import Decision
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.money import percent
from rempart.domain.particulars import DAILY_FEE, Particulars
from rempart.domain.tariffs import fee_of_stay

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rempart.domain.allowances import CounterKey, CounterNeed
    from rempart.domain.guarantee import GuaranteeTable
    from rempart.domain.line_facts import Context
    from rempart.domain.rights import Coverage

_NO_COUNTER: Mapping[CounterKey, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class About:
    """What the invoice would say beside its lines. `birth` is AAMMJJ, for what depends on age; `site` for networks."""

    birth: str = ""
    nature: str = "10"
    exemption: str = ""
    site: str = ""


NOTHING_MORE = About()


def estimate(
    lines: Sequence[Line],
    coverage: Coverage,
    table: GuaranteeTable | None,
    *,
    profession: str,
    context: Context,
    about: About = NOTHING_MORE,
    left: Mapping[CounterKey, int] = _NO_COUNTER,
) -> Decision:
    """What would be decided of these lines. Their own AMO and AMC are not read."""
    asked = asked_invoice(lines, about)
    found = adjudicate(asked, coverage, table, profession=profession, context=context, left=left)
    return Decision(found.outcome, tuple([line._replace(uses=()) for line in found.lines]), found.reason)


def estimate_needs(
    lines: Sequence[Line],
    coverage: Coverage,
    table: GuaranteeTable | None,
    *,
    profession: str,
    context: Context,
    about: About = NOTHING_MORE,
) -> tuple[CounterNeed, ...]:
    """The counters that `estimate` may read for these lines."""
    return needs(asked_invoice(lines, about), coverage, table, profession=profession, context=context)


def asked_invoice(lines: Sequence[Line], about: About = NOTHING_MORE) -> Invoice:
    """The invoice that would ask for everything AMO leaves of these lines; it has no number or member."""
    made = []
    for number, line in enumerate(lines, start=1):
        amo = percent(min(line.base, line.spent), line.rate)
        made.append(replace(line, number=number, amo=amo, amc=max(line.spent - amo, 0)))
    issued = max((line.care_date for line in lines), default=date.min)
    sums = sum(x.spent for x in made), sum(x.amo for x in made), sum(x.amc for x in made)
    presented = Presented("", "", None, about.birth, None)
    return Invoice(
        about.site, "", issued, presented, tuple(made), *sums, nature=about.nature, exemption=about.exemption
    )


def stay_lines(first: date, days: int, *, psychiatry: bool = False, number: int = 1) -> tuple[Line, ...]:
    """The line of a stay's daily fee, each day at its own tariff; () for a stay of no day."""
    if days < 1:
        return ()
    item = f"{DAILY_FEE}-psychiatry" if psychiatry else DAILY_FEE
    fee = fee_of_stay(item, first, days)
    particulars = Particulars(item=item, days=days)
    return (Line(number, first, "", "hospital-stay", 0, 0, 0, fee, fee, quantity=days, particulars=particulars),)
