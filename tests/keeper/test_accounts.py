"""People enrol and sign in with a passkey that an invitation gave them, at their own operator's portal."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import pytest

from rempart.keeper.clock import HOUR, MINUTE
from rempart.keeper.program import serve
from rempart.sealing import ringing
from rempart.sealing.account_frames import (
    ENROL,
    SIGN_IN,
    ChallengeItem,
    EnrolItem,
    EnrolResult,
    InviteItem,
    PortalItem,
    RenewItem,
    RevokePasskey,
    SessionResult,
)
from rempart.sealing.client import Keeper
from rempart.sealing.frames import DepositItem
from rempart.sealing.invitations import HAS_NUMBER, code_hash, fresh_account, fresh_code
from support.authenticator import Authenticator
from support.keepers import OTHER_SITE, SITE
from support.people import KEY, NOON, OURS, SPARE, THEIR_KEY, Door, changed_item


def test_an_invited_person_enrols_signs_in_and_asks(door: Door) -> None:
    """The session is a grant for the only site, by the portal's key, metered as the portal's."""
    assert door.enrol() == EnrolResult("", door.account, door.device.credential)
    found = door.sign_in()
    assert (found.refusal, found.account, found.operator, found.role) == ("", door.account, "horizon", "professional")
    assert (found.site, found.sites) == (SITE, (SITE,))
    assert (found.expires, found.until) == (door.at + 15 * MINUTE, door.at + 10 * HOUR)
    assert door.derive(found.grant) == ""
    assert door.world.parts.deposits.deposit([DepositItem(found.grant, b"a file")])[0].refusal == ""
    held = door.world.parts.grants.read(found.grant)
    assert held is not None
    assert (held.grant.kind, held.grant.vendor, held.grant.binding) == ("account", "portal:horizon", KEY)
    assert held.grant.evidence == "known"


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://portal.azur.test"},
        {"rp_id": "portal.azur.test"},
        {"verified": False},
        {"challenge_signed": bytes(40)},
        {"kind": "webauthn.get"},
        {"cross": True},
        {"top": "https://evil.test"},
    ],
)
def test_an_enrolment_with_a_lie_uses_nothing_up(door: Door, lie: dict[str, Any]) -> None:
    """It is refused with nothing more said, and the invitation is still good."""
    lies = dict(lie)
    item = door.enrol_item(**{name: value for name, value in lies.items() if name != "challenge_signed"})
    if "challenge_signed" in lies:
        made = door.device.create(lies["challenge_signed"])
        item = changed_item(item, client_data=made.client_data, attestation=made.attestation)
    assert door.world.parts.accounts.enrol([item]) == [EnrolResult("passkey-refused")]
    assert door.enrol().refusal == ""


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://portal.azur.test"},
        {"rp_id": "portal.azur.test"},
        {"verified": False},
        {"present": False},
        {"kind": "webauthn.create"},
        {"cross": True},
        {"key": Authenticator().key},
        {"signature": b"0"},
        {"client_data": b"{}"},
    ],
)
def test_a_sign_in_with_a_lie_is_refused(door: Door, lie: dict[str, Any]) -> None:
    """Origin, relying party, verified user, type, frame, signature: the keeper looks at each itself."""
    door.enrol()
    assert door.sign_in(**lie) == SessionResult("passkey-refused")


def test_a_passkey_that_signed_another_challenge_is_refused(door: Door) -> None:
    """A good challenge beside an assertion made for another one is worth nothing."""
    door.enrol()
    old = door.device.get(door.challenge(SIGN_IN))
    item = door.passkey_item(client_data=old.client_data, authenticator_data=old.authenticator_data,
                             signature=old.signature)  # fmt: skip
    assert door.world.parts.accounts.passkey([item]) == [SessionResult("passkey-refused")]


def test_a_copied_passkey_betrays_itself_even_after_a_restart(door: Door) -> None:
    """A counter that does not go up is refused; what was counted last is on disk."""
    device = Authenticator(step=1)
    assert door.enrol(device).refusal == ""
    assert door.sign_in(device, counter=7).refusal == ""
    assert door.sign_in(device, counter=7) == SessionResult("passkey-cloned")
    door.restart()
    assert door.sign_in(device, counter=6) == SessionResult("passkey-cloned")
    assert door.sign_in(device, counter=8).refusal == ""


def test_the_counter_at_enrolment_counts(door: Door) -> None:
    """The first sign-in must already be beyond it."""
    device = Authenticator(counter=5)
    door.enrol(device)
    assert door.sign_in(device, counter=5) == SessionResult("passkey-cloned")
    assert door.sign_in(device, counter=6).refusal == ""


def test_a_challenge_is_laid_out_as_the_page_says(door: Door) -> None:
    """Random bytes, expiry, a MAC that binds purpose, portal and key: docs/formats/sessions.md."""
    key = door.world.parts.ring.body.grant
    made = door.challenge(SIGN_IN)
    fields = (b"sign-in", b"horizon", KEY.encode(), made[:16], made[16:24])
    label = b"rempart/1/challenge"
    message = b"".join(bytes((len(each),)) + each for each in (label, *fields))
    assert made[24:] == hashlib.blake2b(message, key=key, digest_size=16).digest()
    assert int.from_bytes(made[16:24], "big") == door.at + 5 * MINUTE
    assert door.challenge(SIGN_IN) != made


def test_a_challenge_is_used_once_even_after_a_restart(door: Door) -> None:
    """Whatever came of its use, and the memory of it is on disk."""
    door.enrol()
    item = door.passkey_item()
    assert door.world.parts.accounts.passkey([item, item])[1].refusal == "challenge-spent"
    failed = door.challenge(SIGN_IN)
    assert door.sign_in(challenge=failed, verified=False).refusal == "passkey-refused"
    assert door.sign_in(challenge=failed).refusal == "challenge-spent"
    door.restart()
    assert door.world.parts.accounts.passkey([item])[0].refusal == "challenge-spent"


def test_a_challenge_lives_five_minutes(door: Door) -> None:
    """The keeper's clock says when it is over."""
    door.enrol()
    item, late = door.passkey_item(), door.passkey_item()
    door.at += 5 * MINUTE - 1
    assert door.world.parts.accounts.passkey([changed_item(item, instant=door.at)])[0].refusal == ""
    door.at += 1
    assert door.world.parts.accounts.passkey([changed_item(late, instant=door.at)])[0].refusal == "challenge-expired"


