"""Counters: needs before, uses after, never beyond the limit, whatever order invoices come in."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.domain.adjudication import Context, adjudicate
from rempart.domain.allowances import Allowance, CounterKey, CounterNeed, CounterUse, contract_year, rolling_need
from rempart.domain.counters import needs
from rempart.domain.guarantee import Formula, GuaranteeTable, ProductTable
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.parameters import Limits
from rempart.domain.particulars import Correction, Particulars
from rempart.domain.rights import Coverage, Period

START, END = date(2024, 1, 1), date(2027, 12, 31)
TODAY = date(2026, 12, 31)
CONTEXT = Context(TODAY, limits=Limits(oldest_months=120))
PERIODS = (("calendar-year", 0, ""), ("anniversary", 0, "02-29"), ("anniversary", 0, ""), ("rolling", 24, ""))


def covered(kind: str = "scheme") -> Coverage:
    return Coverage(1, "P", "1", kind, (Period("OPTI", START, END, "100"),))


def table_of(allowance: Allowance, formula: Formula) -> GuaranteeTable:
    version = ProductTable("P", "1", START, END, (("OPTI", formula),), (), (allowance,))
    return GuaranteeTable("0012345678", (version,))


def bill(*lines: tuple[date, int], particulars: Particulars | None = None) -> Invoice:
    made = tuple(
        Line(number, day, "", "optics", 0, 0, 0, spent, spent, particulars=particulars)
        for number, (day, spent) in enumerate(lines, start=1)
    )
    spent = sum(line.spent for line in made)
    presented = Presented("0012345678", "INVENTED", None, "800101", "1")
    return Invoice("123456782", "000000001", TODAY, presented, made, spent, 0, spent)


def left_after(wanted: tuple[CounterNeed, ...], written: list[CounterUse]) -> dict[CounterKey, int]:
    """What storage would answer: the limit less the entries inside the period."""
    left = {}
    for need in wanted:
        same = [use for use in written if use.counter == need.counter]
        inside = [use.amount for use in same if need.period_start <= use.day <= need.period_end]
        left[need.key] = max(need.limit - sum(inside), 0)
    return left


days = st.integers(0, 1090).map(lambda offset: START + timedelta(days=offset))


@settings(max_examples=150, deadline=None)
@given(
    period=st.sampled_from(PERIODS),
    limit=st.integers(1, 30_000),
    bills=st.lists(st.lists(st.tuples(days, st.integers(0, 20_000)), min_size=1, max_size=3), min_size=1, max_size=6),
)
def test_no_window_ever_holds_more_than_the_limit(
    period: tuple[str, int, str], limit: int, bills: list[list[tuple[date, int]]]
) -> None:
    """Invoices in any order of care dates use at most the limit in each period, and use exactly what is paid."""
    allowance = Allowance("glasses", limit, "cents", *period)
    table = table_of(allowance, Formula("actual-costs", allowance="glasses"))
    written: list[CounterUse] = []
    for lines in bills:
        invoice = bill(*lines)
        wanted = needs(invoice, covered(), table, profession="optician", context=CONTEXT)
        left = left_after(wanted, written)
        decision = adjudicate(invoice, covered(), table, profession="optician", context=CONTEXT, left=left)
        assert sum(use.amount for use in decision.uses) == decision.amc
        assert {use.key for use in decision.uses} <= set(left)
        written += decision.uses
    for use in written:
        first, last = use.period_start, use.period_end
        if use.rolling:
            last = use.day  # any window of the allowance's months ends on some use
        inside = [each.amount for each in written if first <= each.day <= last]
        assert sum(inside) <= limit


@settings(max_examples=100, deadline=None)
@given(st.lists(days, min_size=1, max_size=8))
def test_spectacles_are_never_bought_twice_within_two_years(bought: list[date]) -> None:
    """Frames of a responsible contract lie two years apart, whatever order their invoices come in."""
    table = GuaranteeTable("0012345678", (ProductTable("P", "1", START, END, (("OPTI", Formula("actual-costs")),)),))
    written: list[CounterUse] = []
    for day in bought:
        invoice = bill((day, 5000), particulars=Particulars(item="frame", basket="B"))
        wanted = needs(invoice, covered("responsible"), table, profession="optician", context=CONTEXT)
        assert [need.counter for need in wanted] == ["renewal/frame", "ceiling/optics"]
        decision = adjudicate(
            invoice,
            covered("responsible"),
            table,
            profession="optician",
            context=CONTEXT,
            left=left_after(wanted, written),
        )
        written += decision.uses
    kept = sorted(use.day for use in written if use.counter == "renewal/frame")
    assert kept
    assert all((later - earlier).days >= 730 for earlier, later in pairwise(kept))


LENSES = (Correction(-200), Correction(700), Correction(500, multifocal=True))
elements = st.one_of(
    st.builds(lambda seen: Particulars(item="frame", basket="B", correction=seen), st.sampled_from(LENSES)),
    st.builds(
        lambda seen, side: Particulars(item="lens", side=side, basket="B", correction=seen),
        st.sampled_from(LENSES), st.sampled_from(("left", "right")),
    ),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(days, st.integers(1, 1_000_00), elements), min_size=1, max_size=8))
def test_elements_on_invoices_of_their_own_never_exceed_the_optical_ceiling(
    bought: list[tuple[date, int, Particulars]],
) -> None:
    """In whatever order they come, each has what is left of its own ceiling, and no period more than the dearest."""
    table = GuaranteeTable("0012345678", (ProductTable("P", "1", START, END, (("OPTI", Formula("actual-costs")),)),))
    written: list[CounterUse] = []
    for day, spent, told in bought:
        invoice = bill((day, spent), particulars=told)
        wanted = needs(invoice, covered("responsible"), table, profession="optician", context=CONTEXT)
        left = left_after(wanted, written)
        decision = adjudicate(
            invoice, covered("responsible"), table, profession="optician", context=CONTEXT, left=left
        )  # fmt: skip
        counted = [use for use in decision.uses if use.counter == "ceiling/optics"]
        assert sum(use.amount for use in counted) == decision.amc
        (need,) = [need for need in wanted if need.counter == "ceiling/optics"]
        assert decision.amc <= left[need.key]
        written += decision.uses
    paid = [use for use in written if use.counter == "ceiling/optics"]
    for use in paid:
        assert sum(each.amount for each in paid if use.period_start <= each.day <= use.day) <= 800_00


def test_an_everyday_invoice_needs_no_counter() -> None:
    """A table without allowances and a line that describes no equipment ask nothing of the store."""
    table = GuaranteeTable("0012345678", (ProductTable("P", "1", START, END, (("OPTI", Formula("actual-costs")),)),))
    assert needs(bill((TODAY, 100)), covered(), table, profession="optician", context=CONTEXT) == ()
    assert needs(bill((TODAY, 100)), covered(), None, profession="optician", context=CONTEXT) == ()
    assert needs(bill((TODAY, 100)), None, table, profession="optician", context=CONTEXT) == ()


def test_stale_figures_use_what_they_said() -> None:
    """A decision on an old figure says how much it takes, so that the writer under lock can see it does not fit."""
    allowance = Allowance("glasses", 15_000, "cents", "calendar-year")
    table = table_of(allowance, Formula("actual-costs", allowance="glasses"))
    invoice = bill((date(2026, 5, 1), 10_000))
    decision = adjudicate(invoice, covered(), table, profession="optician", context=CONTEXT)
    (use,) = decision.uses
    assert use == CounterUse(
        "allowance/glasses", date(2026, 1, 1), date(2026, 12, 31), 10_000, date(2026, 5, 1), "cents", free=15_000
    )


@given(days, st.sampled_from(["", "01-01", "02-29", "12-31", "07-01"]), days)
def test_contract_years_hold_their_day_and_follow_each_other(day: date, anniversary: str, opened: date) -> None:
    """A day lies in its contract year, and the day after the last opens the next one."""
    start, end = contract_year(day, anniversary, opened)
    assert start <= day <= end
    assert contract_year(end + timedelta(days=1), anniversary, opened)[0] == end + timedelta(days=1)
    assert 364 <= (end - start).days <= 365


def test_rolling_window_leaves_out_its_ends() -> None:
    """A purchase exactly so many months earlier or later does not count."""
    need = rolling_need("renewal/frame", date(2026, 11, 2), 24, (1, "units"))
    assert (need.period_start, need.period_end) == (date(2024, 11, 3), date(2028, 11, 1))
