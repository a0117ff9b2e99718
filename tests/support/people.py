"""A keeper with two operators' portals and a person invited at one of them, who has a passkey in software.

Everything goes through the keeper's own operations, in this process, on a clock that callers move.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rempart.keeper.clock import HOUR
from rempart.keeper.registry import Mandate
from rempart.sealing import actions
from rempart.sealing.account_frames import (
    ADD_PASSKEY,
    APPROVE,
    ENROL,
    SIGN_IN,
    AccountItem,
    AccountResult,
    AddPasskeyItem,
    AssertionPart,
    ChallengeItem,
    EndPasskeyItem,
    EndSessionsItem,
    EnrolItem,
    EnrolResult,
    InviteItem,
    PasskeyItem,
    PortalItem,
    RecoverItem,
    RecoverResult,
    RenewItem,
    SessionResult,
)
from rempart.sealing.frames import DeriveItem
from rempart.sealing.invitations import HAS_NUMBER, code_hash, fresh_account, fresh_code
from support.authenticator import Authenticator
from support.keepers import INSURER, SITE, World, presented

OURS, THEIRS, SPARE = "A" * 43, "B" * 43, "C" * 43
KEY, THEIR_KEY = "jkt:" + OURS, "jkt:" + THEIRS
NOON = 1_900_000_000_000_000


def changed_item(item: Any, **changed: Any) -> Any:
    """The same item with something else in it."""
    return type(item)(**{name: changed.get(name, getattr(item, name)) for name in item.__struct_fields__})


def part(device: Authenticator, challenge: bytes, **lies: Any) -> AssertionPart:
    """What a passkey signs, inside another item."""
    got = device.get(challenge, **lies)
    return AssertionPart(got.credential, got.client_data, got.authenticator_data, got.signature)


@dataclass
class Door:
    """A keeper with two portals, horizon's and azur's, on a clock that callers move; one person invited at horizon."""

    world: World
    at: int = NOON
    account: str = field(default_factory=fresh_account)
    code: str = field(default_factory=fresh_code)
    device: Authenticator = field(default_factory=Authenticator)

    def open(self) -> Door:
        self.world.parts.clock.hear(self.at)
        for operator, key in (("horizon", OURS), ("azur", THEIRS)):
            host = f"portal.{operator}.test"
            assert self.ring("portal", PortalItem(operator, host, (f"https://{host}",), (key,))) == ""
        assert self.invite(self.code) == ""
        self.mandate(SITE)
        return self

    def ring(self, name: str, item: Any) -> str:
        refusal: str = getattr(self.world.parts.administration, name)([item])[0].refusal
        return refusal

    def invite(self, code: str, account: str = "", **changed: Any) -> str:
        said = {
            "operator": "horizon",
            "site": SITE,
            "role": "professional",
            "expires": self.at + 7 * 24 * HOUR,
        } | changed
        if said["role"] == "staff":
            said = {"accountable": HAS_NUMBER} | said
        return self.ring("invite", InviteItem(account or self.account, code_hash=code_hash(code) or b"", **said))

    def mandate(self, site: str, *, start: int = 0, end: int = 2 * NOON, account: str = "") -> None:
        assert self.world.parts.registry.mandate(Mandate(account or self.account, site, start, end)) == ""

    def challenge(self, purpose: str, operator: str = "horizon", binding: str = KEY) -> bytes:
        item = ChallengeItem(purpose, operator, binding, self.at)
        found = self.world.parts.accounts.challenge([item])[0]
        assert found.refusal == ""
        return found.challenge

    def enrol_item(self, device: Authenticator | None = None, **changed: Any) -> EnrolItem:
        """A good enrolment, or one with something else in it; what is no field of the item is a lie of the device."""
        challenge = changed.pop("challenge", None) or self.challenge(ENROL)
        lies = {name: changed.pop(name) for name in tuple(changed) if name not in EnrolItem.__struct_fields__}
        made = (device or self.device).create(challenge, **lies)
        said = {"operator": "horizon", "binding": KEY, "code": self.code, "site": SITE} | changed
        return EnrolItem(
            challenge=challenge, client_data=made.client_data, attestation=made.attestation, instant=self.at, **said
        )

    def enrol(self, device: Authenticator | None = None, **changed: Any) -> EnrolResult:
        return self.world.parts.accounts.enrol([self.enrol_item(device, **changed)])[0]

    def passkey_item(self, device: Authenticator | None = None, **changed: Any) -> PasskeyItem:
        challenge = changed.pop("challenge", None) or self.challenge(SIGN_IN)
        lies = {name: changed.pop(name) for name in tuple(changed) if name not in PasskeyItem.__struct_fields__}
        got = (device or self.device).get(challenge, **lies)
        said = {
            "operator": "horizon", "binding": KEY, "credential": got.credential, "client_data": got.client_data,
            "authenticator_data": got.authenticator_data, "signature": got.signature, "site": "", "instant": self.at,
        }  # fmt: skip
        return PasskeyItem(challenge=challenge, **{**said, **changed})

    def sign_in(self, device: Authenticator | None = None, **changed: Any) -> SessionResult:
        return self.world.parts.accounts.passkey([self.passkey_item(device, **changed)])[0]

    def renew(self, grant: bytes, site: str = "", binding: str = KEY) -> SessionResult:
        return self.world.parts.accounts.renew([RenewItem(grant, site, binding, self.at)])[0]

    def account_of(self, grant: bytes, binding: str = KEY) -> AccountResult:
        return self.world.parts.own_accounts.account([AccountItem(grant, binding, self.at)])[0]

    def add_passkey(self, grant: bytes, new: Authenticator, proof: Authenticator | None = None, **lies: Any) -> str:
        """Adds `new` in a session; `proof` signs the same challenge, or another one (`proved`)."""
        challenge = lies.pop("challenge", None) or self.challenge(ADD_PASSKEY)
        signed = None if proof is None else part(proof, lies.pop("proved", challenge), **lies)
        made = new.create(challenge)
        item = AddPasskeyItem(grant, KEY, challenge, made.client_data, made.attestation, signed, self.at)
        return self.world.parts.own_accounts.add_passkey([item])[0].refusal

    def end_passkey(self, grant: bytes, passkey: bytes) -> str:
        return self.world.parts.own_accounts.end_passkey([EndPasskeyItem(grant, KEY, passkey, self.at)])[0].refusal

    def end_sessions(self, grant: bytes, session: bytes = b"", *, every: bool = False) -> str:
        item = EndSessionsItem(grant, KEY, session, every, self.at)
        return self.world.parts.own_accounts.end_sessions([item])[0].refusal

    def recover(self, grant: bytes, by: Authenticator, account: str, **changed: Any) -> RecoverResult:
        """A manager signs that `account` may be recovered; `shown` is another account, named in what is signed."""
        action = actions.recovery("horizon", changed.pop("site", SITE), changed.pop("shown", account))
        challenge = self.challenge(APPROVE) + action
        item = RecoverItem(grant, KEY, account, challenge, part(by, challenge), self.at)
        return self.world.parts.own_accounts.recover([changed_item(item, **changed)])[0]

    def derive(self, grant: bytes) -> str:
        self.world.parts.clock.hear(self.at)
        item = DeriveItem(grant, "eligibility", INSURER, day=self.world.today(), **presented())
        return self.world.parts.questions.derive([item])[0].refusal

    def restart(self) -> None:
        self.world.parts.close()
        self.world.start()
        self.world.parts.clock.hear(self.at)
