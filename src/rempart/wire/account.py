"""`/v1/account…`: what a signed-in person sees and ends of the own account, and a manager lets a colleague do.

In a person's session only. Bytes are base64url without padding; instants are ISO 8601 in UTC. No name is anywhere here.
"""

from __future__ import annotations

import msgspec


class PasskeyState(msgspec.Struct, frozen=True):
    """A passkey that opens something.

    `passkey` is 32 hexadecimal characters; people are shown the first eight. `made` and `used` are days, "" when not
    kept; `here`: it opened this session. `credential` lets a browser not offer the same device twice.
    """

    passkey: str
    credential: str
    made: str
    used: str
    here: bool


class SessionState(msgspec.Struct, frozen=True):
    """A live session: `session` is 16 hexadecimal characters, `here` this one.

    `device` and city as the portal told them: browser/system@city.
    """

    session: str
    device: str
    began: str
    renewed: str
    site: str
    here: bool


class AccountState(msgspec.Struct, frozen=True):
    """`probation`: until when budgets are halved after a recovery, "" when they are not.

    `recovered`: when access was last given back, "" when it never was; `recovered_by`: colleague or operator, else "".
    """

    account: str
    role: str
    passkeys: tuple[PasskeyState, ...]
    sessions: tuple[SessionState, ...]
    probation: str
    recovered: str = ""
    recovered_by: str = ""


class PasskeyProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the browser signed with a passkey there is."""

    credential: str
    client_data: str
    authenticator_data: str
    signature: str


class AddPasskeyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new passkey; `proof` signs the same challenge with an older one, and is left out only when there is none."""

    challenge: str
    client_data: str
    attestation: str
    proof: PasskeyProof | None = None


class RecoveryRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`challenge` is the keeper's and the action's hash: what the manager's passkey signed."""

    account: str
    challenge: str
    signed: PasskeyProof


class RecoveryAnswer(msgspec.Struct, frozen=True):
    """The new invitation: its code is shown once and kept nowhere."""

    account: str
    code: str
    expires: str
