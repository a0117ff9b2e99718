"""Guarantee tables: which formula answers on which day, and what a table may not be."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.guarantee import Formula, GuaranteeTable, ProductTable, checked, formula_problem, gaps

TM = Formula("ticket-moderateur")
BR = Formula("percent-including-amo", percent=100)
D2025, D2026 = date(2025, 1, 1), date(2026, 1, 1)


def version(start: date, end: date, formula: Formula = TM, product: str = "P", domain: str = "PHAR") -> ProductTable:
    return ProductTable(product, "1", start, end, ((domain, formula),))


def codes(*versions: ProductTable) -> list[str]:
    made = checked("0012345678", versions)
    return [] if isinstance(made, GuaranteeTable) else [problem.code for problem in made]


def test_version_in_force_answers() -> None:
    """Each day is answered by the version in force, both its dates included; other days by none."""
    table = checked("0012345678", (version(D2025, date(2025, 12, 31), TM), version(D2026, date.max, BR)))
    assert isinstance(table, GuaranteeTable)
    assert table.formula("P", "1", "PHAR", date(2025, 12, 31)) == TM
    assert table.formula("P", "1", "PHAR", D2026) == BR
    assert table.formula("P", "1", "PHAR", date(2024, 12, 31)) == "table-missing"
    assert table.formula("P", "1", "OPTI", D2026) == "table-missing"
    assert table.formula("P", "2", "PHAR", D2026) == "product-unknown"
    assert table.formula("Q", "1", "PHAR", D2026) == "product-unknown"


def test_versions_may_not_overlap_nor_end_before_they_start() -> None:
    """Two versions for one day, or dates the wrong way round, are refused; other products may share days."""
    assert codes(version(D2025, D2026), version(D2026, date.max)) == ["dates-overlap"]
    assert codes(version(D2025, date.max), version(D2026, D2026), version(date(2027, 1, 1), date.max)) == [
        "dates-overlap",
        "dates-overlap",
    ]
    assert codes(version(D2026, D2025)) == ["dates-reversed"]
    assert codes(version(D2025, date.max), version(D2025, date.max, product="Q")) == []


def test_a_gap_is_reported_not_refused() -> None:
    """A day that no version covers is told; versions that touch are not a gap."""
    before, touching, late = (
        version(D2025, date(2025, 12, 30)),
        version(date(2025, 12, 31), date.max),
        version(D2026, date.max),
    )
    assert gaps((before, touching)) == ()
    assert [problem.code for problem in gaps((late, before))] == ["dates-gap"]
    assert codes(before, late) == []


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        (Formula("percent", percent=100), "amo-not-said"),
        (Formula("frais-reels"), "kind-unknown"),
        (Formula("percent-including-amo"), "percent-out-of-range"),
        (Formula("percent-excluding-amo", percent=1001), "percent-out-of-range"),
        (Formula("ticket-moderateur", percent=30), "percent-out-of-range"),
        (Formula("amount-per-line"), "amount-out-of-range"),
        (Formula("none", amount=1), "amount-out-of-range"),
        (Formula("none", except_rates=(101,)), "rate-out-of-range"),
        (TM, ""),
        (BR, ""),
        (Formula("amount-per-act", amount=1), ""),
    ],
)
def test_formula_is_sound_or_says_why(formula: Formula, code: str) -> None:
    """A formula with a figure missing, too many or out of range is refused by its code."""
    assert formula_problem(formula) == code


def test_unknown_domain_is_refused() -> None:
    """A formula for a column that no card has is refused."""
    assert codes(version(D2025, date.max, domain="DENT")) == ["domain-unknown"]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), min_size=1, max_size=6))
def test_overlap_is_found_exactly_when_two_versions_share_a_day(spans: list[tuple[int, int]]) -> None:
    """The comparison of neighbours finds an overlap if and only if some day has two versions."""
    versions = [version(D2025 + timedelta(days=at), D2025 + timedelta(days=at + long)) for at, long in spans]
    days = [day for at, long in spans for day in range(at, at + long + 1)]
    assert ("dates-overlap" in codes(*versions)) == (len(days) != len(set(days)))
