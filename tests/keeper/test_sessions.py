"""A person's session is renewed within its shift, by its own portal, for its own sites, and ends when it is revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rempart.keeper.clock import HOUR, MINUTE
from rempart.sealing import ringing
from rempart.sealing.account_frames import (
    SIGN_IN,
    ChallengeItem,
    PortalItem,
    RevokePasskey,
    SessionResult,
)
from rempart.sealing.frames import DepositItem
from rempart.sealing.invitations import fresh_account, fresh_code
from support.authenticator import Authenticator
from support.keepers import OTHER_SITE, SITE, make_world
from support.people import KEY, OURS, SPARE, THEIR_KEY, Door, changed_item

if TYPE_CHECKING:
    from pathlib import Path


def test_a_session_ends_with_its_shift_however_busy(door: Door) -> None:
    """Renewed every quarter of an hour, it ends ten hours after the sign-in, and the last grant with it."""
    door.enrol()
    found, end = door.sign_in(), door.at + 10 * HOUR
    while found.expires < end:
        door.at = found.expires + 5 * MINUTE
        if door.at >= end:
            break
        found = door.renew(found.grant)
        assert (found.refusal, found.until) == ("", end)
        assert found.expires <= end
    door.at = end
    assert door.renew(found.grant) == SessionResult("session-over")
    assert door.derive(found.grant) == "grant-expired"
    assert door.sign_in().refusal == ""


def test_a_session_that_nobody_used_is_over(door: Door) -> None:
    """A grant may be renewed up to 15 minutes after it expired, not later."""
    door.enrol()
    first, second = door.sign_in(), door.sign_in()
    door.at = first.expires + 15 * MINUTE
    assert door.derive(first.grant) == "grant-expired"
    renewed = door.renew(first.grant)
    assert renewed.refusal == ""
    assert door.derive(renewed.grant) == ""
    door.at += 1
    assert door.renew(second.grant) == SessionResult("session-idle")


def test_shift_and_idle_are_options(tmp_path: Path) -> None:
    """Shorter ones hold as they are said."""
    world = make_world(tmp_path, demo_clock_of_callers=True, session_shift_seconds=1200, session_idle_seconds=60)
    door = Door(world).open()
    door.enrol()
    found = door.sign_in()
    door.at += 16 * MINUTE + 1
    assert door.renew(found.grant).refusal == "session-idle"
    found = door.sign_in()
    door.at += 15 * MINUTE
    found = door.renew(found.grant)
    assert found.expires == found.until
    door.at += 5 * MINUTE
    assert door.renew(found.grant).refusal == "session-over"
    world.parts.close()


def test_a_session_is_renewed_by_the_key_that_opened_it(door: Door) -> None:
    """Not by another key of the same portal, nor of another; nor by its own once the portal has it no more."""
    door.enrol()
    grant = door.sign_in().grant
    horizon = PortalItem("horizon", "portal.horizon.test", ("https://portal.horizon.test",), (OURS, SPARE))
    assert door.ring("portal", horizon) == ""
    assert door.renew(grant, binding="jkt:" + SPARE) == SessionResult("other-binding")
    assert door.renew(grant, binding=THEIR_KEY) == SessionResult("other-binding")
    assert door.ring("portal", changed_item(horizon, keys=(SPARE,))) == ""
    assert door.renew(grant) == SessionResult("portal-key-unknown")
    assert door.ring("portal", changed_item(horizon, keys=())) == ""
    asked = ChallengeItem(SIGN_IN, "horizon", KEY, door.at)
    assert door.world.parts.accounts.challenge([asked])[0].refusal == "portal-key-unknown"


def test_only_an_accounts_own_grant_is_renewed(door: Door) -> None:
    """Not a program's, not a deposit's authority, not a forged one."""
    door.enrol()
    found = door.sign_in()
    program = door.world.sign_in().grant
    held = door.world.parts.grants.read(found.grant)
    assert held is not None
    authority = door.world.parts.grants.authority(held.grant, door.at, SITE)
    for grant in (program, authority, b"", found.grant[:-1] + bytes((found.grant[-1] ^ 1,))):
        assert door.renew(grant, binding="thumbprint" if grant is program else KEY) == SessionResult("no-grant")


def test_a_person_of_several_sites_chooses_by_renewing(door: Door) -> None:
    """Until then the grant asks nothing; a site without a mandate is not to be had."""
    door.mandate(OTHER_SITE)
    door.enrol()
    found = door.sign_in()
    assert (found.refusal, found.site, found.sites) == ("", "", (OTHER_SITE, SITE))
    assert door.derive(found.grant) == "purpose-not-granted"
    assert door.world.parts.deposits.deposit([DepositItem(found.grant, b"x")])[0].refusal == "purpose-not-granted"
    chosen = door.renew(found.grant, SITE)
    assert (chosen.site, door.derive(chosen.grant)) == (SITE, "")
    assert door.renew(chosen.grant).site == SITE
    assert door.renew(chosen.grant, OTHER_SITE).site == OTHER_SITE
    assert door.renew(chosen.grant, "910000012") == SessionResult("no-mandate")
    assert door.sign_in(site=OTHER_SITE).site == OTHER_SITE
    assert door.sign_in(site="910000012") == SessionResult("no-mandate")


def test_a_locums_mandate_ends_the_session_at_that_site(door: Door) -> None:
    """Delegation is a dated mandate: after its end no renewal, and a sign-in opens no site."""
    locum = fresh_account()
    code = fresh_code()
    device = Authenticator()
    assert door.invite(code, locum) == ""
    assert door.enrol(device, code=code).refusal == ""
    assert (door.sign_in(device).site, door.sign_in(device).sites) == ("", ())
    door.mandate(SITE, end=door.at + 10 * MINUTE, account=locum)
    grant = door.sign_in(device).grant
    assert door.derive(grant) == ""
    door.at += 10 * MINUTE
    assert door.renew(grant) == SessionResult("no-mandate")
    assert door.sign_in(device).site == ""


def test_a_revoked_account_has_nothing_any_more(door: Door) -> None:
    """Grant, renewal, sign-in and another invitation are refused from the next item on."""
    door.enrol()
    grant = door.sign_in().grant
    assert door.derive(grant) == ""
    assert door.ring("revoke_client", ringing.RevokeClient(door.account)) == ""
    assert door.derive(grant) == "grant-revoked"
    assert door.renew(grant) == SessionResult("account-revoked")
    assert door.sign_in() == SessionResult("account-revoked")
    assert door.invite(fresh_code()) == "account-revoked"


def test_a_revoked_passkey_ends_its_own_sessions_and_no_other(door: Door) -> None:
    """A lost telephone is revoked; the person goes on with another passkey."""
    other, code = Authenticator(), fresh_code()
    door.enrol()
    door.invite(code)
    door.enrol(other, code=code)
    lost, kept = door.sign_in().grant, door.sign_in(other).grant
    revoke = RevokePasskey(door.account, door.device.credential)
    assert door.ring("revoke_passkey", changed_item(revoke, account=fresh_account())) == "unknown-passkey"
    assert door.ring("revoke_passkey", revoke) == ""
    door.restart()
    assert (door.derive(lost), door.renew(lost).refusal) == ("grant-revoked", "passkey-revoked")
    assert door.sign_in().refusal == "passkey-revoked"
    assert (door.derive(kept), door.renew(kept).refusal, door.sign_in(other).refusal) == ("", "", "")


def test_the_hub_does_not_tell_the_keeper_what_time_it_is(tmp_path: Path) -> None:
    """Outside a demo, an instant far from the keeper's own is refused by each operation."""
    world = make_world(tmp_path)
    door = Door(world, at=world.now()).open()
    assert door.enrol().refusal == ""
    grant, enrol, item = door.sign_in().grant, door.enrol_item(), door.passkey_item()
    door.at -= HOUR
    accounts = world.parts.accounts
    assert accounts.challenge([ChallengeItem(SIGN_IN, "horizon", KEY, door.at)])[0].refusal == "clock-apart"
    assert accounts.enrol([changed_item(enrol, instant=door.at)])[0].refusal == "clock-apart"
    assert accounts.passkey([changed_item(item, instant=door.at)])[0].refusal == "clock-apart"
    assert door.renew(grant).refusal == "clock-apart"
    world.parts.close()
