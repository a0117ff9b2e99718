"""The invoice made from an authorization: what it must match, and what is then owed to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.authorization import AGREED, STATES
from rempart.domain.authorized import (
    GUARANTEED,
    RULE,
    Agreed,
    AgreedLine,
    Authorized,
    Billed,
    acts_of,
    match,
    owed,
    units_of,
)
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.deliveries import Part
from rempart.domain.invoice import Line
from rempart.domain.particulars import Particulars

FIRST, LATEST = date(2026, 11, 24), date(2027, 5, 22)
LEFT, RIGHT, FRAME = b"l" * 16, b"r" * 16, b"f" * 16


def agreed(**changes: Any) -> Agreed:
    """Two lenses and a frame, agreed at 100, 100 and 50 euros; 1 euro of tolerance a line, 1.50 in all."""
    lines = (
        AgreedLine(LEFT, "OPTI", 120_00, 3, 100_00),
        AgreedLine(RIGHT, "OPTI", 120_00, 3, 100_00),
        AgreedLine(FRAME, "OPTI", 90_00, 3, 50_00),
    )
    usual = Agreed(b"i" * 16, b"m" * 16, "992300010", "0000401166", AGREED, FIRST, LATEST, 100, 150, lines)
    return replace(usual, **changes)


def line(number: int = 1, amc: int = 100_00, day: date = FIRST, spent: int = 120_00) -> Line:
    return Line(number, day, "VER", "optics", 5, 60, 3, spent, amc)


def bill(*marks_and_amounts: tuple[bytes, int], day: date = FIRST) -> tuple[Billed, ...]:
    return tuple(Billed(mark, line(n, amc, day)) for n, (mark, amc) in enumerate(marks_and_amounts, 1))


WHOLE = ((LEFT, 100_00), (RIGHT, 100_00), (FRAME, 50_00))


def test_the_same_lines_in_another_order_match() -> None:
    """Each line finds its own agreed line."""
    found = match(agreed(), bill(*reversed(WHOLE)))
    assert isinstance(found, Authorized)
    assert [each.mark for each in found.lines] == [FRAME, RIGHT, LEFT]
    assert found.domains == frozenset({"OPTI"})


def test_part_of_what_was_agreed_may_be_delivered() -> None:
    """One lens of two, for instance; another act, or one lens twice, may not."""
    assert isinstance(match(agreed(), bill((LEFT, 100_00))), Authorized)
    assert match(agreed(), bill((b"x" * 16, 1))) == "authorization-acts-differ"
    assert match(agreed(), bill((LEFT, 100_00), (LEFT, 100_00))) == "authorization-quantity-over"


def test_the_rest_may_be_delivered_later_and_nothing_twice() -> None:
    """After one lens, the other and the frame; not the same lens again; two ways of one line share its units."""
    half = agreed(state="partly-invoiced", taken=(Part(0, 1, 100_00),))
    found = match(half, bill((FRAME, 50_00), (RIGHT, 100_00)))
    assert isinstance(found, Authorized)
    assert found.takes == ((2, 1), (1, 1))
    assert match(half, bill((LEFT, 100_00))) == "authorization-quantity-over"
    nights = agreed(lines=(AgreedLine(LEFT, "HOSP", 400_00, 0, 100_00, 4),))
    three = tuple(Billed(LEFT, replace(line(n, 25_00), quantity=n)) for n in (1, 2))
    assert isinstance(match(nights, three), Authorized)
    assert match(nights, (*three, Billed(LEFT, replace(line(3, 25_00), quantity=2)))) == "authorization-quantity-over"
    assert match(nights, (Billed(LEFT, replace(line(1, 51_01), quantity=2)),)) == "authorization-amount-exceeded"


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ((100, 0, 0), ""),
        ((101, 0, 0), "authorization-amount-exceeded"),
        ((75, 75, 0), ""),
        ((75, 76, 0), "authorization-amount-exceeded"),
        ((100, 100, -500), "authorization-amount-exceeded"),
        ((-5_000, -5_000, 0), ""),
    ],
)
def test_the_tolerance_holds_for_each_line_and_for_all(over: tuple[int, int, int], reason: str) -> None:
    """A line asked for less does not pay for one asked for more."""
    asked = tuple((mark, amc + more) for (mark, amc), more in zip(WHOLE, over, strict=True))
    found = match(agreed(), bill(*asked))
    assert (found if isinstance(found, str) else "") == reason


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (FIRST - timedelta(days=1), "authorization-too-early"),
        (FIRST, ""),
        (LATEST, ""),
        (LATEST + timedelta(days=1), "authorization-expired"),
    ],
)
def test_the_delivery_lies_in_the_validity_and_its_delay(day: date, reason: str) -> None:
    """Both ends are included."""
    found = match(agreed(), bill(*WHOLE, day=day))
    assert (found if isinstance(found, str) else "") == reason


@pytest.mark.parametrize("state", STATES)
def test_only_what_is_agreed_or_free_again_can_be_invoiced(state: str) -> None:
    """Live invoices that took all of it stop the next one; once they ended, a corrected one passes."""
    reasons = {
        AGREED: "", "partly-invoiced": "", "invoiced": "", "expired": "authorization-expired",
        "cancelled": "authorization-cancelled",
    }  # fmt: skip
    found = match(agreed(state=state), bill(*WHOLE))
    assert (found if isinstance(found, str) else "") == reasons.get(state, "authorization-not-agreed")
    all_of_it = tuple(Part(place, 1, 1) for place in range(3))
    assert match(agreed(state="invoiced", taken=all_of_it), bill(*WHOLE)) == "authorization-used"


def decided(reason: str = "", by: str = "formula-of-table", amc: int = 40_00, other: int = 0) -> Decision:
    """One line of 120 euros as the table of the day judges it."""
    paid = 0 if reason else amc
    one = DecidedLine(1, "OPTI", 120_00, 3, paid, 120_00 - 3 - paid - other, (RuleAmount(by, paid),), reason, other)
    return Decision("rejected" if reason else "accepted", (one,), reason)


AUTHORIZED = Authorized(b"i" * 16, (AgreedLine(LEFT, "OPTI", 120_00, 3, 100_00),))


def test_what_matches_is_owed_as_asked_whatever_the_table_says_now() -> None:
    """A table that changed, an allowance used since, rights closed since: the agreement stands."""
    for before in (decided(), decided("allowance-used", "allowance-left"), decided("table-missing")):
        found = owed(before, AUTHORIZED, (line(),))
        assert (found.outcome, found.amc, found.lines[0].patient) == ("accepted", 100_00, 120_00 - 3 - 100_00)
        assert found.lines[0].rules == (RuleAmount(RULE, 100_00),)
    closed = owed(decided("rights-closed", "rights-at-care-date"), AUTHORIZED, (line(),))
    assert closed.lines[0].rules == (RuleAmount(RULE, 100_00), RuleAmount(GUARANTEED, 100_00))


@pytest.mark.parametrize("by", ["line-sane", "care-date-possible", "domain-of-act", "amo-verified"])
def test_what_the_invoice_gets_wrong_itself_still_stops_it(by: str) -> None:
    """A wrong compulsory share, or an impossible line, is never owed."""
    found = owed(decided("amo-inconsistent", by), AUTHORIZED, (line(),))
    assert (found.outcome, found.amc) == ("rejected", 0)


@given(st.integers(0, 200_00), st.integers(0, 200_00), st.integers(0, 50_00))
def test_a_line_always_sums_to_what_was_spent(spent: int, amc: int, other: int) -> None:
    """AMO, first insurer, insurer and patient are the spent amount, and the insurer never pays beyond it."""
    amo = min(3, spent)
    asked = Line(1, FIRST, "VER", "optics", 5, 60, amo, spent, amc)
    other = min(other, spent - amo)
    one = DecidedLine(1, "OPTI", spent, amo, 0, spent - amo - other, (RuleAmount("x", 0),), "nothing-covered", other)
    (found,) = owed(Decision("rejected", (one,), "nothing-covered"), AUTHORIZED, (asked,)).lines
    assert found.spent == found.amo + found.amc + found.patient + found.other
    assert 0 <= found.amc <= amc
    assert found.patient >= 0


def test_a_mark_is_of_acts_and_not_of_amounts_or_dates() -> None:
    """The same lens at another price and day is the same act; another eye is another."""
    lens = replace(line(), particulars=Particulars("lens", "left"))
    assert acts_of(lens) == acts_of(replace(lens, amc=1, spent=2, care_date=LATEST))
    assert acts_of(lens) != acts_of(replace(lens, particulars=Particulars("lens", "right")))
    assert acts_of(lens) != acts_of(replace(lens, code="MON"))
    box = replace(line(), detail=(("LPP", "2200393", 2),), quantity=2)
    assert acts_of(box) == acts_of(replace(box, detail=(("LPP", "2200393", 1),), quantity=1))
    stay = replace(line(), particulars=Particulars("daily-fee", days=4), quantity=1)
    assert (units_of(stay), units_of(box), units_of(lens)) == (4, 2, 1)
