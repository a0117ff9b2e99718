"""Locums at the keeper: what a manager signs, what it opens, and its end."""

from __future__ import annotations

import pytest

from rempart.domain.authorities import BANK_DETAILS, MANAGE
from rempart.keeper.clock import DAY, HOUR
from rempart.keeper.locums import MOST_DAYS
from rempart.keeper.registry import Mandate
from rempart.keeper.station_registry import Delegation
from rempart.sealing.invitations import HAS_NUMBER, fresh_account, fresh_code
from support.authenticator import Authenticator
from support.keepers import OTHER_SITE, SITE
from support.people import NOON, Door
from support.stations import Counter

TODAY = NOON // DAY


@pytest.fixture
def locum(door: Door) -> tuple[Authenticator, str]:
    """A manager of another site, with a passkey: device and account."""
    return _person(door, OTHER_SITE)


def _person(door: Door, site: str = SITE, role: str = "manager") -> tuple[Authenticator, str]:
    account, code, device = fresh_account(), fresh_code(), Authenticator()
    assert door.invite(code, account, role=role, site=site) == ""
    door.mandate(site, account=account)
    assert door.enrol(device, code=code, site=site).refusal == ""
    return device, account


def test_a_locum_works_there_on_those_days_alone(door: Door, locum: tuple[Authenticator, str]) -> None:
    """Not before, not after; it outlives a restart and ends by itself."""
    counter, (device, account) = Counter(door), locum
    manager, _ = _person(door)
    grant = door.sign_in(manager).grant
    assert counter.delegate(grant, manager, account, first=TODAY + 1, last=TODAY + 2) == ""
    door.restart()
    assert door.sign_in(device, site=SITE).refusal == "no-mandate"
    door.at += DAY
    there = door.sign_in(device, site=SITE)
    assert (there.refusal, there.site, there.sites) == ("", SITE, tuple(sorted((SITE, OTHER_SITE))))
    door.at += 2 * DAY
    assert door.renew(there.grant).refusal == "session-over"
    assert door.sign_in(device, site=SITE).refusal == "no-mandate"


def test_a_locum_manages_nothing_there(door: Door, locum: tuple[Authenticator, str]) -> None:
    """A manager elsewhere is a professional here: lets nobody in, signs nothing; at the own site nothing changes."""
    counter, (device, account) = Counter(door), locum
    manager, _ = _person(door)
    assert counter.delegate(door.sign_in(manager).grant, manager, account) == ""
    here = door.sign_in(device, site=SITE)
    assert here.role == "professional"
    for purpose in (MANAGE, BANK_DETAILS):
        assert door.world.parts.grants.check(here.grant, purpose) == "purpose-not-granted"
    assert door.recover(here.grant, device, door.account).refusal == "purpose-not-granted"
    assert counter.delegate(here.grant, device, door.account) == "purpose-not-granted"
    assert counter.enrol(here.grant, device).refusal == "purpose-not-granted"
    assert counter.end_delegation(here.grant, account) == "purpose-not-granted"
    home = door.renew(here.grant, OTHER_SITE)
    assert home.role == "manager"
    door.mandate(SITE, account=account)
    assert door.sign_in(device, site=SITE).role == "manager"


def test_a_manager_ends_it_early_and_only_what_was_delegated(door: Door, locum: tuple[Authenticator, str]) -> None:
    """The next renewal is refused; a colleague's own mandate is no delegation and looks absent."""
    counter, (device, account) = Counter(door), locum
    manager, _ = _person(door)
    grant = door.sign_in(manager).grant
    assert counter.delegate(grant, manager, account) == ""
    there = door.sign_in(device, site=SITE)
    assert counter.end_delegation(grant, account) == ""
    assert door.renew(there.grant).refusal == "no-mandate"
    assert counter.end_delegation(grant, account) == "account-unknown"
    assert counter.end_delegation(grant, door.account) == "account-unknown"
    door.restart()
    assert door.sign_in(device, site=SITE).refusal == "no-mandate"
    door.at += HOUR
    assert counter.delegate(door.sign_in(manager).grant, manager, account) == ""
    assert door.sign_in(device, site=SITE).refusal == ""


