"""Newborns at every door: found by a parent's way, counted under their own name, owed up to a ceiling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from rempart.application.ports import Opened, Row
from rempart.domain.allowances import CounterKey, CounterNeed
from rempart.domain.decision import Decision
from rempart.domain.invoice import Invoice
from rempart.domain.newborns import NEWBORN, capped, ceiling_on
from rempart.domain.rights import Coverage

_EPOCH = date(1970, 1, 1).toordinal()


def is_provisional(row: Row | None) -> bool:
    """Whether a parent's way found the row."""
    return row is not None and row.version >= NEWBORN


def counted_as(row: Row, seen: Opened | None) -> bytes:
    """Under which name who was found is told from others: a child's own, before and after it has a record."""
    return (seen.counted if seen is not None else b"") or row.person


def care_of(invoice: Invoice) -> date:
    """The day of care by which an invoice's beneficiary is a newborn or not: its first line's."""
    return invoice.lines[0].care_date if invoice.lines else invoice.issued


def covered(coverage: Coverage | None, row: Row | None, care: date) -> Coverage | None:
    """The coverage; None for a newborn whose parent's rights are not open on the day: of them nothing is told."""
    if coverage is None or row is None or not is_provisional(row):
        return coverage
    cut = row.closed is not None and care.toordinal() - _EPOCH >= row.closed
    opened = any(period.start <= care <= period.end for period in coverage.periods)
    return coverage if opened and not cut else None


def with_ceiling(row: Row | None, needs: Sequence[CounterNeed], care: date) -> tuple[CounterNeed, ...]:
    """The counters of a decision, with a newborn's ceiling."""
    return (*needs, ceiling_on(care)) if is_provisional(row) else tuple(needs)


def under_ceiling(row: Row | None, decision: Decision, left: Mapping[CounterKey, int], care: date) -> Decision:
    """The decision, a newborn's within what is left of its ceiling."""
    return capped(decision, left, care) if is_provisional(row) else decision
