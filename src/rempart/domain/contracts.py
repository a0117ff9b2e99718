"""Contracts by date: which operator serves which insurer, and on what terms an operator serves a profession or a site.

What counts is the day of care, so that care of before an end stays payable after it. An insurer of whom no contract was
ever written is served for every operator's sites, and so is every site of an operator that wrote none with its sites:
who writes the first one is held to all of them from then on. Left out: prices between operators and insurers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol

ELSEWHERE = "handled-elsewhere"
"""The site's operator has no contract with this insurer on that day: free, and nothing of anybody."""
NO_TERMS = "site-without-contract"
"""The site has no contract with its own operator on that day."""
LATEST = date(9999, 12, 31)
MOST_CYCLE = 31  # days between two payments, at most
MOST_LEAST = 100_000  # cents: a larger minimum would keep a small practice waiting for months


class Served(NamedTuple):
    """An operator's contract with an insurer (10 digits), from `starts` to `ends`, both included."""

    operator: str
    insurer: str
    starts: date
    ends: date = LATEST


class SiteTerms(NamedTuple):
    """An operator's contract with one site, or with a profession, or ("", "") with every site.

    `cycle_days` between two payments at least, `least_cents` of a payment at least.
    """

    operator: str
    profession: str
    site: str
    starts: date
    ends: date = LATEST
    cycle_days: int = 1
    least_cents: int = 1


class Place(Protocol):
    """What is looked at of a site."""

    @property
    def site(self) -> str: ...
    @property
    def operator(self) -> str: ...
    @property
    def profession(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Contracts:
    """All contracts of a hub: by insurer, and by operator."""

    served: Mapping[str, tuple[Served, ...]] = field(default_factory=dict)
    sites: Mapping[str, tuple[SiteTerms, ...]] = field(default_factory=dict)

    def refusal(self, place: Place, insurer: str, care: date) -> str:
        """`handled-elsewhere`, `site-without-contract`, or "" when this site is served for care of that day."""
        if not self.served and not self.sites:  # nobody has written any
            return ""
        if not self.serves(place.operator, insurer, care):
            return ELSEWHERE
        terms = self.sites.get(place.operator)
        return NO_TERMS if terms is not None and not any(_holds(one, place, care) for one in terms) else ""

    def serves(self, operator: str, insurer: str, day: date) -> bool:
        """Whether an operator serves an insurer (10 digits) on that day: by a contract, or nobody wrote one with it."""
        served = self.served.get(insurer)
        return served is None or any(one.operator == operator and one.starts <= day <= one.ends for one in served)


NONE = Contracts()


def gathered(served: Sequence[Served], terms: Sequence[SiteTerms]) -> Contracts:
    """Contracts as they are looked up."""
    by_insurer: dict[str, tuple[Served, ...]] = {}
    by_operator: dict[str, tuple[SiteTerms, ...]] = {}
    for one in served:
        by_insurer[one.insurer] = (*by_insurer.get(one.insurer, ()), one)
    for each in terms:
        by_operator[each.operator] = (*by_operator.get(each.operator, ()), each)
    return Contracts(by_insurer, by_operator)


def overlaps(one: Served | SiteTerms, others: Sequence[Served] | Sequence[SiteTerms]) -> bool:
    """Whether two contracts of the same parties would hold on one day."""
    return any(one.starts <= other.ends and other.starts <= one.ends for other in others)


def terms_fault(terms: SiteTerms) -> str:
    """The code of what is wrong with a contract's terms, or ""."""
    if terms.site and terms.profession:
        return "contract-for-both"
    if not 1 <= terms.cycle_days <= MOST_CYCLE:
        return "cycle-out-of-range"
    return "" if 1 <= terms.least_cents <= MOST_LEAST else "least-out-of-range"


def _holds(terms: SiteTerms, place: Place, care: date) -> bool:
    named = terms.site == place.site if terms.site else terms.profession in {"", place.profession}
    return named and terms.starts <= care <= terms.ends
