"""Two tables over past lines: sums right, and nothing about fewer than eleven people."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.allowances import Allowance
from rempart.domain.guarantee import Case, Formula, GuaranteeTable, Membership, ProductTable
from rempart.domain.invoice import Line
from rempart.domain.table_diff import LEAST_PEOPLE, Cell, PastLine, compare, merged

DAY = date(2026, 5, 4)


def table(percent: int) -> GuaranteeTable:
    formula = Formula("percent-including-amo", percent=percent)
    products = tuple(
        ProductTable(code, "1", date(2026, 1, 1), date.max, (("MED", formula), ("LABO", formula)))
        for code in ("P", "Q")
    )
    return GuaranteeTable("0012345678", products)


def past(person: int, product: str = "P", family: str = "consultation", rate: int = 70) -> PastLine:
    amo = 3000 * rate // 100
    line = Line(1, DAY, "", family, 3000, rate, amo, 6000, 6000 - amo)
    profession = "doctor" if family == "consultation" else "laboratory"
    return PastLine(f"p{person}", product, "1", "responsible", profession, line)


def test_each_cell_sums_what_both_tables_pay() -> None:
    """Twelve people at 100 % and 150 % of 30.00: 9.00 and 24.00 each."""
    (cell,) = compare(table(100), table(150), [past(person) for person in range(12)])
    assert (cell.product, cell.domain, len(cell.people), cell.lines) == ("P/1", "MED", 12, 12)
    assert (cell.before, cell.after, cell.held) == (12 * 900, 12 * 2400, 0)


def test_ten_people_are_not_shown() -> None:
    """Ten people alone give nothing; ten people with twenty lines give nothing either."""
    assert compare(table(100), table(150), [past(person % 10) for person in range(20)]) == ()


def test_a_small_cell_hides_in_a_big_one() -> None:
    """Three people of another product are merged with twelve of the first, so no difference tells about the three."""
    lines = [past(person) for person in range(12)] + [past(100 + person, "Q") for person in range(3)]
    (cell,) = compare(table(100), table(150), lines)
    assert (cell.product, len(cell.people), cell.lines) == ("others", 15, 15)


def test_a_site_that_asked_what_the_table_gave_would_ask_what_the_new_one_gives() -> None:
    """Asked 9.00 as 100 % gives: 24.00 under 150 %. Asked 5.00, less than was given: 5.00 of both."""
    for asked, after in ((900, 2400), (1000, 2400), (500, 500)):
        lines = [past(person)._replace(line=replace(past(0).line, amc=asked)) for person in range(11)]
        (cell,) = compare(table(100), table(150), lines)
        assert (cell.before, cell.after) == (11 * min(asked, 900), 11 * after)


def test_lines_of_one_invoice_are_decided_together() -> None:
    """An act of 100.00 a calendar year: two lines of one invoice share it, two invoices each have all of it."""
    formula = Formula("actual-costs", allowance="year")
    whole = ProductTable(
        "P", "1", date(2026, 1, 1), date.max, (("MED", formula),),
        allowances=(Allowance("year", 10_000, "cents", "calendar-year"),), kind="scheme",
    )  # fmt: skip
    given = GuaranteeTable("0012345678", (whole,))
    dear = replace(past(0).line, spent=12_100, amc=10_000)

    def paid(words: tuple[str, str]) -> int:
        lines = [
            past(person)._replace(kind="scheme", line=replace(dear, number=number), invoice=word)
            for person in range(11) for number, word in enumerate(words, 1)
        ]  # fmt: skip
        (cell,) = compare(given, given, lines)
        return cell.before // 11

    assert paid(("one", "one")) == 10_000
    assert paid(("one", "two")) == paid(("", "")) == 20_000


def test_the_site_is_in_the_networks_that_each_table_says() -> None:
    """A case for a network pays where the new table lists the site, and not where the old one does not."""
    cases = (("MED", (Case((Formula("percent-including-amo", percent=200),), network="in"),)),)
    old = GuaranteeTable(
        "0012345678", tuple(replace(one, cases=cases, networks=("N",)) for one in table(100).products)
    )  # fmt: skip
    new = replace(old, members=(Membership("N", "123456782", date(2026, 1, 1)),))
    lines = [past(person)._replace(site="123456782") for person in range(11)]
    (cell,) = compare(old, new, lines)
    assert (cell.before, cell.after) == (11 * 900, 11 * 3900)


def test_a_table_that_does_not_answer_is_told() -> None:
    """A product that the new table does not hold is counted as held."""
    (cell,) = compare(table(100), GuaranteeTable("0012345678", table(100).products[1:]), [past(n) for n in range(11)])
    assert (cell.after, cell.held) == (0, 11)


@given(
    st.lists(
        st.tuples(st.sampled_from("PQRS"), st.sampled_from(["MED", "OPTI", "LABO"]), st.integers(1, 30)), max_size=8,
        unique_by=lambda cell: cell[:2],
    )
)  # fmt: skip
def test_merging_keeps_the_sums_and_never_shows_few(given: list[tuple[str, str, int]]) -> None:
    """Every cell shown holds eleven people or more, and all cells together lose nothing once anything is shown."""
    cells = [
        Cell(product, domain, frozenset(f"{product}{domain}{n}" for n in range(people)), people, people * 2, people * 3)
        for product, domain, people in given
    ]
    shown = merged(cells)
    assert all(len(cell.people) >= LEAST_PEOPLE for cell in shown)
    if shown:
        assert sum(cell.before for cell in shown) == sum(cell.before for cell in cells)
        assert sum(cell.lines for cell in shown) == sum(cell.lines for cell in cells)
    else:
        assert len(frozenset[str]().union(*(cell.people for cell in cells))) < LEAST_PEOPLE
