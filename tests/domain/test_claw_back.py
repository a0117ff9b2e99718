"""Deductions and funds in a plan: never below a transfer, never another insurer's money, every cent accounted for."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.claw_back import (
    LATE_REASONS,
    NOTICE,
    OLDEST_MONTHS,
    TRANSITIONS,
    WITHDRAWN,
    Claim,
    Paid,
    month_left,
    opening,
    refusal,
    step,
)
from rempart.domain.funds import Funds
from rempart.domain.payment import Due, Terms, plan
from rempart.domain.reasons import BY_CODE

DAY = date(2026, 11, 23)
SITES, INSURERS = ("992300010", "992300028"), ("a", "b", "c")

DUES = st.dictionaries(
    st.tuples(st.sampled_from(SITES), st.sampled_from(INSURERS)), st.tuples(st.integers(1, 900), st.integers(0, 9))
)
CLAIMS = st.lists(
    st.tuples(st.sampled_from(SITES), st.sampled_from(INSURERS), st.integers(1, 2_000), st.integers(0, 2_000)),
    max_size=6,
)
FUNDS = st.dictionaries(st.sampled_from(INSURERS), st.tuples(st.integers(-500, 1_500), st.integers(0, 500)))


def dues_of(drawn: dict[tuple[str, str], tuple[int, int]]) -> list[Due]:
    return [
        Due(site, "op", insurer, amount, 1, UUID(int=SITES.index(site) + 1), "main", oldest=oldest)
        for (site, insurer), (amount, oldest) in drawn.items()
    ]


def claims_of(drawn: list[tuple[str, str, int, int]]) -> list[Claim]:
    return [
        Claim(UUID(int=n), site, "op", insurer, left, min(left, month))
        for n, (site, insurer, left, month) in enumerate(drawn)
    ]


@given(DUES, CLAIMS, FUNDS, st.integers(1, 300))
def test_a_plan_with_deductions_and_funds_accounts_for_every_cent(
    dues: dict[tuple[str, str], tuple[int, int]],
    claims: list[tuple[str, str, int, int]],
    funds: dict[str, tuple[int, int]],
    least: int,
) -> None:
    """Transfers + deductions + what waits = what was due; claims and funds are never exceeded; a transfer stays one."""
    held = tuple(Funds("op", insurer, *figures) for insurer, figures in funds.items())
    made, wanted = dues_of(dues), claims_of(claims)
    found = plan(made, Terms(DAY, 1, least), wanted, held)
    told = sum(one.amount + one.deducted for one in found.remittances) + sum(one.amount for one in found.waiting)
    assert told == sum(due.amount for due in made)
    taken: Counter[UUID] = Counter()
    drawn: Counter[str] = Counter()
    for remittance in found.remittances:
        assert remittance.amount >= least
        parts = {part.insurer: part for part in remittance.parts}
        assert sum(part.gross for part in remittance.parts) == remittance.amount + remittance.deducted
        for one in remittance.deductions:
            taken[one.claw_back] += one.amount
            claim = wanted[one.claw_back.int]
            assert (claim.site, claim.insurer) == (remittance.site, one.insurer)
        for insurer, part in parts.items():
            assert 0 <= part.deducted <= part.gross
            drawn[insurer] += part.gross - part.deducted
    assert all(amount <= wanted[claim.int].month_left for claim, amount in taken.items())
    assert all(drawn[one.insurer] <= one.available for one in held)


@given(DUES, CLAIMS, FUNDS)
def test_the_order_in_which_dues_come_changes_nothing(
    dues: dict[tuple[str, str], tuple[int, int]],
    claims: list[tuple[str, str, int, int]],
    funds: dict[str, tuple[int, int]],
) -> None:
    """A run that died and is made again plans the same."""
    held = tuple(Funds("op", insurer, *figures) for insurer, figures in funds.items())
    made, wanted = dues_of(dues), claims_of(claims)
    assert plan(made, Terms(DAY), wanted, held) == plan(list(reversed(made)), Terms(DAY), wanted, held)


@given(st.integers(0, 500), st.integers(0, 5_000), st.integers(0, 5_000))
def test_an_instalment_is_a_month_s_most(instalment: int, left: int, taken: int) -> None:
    """Without one, all that is left."""
    found = month_left(instalment, left, taken)
    assert 0 <= found <= left
    assert found == left if not instalment else found + taken <= max(instalment, taken)


def test_reasons_have_their_sentence_and_begin_as_they_should() -> None:
    """Each is in the table that sites read; only what the site did itself needs no notice."""
    for reason in LATE_REASONS:
        assert reason.code in BY_CODE
        state, first = opening(reason.code, DAY)
        assert (state, first) == (("notified", DAY + NOTICE) if reason.notice else ("due", DAY))
    assert [reason.code for reason in LATE_REASONS if not reason.notice] == ["cancelled-after-payment"]
    assert timedelta(days=15) == NOTICE
    assert OLDEST_MONTHS == 12


def test_the_life_of_a_claim_is_closed() -> None:
    """Every state is reached; nothing that was deducted is given up; nothing follows a withdrawal."""
    reached = {state for following in TRANSITIONS.values() for state in following}
    assert reached == set(TRANSITIONS) - {""}
    assert step("due", WITHDRAWN, deducted=1) == "deducted-already"
    assert step("due", WITHDRAWN) == ""
    assert TRANSITIONS[WITHDRAWN] == frozenset()


@pytest.mark.parametrize(("guaranteed", "said"), [(True, "guarantee-stands"), (False, "")])
def test_only_closed_rights_yield_to_a_guarantee(guaranteed: bool, said: str) -> None:  # noqa: FBT001 - a table's column
    """Fraud and the others do not."""
    facts = Paid(100, 0, DAY, guaranteed)
    assert refusal("rights-closed", 100, facts, DAY) == said
    assert refusal("fraud", 100, facts, DAY) == ""
