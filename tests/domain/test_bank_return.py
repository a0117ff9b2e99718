"""What follows from each thing a bank can say of each thing we know: a whole table, no default."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.bank_return import ACTS, AFTER, FUND_CALL, REMITTANCE, BankEntry, Known, Verdict, judge
from rempart.domain.payment import bank_reference, referenced
from rempart.domain.transfer import TRANSITIONS

DAY = date(2026, 11, 24)


def entry(outcome: Any, amount: int = 100) -> BankEntry:
    return BankEntry("RMP", outcome, "", amount, DAY)


def test_every_pair_has_its_verdict() -> None:
    """Each state of remittances and calls, against settled and rejected."""
    states = [(REMITTANCE, state) for state in TRANSITIONS if state]
    states += [(FUND_CALL, state) for state in ("called", "received", "refused")]
    assert set(ACTS) == {(*state, outcome) for state, outcome in product(states, ("settled", "rejected"))}


def test_a_verdict_that_moves_is_a_step_that_is_allowed() -> None:
    """No act leads a remittance where its life does not allow it."""
    for (kind, state, _), verdict in ACTS.items():
        if kind == REMITTANCE and verdict.act in AFTER:
            assert AFTER[verdict.act] in TRANSITIONS[state]


@given(st.sampled_from(sorted(ACTS)), st.integers(1, 500), st.integers(0, 500), st.booleans())
def test_nothing_moves_unless_all_of_it_fits(key: tuple[str, str, str], known: int, told: int, left: bool) -> None:  # noqa: FBT001 - drawn
    """Another amount, or a file that never left, is held; an amount that is not told is not compared."""
    kind, state, outcome = key
    found = judge(entry(outcome, told), Known(kind, state, known, left))
    if not left:
        assert found == Verdict("held", "not-handed-over")
    elif told not in (0, known):
        assert found == Verdict("held", "amount-differs")
    else:
        assert found == ACTS[key]


@pytest.mark.parametrize("outcome", ["settled", "rejected", "unknown"])
def test_what_is_not_ours_is_held(outcome: str) -> None:
    """Nothing that is unmatched is dropped."""
    assert judge(entry(outcome), None) == Verdict("held", "reference-unknown")


@given(st.uuids(), st.text(max_size=40))
def test_only_our_own_references_are_read_back(identity: UUID, text: str) -> None:
    """A reference gives its id again; a text of another shape gives none."""
    assert referenced(bank_reference(identity)) == identity
    assert referenced(text) is None or bank_reference(referenced(text) or identity) == text


def test_an_entry_shows_neither_amount_nor_reason() -> None:
    """What a bank writes may hold anything."""
    assert repr(entry("settled")) == "BankEntry(RMP, settled)"
