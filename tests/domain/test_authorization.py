"""The life of an authorization, its answer and its terms: no way out of the ends, nobody bound beyond known rights."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.authorization import (
    AGREED,
    ENDED,
    HOLDING,
    INVOICED,
    PARTLY_INVOICED,
    PENDING,
    REFUSED,
    REQUESTED,
    STATES,
    TERMS,
    TRANSITIONS,
    Event,
    if_rights_end,
    replayed,
    rule,
    step,
    terms_of,
    validity,
)
from rempart.domain.decision import DecidedLine, Decision, RuleAmount

DAY = date(2026, 11, 24)
NEVER = None


def decision(amc: int = 200_00, outcome: str = "accepted", reason: str = "", domain: str = "OPTI") -> Decision:
    """One line of 300 euros."""
    line = DecidedLine(1, domain, 300_00, 3, amc, 300_00 - 3 - amc, (RuleAmount("rule", amc),), reason)
    return Decision(outcome, (line,), reason)


@given(st.lists(st.sampled_from(STATES), max_size=12))
def test_any_walk_stays_on_the_table_and_its_events_replay_to_its_state(wishes: list[str]) -> None:
    """What is refused changes nothing; what is taken is an event, and the events alone give the state back."""
    state, events = "", []
    for instant, wish in enumerate(wishes):
        found = step(state, wish, instant=instant, cause="somebody")
        if isinstance(found, Event):
            assert wish in TRANSITIONS[state]
            assert (found.state, found.instant, found.cause) == (wish, instant, "somebody")
            events.append(found)
            state = wish
        else:
            assert found == "transition-not-allowed"
            assert wish not in TRANSITIONS[state]
    assert replayed(tuple(events)) == state


@pytest.mark.parametrize("state", sorted(ENDED))
def test_there_is_no_way_out_of_an_end(state: str) -> None:
    """Refused, modified, cancelled and expired are for good; an invoiced one is not: its invoice may be cancelled."""
    assert INVOICED not in ENDED
    assert all(isinstance(step(state, other, instant=1), str) for other in STATES)


def test_the_states_are_those_of_the_trade() -> None:
    """Only what is agreed, or delivered in part, can be invoiced and holds; every state can be reached."""
    assert [state for state in STATES if INVOICED in TRANSITIONS[state]] == [AGREED, PARTLY_INVOICED]
    assert {AGREED, PARTLY_INVOICED} == HOLDING
    assert set().union(*TRANSITIONS.values()) == set(STATES)


def test_events_that_could_not_have_happened_are_a_fault() -> None:
    """Replaying what no table allows fails loudly."""
    with pytest.raises(ValueError, match="no way"):
        replayed((Event(REQUESTED, 1), Event(INVOICED, 2)))


@pytest.mark.parametrize(
    ("found", "state", "reason"),
    [
        (decision(), AGREED, ""),
        (decision(0, "rejected", "renewal-too-early"), REFUSED, "renewal-too-early"),
        (decision(0, "held", "table-missing"), PENDING, "table-missing"),
        (decision(domain="PHAR"), REFUSED, "domain-without-authorization"),
        (decision(0, "rejected", "not-confirmed", ""), REFUSED, "not-confirmed"),
    ],
)
def test_the_table_answers_or_a_case_worker_does(found: Decision, state: str, reason: str) -> None:
    """Agreed, refused with the table's reason, or waiting when the table does not say."""
    ruling = rule(found, DAY, DAY, lambda _: NEVER)
    assert (ruling.state, ruling.reason) == (state, reason)


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: terms.domain)
def test_from_its_review_amount_on_a_person_looks(terms: object) -> None:
    """One cent below it is agreed at once, at it a case worker decides."""
    most = getattr(terms, "review_from", None)
    domain = getattr(terms, "domain", "")
    assert isinstance(most, int)
    below = rule(decision(most - 1, domain=domain), DAY, DAY, lambda _: NEVER)
    at = rule(decision(most, domain=domain), DAY, DAY, lambda _: NEVER)
    assert (below.state, at.state, at.reason) == (AGREED, PENDING, "amount-to-review")


@given(st.integers(-30, 800))
def test_nobody_is_bound_beyond_the_rights_known_that_day(left: int) -> None:
    """Validity ends with the known rights at the latest, and so does the tolerance on delay; never before the day."""
    terms = terms_of("OPTI", DAY)
    assert terms is not None
    end = DAY + timedelta(days=left)
    last, latest, cut = validity(terms, DAY, end)
    assert DAY <= last <= latest <= max(end, DAY)
    assert latest <= DAY + timedelta(days=terms.days - 1 + terms.late_days)
    assert cut == (end <= DAY + timedelta(days=terms.days - 1))


def test_a_stay_that_began_already_is_covered_from_its_first_day() -> None:
    """Asked for some days after the admission, it covers from the admission on."""
    began = DAY - timedelta(days=3)
    assert rule(decision(domain="HOSP"), DAY, began, lambda _: NEVER).first == began


def test_the_answer_says_what_happens_if_rights_end() -> None:
    """One sentence, with the day, whether or not known rights cut the validity."""
    for cut in (False, True):
        assert "24/11/2026" in if_rights_end(DAY, cut=cut)
    assert if_rights_end(DAY, cut=False) != if_rights_end(DAY, cut=True)
