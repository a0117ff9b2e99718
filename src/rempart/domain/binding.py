"""What binds an insurer although rights were closed on the care date: dated rows by kind and profession, with a limit.

An invoice under a guarantee is owed; what is so owed is told to the insurer as `guaranteed-after-closure`. Kinds: an
accreditation of this hub, an agreed authorization, a card that was read and a paper attestation that was seen, the last
two as the site declares them on its invoice (a reading counts whenever it was made, hub up or down). Left out: proof of
the reading itself (signatures of cards are not public). Without a table of its own an insurer is bound by
accreditations and authorizations, without limit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from rempart.domain.decision import DecidedLine, Decision, RuleAmount

if TYPE_CHECKING:
    from collections.abc import Sequence

ACCREDITATION, AUTHORIZATION, CARD, PAPER = "accreditation", "authorization", "card", "paper"
KINDS = (ACCREDITATION, AUTHORIZATION, CARD, PAPER)
DECLARED_KINDS = (CARD, PAPER)
GUARANTEED = "guaranteed-after-closure"
LIMIT = "guarantee-limit"
ALWAYS = date(9999, 12, 31)


class Declared(NamedTuple):
    """What the site says it saw: a card read or a paper, on which day, valid until which (None: not said)."""

    kind: str
    seen: date
    until: date | None = None


class Binding(NamedTuple):
    """One row, for care from `starts` to `ends`, both included.

    `professions` empty: every one. `most`: cents an invoice may be owed by it, None for no limit. `days`: how long a
    card or a paper binds from the day it was seen, that day included; it never outlives its own validity.
    """

    kind: str
    starts: date
    ends: date = ALWAYS
    professions: frozenset[str] = frozenset()
    most: int | None = None
    days: int = 1


@dataclass(frozen=True, slots=True)
class BindingTable:
    """An insurer's rows; the first that fits counts."""

    rows: tuple[Binding, ...]

    def row(self, kind: str, profession: str, care: date) -> Binding | None:
        """What this kind of guarantee is worth at this profession for care on this day, None when it binds nothing."""
        for row in self.rows:
            everyone = not row.professions
            if row.kind == kind and row.starts <= care <= row.ends and (everyone or profession in row.professions):
                return row
        return None


DEFAULT = BindingTable((Binding(ACCREDITATION, date.min), Binding(AUTHORIZATION, date.min)))


def declared_until(row: Binding, declared: Declared) -> date:
    """The last care date that a declared card or paper binds for."""
    last = declared.seen + timedelta(days=row.days - 1)
    return last if declared.until is None else min(last, declared.until)


def problem(rows: Sequence[Binding]) -> str:
    """Why rows are no table, "" when they are: what the hub printed as a guarantee binds everywhere and always."""
    for row in rows:
        if row.starts > row.ends:
            return "dates-reversed"
        if (row.most is not None and row.most <= 0) or row.days <= 0:
            return "limit-not-positive"
    for kind in (ACCREDITATION, AUTHORIZATION):
        covered = sorted((row.starts, row.ends) for row in rows if row.kind == kind and not row.professions)
        if _gap(covered):
            return f"{kind}-must-bind"
    return ""


def _gap(periods: Sequence[tuple[date, date]]) -> bool:
    """Whether periods leave a day out between the first's start and for ever; the first begins when the table does."""
    if not periods:
        return True
    last = periods[0][1]
    for starts, ends in periods[1:]:
        if last < ALWAYS and starts > last + timedelta(days=1):
            return True
        last = max(last, ends)
    return last < ALWAYS


def is_guaranteed(line: DecidedLine) -> bool:
    """Whether a line is owed by a guarantee alone."""
    return not line.reason and line.amc > 0 and any(step.rule == GUARANTEED for step in line.rules)


def guaranteed(decision: Decision) -> int:
    """Cents that the insurer owes although rights were closed."""
    return sum(line.amc for line in decision.lines if is_guaranteed(line))


def limited(decision: Decision, most: int | None) -> Decision:
    """The decision with at most `most` cents under guarantee: lines in their order, what exceeds is the patient's.

    A line of which nothing is left is rejected as its closed rights say.
    """
    if most is None or guaranteed(decision) <= most:
        return decision
    left = most
    lines = []
    for line in decision.lines:
        kept = line
        if is_guaranteed(line):
            amount = min(line.amc, left)
            left -= amount
            kept = line if amount == line.amc else _cut(line, amount)
        lines.append(kept)
    if all(line.reason for line in lines):
        return replace(decision, outcome="rejected", lines=tuple(lines), reason=lines[0].reason)
    return replace(decision, lines=tuple(lines))


def _cut(line: DecidedLine, amount: int) -> DecidedLine:
    """The line with `amount` cents paid; of its counters in cents no more is used than insurers pay.

    A ceiling of law counts a first insurer's part too, which nothing cuts.
    """
    uses = tuple(
        use if use.unit != "cents" else use._replace(amount=min(use.amount, amount + max(use.amount - line.amc, 0)))
        for use in line.uses
        if amount
    )
    return line._replace(
        amc=amount, patient=line.patient + line.amc - amount, reason="" if amount else "rights-closed", uses=uses,
        rules=(*line.rules, RuleAmount(LIMIT, amount)),
    )  # fmt: skip
