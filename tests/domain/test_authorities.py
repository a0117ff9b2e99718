"""The table of roles: what it grants, to whom nothing, and that routes and keeper read the same one."""

from __future__ import annotations

import pytest

from rempart.api.authority import ACTIONS, may
from rempart.application.guard import PURPOSES
from rempart.domain.authorities import AUTHORITIES, MANAGE, NOT_ON_PROBATION, WITHDRAW, actions
from rempart.domain.parties import ACCOUNT, ROLES
from rempart.keeper.grants import ASKING, DEPOSIT
from rempart.sealing import account_frames
from support.route_table import PEOPLE, ROUTES


def test_every_role_that_can_be_invited_has_a_row_and_no_other() -> None:
    """Hub, keeper and table name the same roles; what is not named may do nothing."""
    assert set(AUTHORITIES) == set(ROLES) == set(account_frames.ROLES) == set(PEOPLE.values())
    assert actions("king") == actions("") == ()


def test_each_role_may_what_the_one_below_may() -> None:
    """Staff do the counter's work, a professional undoes it too, a manager manages as well."""
    staff, professional, manager = (set(AUTHORITIES[role]) for role in ("staff", "professional", "manager"))
    assert staff == {*ASKING, DEPOSIT}
    assert professional - staff == {WITHDRAW}
    assert manager - professional == {MANAGE}
    assert PURPOSES[ACCOUNT] <= staff


@pytest.mark.parametrize("role", ROLES)
def test_probation_takes_only_what_is_named_away(role: str) -> None:
    """Approving others waits; the counter's work does not."""
    assert set(actions(role)) - set(actions(role, probation=True)) == set(actions(role)) & NOT_ON_PROBATION


def test_every_route_that_the_table_of_roles_closes_says_so_in_the_walk() -> None:
    """What staff or professionals may not call is refused to them in the walked table, and to managers never."""
    rows = {row.operation: row.expected for row in ROUTES}
    assert set(ACTIONS) <= set(rows)
    for operation in ACTIONS:
        for caller, role in PEOPLE.items():
            refused = rows[operation][caller] == (403, "purpose")
            assert refused is not may(ACCOUNT, role, operation), (operation, role)


def test_programs_go_by_their_kind() -> None:
    """A vendor has no role; a person without one may nothing."""
    assert may("vendor", "", "CancelInvoice")
    assert not may(ACCOUNT, "", "FindInvoices")
