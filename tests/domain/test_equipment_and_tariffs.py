"""Corrections, ceilings, fees and renewals: the tables that equipment and stays are judged by."""

from __future__ import annotations

from datetime import date

import pytest

from rempart.domain.formula_kinds import PAYS
from rempart.domain.formulas import KINDS
from rempart.domain.particulars import Correction, correction_class
from rempart.domain.tariffs import AMOUNTS, amount_on, fee_of_stay, optical_class, renewal_months


@pytest.mark.parametrize(
    ("correction", "said"),
    [
        (None, "simple"),
        (Correction(600), "simple"),
        (Correction(601), "complex"),
        (Correction(-600), "simple"),
        (Correction(-601), "complex"),
        (Correction(-600, 400), "simple"),
        (Correction(-600, 425), "complex"),
        (Correction(400, 200), "simple"),
        (Correction(400, 225), "complex"),
        (Correction(400, multifocal=True), "complex"),
        (Correction(401, multifocal=True), "very-complex"),
        (Correction(-400, multifocal=True), "complex"),
        (Correction(-425, multifocal=True), "very-complex"),
        (Correction(-800, 400, multifocal=True), "complex"),
        (Correction(-800, 425, multifocal=True), "very-complex"),
        (Correction(600, 200, multifocal=True), "complex"),
        (Correction(600, 225, multifocal=True), "very-complex"),
    ],
)
def test_lens_belongs_to_one_class(correction: Correction | None, said: str) -> None:
    """Each side of each bound between simple, complex and very complex lenses."""
    assert correction_class(correction) == said


@pytest.mark.parametrize(
    ("pair", "euros", "floor"),
    [
        (("simple", "simple"), 420, 50),
        (("complex", "simple"), 560, 125),
        (("very-complex", "simple"), 610, 125),
        (("complex", "complex"), 700, 200),
        (("very-complex", "complex"), 750, 200),
        (("very-complex", "very-complex"), 800, 200),
    ],
)
def test_six_optical_ceilings_have_their_floors(pair: tuple[str, str], euros: int, floor: int) -> None:
    """Two lenses in either order name one ceiling and one floor."""
    name = optical_class(*pair)
    assert name == optical_class(*reversed(pair))
    assert amount_on(name, date(2026, 1, 1)) == euros * 100
    assert amount_on(f"{name}-floor", date(2026, 1, 1)) == floor * 100
    assert amount_on(name, date(2019, 12, 31)) is None


def test_every_amount_says_its_source_and_no_two_hold_the_same_day() -> None:
    """One row at most answers for a name and a day."""
    assert all(row.source and row.cents > 0 for row in AMOUNTS)
    for row in AMOUNTS:
        same = [each for each in AMOUNTS if each.name == row.name]
        for day in (row.start, row.end):
            assert sum(each.start <= day <= each.end for each in same) == 1


def test_fee_of_a_stay_counts_each_day() -> None:
    """Days before and from 1 March 2026 have their own tariff."""
    assert fee_of_stay("daily-fee", date(2026, 2, 28), 1) == 2000
    assert fee_of_stay("daily-fee", date(2026, 2, 28), 2) == 4300
    assert fee_of_stay("daily-fee", date(2026, 3, 1), 2) == 4600
    assert fee_of_stay("daily-fee", date(2026, 3, 1), 0) == 0


@pytest.mark.parametrize(
    ("item", "reason", "age", "months"),
    [
        ("frame", "", 16, 24),
        ("frame", "", 15, 12),
        ("frame", "", 0, 12),
        ("lens", "sight-worsened", 16, 12),
        ("lens", "sight-worsened", 15, 0),
        ("frame", "frame-outgrown", 5, 6),
        ("frame", "frame-outgrown", 6, 12),
        ("lens", "listed-condition", 40, 0),
        ("aid", "", 40, 48),
        ("aid", "sight-worsened", 40, 48),
        ("contact-lenses", "", 40, 0),
    ],
)
def test_renewal_waits_by_item_reason_and_age(item: str, reason: str, age: int, months: int) -> None:
    """Each row of the renewal table, and a reason that has no row at this age."""
    assert renewal_months(item, reason, age) == months


def test_every_kind_of_formula_is_paid() -> None:
    """Each kind that a table may name has its function, and there is none besides."""
    assert tuple(PAYS) == KINDS
