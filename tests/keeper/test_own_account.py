"""What people do with their own account: more passkeys, fewer sessions, a colleague's recovery and what follows it."""

from __future__ import annotations

from typing import Any

import pytest

from rempart.domain.authorities import AUTHORITIES, SITE_ROLES
from rempart.keeper.account_registry import MOST_PASSKEYS, PROBATION
from rempart.keeper.clock import DAY, HOUR, MINUTE
from rempart.sealing.account_frames import RecoverAccount, ShowAccount
from rempart.sealing.invitations import code_hash, fresh_account, fresh_code
from support.authenticator import Authenticator
from support.keepers import OTHER_SITE, SITE
from support.people import Door


def _manager(door: Door) -> tuple[Authenticator, bytes, str]:
    """A manager of the same site: device, grant, account."""
    account, code, device = fresh_account(), fresh_code(), Authenticator()
    assert door.invite(code, account, role="manager") == ""
    door.mandate(SITE, account=account)
    assert door.enrol(device, code=code).refusal == ""
    return device, door.sign_in(device).grant, account


def test_a_second_passkey_opens_the_same_account(door: Door) -> None:
    """The first signs that the second is added; both are listed with the day they were used."""
    door.enrol()
    session = door.sign_in()
    second = Authenticator()
    assert door.add_passkey(session.grant, second, door.device) == ""
    opened = door.sign_in(second)
    assert (opened.refusal, opened.account) == ("", door.account)
    told = door.account_of(session.grant)
    assert [(each.credential, each.made, each.used) for each in told.passkeys] == [
        (door.device.credential, door.at, door.at // DAY), (second.credential, door.at, door.at // DAY),
    ]  # fmt: skip
    door.restart()
    assert door.account_of(session.grant).passkeys == told.passkeys


def test_an_older_passkey_must_sign_the_same_challenge(door: Door) -> None:
    """A session is not enough, however young; nor an old signature, an unverified user, somebody else's passkey."""
    door.enrol()
    grant = door.sign_in().grant
    other, _, _ = _manager(door)
    old = door.challenge("add-passkey")
    assert door.add_passkey(grant, Authenticator()) == "passkey-proof-required"
    assert door.add_passkey(grant, Authenticator(), door.device, proved=old) == "passkey-refused"
    assert door.add_passkey(grant, Authenticator(), door.device, verified=False) == "passkey-refused"
    assert door.add_passkey(grant, Authenticator(), other) == "unknown-passkey"
    assert len(door.account_of(grant).passkeys) == 1
    assert door.add_passkey(grant, Authenticator(), door.device) == ""
    assert len(door.account_of(grant).passkeys) == 2


def test_passkeys_are_added_once_and_not_without_end(door: Door) -> None:
    """A challenge is for that alone and once; a known passkey and an eleventh are refused."""
    door.enrol()
    grant = door.sign_in().grant
    assert (
        door.add_passkey(grant, Authenticator(), door.device, challenge=door.challenge("sign-in"))
        == "challenge-invalid"
    )
    challenge = door.challenge("add-passkey")
    assert door.add_passkey(grant, Authenticator(), door.device, challenge=challenge) == ""
    assert door.add_passkey(grant, Authenticator(), door.device, challenge=challenge) == "challenge-spent"
    assert door.add_passkey(grant, door.device, door.device) == "passkey-exists"
    for _ in range(MOST_PASSKEYS - 2):
        assert door.add_passkey(grant, Authenticator(), door.device) == ""
    assert door.add_passkey(grant, Authenticator(), door.device) == "passkeys-too-many"


def test_a_passkey_is_ended_by_its_owner_but_never_the_last(door: Door) -> None:
    """It opens nothing more and its sessions are over; another account's looks absent."""
    door.enrol()
    grant = door.sign_in().grant
    first = door.account_of(grant).passkeys[0].passkey
    assert door.end_passkey(grant, first) == "last-passkey"
    second = Authenticator()
    assert door.add_passkey(grant, second, door.device) == ""
    with_second = door.sign_in(second).grant
    _, others, _ = _manager(door)
    theirs = door.account_of(others).passkeys[0].passkey
    assert [door.end_passkey(grant, each) for each in (theirs, bytes(16), b"")] == ["unknown-passkey"] * 3
    assert door.end_passkey(with_second, first) == ""
    assert door.sign_in().refusal == "passkey-revoked"
    assert (door.derive(grant), door.account_of(grant).refusal) == ("grant-revoked", "session-over")
    assert door.end_passkey(with_second, first) == "unknown-passkey"
    assert door.derive(with_second) == ""


def test_one_session_ends_through_all_its_renewals(door: Door) -> None:
    """By its name, from another session of the same account; a restart does not bring it back."""
    door.enrol()
    lost, kept = door.sign_in(), door.sign_in()
    renewed = door.renew(lost.grant)
    assert (renewed.session, len(renewed.session)) == (lost.session, 8)
    assert door.end_sessions(kept.grant, lost.session) == ""
    for _ in range(2):
        assert [door.derive(each) for each in (lost.grant, renewed.grant, kept.grant)] == ["grant-revoked"] * 2 + [""]
        assert door.renew(renewed.grant).refusal == "session-over"
        door.restart()
    assert door.end_sessions(kept.grant, b"short") == "session-unknown"
    assert door.end_sessions(kept.grant) == ""
    assert door.renew(kept.grant).refusal == "session-over"


def test_nobody_ends_a_session_of_another_account(door: Door) -> None:
    """A session's name is worth something to its own account alone."""
    door.enrol()
    mine = door.sign_in()
    _, others, _ = _manager(door)
    assert door.end_sessions(others, mine.session) == ""
    assert door.derive(mine.grant) == ""


def test_signing_out_everywhere_ends_all_there_is_and_nothing_later(door: Door) -> None:
    """At once, for questions and renewals; after a restart too; the next sign-in is a new session."""
    door.enrol()
    before = [door.sign_in().grant for _ in range(3)]
    assert door.end_sessions(before[0], every=True) == ""
    for _ in range(2):
        assert {door.derive(each) for each in before} == {"grant-revoked"}
        assert {door.renew(each).refusal for each in before} == {"session-over"}
        door.restart()
    door.at += MINUTE
    door.world.parts.clock.hear(door.at)
    assert door.derive(door.sign_in().grant) == ""


def test_a_colleague_who_lost_every_passkey_comes_back_on_probation(door: Door) -> None:
    """The manager signs; what there was ends; one code is good once; for 72 hours the grant says so, and no longer."""
    door.enrol()
    lost = door.sign_in().grant
    door.invite(unused := fresh_code())
    device, grant, by = _manager(door)
    found = door.recover(grant, device, door.account)
    assert (found.refusal, found.expires) == ("", door.at + 7 * DAY)
    assert door.sign_in().refusal == "passkey-revoked"
    assert door.derive(lost) == "grant-revoked"
    assert door.enrol(Authenticator(), code=unused).refusal == "invitation-unknown"
    door.at += MINUTE
    door.world.parts.clock.hear(door.at)
    fresh = Authenticator()
    assert door.enrol(fresh, code=found.code).refusal == ""
    assert door.enrol(Authenticator(), code=found.code).refusal == "invitation-unknown"
    session = door.sign_in(fresh)
    until = door.at + PROBATION
    assert (session.refusal, session.probation, session.watched) == ("", until, until)
    assert door.derive(session.grant) == ""
    door.restart()
    second = Authenticator()
    assert door.add_passkey(session.grant, second, fresh) == ""
    assert door.sign_in(second).probation == until
    shown = door.world.parts.administration.show_account([ShowAccount(door.account)])[0]
    assert [each.by for each in shown.recoveries] == [by]
    told = door.account_of(session.grant)
    assert (told.recovered, told.by_operator) == (shown.recoveries[0].instant, False)
    assert door.account_of(grant).recovered == 0
    assert (len(shown.passkeys), shown.probation, shown.role) == (2, until, "professional")
    door.at = until
    door.world.parts.clock.hear(door.at)
    assert (door.sign_in(fresh).probation, door.sign_in(fresh).watched) == (0, 0)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"shown": "a000000000000000"}, "challenge-invalid"),
        ({"site": OTHER_SITE}, "challenge-invalid"),
        ({"challenge": bytes(72)}, "challenge-invalid"),
    ],
)
def test_what_was_not_shown_is_not_approved(door: Door, changed: dict[str, Any], refusal: str) -> None:
    """The action is in what the passkey signs: another account or site, or no challenge of ours, changes nothing."""
    door.enrol()
    device, grant, _ = _manager(door)
    assert door.recover(grant, device, door.account, **changed).refusal == refusal
    assert door.sign_in().refusal == ""