def test_a_delegation_is_signed_for_that_account_and_those_days(door: Door, locum: tuple[Authenticator, str]) -> None:
    """Neither hub nor portal puts other days, another account or another signer in its place."""
    counter, (device, account) = Counter(door), locum
    manager, own = _person(door)
    staff, _ = _person(door, role="staff")
    grant = door.sign_in(manager).grant
    assert counter.delegate(door.sign_in(staff).grant, staff, account) == "purpose-not-granted"
    assert counter.delegate(grant, manager, account, shown=door.account) == "challenge-invalid"
    assert counter.delegate(grant, manager, account, said=("2030-03-01", "2030-04-30")) == "challenge-invalid"
    assert counter.delegate(grant, staff, account) == "unknown-passkey"
    assert counter.delegate(grant, manager, own) == "own-account"
    assert counter.delegate(grant, manager, fresh_account()) == "account-unknown"
    assert counter.delegate(grant, manager, account, end=(TODAY + 40) * DAY) == "days-malformed"
    assert counter.delegate(grant, manager, account, start=(TODAY - 30) * DAY) == "days-malformed"
    assert door.sign_in(device, site=SITE).refusal == "no-mandate"


@pytest.mark.parametrize(
    ("first", "last"), [(0, -1), (-9, -3), (-9, 3), (0, MOST_DAYS)], ids=["reversed", "over", "begun", "long"]
)
def test_days_that_are_no_days_of_a_locum_are_refused(
    door: Door, locum: tuple[Authenticator, str], first: int, last: int
) -> None:
    """Backwards, over, begun long ago, longer than a year."""
    counter, (_, account) = Counter(door), locum
    manager, _ = _person(door)
    grant = door.sign_in(manager).grant
    assert counter.delegate(grant, manager, account, first=TODAY + first, last=TODAY + last) == "days-malformed"


def test_staff_may_have_somebody_of_the_site_who_answers_for_them(door: Door, locum: tuple[Authenticator, str]) -> None:
    """A professional or manager who works there by the operator's word; nobody else, and for nobody else."""
    manager, answers = _person(door)
    staff, colleague = _person(door, role="staff")
    counter = Counter(door)
    assert counter.delegate(door.sign_in(manager).grant, manager, locum[1]) == ""

    def invited(accountable: str, role: str = "staff") -> str:
        return door.invite(fresh_code(), fresh_account(), role=role, accountable=accountable)

    assert invited(answers) == ""
    assert invited(door.account) == ""
    for wrong in (colleague, locum[1], fresh_account()):
        assert invited(wrong) == "accountable-unknown"
    assert invited(answers, "professional") == "accountable-unknown"
    door.restart()
    assert door.sign_in(staff).role == "staff"


@pytest.mark.parametrize("gone", ["ended", "moved", "locum"])
def test_staff_get_no_session_where_who_answered_works_no_more(door: Door, gone: str) -> None:
    """Neither a new one nor a renewed one; elsewhere they work on; with somebody else named, there again."""
    _, answers = _person(door)
    _, other = _person(door)
    registry, account, device = door.world.parts.registry, fresh_account(), Authenticator()
    for site, answering in ((SITE, answers), (OTHER_SITE, HAS_NUMBER)):
        code = fresh_code()
        assert door.invite(code, account, role="staff", site=site, accountable=answering) == ""
        door.mandate(site, account=account)
    assert door.enrol(device, code=code, site=OTHER_SITE).refusal == ""
    session = door.sign_in(device, site=SITE)
    assert (session.refusal, session.role, session.site) == ("", "staff", SITE)
    if gone == "ended":
        assert registry.revoke(answers) == ""
    else:
        assert registry.mandate(Mandate(answers, SITE, 0, door.at)) == ""
    if gone == "locum":
        days = Delegation(answers, SITE, door.at, 2 * NOON, other)
        assert registry.delegate(days, door.at) == ""
    for refused in (door.sign_in(device, site=SITE), door.renew(session.grant)):
        assert (refused.refusal, refused.grant) == ("accountable-gone", b"")
    assert door.sign_in(device, site=OTHER_SITE).refusal == ""
    door.restart()
    assert door.sign_in(device, site=SITE).refusal == "accountable-gone"
    assert door.invite(fresh_code(), account, role="staff", accountable=other) == ""
    assert door.sign_in(device, site=SITE).refusal == ""


def test_staff_are_invited_with_who_answers_or_with_a_number_of_their_own(door: Door) -> None:
    """Neither said: refused; nobody else says either."""
    assert door.invite(fresh_code(), fresh_account(), role="staff", accountable="") == "accountable-required"
    for role in ("professional", "manager"):
        assert door.invite(fresh_code(), fresh_account(), role=role, accountable=HAS_NUMBER) == "accountable-unknown"
