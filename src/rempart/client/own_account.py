"""One's own account as calls: what a signed-in person sees and ends of it, and what a manager signs for a colleague."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from rempart.client.calls import Call, Repeat
from rempart.sealing import actions
from rempart.wire.account import (
    AccountState,
    AddPasskeyRequest,
    PasskeyProof,
    RecoveryAnswer,
    RecoveryRequest,
)

_NAME = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}")


def account() -> Call[AccountState]:
    """Passkeys and sessions."""
    return Call("GET", "/v1/account", AccountState)


def add_passkey(request: AddPasskeyRequest) -> Call[bytes]:
    """One more passkey. The challenge is good once: not repeated when its answer got lost."""
    return Call("POST", "/v1/account/passkeys", bytes, msgspec.json.encode(request), repeat=Repeat.NEVER)


def end_passkey(passkey: str) -> Call[bytes]:
    """Ends one of one's own passkeys, and the sessions it opened."""
    return Call("POST", f"/v1/account/passkeys/{_name(passkey)}/end", bytes)


def end_session(session: str) -> Call[bytes]:
    """Ends one of one's own sessions."""
    return Call("POST", f"/v1/account/sessions/{_name(session)}/end", bytes)


def end_every_session() -> Call[bytes]:
    """Signs out everywhere."""
    return Call("POST", "/v1/account/sessions/end", bytes)


def recover(colleague: str, challenge: str, signed: PasskeyProof) -> Call[RecoveryAnswer]:
    """A colleague's new invitation; `challenge` as `to_recover` made it."""
    body = msgspec.json.encode(RecoveryRequest(colleague, challenge, signed))
    return Call("POST", "/v1/account/recoveries", RecoveryAnswer, body, repeat=Repeat.NEVER)


def to_recover(challenge: str, operator: str, site: str, colleague: str) -> str:
    """What the manager's passkey signs: the keeper's challenge (purpose `approve`), then the action's hash."""
    whole = urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4)) + actions.recovery(operator, site, colleague)
    return urlsafe_b64encode(whole).rstrip(b"=").decode()


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("not a name of ours")
    return text
