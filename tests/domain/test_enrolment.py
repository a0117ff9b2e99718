"""Joining: every step that there is and no other, what cannot be chosen, and whose word is taken."""

from __future__ import annotations

from itertools import product

import pytest

from rempart.domain.enrolment import (
    APPROVED,
    ASKED,
    AWAITING,
    ENDED,
    EXPIRED,
    TRANSITIONS,
    Choice,
    Place,
    Step,
    Word,
    choice_refusal,
    present,
    step,
    word_refusal,
)

PLACE = Place("990000002", "21", "L")
GOOD = Choice("123456782", PLACE, registered=False, directory="listed")
WORD = Word("Anne", "the switchboard", "")


def test_nothing_leaves_an_end_and_nothing_is_approved_without_waiting() -> None:
    """All pairs of states: what ended stays, and only what waits for the operator is approved or refused."""
    for before, after in product(TRANSITIONS, TRANSITIONS):
        allowed = step(before, after) == ""
        assert not (before in ENDED and allowed)
        if after in {APPROVED, "refused", "documents"} and allowed:
            assert before == AWAITING
        if before == "":
            assert allowed == (after == ASKED)
    assert step("unheard-of", ASKED) == "transition-not-allowed"


def test_what_is_too_old_has_expired_whether_or_not_that_was_written() -> None:
    """From the very instant on; what ended before is what it was."""
    asked, approved = Step(1, ASKED, "person", "", 10), Step(2, APPROVED, "Bruno", "", 20)
    assert present([asked], 100, 99) == ASKED
    assert present([asked], 100, 100) == EXPIRED
    assert present([asked, approved], 100, 1_000) == APPROVED
    assert present([], 100, 0) == ""


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        (GOOD, ""),
        (Choice("123456782", Place("", "60", "L"), registered=False, directory="no-finess"), ""),
        (Choice("123456782", PLACE, registered=False, directory="unlisted"), ""),
        (Choice("123456782", None, registered=False, directory="listed"), "place-unknown"),
        (Choice("123456783", PLACE, registered=False, directory="listed"), "site-malformed"),
        (Choice("123456782", PLACE, registered=False, directory="ended"), "place-ended"),
        (Choice("123456782", PLACE, registered=True, directory="listed"), "site-registered"),
    ],
)
def test_what_cannot_be_chosen(choice: Choice, code: str) -> None:
    """The first reason is told."""
    assert choice_refusal(choice) == code


def test_two_officers_are_two_people() -> None:
    """Spaces and case make nobody another; a word without a call is none."""
    assert word_refusal(WORD, AWAITING, []) == ""
    assert word_refusal(WORD, AWAITING, ["Bruno"]) == ""
    assert word_refusal(WORD, AWAITING, ["  ANNE "]) == "officer-already-spoke"
    assert word_refusal(WORD._replace(called_back=" "), AWAITING, []) == "not-called-back"
    assert word_refusal(WORD._replace(officer=""), AWAITING, []) == "officer-missing"
    for state in TRANSITIONS:
        assert (word_refusal(WORD, state, []) == "") == (state == AWAITING)
