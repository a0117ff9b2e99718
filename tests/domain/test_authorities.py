"""The table of roles: what it grants, to whom nothing, and that routes and keeper read the same one."""

from __future__ import annotations

import pytest

from rempart.api.authority import ACTIONS, DESKS, ON_PROBATION, may, waits
from rempart.application.guard import PURPOSES
from rempart.domain.authorities import (
    AUTHORITIES,
    BANK_DETAILS,
    DESK_ROLES,
    EXPORT_SECOND,
    EXPORT_SIGN,
    INSURER_ROLES,
    MANAGE,
    NOT_ON_PROBATION,
    NOT_WATCHED,
    OPERATOR_ROLES,
    READ,
    REGISTER,
    ROLES,
    SITE_ROLES,
    WITHDRAW,
    actions,
    insurer_of,
    place_fits,
)
from rempart.domain.parties import ACCOUNT
from rempart.keeper.grants import ASKING, DEPOSIT
from rempart.sealing import account_frames
from rempart.wire import sign_in
from support.route_table import DESKS as DESK_CALLERS
from support.route_table import PEOPLE, ROUTES


def test_every_role_that_can_be_invited_has_a_row_and_no_other() -> None:
    """Hub, keeper and table name the same roles; what is not named may do nothing."""
    assert set(AUTHORITIES) == set(ROLES) == set(account_frames.ROLES) == {*PEOPLE.values(), *DESK_CALLERS}
    assert set(SITE_ROLES) == set(account_frames.SITE_ROLES) == set(sign_in.SITE_ROLES) == set(PEOPLE.values())
    assert set(DESK_ROLES) == set(DESK_CALLERS)
    assert (sign_in.INSURER_ROLES, sign_in.OPERATOR_ROLES) == (INSURER_ROLES, OPERATOR_ROLES)
    assert actions("king") == actions("") == ()


def test_each_role_may_what_the_one_below_may() -> None:
    """Staff do the counter's work, a professional undoes it too, a manager manages as well."""
    staff, professional, manager = (set(AUTHORITIES[role]) for role in ("staff", "professional", "manager"))
    assert staff == {*ASKING, DEPOSIT, EXPORT_SIGN}
    assert professional - staff == {WITHDRAW, BANK_DETAILS, EXPORT_SECOND}
    assert manager - professional == {MANAGE}
    assert PURPOSES[ACCOUNT] <= staff


@pytest.mark.parametrize("role", DESK_ROLES)
def test_no_desk_has_anything_of_the_counter(role: str) -> None:
    """Whoever is bound to an insurer or an operator looks nobody up, sends nothing and reads of no site."""
    assert not {*ASKING, DEPOSIT, READ, WITHDRAW, *PURPOSES[ACCOUNT]} & set(actions(role))


@pytest.mark.parametrize(
    ("role", "place", "fits"),
    [
        ("staff", "750000014", True), ("staff", "0099000137", False), ("staff", "horizon", False),
        ("case-worker", "0099000137", True), ("case-worker", "750000014", False), ("case-worker", "horizon", False),
        ("insurer-manager", "00990001é7", False), ("agent", "horizon", True), ("agent", "azur", False),
        ("support", "750000014", False), ("king", "horizon", False), ("", "750000014", False),
    ],
)  # fmt: skip
def test_a_role_names_the_place_it_is_bound_to(role: str, place: str, fits: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A site's number for its people, an insurer's for its own, the operator for the operator's."""
    assert place_fits(role, place, "horizon") is fits
    assert insurer_of(role, place) == (place if role in INSURER_ROLES else "")


@pytest.mark.parametrize("role", ROLES)
def test_probation_takes_only_what_is_named_away(role: str) -> None:
    """Approving others waits; the counter's work does not."""
    assert set(actions(role)) - set(actions(role, probation=True)) == set(actions(role)) & NOT_ON_PROBATION
    for operation, action in DESKS.items():
        assert may(ACCOUNT, role, operation, probation=True) is (action in actions(role, probation=True)), operation


def test_papers_and_many_at_once_wait_after_a_recovery_for_people_of_sites_alone() -> None:
    """Each operation that waits is a route of sites; no program waits, and nobody once it has ended."""
    rows = {row.operation: row for row in ROUTES}
    assert {ON_PROBATION[operation] for operation in ON_PROBATION} == NOT_WATCHED
    for operation in rows:
        assert waits(ACCOUNT, operation, watched=True) is (operation in ON_PROBATION)
        assert not waits(ACCOUNT, operation, watched=False)
        assert not waits("vendor", operation, watched=True)
    assert ON_PROBATION.keys() <= rows.keys() - DESKS.keys()


def test_every_route_that_the_table_of_roles_closes_says_so_in_the_walk() -> None:
    """What staff or professionals may not call is refused to them in the walked table, and to managers never."""
    rows = {row.operation: row.expected for row in ROUTES}
    assert set(ACTIONS) <= set(rows)
    for operation in ACTIONS:
        for caller, role in PEOPLE.items():
            refused = rows[operation][caller] == (403, "purpose")
            assert refused is not may(ACCOUNT, role, operation), (operation, role)


def test_every_route_of_a_desk_is_for_who_has_its_action_alone() -> None:
    """Role by role, the walked table and the table of roles say the same; no other route is below `/v1/desk`."""
    rows = {row.operation: row for row in ROUTES if row.path.startswith("/v1/desk/")}
    assert set(DESKS) == set(rows)
    assert not set(DESKS) & set(ACTIONS)
    for operation, row in rows.items():
        people = {**PEOPLE, **{desk: desk for desk in DESK_CALLERS}}
        for caller in (*people, "site", "insurer", "vendor"):
            refused = row.expected[caller] == (403, "purpose")
            kind = ACCOUNT if caller in people else caller
            assert refused is not may(kind, people.get(caller, ""), operation), (operation, caller)
    assert REGISTER not in actions("agent", probation=True)


def test_programs_go_by_their_kind() -> None:
    """A vendor has no role; a person without one may nothing."""
    assert may("vendor", "", "CancelInvoice")
    assert not may(ACCOUNT, "", "FindInvoices")