def test_only_a_manager_of_the_site_approves_and_never_for_oneself(door: Door) -> None:
    """A professional, oneself, an account of another site, one of nobody: refused, the last two alike."""
    door.enrol()
    device, grant, account = _manager(door)
    assert door.recover(door.sign_in().grant, door.device, account).refusal == "purpose-not-granted"
    assert door.recover(grant, device, account).refusal == "own-account"
    assert door.recover(grant, door.device, door.account).refusal == "unknown-passkey"
    elsewhere, code = fresh_account(), fresh_code()
    assert door.invite(code, elsewhere, site=OTHER_SITE) == ""
    door.mandate(OTHER_SITE, account=elsewhere)
    absent = {door.recover(grant, device, each).refusal for each in (elsewhere, fresh_account())}
    assert absent == {"account-unknown"}


def test_on_probation_a_manager_approves_nobody(door: Door) -> None:
    """The operator lets the manager back in; until the probation ends the grant does not allow it."""
    door.enrol()
    _, _, manager = _manager(door)
    code, again = fresh_code(), Authenticator()
    asked = RecoverAccount(manager, "horizon", SITE, code_hash(code) or b"", door.at + 7 * 24 * HOUR, "agent-7")
    assert door.ring("recover_account", asked) == ""
    assert door.ring("recover_account", asked) == "invitation-exists"
    door.at += MINUTE
    door.world.parts.clock.hear(door.at)
    assert door.enrol(again, code=code).refusal == ""
    assert door.recover(door.sign_in(again).grant, again, door.account).refusal == "on-probation"
    door.at += PROBATION
    door.world.parts.clock.hear(door.at)
    assert door.recover(door.sign_in(again).grant, again, door.account).refusal == ""
    shown = door.world.parts.administration.show_account([ShowAccount(manager)])[0]
    assert [each.by for each in shown.recoveries] == ["operator:agent-7"]


