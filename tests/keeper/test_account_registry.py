"""Portals, invitations and passkeys in the registry: what is taken, what a restart keeps, what damage is found."""

from __future__ import annotations

from typing import Any

import pytest

from rempart.keeper.clock import HOUR
from rempart.keeper.registry import Registry, RegistryDamagedError
from rempart.sealing import ringing
from rempart.sealing.account_frames import (
    PortalItem,
    RecoverAccount,
    RevokePasskey,
)
from rempart.sealing.invitations import code_hash, fresh_account, fresh_code
from support.authenticator import Authenticator
from support.keepers import SITE, World
from support.people import OURS, SPARE, Door, changed_item


def test_a_restart_forgets_nothing(door: Door) -> None:
    """Portals, unused and used invitations, passkeys and live sessions are there again."""
    later = fresh_code()
    door.invite(later)
    door.enrol()
    grant = door.sign_in().grant
    door.restart()
    assert door.sign_in().refusal == ""
    assert door.renew(grant).refusal == ""
    assert door.enrol(Authenticator()).refusal == "invitation-unknown"
    assert door.enrol(Authenticator(), code=later).refusal == ""


def test_a_torn_enrolment_leaves_the_invitation_unused(door: Door) -> None:
    """Use and passkey are one line: a crash while it is written loses both, and appending goes on."""
    door.enrol()
    path = door.world.config.state / "registry"
    door.world.parts.close()
    path.write_bytes(path.read_bytes()[:-7])
    door.world.start()
    assert door.sign_in().refusal == "unknown-passkey"
    assert door.enrol().refusal == ""
    door.restart()
    assert door.sign_in().refusal == ""


@pytest.mark.parametrize("what", ["portal", "invitation", "passkey", "passkey-revoked"])
def test_an_edited_or_missing_line_stops_the_keeper(door: Door, what: str) -> None:
    """Each new kind of line is under the same chain as the others."""
    door.enrol()
    door.ring("revoke_passkey", RevokePasskey(door.account, door.device.credential))
    door.invite(fresh_code())
    path, key = door.world.config.state / "registry", door.world.parts.ring.body.registry
    door.world.parts.close()
    lines = path.read_bytes().splitlines(keepends=True)
    place = next(place for place, line in enumerate(lines) if f'"what":"{what}"'.encode() in line)
    edited = lines[place].replace(b'"what":', b'"what": ', 1)
    for wrong in (edited, b""):
        path.write_bytes(b"".join([*lines[:place], wrong, *lines[place + 1 :]]))
        with pytest.raises(RegistryDamagedError):
            Registry(path, key)
    path.write_bytes(b"".join(lines))
    door.world.start()


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"operator": ""}, "portal-malformed"),
        ({"rp_id": "Portal.Test"}, "portal-malformed"),
        ({"rp_id": "127.0.0.1", "origins": ("https://127.0.0.1",)}, "portal-malformed"),
        ({"origins": ()}, "portal-malformed"),
        ({"keys": ("short",)}, "portal-malformed"),
        ({"origins": ("https://portal.test", "https://evil.test")}, "portal-origin"),
        ({"origins": ("https://evilportal.test",)}, "portal-origin"),
        ({"origins": ("http://portal.test",)}, "portal-origin"),
        ({"rp_id": "evil-localhost", "origins": ("http://evil-localhost",)}, "portal-origin"),
        ({"rp_id": "portal.localhost", "origins": ("http://portal.localhost:8481",)}, ""),
        ({"origins": ("https://portal.test/",)}, "portal-origin"),
        ({"origins": ("https://user@portal.test",)}, "portal-origin"),
        ({"origins": ("https://portal.test:99999",)}, "portal-origin"),
        ({"keys": (OURS,)}, "portal-key-taken"),
        ({"origins": ("https://portal.test:8443", "https://www.portal.test")}, ""),
        ({"rp_id": "localhost", "origins": ("http://localhost:8080",)}, ""),
        ({"keys": ()}, ""),
    ],
)
def test_a_portal_that_cannot_be_right_is_refused(door: Door, changed: dict[str, Any], refusal: str) -> None:
    """Origins are https on its host or below; a key belongs to one portal."""
    good = PortalItem("sud", "portal.test", ("https://portal.test",), (SPARE,))
    assert door.ring("portal", changed_item(good, **changed)) == refusal


def test_an_invitation_that_cannot_be_right_is_refused(door: Door) -> None:
    """A known portal, an account's id, a site, a role; never the id of a program."""
    for changed in ({"role": "owner"}, {"site": "1"}, {"account": "b" * 16}, {"account": "short"}):
        assert door.invite(fresh_code(), **changed) == "invitation-malformed"
    assert door.invite("no code") == "invitation-malformed"
    assert door.invite(fresh_code(), operator="nobody") == "unknown-portal"
    assert door.invite(fresh_code(), "pharmacy") == "client-exists"
    program = ringing.RegisterClient(
        fresh_account(), "account", "", "", {"k1": door.world.signing.as_dict(private=False)}
    )
    assert door.ring("register_client", program) == "kind-unknown"


def test_a_code_is_good_for_seven_days_at_most(world: World) -> None:
    """Whoever asks the ring for more is refused, inviting or giving back; a clock a minute ahead is no lie."""
    door = Door(world, at=world.now()).open()
    minute, life = HOUR // 60, 7 * 24 * HOUR

    def recover(expires: int) -> str:
        hashed = code_hash(fresh_code()) or b""
        return door.ring("recover_account", RecoverAccount(door.account, "horizon", SITE, hashed, expires, "anne"))

    assert door.invite(fresh_code(), fresh_account(), expires=door.at + life + HOUR) == "invitation-malformed"
    assert recover(door.at + life + HOUR) == "invitation-malformed"
    assert door.invite(fresh_code(), fresh_account(), expires=door.at + life + minute) == ""
    assert recover(door.at + life + minute) == ""


def test_an_account_does_not_sign_in_as_a_program(door: Door) -> None:
    """It has no key of a program's: an assertion in its name is refused."""
    assert door.world.sign_in(door.account, assertion=door.world.assertion(door.account)).refusal == "unknown-key"
