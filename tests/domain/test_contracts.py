"""Contracts by date: what counts is the day of care, and who wrote no contract is held to none."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.contracts import (
    ELSEWHERE,
    NO_TERMS,
    NONE,
    Served,
    SiteTerms,
    gathered,
    overlaps,
    terms_fault,
)

INSURER, OTHER = "0099000001", "0099000002"
FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))


class Site(NamedTuple):
    site: str = "992300010"
    operator: str = "horizon"
    profession: str = "pharmacy"


@given(DAYS)
def test_an_ended_contract_still_covers_the_care_of_its_days(care: date) -> None:
    """The operator whose contract ended answers for care of before, and for none of after."""
    contracts = gathered([Served("horizon", INSURER, FIRST, LAST)], [])
    assert (contracts.refusal(Site(), INSURER, care) == "") == (FIRST <= care <= LAST)
    assert contracts.refusal(Site(operator="azur"), INSURER, care) == ELSEWHERE
    assert contracts.refusal(Site(), OTHER, care) == ""
    assert NONE.refusal(Site(), INSURER, care) == ""


@pytest.mark.parametrize(
    ("site", "refusal"),
    [
        (Site(), ""),
        (Site(profession="nurse"), NO_TERMS),
        (Site("992300028", profession="nurse"), ""),
        (Site(operator="azur", profession="nurse"), ""),
    ],
)
def test_a_site_has_the_contract_of_its_profession_or_its_own(site: Site, refusal: str) -> None:
    """One of a profession covers its sites, one of a site that site; another operator's sites owe nothing to them."""
    contracts = gathered(
        [], [SiteTerms("horizon", "pharmacy", "", FIRST), SiteTerms("horizon", "", "992300028", FIRST)]
    )
    assert contracts.refusal(site, INSURER, FIRST) == refusal
    assert contracts.refusal(Site(), INSURER, FIRST - timedelta(1)) == NO_TERMS


def test_a_contract_with_every_site_covers_every_profession() -> None:
    """Without profession and site it is of all sites of that operator."""
    contracts = gathered([], [SiteTerms("horizon", "", "", FIRST)])
    assert contracts.refusal(Site(profession="nurse"), INSURER, FIRST) == ""


@given(DAYS, DAYS, DAYS, DAYS)
def test_two_contracts_overlap_when_they_share_a_day(a: date, b: date, c: date, d: date) -> None:
    """As the days themselves say."""
    one, other = Served("o", INSURER, min(a, b), max(a, b)), Served("o", INSURER, min(c, d), max(c, d))
    shared = range(max(one.starts, other.starts).toordinal(), min(one.ends, other.ends).toordinal() + 1)
    assert overlaps(one, [other]) == bool(shared)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, ""), ({"cycle_days": 0}, "cycle-out-of-range"), ({"cycle_days": 32}, "cycle-out-of-range"),
        ({"least_cents": 0}, "least-out-of-range"), ({"site": "992300010"}, "contract-for-both"),
    ],
)  # fmt: skip
def test_terms_that_would_keep_a_practice_waiting_are_refused(changed: dict[str, object], fault: str) -> None:
    """A payment is at most a month away, and 1,000 euros at most are waited for."""
    assert terms_fault(SiteTerms("o", "pharmacy", "", FIRST)._replace(**changed)) == fault  # type: ignore[arg-type]  # fields by name