def test_the_operator_leaves_to_a_manager_what_a_manager_can_do(door: Door) -> None:
    """Another manager who can get in refuses the operator's officer, unless it is said; on probation nobody counts."""
    door.enrol()
    _, _, manager = _manager(door)
    code = fresh_code()

    def recover(account: str, **said: bool) -> str:
        told = (account, "horizon", SITE, code_hash(fresh_code()) or b"", door.at + HOUR, "agent-7")
        return door.ring("recover_account", RecoverAccount(*told, **said))

    assert recover(door.account) == "manager-recovers"
    assert door.sign_in().refusal == ""
    assert recover(door.account, although_manager=True) == ""
    assert door.sign_in().refusal == "passkey-revoked"
    lost = RecoverAccount(manager, "horizon", SITE, code_hash(code) or b"", door.at + HOUR, "agent-7")
    assert door.ring("recover_account", lost) == ""  # the only manager
    assert recover(door.account) == ""
    assert door.enrol(Authenticator(), code=code).refusal == ""
    assert recover(door.account) == ""
    door.at += PROBATION
    door.world.parts.clock.hear(door.at)
    assert recover(door.account) == "manager-recovers"


def test_the_operator_recovers_only_what_it_has(door: Door) -> None:
    """An unknown account, another operator's, a revoked one and a hash that is none change nothing."""
    door.enrol()
    good = RecoverAccount(door.account, "horizon", SITE, bytes(32), door.at + HOUR, "agent-7")
    for changed, refusal in (
        ({"account": fresh_account()}, "account-unknown"),
        ({"operator": "azur"}, "account-unknown"),
        ({"code_hash": b"short"}, "invitation-malformed"),
        ({"by": ""}, "invitation-malformed"),
    ):
        item = type(good)(**{name: changed.get(name, getattr(good, name)) for name in good.__struct_fields__})
        assert door.ring("recover_account", item) == refusal
    assert door.sign_in().refusal == ""
    assert door.world.parts.registry.revoke(door.account) == ""
    assert door.ring("recover_account", good) == "account-revoked"
    assert door.world.parts.administration.show_account([ShowAccount("nobody")])[0].refusal == "account-unknown"


@pytest.mark.parametrize("role", SITE_ROLES)
def test_a_session_may_what_its_role_may(door: Door, role: str) -> None:
    """The grant's purposes are the row of the table."""
    account, code, device = fresh_account(), fresh_code(), Authenticator()
    assert door.invite(code, account, role=role) == ""
    door.mandate(SITE, account=account)
    door.enrol(device, code=code)
    held = door.world.parts.grants.read(door.sign_in(device).grant)
    assert held is not None
    assert held.grant.purposes == AUTHORITIES[role]


def test_another_portals_key_sees_and_changes_nothing(door: Door) -> None:
    """A stolen grant beside another key is refused before anything is told."""
    door.enrol()
    assert door.account_of(door.sign_in().grant, "jkt:" + "B" * 43).refusal == "other-binding"
