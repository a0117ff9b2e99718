"""Covered or not, and how much of it may be said: the stranger hears one sentence for everything but covered."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.eligibility import (
    CLOSED,
    COVERED,
    NOT_CONFIRMED,
    NOT_COVERED,
    UNKNOWN,
    bits,
    decide,
    open_periods,
)
from rempart.domain.rights import DOMAINS, Coverage, Period

START, END = date(2026, 1, 1), date(2026, 12, 31)
CARE = date(2026, 11, 20)
PHAR, MED = Period("PHAR", START, END, "100"), Period("MED", START, date(2026, 6, 30), "65")
RIGHTS = Coverage(1, "P", "1", "responsible", (PHAR, MED))
days = st.dates(date(2025, 1, 1), date(2027, 12, 31))


def test_nobody_found_is_not_confirmed_for_everyone() -> None:
    """Without a record there is no reason to give, not even to a site that believes it knows the person."""
    assert decide(None, None, CARE, ("PHAR",)) == UNKNOWN
    assert (UNKNOWN.known, UNKNOWN.stranger) == (NOT_CONFIRMED, NOT_CONFIRMED)


@pytest.mark.parametrize(
    ("care", "covered"),
    [(START - timedelta(1), False), (START, True), (CARE, True), (END, True), (END + timedelta(1), False)],
)
def test_both_ends_of_a_period_are_covered(care: date, *, covered: bool) -> None:
    """The first and the last day of a period are inside, the days around it are not."""
    assert (decide(RIGHTS, None, care, ("PHAR",)).known == COVERED) is covered


def test_one_open_domain_of_those_asked_covers_and_only_that_one_is_shown() -> None:
    """Periods come in the order asked, open ones only."""
    found = decide(RIGHTS, None, CARE, ("MED", "PHAR"))
    assert (found.known, found.stranger, found.periods) == (COVERED, COVERED, (PHAR,))
    both = decide(RIGHTS, None, date(2026, 3, 1), ("MED", "PHAR"))
    assert both.periods == (MED, PHAR)
    assert both.periods == open_periods(RIGHTS, date(2026, 3, 1), ("MED", "PHAR"))


def test_closed_rights_tell_their_last_day_to_whom_they_are_known() -> None:
    """A known record hears since when; a stranger hears the same as for nobody."""
    found = decide(RIGHTS, None, CARE, ("MED",))
    assert (found.known, found.stranger, found.periods) == (CLOSED, NOT_CONFIRMED, ())
    assert found.ended == MED.end


def test_a_record_that_left_the_files_is_closed_from_that_day() -> None:
    """The day before is covered; the day itself is not, whatever the period says."""
    left = date(2026, 11, 1)
    assert decide(RIGHTS, left, left - timedelta(1), ("PHAR",)).known == COVERED
    found = decide(RIGHTS, left, left, ("PHAR",))
    assert (found.known, found.stranger, found.ended) == (CLOSED, NOT_CONFIRMED, left)


def test_a_domain_without_any_period_is_not_covered() -> None:
    """A known record hears that the contract leaves the domain out."""
    found = decide(RIGHTS, None, CARE, ("OPTI",))
    assert (found.known, found.stranger, found.ended) == (NOT_COVERED, NOT_CONFIRMED, None)


@given(care=days, closed=st.none() | days, asked=st.sets(st.sampled_from(DOMAINS), min_size=1), start=days, end=days)
def test_a_stranger_hears_covered_or_not_confirmed(
    care: date, closed: date | None, asked: set[str], start: date, end: date
) -> None:
    """Whatever the rights are, a stranger's two answers tell nothing of the reason, and covered shows open periods."""
    coverage = replace(RIGHTS, periods=(Period("PHAR", start, end, "100"), MED))
    found = decide(coverage, closed, care, tuple(sorted(asked)))
    assert found.stranger in {COVERED, NOT_CONFIRMED}
    assert (found.stranger == COVERED) == (found.known == COVERED) == bool(found.periods)
    assert all(p.start <= care <= p.end and p.domain in asked for p in found.periods)
    assert not (found.periods and closed is not None and care >= closed)


def test_domains_as_bits_follow_the_order_of_the_card() -> None:
    """Each domain has a bit of its own, and naming one twice changes nothing."""
    assert [bits([domain]) for domain in DOMAINS] == [1 << place for place in range(len(DOMAINS))]
    assert bits(("PHAR", "MED", "PHAR")) == 3
    assert bits(()) == 0