def test_a_challenge_is_for_one_purpose_portal_and_key(door: Door) -> None:
    """One made for anything else, forged or cut short is no challenge."""
    door.enrol()
    good = door.challenge(SIGN_IN)
    door.ring("portal", PortalItem("horizon", "portal.horizon.test", ("https://portal.horizon.test",), (OURS, SPARE)))
    others = (
        door.challenge(ENROL),
        door.challenge(SIGN_IN, "azur", THEIR_KEY),
        door.challenge(SIGN_IN, binding="jkt:" + SPARE),
        good[:-1] + bytes((good[-1] ^ 1,)),
        bytes((good[0] ^ 1,)) + good[1:],
        good[:20] + bytes((good[20] ^ 1,)) + good[21:],
        good[:-1],
        good + b"0",
        b"1",
    )
    for challenge in others:
        assert door.sign_in(challenge=challenge).refusal == "challenge-invalid"


def test_only_a_registered_portal_with_its_own_key_is_answered(door: Door) -> None:
    """Challenge, enrolment and sign-in alike: a session's binding is never another portal's key."""
    door.enrol()
    parts = door.world.parts
    for operator, binding, refusal in (
        ("nobody", KEY, "unknown-portal"),
        ("horizon", THEIR_KEY, "portal-key-unknown"),
        ("horizon", OURS, "portal-key-unknown"),
        ("horizon", "", "portal-key-unknown"),
        ("horizon", "x5t#S256:" + OURS, "portal-key-unknown"),
        ("azur", KEY, "portal-key-unknown"),
    ):
        asked = ChallengeItem(SIGN_IN, operator, binding, door.at)
        assert parts.accounts.challenge([asked])[0].refusal == refusal
        assert door.sign_in(operator=operator, binding=binding).refusal == refusal
        assert door.enrol(operator=operator, binding=binding).refusal == refusal
    assert parts.accounts.challenge([ChallengeItem("vote", "horizon", KEY, door.at)])[0].refusal == "purpose-unknown"


def test_a_passkey_of_one_operator_opens_no_session_at_another(door: Door) -> None:
    """Not even when the other portal names the right credential and asks with its own key."""
    door.enrol()
    challenge = door.challenge(SIGN_IN, "azur", THEIR_KEY)
    found = door.sign_in(operator="azur", binding=THEIR_KEY, challenge=challenge)
    assert found == SessionResult("unknown-passkey")


def test_an_invitation_is_used_once(door: Door) -> None:
    """A second passkey needs a second invitation; the same passkey cannot be enrolled twice."""
    assert door.enrol().refusal == ""
    assert door.enrol(Authenticator()).refusal == "invitation-unknown"
    again = fresh_code()
    assert door.invite(again) == ""
    assert door.enrol(code=again).refusal == "passkey-exists"
    assert door.enrol(Authenticator(), code=again).refusal == ""
    assert door.invite(door.code) == "invitation-exists"


