"""Stand-in rules: what an insurer guarantees at the counter while the hub, or its compartment, cannot answer.

A rule promises that an invoice will be owed although nobody could be asked. So it holds only where the insurer's own
table of guarantees binds it for the same evidence, profession and amount: otherwise it would promise what the decision
refuses later. Waiting for the hub is for invoices and authorizations, never for a person at the counter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from rempart.domain.binding import ACCREDITATION, CARD, PAPER, BindingTable

EVIDENCE = (CARD, PAPER, ACCREDITATION)


class StandInRule(NamedTuple):
    """Professions and domains empty: every one. `evidence` is what the site holds; `most` cents an invoice."""

    evidence: str
    most: int
    professions: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


def unbacked(rules: Sequence[StandInRule], table: BindingTable, day: date, professions: Sequence[str]) -> int | None:
    """The first rule that promises more than the table gives on `day`, by its place; None when all are backed.

    `professions`: every one there is, for rules that name none.
    """
    for place, rule in enumerate(rules):
        for profession in rule.professions or professions:
            row = table.row(rule.evidence, profession, day)
            if row is None or (row.most is not None and row.most < rule.most):
                return place
    return None
