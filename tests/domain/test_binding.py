"""What binds an insurer although rights were closed, up to which amount, and what is left to the patient."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.allowances import CounterUse
from rempart.domain.binding import (
    ALWAYS,
    DEFAULT,
    Binding,
    BindingTable,
    Declared,
    declared_until,
    guaranteed,
    limited,
    problem,
)
from rempart.domain.decision import DecidedLine, Decision, RuleAmount

CARE = date(2026, 3, 10)
START = date(2026, 1, 1)
ALWAYS_BOUND = (Binding("accreditation", START), Binding("authorization", START))


def line(number: int, amc: int, *, under: bool = True) -> DecidedLine:
    steps = (RuleAmount("formula", amc),) + ((RuleAmount("guaranteed-after-closure", amc),) if under else ())
    return DecidedLine(number, "PHAR", amc + 700, 500, amc, 200, steps)


def test_without_a_table_accreditations_and_authorizations_bind() -> None:
    """Without limit, at every profession; what the site saw by itself binds nothing."""
    for kind, binds in (("accreditation", True), ("authorization", True), ("card", False), ("paper", False)):
        assert (DEFAULT.row(kind, "pharmacy", CARE) is not None) is binds


def test_the_first_row_that_fits_counts() -> None:
    """By profession and by date, both days included."""
    narrow = Binding("card", START, CARE, frozenset({"pharmacy"}), 5_000)
    table = BindingTable((narrow, Binding("card", START, most=9_000)))
    assert table.row("card", "pharmacy", CARE) == narrow
    for profession, day in (("nurse", CARE), ("pharmacy", date(2026, 3, 11))):
        found = table.row("card", profession, day)
        assert found is not None
        assert found.most == 9_000
    assert table.row("card", "pharmacy", date(2025, 12, 31)) is None


@pytest.mark.parametrize(("until", "last"), [(None, 16), (date(2026, 3, 12), 12), (date(2027, 1, 1), 16)])
def test_a_declared_card_binds_for_its_days_and_within_its_validity(until: date | None, last: int) -> None:
    """Seven days from the day it was seen, that day included, and never beyond what is printed on it."""
    assert declared_until(Binding("card", START, days=7), Declared("card", CARE, until)) == date(2026, 3, last)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (ALWAYS_BOUND, ""),
        (ALWAYS_BOUND[1:], "accreditation-must-bind"),
        (ALWAYS_BOUND[:1], "authorization-must-bind"),
        ((*ALWAYS_BOUND, Binding("card", CARE, START)), "dates-reversed"),
        ((*ALWAYS_BOUND, Binding("card", START, most=0)), "limit-not-positive"),
        ((Binding("accreditation", START, CARE), *ALWAYS_BOUND[1:]), "accreditation-must-bind"),
        (
            (Binding("accreditation", START, CARE), Binding("accreditation", date(2026, 3, 12)), ALWAYS_BOUND[1]),
            "accreditation-must-bind",
        ),
        ((Binding("accreditation", START, CARE), Binding("accreditation", date(2026, 3, 11)), ALWAYS_BOUND[1]), ""),
        ((Binding("accreditation", START, ALWAYS, frozenset({"nurse"})), ALWAYS_BOUND[1]), "accreditation-must-bind"),
    ],
)  # fmt: skip
def test_what_the_hub_printed_binds_everywhere_and_always(rows: tuple[Binding, ...], code: str) -> None:
    """A table may limit accreditations, and may not leave one day or one profession without."""
    assert problem(rows) == code


def test_beyond_the_limit_the_patient_pays() -> None:
    """Lines in their order: the first whole, the second in part, the third rejected as its rights say."""
    found = limited(Decision("accepted", (line(1, 1_000), line(2, 1_000), line(3, 1_000))), 1_400)
    assert [(one.amc, one.patient, one.reason) for one in found.lines] == [
        (1_000, 200, ""), (400, 800, ""), (0, 1_200, "rights-closed"),
    ]  # fmt: skip
    assert found.outcome == "accepted"
    assert found.lines[1].rules[-1] == RuleAmount("guarantee-limit", 400)


def test_counters_give_back_what_is_not_paid() -> None:
    """In cents; what is counted in units stays used while something is paid."""
    uses = tuple(CounterUse(unit, START, CARE, 900, CARE, unit) for unit in ("cents", "units"))
    (cut,) = limited(Decision("accepted", (line(1, 1_000)._replace(uses=uses),)), 300).lines
    assert [use.amount for use in cut.uses] == [300, 900]


@given(
    st.lists(st.tuples(st.integers(1, 10_000), st.booleans()), min_size=1, max_size=8),
    st.one_of(st.none(), st.integers(1, 30_000)),
)
def test_limits_move_cents_and_lose_none(lines: list[tuple[int, bool]], most: int | None) -> None:
    """The sum of shares stays what was spent, open rights are untouched, and the guarantee stays within its limit."""
    before = Decision("accepted", tuple(line(n, amc, under=under) for n, (amc, under) in enumerate(lines, 1)))
    after = limited(before, most)
    for old, new in zip(before.lines, after.lines, strict=True):
        assert new.amo + new.amc + new.patient + new.other == new.spent
        assert 0 <= new.amc <= old.amc
        if old.rules[-1].rule != "guaranteed-after-closure":
            assert new == old
    assert guaranteed(after) == (guaranteed(before) if most is None else min(most, guaranteed(before)))
