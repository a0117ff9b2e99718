"""The life of an invoice: only the visible transitions happen, whatever is tried."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rempart.domain.invoice_states import (
    ACCEPTED,
    ACKNOWLEDGED,
    CANCELLED,
    HELD,
    LIVE,
    PAID,
    RECEIVED,
    REFUSED,
    REJECTED,
    STATES,
    TRANSITIONS,
    WAITING,
    Event,
    step,
)


class Life(RuleBasedStateMachine):
    """Tries any step at any time; only allowed ones leave an event."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []

    @property
    def present(self) -> str:
        return self.events[-1].state if self.events else ""

    @rule(following=st.sampled_from((*STATES, "no-such-state", "")), instant=st.integers(0, 2**60))
    def attempt(self, following: str, instant: int) -> None:
        event = step(self.present, following, instant=instant, cause="test")
        if following in TRANSITIONS[self.present]:
            assert event == Event(following, instant, "test")
        if isinstance(event, Event):
            self.events.append(event)
        else:
            assert event == "transition-not-allowed"

    @invariant()
    def is_paid_only_after_acceptance_and_again_only_when_it_came_back(self) -> None:
        states = [event.state for event in self.events]
        for before, state, after in zip(states, states[1:], [*states[2:], ""], strict=False):
            if state == PAID:
                assert before == ACCEPTED
                assert after in ("", ACCEPTED)

    @invariant()
    def begins_by_being_received_and_ends_for_good(self) -> None:
        states = [event.state for event in self.events]
        assert states[:1] in ([], [RECEIVED])
        for final in (REFUSED, CANCELLED):
            assert final not in states[:-1]


Life.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestLife = Life.TestCase


def test_every_state_can_be_reached_and_names_known_states() -> None:
    """The table is closed, and nothing in it is unreachable."""
    reached, frontier = set[str](), {""}
    while frontier:
        reached |= frontier
        frontier = {after for state in frontier for after in TRANSITIONS[state]} - reached
    assert reached == set(TRANSITIONS)


def test_what_is_decided_badly_frees_its_number() -> None:
    """Rejected, refused and cancelled invoices are not live; all others are."""
    assert set(STATES) - LIVE == {REJECTED, REFUSED, CANCELLED}


def test_nothing_paid_can_be_cancelled() -> None:
    """Money that left is taken back by a transfer, not by a state; an unpaid invoice can be cancelled."""
    assert step(PAID, CANCELLED, instant=1) == "transition-not-allowed"
    for state in (ACKNOWLEDGED, WAITING, HELD, ACCEPTED, REJECTED):
        assert isinstance(step(state, CANCELLED, instant=1), Event)
