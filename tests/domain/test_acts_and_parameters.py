"""Dated tables: acts to domains, lawful AMO rates, ages, accreditation lengths."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.acts import DOMAINS_OF_ACTS, FAMILIES, PROFESSIONS, domain_of
from rempart.domain.parameters import (
    ACCREDITATION_DAYS,
    ALSACE_MOSELLE,
    AMO_RATES,
    REPEATABLE_FAMILIES,
    accreditation_days,
    amo_rate,
    months_before,
)
from rempart.domain.rights import DOMAINS

CARE = date(2026, 11, 2)


def test_tables_speak_of_known_words_only() -> None:
    """Every row names a known family, domain and profession, and says its source."""
    assert {row.family for row in DOMAINS_OF_ACTS} <= set(FAMILIES)
    assert {row.domain for row in DOMAINS_OF_ACTS} <= set(DOMAINS)
    assert {row.profession for row in DOMAINS_OF_ACTS} - {"*"} <= set(PROFESSIONS)
    assert {row.family for row in AMO_RATES} <= set(FAMILIES)
    assert set(FAMILIES) >= REPEATABLE_FAMILIES
    assert {row.profession for row in ACCREDITATION_DAYS} <= set(PROFESSIONS)
    assert all(row.source for row in DOMAINS_OF_ACTS)
    assert all(row.source for row in AMO_RATES)
    assert all(row.source for row in ACCREDITATION_DAYS)


def test_no_two_rows_answer_the_same_act_on_one_day() -> None:
    """Rows with the same profession, family and place never overlap in time."""
    for first in DOMAINS_OF_ACTS:
        for second in DOMAINS_OF_ACTS:
            same = (first.profession, first.family, first.place) == (second.profession, second.family, second.place)
            assert first is second or not same or first.end < second.start or second.end < first.start


def test_every_family_but_other_has_a_domain_for_every_profession() -> None:
    """No professional meets an act family that the table forgot; `other` alone has none."""
    for profession in PROFESSIONS:
        for family in FAMILIES:
            assert (domain_of(profession, family, "", CARE) is None) == (family == "other")


@pytest.mark.parametrize(
    ("profession", "family", "place", "domain"),
    [
        ("pharmacy", "pharmacy", "", "PHAR"),
        ("doctor", "ccam", "", "MED"),
        ("dentist", "ccam", "", "DESO"),
        ("radiology", "ccam", "", "RADL"),
        ("radiology", "ccam", "stay", "HOSP"),
        ("hospital", "biology", "", "EXTE"),
        ("hospital", "biology", "stay", "HOSP"),
        ("hospital", "biology", "2", "EXTE"),
        ("optician", "lpp", "", "OPTI"),
        ("pharmacy", "lpp", "", "PHAR"),
    ],
)
def test_place_tells_more_than_profession(profession: str, family: str, place: str, domain: str) -> None:
    """A stay wins over the profession, the profession over none, and an unlisted place changes nothing."""
    assert domain_of(profession, family, place, CARE) == domain


@pytest.mark.parametrize(
    ("family", "rate", "care", "code", "lawful"),
    [
        ("dental", 70, date(2023, 10, 14), "", True),
        ("dental", 60, date(2023, 10, 14), "", False),
        ("dental", 60, date(2023, 10, 15), "", True),
        ("dental", 70, date(2023, 10, 15), "", False),
        ("dental", 70, date(2023, 10, 15), "ADC", True),
        ("transport", 65, date(2023, 7, 31), "", True),
        ("transport", 65, date(2023, 8, 1), "", False),
        ("transport", 55, date(2023, 8, 1), "", True),
    ],
)
def test_rates_change_on_their_day(*, family: str, rate: int, care: date, code: str, lawful: bool) -> None:
    """Dental care and transport change rate between two days, with the exceptions by code."""
    assert (amo_rate(family, rate, care, code=code) is not None) == lawful


def test_local_regime_adds_rates_and_keeps_the_general_ones() -> None:
    """90 % is lawful in Alsace-Moselle only; 65 % is lawful there too."""
    assert amo_rate("pharmacy", 90, CARE) is None
    assert amo_rate("pharmacy", 90, CARE, regime=ALSACE_MOSELLE) is not None
    assert amo_rate("pharmacy", 65, CARE, regime=ALSACE_MOSELLE) is not None


def test_accreditations_last_by_profession() -> None:
    """A pharmacy's accreditation covers its day, a nurse's series 31 days, an unlisted profession one day."""
    assert [accreditation_days(p) for p in ("pharmacy", "laboratory", "nurse", "doctor")] == [1, 8, 31, 1]


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)), st.integers(0, 400))
def test_months_before_keeps_the_day_or_the_last_of_the_month(day: date, months: int) -> None:
    """Going back lands in the right month, on the same day or that month's last."""
    earlier = months_before(day, months)
    assert (day.year - earlier.year) * 12 + day.month - earlier.month == months
    assert earlier.day <= day.day
    if earlier.day < day.day:
        assert (earlier + timedelta(days=1)).day == 1


def test_months_before_at_month_ends() -> None:
    """31 March less one month is the last of February."""
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2024, 3, 31), 1) == date(2024, 2, 29)
    assert months_before(date(2026, 1, 31), 1) == date(2025, 12, 31)
    assert months_before(date(2026, 11, 20), 27) == date(2024, 8, 20)
