"""A bulk download is an export: who must have signed, for what, for how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.api.authority import ACTIONS, DESKS, ON_PROBATION
from rempart.domain.authorities import EXPORT_SECOND, EXPORT_SIGN, INSURER_ROLES, READ, SITE_ROLES, actions
from rempart.domain.exports import (
    EXPORTS,
    NEEDS_SECOND,
    NEEDS_SIGNATURE,
    REMITTANCE,
    SECOND_FOR,
    SIGNED_FOR,
    Asker,
    Limits,
    Signature,
    lasts,
    missing,
)
from rempart.ground.options import Exports

ME, NOW = Asker("a1", b"12345678"), 1_000_000
LIMITS = Limits()


def mine(**changed: object) -> Signature:
    return Signature(ME.account, ME.account, ME.session, 640, NOW + 1)._replace(**changed)  # type: ignore[arg-type]  # the fields of the test


def theirs(**changed: object) -> Signature:
    return mine(account="a2", session=b"abcdefgh")._replace(**changed)  # type: ignore[arg-type]  # the fields of the test


@pytest.mark.parametrize(
    ("invoices", "signed", "found"),
    [
        (50, [], ""),
        (51, [], NEEDS_SIGNATURE),
        (51, [mine()], ""),
        (500, [mine()], ""),
        (501, [mine()], NEEDS_SECOND),
        (501, [theirs()], NEEDS_SIGNATURE),
        (501, [mine(), theirs()], ""),
        (501, [mine(), mine(session=b"abcdefgh")], NEEDS_SECOND),
    ],
)
def test_small_files_are_free_and_the_largest_ask_for_two(invoices: int, signed: list[Signature], found: str) -> None:
    """Up to 50 nothing, up to 500 one's own, above that another account's too."""
    assert missing(LIMITS, invoices, ME, signed, instant=NOW) == found


@pytest.mark.parametrize(
    "stale",
    [mine(until=NOW), mine(session=b"abcdefgh"), mine(invoices=59), mine(taker="a2"), mine(account="a2")],
    ids=["over", "another session", "fewer invoices", "for somebody else", "by somebody else"],
)
def test_a_signature_of_something_else_lets_nothing_leave(stale: Signature) -> None:
    """Fresh, of this session, of a file no smaller, for and by who fetches."""
    assert missing(LIMITS, 60, ME, [stale], instant=NOW) == NEEDS_SIGNATURE


@pytest.mark.parametrize("stale", [theirs(until=NOW), theirs(invoices=639), theirs(taker="a3")])
def test_a_second_word_of_something_else_is_none(stale: Signature) -> None:
    """The second person signs the same for the same taker."""
    assert missing(LIMITS, 640, ME, [mine(), stale], instant=NOW) == NEEDS_SECOND


@given(st.integers(1, 2000), st.lists(st.builds(mine, until=st.integers(0, NOW), invoices=st.integers(1, 2000))))
def test_what_is_over_never_counts(invoices: int, signed: list[Signature]) -> None:
    """However many old signatures there are, a large file stays."""
    assert bool(missing(LIMITS, invoices, ME, signed, instant=NOW)) is (invoices > LIMITS.signed_above)


def test_ones_own_signature_is_short_and_a_colleagues_stands_for_a_day() -> None:
    """15 minutes, 24 hours."""
    assert (lasts(own=True), lasts(own=False)) == (SIGNED_FOR, SECOND_FOR) == (900_000_000, 86_400_000_000)


def test_who_reads_payments_may_sign_and_who_answers_for_the_place_may_second() -> None:
    """Staff sign for their own file and second nobody; on probation nobody signs."""
    for role in SITE_ROLES:
        assert {READ, EXPORT_SIGN} <= set(actions(role))
    assert {role for role in (*SITE_ROLES, *INSURER_ROLES) if EXPORT_SECOND in actions(role)} == {
        "professional", "manager", "insurer-manager"
    }  # fmt: skip
    for role in (*SITE_ROLES, *INSURER_ROLES):
        assert not {EXPORT_SIGN, EXPORT_SECOND} & set(actions(role, probation=True))


def test_every_form_of_an_advice_is_an_export_and_waits_out_a_probation() -> None:
    """The table of exports names what probation withholds of remittances, and the advice as a JSON file beside it."""
    papers = {each for each in ON_PROBATION if each.endswith("Remittance")}
    assert set(EXPORTS[REMITTANCE]) == {*papers, "ReadRemittance"}
    assert {each for forms in EXPORTS.values() for each in forms if each in {*ACTIONS, *DESKS}} == {
        "DeskFetchSettlement"
    }


def test_an_operator_may_ask_for_more_signatures_and_never_for_fewer() -> None:
    """The options' own bounds are the table's figures."""
    assert Limits(Exports().signed_above, Exports().second_above) == LIMITS
