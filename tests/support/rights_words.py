"""Managers of an insurer who sign the release of a rights file, at a keeper in this process or over its sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from rempart.ground.instants import now
from rempart.sealing import actions, frames, ringing
from rempart.sealing.account_frames import PortalItem
from rempart.sealing.action_frames import ActionResult, Signing
from rempart.sealing.client import KeeperSync
from rempart.sealing.desk_frames import RightsReleaseItem
from rempart.sealing.invitations import fresh_account, fresh_code
from support.authenticator import Authenticator
from support.people import KEY, OURS, Door, part

if TYPE_CHECKING:
    from rempart.ground.settings import Settings
    from support.keepers import World


class Manager(NamedTuple):
    """An account of a desk and its passkey."""

    account: str
    device: Authenticator


class _Part:
    def __init__(self, settings: Settings, socket: str) -> None:
        self._path = str(settings.paths.keeper_socket(socket))
        self._operations = ringing.OPERATIONS if socket == "ring" else frames.OPERATIONS[socket]

    def __getattr__(self, operation: str) -> Any:
        def call(items: list[Any]) -> Any:
            with KeeperSync(self._path, self._operations) as keeper:
                return keeper.call(operation, items)

        return call


class Sockets:
    """What `Door` speaks to, over the sockets of a keeper's program; its clock is the real one."""

    def __init__(self, settings: Settings) -> None:
        self.administration = _Part(settings, "ring")
        self.accounts = self.desk_words = _Part(settings, "ask")


class _World(NamedTuple):
    parts: Sockets


def door_of(settings: Settings) -> Door:
    """The portal of horizon at a keeper's program; nobody is invited."""
    made = Door(cast("World", _World(Sockets(settings))), at=now())
    portal = PortalItem("horizon", "portal.horizon.test", ("https://portal.horizon.test",), (OURS,))
    assert made.ring("portal", portal) == ""
    return made


def manager(door: Door, insurer: str, role: str = "insurer-manager") -> Manager:
    """Somebody of an insurer, with a passkey."""
    account, code, device = fresh_account(), fresh_code(), Authenticator()
    assert door.invite(code, account, role=role, site=insurer) == ""
    assert door.enrol(device, code=code, site=insurer).account == account
    return Manager(account, device)


def release(door: Door, by: Manager, file: tuple[str, str, str], shown: tuple[str, str, str] | None = None) -> Any:
    """The keeper's answer to a yes to `file` (insurer, number, digest); `shown` is what was signed when it differs."""
    action = actions.written("rights-release", "horizon", *(shown or file))
    assert action is not None
    challenge = door.challenge("approve") + action.digest()
    asked = Signing(door.sign_in(by.device).grant, KEY, challenge, part(by.device, challenge), door.at)
    item = RightsReleaseItem(*file[1:], asked)
    words = door.world.parts.desk_words
    found = (words.rights_release if isinstance(words, _Part) else words.handlers()["rights_release"])([item])[0]
    assert isinstance(found, ActionResult)
    return found
