"""Estimates: the very rules of a decision, before there is an invoice."""

from __future__ import annotations

from datetime import date

from rempart.domain.adjudication import Context, adjudicate
from rempart.domain.allowances import Allowance
from rempart.domain.estimate import asked_invoice, estimate, estimate_needs, stay_lines
from rempart.domain.guarantee import Case, Formula, GuaranteeTable, ProductTable
from rempart.domain.invoice import Line
from rempart.domain.particulars import Particulars
from rempart.domain.rights import DOMAINS, Coverage, Period

START, END = date(2024, 1, 1), date(2027, 12, 31)
DAY = date(2026, 2, 27)
CONTEXT = Context(DAY)
COVERAGE = Coverage(1, "P", "1", "responsible", tuple(Period(domain, START, END, "100") for domain in DOMAINS))
TM = Formula("ticket-moderateur")


def table(**formulas: Formula) -> GuaranteeTable:
    rooms = (Case((Formula("amount-per-day", amount=5000, allowance="rooms"),), items=("private-room",)),)
    allowances = (Allowance("rooms", 15_000, "cents", "calendar-year"),)
    version = ProductTable("P", "1", START, END, tuple(formulas.items()), (("HOSP", rooms),), allowances)
    return GuaranteeTable("0012345678", (version,))


def line(family: str, base: int, rate: int, spent: int, particulars: Particulars | None = None) -> Line:
    return Line(1, DAY, "", family, base, rate, 0, spent, 0, particulars=particulars)


def test_patient_knows_what_is_left_of_a_consultation() -> None:
    """30.00 at 70 %: AMO 21.00, the contract 9.00, the patient the overrun of 20.00, each step named."""
    lines = (line("consultation", 3000, 70, 5000),)
    found = estimate(lines, COVERAGE, table(MED=TM), profession="doctor", context=CONTEXT)
    (one,) = found.lines
    assert (found.outcome, one.amo, one.amc, one.patient) == ("accepted", 2100, 900, 2000)
    assert tuple(step.rule for step in one.rules) == ("ticket-moderateur", "formula-of-table")
    assert (found.amo, found.amc, found.patient) == (2100, 900, 2000)


def test_stay_across_the_first_of_march_is_estimated_day_by_day() -> None:
    """Stay 80 %, four days of fee at two tariffs, a room by the day out of its allowance."""
    room = Particulars(item="private-room", days=4)
    stay = line("hospital-stay", 100_000, 80, 100_000)
    lines = (stay, *stay_lines(DAY, 4), line("hospital-stay", 0, 0, 24_000, room))
    found = estimate(lines, COVERAGE, table(HOSP=TM), profession="hospital", context=CONTEXT)
    assert [(each.spent, each.amo, each.amc, each.patient) for each in found.lines] == [
        (100_000, 80_000, 20_000, 0),
        (8_600, 0, 8_600, 0),
        (24_000, 0, 15_000, 9_000),
    ]
    assert stay_lines(DAY, 0) == ()
    assert stay_lines(DAY, 2, psychiatry=True)[0].spent == 3_000


def test_counters_are_read_and_nothing_is_used() -> None:
    """What is left of an allowance lowers the estimate; an estimate has no use to write."""
    room = Particulars(item="private-room", days=4)
    lines = (line("hospital-stay", 0, 0, 24_000, room),)
    (need,) = estimate_needs(lines, COVERAGE, table(HOSP=TM), profession="hospital", context=CONTEXT)
    found = estimate(lines, COVERAGE, table(HOSP=TM), profession="hospital", context=CONTEXT, left={need.key: 1_000})
    assert (found.amc, found.patient) == (1_000, 23_000)
    assert found.uses == ()


def test_estimate_is_the_decision_of_the_same_lines() -> None:
    """The invoice made from an estimate is decided as estimated."""
    lines = (line("consultation", 3000, 70, 5000), line("radiology", 6000, 70, 8000))
    made = table(MED=Formula("percent-including-amo", percent=150), RADL=TM)
    found = estimate(lines, COVERAGE, made, profession="doctor", context=CONTEXT)
    decided = adjudicate(asked_invoice(lines), COVERAGE, made, profession="doctor", context=CONTEXT)
    assert [(x.amo, x.amc, x.patient) for x in found.lines] == [(x.amo, x.amc, x.patient) for x in decided.lines]


def test_nothing_to_estimate_is_said() -> None:
    """No line gives the reason of an invoice without acts; a table that does not answer is told as held."""
    assert estimate((), COVERAGE, table(MED=TM), profession="doctor", context=CONTEXT).reason == "no-lines"
    found = estimate((line("consultation", 3000, 70, 3000),), COVERAGE, None, profession="doctor", context=CONTEXT)
    assert (found.outcome, found.reason) == ("held", "table-missing")