def test_of_twenty_who_use_an_invitation_at_once_one_wins(door: Door) -> None:
    """In one message of twenty items."""
    devices = [Authenticator() for _ in range(20)]
    found = door.world.parts.accounts.enrol([door.enrol_item(each) for each in devices])
    assert [each.refusal for each in found] == ["", *["invitation-unknown"] * 19]
    assert [door.sign_in(each).refusal for each in devices] == ["", *["unknown-passkey"] * 19]


def test_of_twenty_connections_at_once_one_wins(door: Door) -> None:
    """The same over the keeper's socket, each from a connection of its own; so are challenges, sign-in and renewal."""
    enrolments = [door.enrol_item(Authenticator()) for _ in range(20)]
    door.world.parts.close()
    found = asyncio.run(_over_sockets(door, enrolments))
    door.world.start()
    assert sorted(each.refusal for each in found) == ["", *["invitation-unknown"] * 19]


async def _over_sockets(door: Door, enrolments: list[EnrolItem]) -> list[EnrolResult]:
    ready = asyncio.Event()
    keeper = asyncio.create_task(serve(door.world.config, ready=lambda _: ready.set()))
    await ready.wait()
    ask, ring = (str(door.world.config.sockets / f"{name}.sock") for name in ("ask", "ring"))
    connections = [await Keeper.connect(ask) for _ in enrolments]
    calls = (each.call("enrol", [item]) for each, item in zip(connections, enrolments, strict=True))
    found = [result for results in await asyncio.gather(*calls) for result in results]
    device, code, over = Authenticator(), fresh_code(), await Keeper.connect(ring, ringing.OPERATIONS)
    invite = InviteItem(door.account, "horizon", SITE, "staff", code_hash(code) or b"", 2 * NOON, HAS_NUMBER)
    assert await over.call("invite", [invite]) == [ringing.Done()]
    (asked,) = await connections[0].call("challenge", [ChallengeItem(ENROL, "horizon", KEY, door.at)])
    enrol = door.enrol_item(device, challenge=asked.challenge, code=code)
    assert await connections[0].call("enrol", [enrol]) == [EnrolResult("", door.account, device.credential)]
    (asked,) = await connections[0].call("challenge", [ChallengeItem(SIGN_IN, "horizon", KEY, door.at)])
    (session,) = await connections[0].call("passkey", [door.passkey_item(device, challenge=asked.challenge)])
    (renewed,) = await connections[0].call("renew", [RenewItem(session.grant, "", KEY, door.at)])
    assert (renewed.refusal, renewed.account, renewed.role) == ("", door.account, "staff")
    revoke = RevokePasskey(door.account, device.credential)
    assert await over.call("revoke_passkey", [revoke]) == [ringing.Done()]
    (refused,) = await connections[0].call("renew", [RenewItem(renewed.grant, "", KEY, door.at)])
    assert refused == SessionResult("passkey-revoked")
    keeper.cancel()
    await asyncio.gather(keeper, return_exceptions=True)
    for each in (*connections, over):
        await each.close()
    return found


@pytest.mark.parametrize(
    "changed",
    [
        {"code": "0000-0000-0000-0000"},
        {"code": ""},
        {"code": "é" * 16},
        {"site": OTHER_SITE},
        {"site": ""},
    ],
)
def test_a_wrong_invitation_has_one_answer(door: Door, changed: dict[str, str]) -> None:
    """Unknown, ill-written, for another site: nothing tells them apart."""
    assert door.enrol(**changed) == EnrolResult("invitation-unknown")
    assert door.enrol().refusal == ""


def test_an_invitation_of_another_operator_expired_or_of_a_revoked_account_has_the_same_answer(door: Door) -> None:
    """One answer for all of them."""
    theirs, late, gone = fresh_code(), fresh_code(), fresh_code()
    other = fresh_account()
    assert door.invite(theirs, operator="azur") == ""
    assert door.invite(late, expires=door.at) == ""
    assert door.invite(gone, other) == ""
    assert door.world.parts.registry.revoke(other) == ""
    for code in (theirs, late, gone):
        assert door.enrol(code=code) == EnrolResult("invitation-unknown")


def test_a_code_may_be_typed_as_people_type(door: Door) -> None:
    """Case, spaces and hyphens do not matter, nor O for 0, I or L for 1."""
    code = "0123-4567-89AB-CD1Z"
    assert door.invite(code) == ""
    assert door.enrol(code=" oi23 4567-89ab cDlz ").refusal == ""


def test_no_code_and_no_signature_shows_in_a_repr(door: Door) -> None:
    """Items that carry them say their type only."""
    enrol, item = door.enrol_item(), door.passkey_item()
    assert repr([enrol, item, RenewItem(b"grant", "", KEY, 0)]) == "[EnrolItem(…), PasskeyItem(…), RenewItem(…)]"
