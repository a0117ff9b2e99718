"""What a case worker's agreement holds where the table gave nothing: what the line draws on by the table, no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from rempart.application.counting import Place
from rempart.application.holding import LineHold, line_holds, standing_alone
from rempart.domain.adjudication import Context, adjudicate
from rempart.domain.allowances import Allowance, CounterKey, CounterNeed
from rempart.domain.authorization import PENDING, rule
from rempart.domain.counters import needs
from rempart.domain.decision import Decision
from rempart.domain.deliveries import held_for, rooms
from rempart.domain.guarantee import Case, Formula, GuaranteeTable, ProductTable
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.particulars import Particulars
from rempart.domain.rights import Coverage, Period

DAY = date(2026, 11, 24)
START, END = date(2024, 1, 1), date(2027, 12, 31)
COVERED = Coverage(1, "P", "1", "scheme", tuple(Period(each, START, END, "100") for each in ("DEPR", "DESO")))
IMPLANTS = Allowance("implants", 600_00, "cents", "calendar-year")
CASES = (
    Case(codes=("IMP",), pays=(Formula("ticket-moderateur"), Formula("actual-costs", allowance="implants"))),
)  # fmt: skip
TABLE = GuaranteeTable("0012345678", (ProductTable("P", "1", START, END, (), (("DEPR", CASES),), (IMPLANTS,)),))
"""Implants are paid out of an allowance; of everything else this product says nothing."""


def line(number: int, code: str, spent: int) -> Line:
    return Line(number, DAY, code, "dental-prosthesis", 100_00, 60, 60_00, spent, spent - 60_00)


def quote(*lines: Line) -> Invoice:
    sums = [sum(column) for column in zip(*((x.spent, x.amo, x.amc) for x in lines), strict=True)]
    return Invoice(
        "992300010", "000000001", DAY, Presented("0012345678", "INVENTED", None, "800101", "1"), lines, *sums
    )  # fmt: skip


def wanted(invoice: Invoice) -> tuple[CounterNeed, ...]:
    return needs(invoice, COVERED, TABLE, profession="dentist", context=Context(DAY))


def held_of(invoice: Invoice, left: dict[CounterKey, int] | None = None) -> tuple[Decision, tuple[LineHold, ...]]:
    """The table's decision on a quote, and what its lines would hold once a case worker agrees."""

    def decide(asked: Invoice) -> Decision:
        return adjudicate(asked, COVERED, TABLE, profession="dentist", context=Context(DAY), left=left or {})

    decision = decide(invoice)
    places = tuple(Place(bytes([number]) * 16, need) for number, need in enumerate(wanted(invoice)))
    alone = standing_alone(decision, invoice, decide)
    lines = [(x, one, wanted(replace(invoice, lines=(x,)))) for x, one in zip(invoice.lines, alone, strict=True)]
    return decision, line_holds(places, lines)


def test_a_line_held_up_by_a_silent_one_holds_its_allowance_and_no_ticket_moderateur() -> None:
    """The table pays 440 out of the allowance after a ticket moderateur of 40; agreed at 480 it holds those 440."""
    decision, (hold,) = held_of(quote(line(1, "CROWN", 500_00), line(2, "IMP", 540_00)))
    assert (decision.outcome, [one.amc for one in decision.lines]) == ("held", [0, 0])
    assert rule(decision, DAY, DAY, lambda _: END).state == PENDING
    assert (hold.held.line, hold.at.need.counter, hold.held.outside) == (1, "allowance/implants", 40_00)
    assert [held_for(hold.held, amc) for amc in (480_00, 300_00, 40_00, 0)] == [440_00, 260_00, 0, 0]


def test_where_the_allowance_was_used_up_the_case_worker_is_told_that_nothing_is_left() -> None:
    """Of a line that the table gives its ticket moderateur alone, more is not agreed out of an empty allowance."""
    asked = quote(line(1, "CROWN", 500_00), line(2, "IMP", 540_00))
    (need,) = wanted(asked)
    _, (hold,) = held_of(asked, {need.key: 0})
    (room,) = rooms([(hold.held, 0)], [(1, 480_00)])
    assert room.most == 40_00
    assert held_for(hold.held, 480_00) == 440_00


@pytest.mark.parametrize("lines", [(line(1, "CROWN", 500_00),), (line(1, "CROWN", 500_00), line(2, "CROWN", 90_00))])
def test_where_the_table_names_no_allowance_there_is_nothing_to_hold(lines: tuple[Line, ...]) -> None:
    """Silent about every line: the quote waits, reads no counter, and its agreement holds none."""
    decision, holds = held_of(quote(*lines))
    assert (decision.outcome, decision.reason) == ("held", "table-missing")
    assert (wanted(quote(*lines)), holds) == ((), ())


def test_a_quote_that_the_table_answers_keeps_its_own_decision() -> None:
    """Nothing is decided apart where nothing holds the quote up: two lines share the allowance in their order."""
    asked = quote(line(1, "IMP", 540_00), line(2, "IMP", 540_00))
    decision, holds = held_of(asked)
    assert [one.amc for one in decision.lines] == [480_00, 200_00]
    assert [(hold.held.amount, hold.held.outside) for hold in holds] == [(440_00, 40_00), (160_00, 40_00)]


def test_a_case_worker_stays_below_the_optical_ceiling_a_first_insurer_inside() -> None:
    """Of 420 for simple lenses a first insurer's 50 are the ceiling's too: 370 are held and no more can be agreed."""
    covered = Coverage(1, "P", "1", "responsible", (Period("OPTI", START, END, "100"),))
    table = GuaranteeTable("0012345678", (ProductTable("P", "1", START, END, (("OPTI", Formula("actual-costs")),)),))
    told = Particulars(item="lens", side="left", basket="B", first_paid=50_00)
    asked = quote(Line(1, DAY, "VER", "optics", 5, 60, 3, 500_00, 499_97, particulars=told))
    wishes = needs(asked, covered, table, profession="optician", context=Context(DAY))
    decision = adjudicate(asked, covered, table, profession="optician", context=Context(DAY))
    places = tuple(Place(bytes([number]) * 16, need) for number, need in enumerate(wishes))
    _, ceiling = line_holds(places, [(asked.lines[0], decision.lines[0], wishes)])
    assert (decision.amc, ceiling.at.need.counter, ceiling.held.amount) == (370_00, "ceiling/optics", 420_00)
    assert [held_for(ceiling.held, amc) for amc in (370_00, 100_00, 0)] == [420_00, 150_00, 0]
    assert [rooms([(ceiling.held, free)], [(0, 449_97)])[0].most for free in (420_00, 60_00, 10_00)] == [
        370_00,
        10_00,
        0,
    ]
