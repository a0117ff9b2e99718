"""Is this beneficiary covered, on this date, for these domains? One pure function, and how much of it may be said.

Precision follows evidence: a site that knows the record hears the reason (closed, not covered);
a stranger hears `not-confirmed`, the same for unknown, closed and decoy.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from rempart.domain import presence
from rempart.domain.compartments import SIGNED_CARD
from rempart.domain.rights import DOMAINS, Coverage, Period

COVERED = "covered"
NOT_CONFIRMED = "not-confirmed"
CLOSED = "closed"
NOT_COVERED = "not-covered"
STRONG = frozenset({SIGNED_CARD, presence.EVIDENCE})
"""Evidence that hears the reason at a site that does not know the record."""


class Eligibility(NamedTuple):
    """`known` is the answer for a site that knows the record, `stranger` for any other; `periods` are those open."""

    known: str
    stranger: str
    periods: tuple[Period, ...] = ()
    ended: date | None = None


UNKNOWN = Eligibility(NOT_CONFIRMED, NOT_CONFIRMED)


def decide(coverage: Coverage | None, closed: date | None, care: date, domains: tuple[str, ...]) -> Eligibility:
    """The eligibility on `care` for `domains`; `closed` is the day from which the insurer's files no longer hold it."""
    if coverage is None:
        return UNKNOWN
    cut = closed is not None and care >= closed
    periods = () if cut else open_periods(coverage, care, domains)
    if periods:
        return Eligibility(COVERED, COVERED, periods)
    ends = [period.end for period in coverage.periods if period.domain in domains]
    if not ends:
        return Eligibility(NOT_COVERED, NOT_CONFIRMED)
    last = max(ends)
    if closed is not None:
        last = min(last, closed)
    return Eligibility(CLOSED, NOT_CONFIRMED, ended=last)


def open_periods(coverage: Coverage, care: date, domains: tuple[str, ...]) -> tuple[Period, ...]:
    """The periods of the asked domains that hold the day of care, one a domain."""
    found = {p.domain: p for p in coverage.periods if p.domain in domains and p.start <= care <= p.end}
    return tuple(found[domain] for domain in domains if domain in found)


def bits(domains: tuple[str, ...] | list[str]) -> int:
    """A set of domains as bits, in the order of `DOMAINS`."""
    value = 0
    for domain in domains:
        value |= 1 << DOMAINS.index(domain)
    return value
