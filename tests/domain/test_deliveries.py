"""Partial deliveries: never more than was agreed, the rest always exact, and what was held comes back to the cent."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.authorization import (
    AGREED,
    CANCELLED,
    ENDED,
    EXPIRED,
    HOLDING,
    INVOICED,
    PARTLY_INVOICED,
    REQUESTED,
    Event,
    replayed,
    step,
)
from rempart.domain.deliveries import (
    AgreedLine,
    HeldLine,
    Part,
    Room,
    Tolerance,
    agreed_for,
    drawn,
    held_for,
    refused,
    rest_of,
    rooms,
    share_of,
    state_of,
)

LEFT, RIGHT = (
    AgreedLine(b"l" * 16, "AUDI", 1_100_00, 240_00, 710_00),
    AgreedLine(b"r" * 16, "AUDI", 1_100_00, 0, 710_00),
)
NIGHTS = AgreedLine(b"n" * 16, "HOSP", 400_00, 0, 100_00, 4)
EARS = (LEFT, RIGHT)
NONE = Tolerance(0, 0)


def test_two_ears_are_delivered_one_after_the_other() -> None:
    """The first makes it partly invoiced, the second invoices it; then nothing is left."""
    first, second = [Part(0, 1, 710_00)], [Part(1, 1, 710_00)]
    assert refused(EARS, [], first, NONE) == ""
    assert (state_of(EARS, []), state_of(EARS, first), state_of(EARS, first + second)) == (
        AGREED, PARTLY_INVOICED, INVOICED,
    )  # fmt: skip
    assert rest_of(EARS, first) == [0, 1]
    assert refused(EARS, first, first, NONE) == "authorization-quantity-over"
    assert refused(EARS, first, second, NONE) == ""
    assert refused(EARS, first + second, second, NONE) == "authorization-used"


@pytest.mark.parametrize(
    ("taken", "asked", "reason"),
    [
        ((), (2, 50_00), ""),
        ((), (2, 51_00), ""),
        ((), (2, 51_01), "authorization-amount-exceeded"),
        ((Part(0, 2, 51_00),), (2, 50_01), "authorization-amount-exceeded"),
        ((Part(0, 2, 51_00),), (2, 50_00), ""),
        ((Part(0, 2, 40_00),), (2, 61_00), ""),
        ((Part(0, 2, 50_00),), (3, 50_00), "authorization-quantity-over"),
    ],
)
def test_the_tolerance_is_that_of_the_whole(taken: tuple[Part, ...], asked: tuple[int, int], reason: str) -> None:
    """Four nights agreed at 100 euros, 1 euro of tolerance: what one part took of it the next has no more."""
    assert refused((NIGHTS,), taken, [Part(0, *asked)], Tolerance(100, 100)) == reason


def test_the_total_tolerance_holds_over_lines_and_invoices() -> None:
    """One line's excess in the first invoice counts against another line's in the second."""
    first = [Part(0, 1, 710_60)]
    assert refused(EARS, first, [Part(1, 1, 710_90)], Tolerance(100, 150)) == ""
    assert refused(EARS, first, [Part(1, 1, 710_91)], Tolerance(100, 150)) == "authorization-amount-exceeded"


LINES = st.lists(
    st.builds(
        AgreedLine, st.just(b"m" * 16), st.just("OPTI"), st.just(500_00), st.just(0), st.integers(0, 300_00),
        st.integers(1, 6),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@dataclass
class Life:
    """One authorization and its counter, as storage plays them: parts of live invoices, entries held and spent."""

    lines: list[AgreedLine]
    holds: list[HeldLine]
    tolerance: Tolerance
    state: str = AGREED
    invoices: dict[int, list[Part]] = field(default_factory=dict)
    spent: dict[int, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=lambda: [Event(REQUESTED, 0), Event(AGREED, 0)])
    held: int = 0

    def taken(self) -> list[Part]:
        return [part for parts in self.invoices.values() for part in parts]

    def move(self, following: str) -> None:
        event = step(self.state, following, instant=len(self.events))
        assert isinstance(event, Event), (self.state, following)
        self.events.append(event)
        self.state = following

    def deliver(self, invoice: int, wanted: list[Part]) -> str:
        if self.state not in HOLDING:
            return "over"
        taken = self.taken()
        reason = refused(self.lines, taken, wanted, self.tolerance)
        if reason:
            return reason
        drawings = []
        for part in wanted:
            before = sum(other.units for other in taken if other.line == part.line)
            drawings += [
                drawn(hold, self.lines[part.line], before, part) for hold in self.holds if hold.line == part.line
            ]
        released = min(sum(released for released, _ in drawings), self.held)
        self.spent[invoice] = min(sum(spent for _, spent in drawings), self.held)
        self.held -= released
        self.invoices[invoice] = wanted
        self.move(state_of(self.lines, self.taken()))
        if self.state == INVOICED:
            self.held = 0
        return ""

    def cancel_invoice(self, invoice: int) -> None:
        if invoice in self.invoices:
            del self.invoices[invoice]
            back = self.spent.pop(invoice)
            if self.state in HOLDING | {INVOICED}:
                self.held += back
                self.move(state_of(self.lines, self.taken()))

    def end(self, how: str) -> int:
        if self.state not in HOLDING:
            return 0
        given, self.held = self.held, 0
        self.move(how)
        return given


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("deliver"), st.integers(0, 3), st.integers(1, 6), st.integers(0, 310_00)),
        st.tuples(st.just("cancel"), st.integers(0, 8)),
        st.tuples(st.sampled_from((CANCELLED, EXPIRED))),
    ),
    max_size=14,
)


@given(LINES, MOVES, st.integers(0, 100), st.integers(0, 200))
def test_whatever_is_delivered_cancelled_or_ended_the_sums_hold(
    lines: list[AgreedLine], moves: list[tuple[object, ...]], per_line: int, total: int
) -> None:
    """Never more units or cents than agreed; spent + held never more than was held; ended, nothing is held."""
    holds = [HeldLine(place, 0, "cents", line.amc // 2, line.amc - line.amc // 2) for place, line in enumerate(lines)]
    whole = sum(hold.amount for hold in holds)
    life = Life(lines, holds, Tolerance(per_line, total), held=whole)
    for number, move in enumerate(moves):
        if move[0] == "deliver":
            line, units, amc = (int(str(value)) for value in move[1:])
            life.deliver(number, [Part(line % len(lines), units, amc)])
        elif move[0] == "cancel":
            life.cancel_invoice(int(str(move[1])))
        else:
            held = life.held
            assert life.end(str(move[0])) in {0, held}
        taken = life.taken()
        assert all(0 <= rest <= line.units for rest, line in zip(rest_of(lines, taken), lines, strict=True))
        assert sum(part.amc for part in taken) <= sum(line.amc for line in lines) + total + len(lines)
        assert life.held >= 0
        assert sum(life.spent.values()) + life.held <= whole
        if life.state in ENDED or life.state == INVOICED:
            assert life.held == 0
        else:
            assert life.state == state_of(lines, taken)
    assert replayed(tuple(life.events)) == life.state


@given(st.integers(0, 10_000), st.integers(1, 9), st.lists(st.integers(1, 3), max_size=9))
def test_parts_of_a_whole_sum_to_it(amount: int, units: int, parts: list[int]) -> None:
    """Whatever the parts, none is lost and none is invented; with the last unit the whole is gone."""
    before = given_out = 0
    for now in parts:
        if before + now > units:
            break
        given_out += share_of(amount, units, before=before, now=now)
        before += now
        assert 0 <= given_out <= amount
    assert given_out + share_of(amount, units, before=before, now=units - before) == amount


@given(st.builds(AgreedLine, st.just(b""), st.just(""), st.just(0), st.just(0), st.integers(0, 999), st.integers(1, 7)))
def test_no_rounding_of_a_part_is_too_much(line: AgreedLine) -> None:
    """What is agreed for some units is theirs by proportion or a cent above; for all it is what was agreed."""
    assert agreed_for(line, line.units) == line.amc
    for units in range(line.units + 1):
        assert 0 <= agreed_for(line, units) * line.units - line.amc * units < line.units


def test_a_line_delivered_for_less_spends_less_and_releases_all() -> None:
    """Agreed at 100 of which 60 from the allowance: at 100, 70 and 30 it spends 60, 30 and nothing; units whole."""
    held, line = HeldLine(0, 0, "cents", 60_00, 40_00), AgreedLine(b"", "OPTI", 0, 0, 100_00)
    assert [drawn(held, line, 0, Part(0, 1, amc))[1] for amc in (101_00, 100_00, 70_00, 30_00)] == [6000, 6000, 3000, 0]
    assert {drawn(held, line, 0, Part(0, 1, amc))[0] for amc in (100_00, 0)} == {60_00}
    renewal = HeldLine(0, 1, "units", 2, 0)
    assert drawn(renewal, line._replace(units=2), 0, Part(0, 1, 1)) == (1, 1)


def test_what_a_case_worker_agrees_is_held_beyond_the_other_part() -> None:
    """More than the table comes out of the allowance too, less of it first; a line agreed at nothing holds nothing."""
    held = HeldLine(0, 0, "cents", 60_00, 40_00)
    assert [held_for(held, amc) for amc in (0, 30_00, 40_00, 100_00, 150_00)] == [0, 0, 0, 60_00, 110_00]
    assert [held_for(HeldLine(0, 0, "units", 2, 0), amc) for amc in (0, 1)] == [0, 2]


def test_lines_that_share_an_allowance_are_told_what_is_left_in_order() -> None:
    """Two lines of 80 from one allowance with 100 left: the second is told 20; a used renewal leaves no room."""
    both = [(HeldLine(line, 0, "cents", 80_00, 0), 100_00) for line in (0, 1)]
    assert rooms(both, [(0, 80_00), (1, 80_00)]) == [Room(0, 80_00), Room(1, 20_00)]
    assert rooms(both, [(0, 0), (1, 80_00)]) == [Room(0, 0), Room(1, 80_00)]
    assert rooms([(HeldLine(0, 0, "units", 1, 0), 0)], [(0, 500_00)]) == [Room(0, 0)]
    assert rooms([], [(0, 500_00)]) == [Room(0, 500_00)]
