"""What the API's document says of one's own account, with invented examples."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from rempart.api.schema_base import SIGNED, Words
from rempart.wire.account import (
    AccountState,
    AddPasskeyRequest,
    PasskeyProof,
    PasskeyState,
    RecoveryAnswer,
    RecoveryRequest,
    SessionState,
)

_BODY = ("malformed-body", "repeated-field", "body-too-large", "invalid-fields")
_CHALLENGE = ("challenge-invalid", "challenge-expired", "challenge-spent")
_PASSKEY = ("passkey-refused", "unknown-passkey", "passkey-cloned")
_SESSION = (
    "purpose", "session-over", "other-binding", "portal-key-unknown", "account-revoked", "clock-apart", *SIGNED,
)  # fmt: skip
_STANDING = ("client-standing", "site-standing")

ACCOUNT_WORDS: dict[str, Words] = {
    "ReadAccount": Words(
        "My passkeys and sessions",
        "Of a person's session alone: the passkeys that open the account, and every session there is, with the browser"
        " and system that the portal told. No city and no address: nobody keeps one.",
        _SESSION,
    ),
    "AddPasskey": Words(
        "Add a passkey",
        "Under a challenge of purpose `add-passkey`, which a passkey that the account has signs as well (`proof`). Only"
        " where there is none yet, in a session that Pro Santé Connect opened, is that left out.",
        ("passkey-proof-required", "passkey-exists", "passkeys-too-many", *_PASSKEY, *_CHALLENGE, *_STANDING, *_BODY,
         *_SESSION),
        body="AddPasskeyRequest",
    ),
    "EndPasskey": Words(
        "End one of my passkeys",
        "It opens nothing more, and the sessions it opened are over. Never the last one.",
        ("not-found", "last-passkey", *_SESSION),
    ),
    "EndOneSession": Words(
        "End one of my sessions", "Nothing may be asked in it within a second, at any hub.", ("not-found", *_SESSION),
    ),
    "EndEverySession": Words(
        "Sign out everywhere",
        "Every session of the account is over within a second, this one among them; the keeper renews none of them.",
        _SESSION,
    ),
    "RecoverColleague": Words(
        "Let a colleague who lost every passkey enrol again",
        "For a site's manager, who signs the keeper's challenge of purpose `approve` followed by the hash of the action"
        " shown (docs/formats/sessions.md). What the account had has ended; the new code is told once. For 72 hours"
        " after its use the account's budgets are halved. Who does not work at the site looks absent.",
        ("not-found", "own-account", *_PASSKEY, *_CHALLENGE, *_STANDING, *_BODY, *_SESSION),
        body="RecoveryRequest",
    ),
}  # fmt: skip

ACCOUNT_FIELDS: dict[str, dict[str, str]] = {
    "PasskeyState": {
        "passkey": "Its name: people are shown the first eight characters.",
        "credential": "The browser's id of it, base64url.",
        "made": "The day it was made, empty when that was not kept.",
        "used": "The last day it signed in, empty when it never did.",
        "here": "Whether it opened this session.",
    },
    "SessionState": {
        "session": "Its name, the same through its renewals.",
        "device": "Browser, system and perhaps city as the portal told them: firefox/windows@Rennes; may be empty.",
        "began": "When, UTC.",
        "renewed": "When last, UTC.",
        "site": "Where; empty while none was chosen.",
        "here": "Whether it is this one.",
    },
    "AccountState": {
        "account": "An id, not a name.",
        "role": "At a site professional, staff or manager; or one of a desk.",
        "passkeys": "Those that open the account, in the order they were made.",
        "sessions": "Those that are live, the latest renewed first.",
        "probation": "Until when budgets are halved after a recovery, UTC; empty when they are not.",
        "recovered": "When access was last given back to this account, UTC; empty when it never was.",
        "recovered_by": "Who gave it back: colleague or operator; empty when nobody did.",
    },
    "PasskeyProof": {
        "credential": "rawId of the browser's answer, base64url.",
        "client_data": "clientDataJSON of the browser's answer, base64url.",
        "authenticator_data": "authenticatorData of the browser's answer, base64url.",
        "signature": "signature of the browser's answer, base64url.",
    },
    "AddPasskeyRequest": {
        "challenge": "As it was given.",
        "client_data": "clientDataJSON of the browser's answer, base64url.",
        "attestation": "attestationObject of the browser's answer, base64url.",
        "proof": "What another passkey of the account signed of the same challenge.",
    },
    "RecoveryRequest": {
        "account": "Whose.",
        "challenge": "The challenge as it was given, then the 32 bytes of the action's hash; base64url.",
        "signed": "What the manager's passkey signed of that.",
    },
    "RecoveryAnswer": {
        "account": "Whose.",
        "code": "Good once, for seven days, with the site's number; told this once.",
        "expires": "Until when, UTC.",
    },
}


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


_ACCOUNT, _COLLEAGUE, _SITE = "a7k2m9x4c1v8b3n5", "a2b4c6d8e0f1g3h5", "990000002"
_PASSKEY_NAME, _SESSION_NAME = bytes(range(16)).hex(), bytes(range(8)).hex()
_PROOF = PasskeyProof(_text(bytes(range(16))), _text(b"{}"), _text(bytes(37)), _text(b"signature"))
REQUESTS: dict[str, object] = {
    "AddPasskey": AddPasskeyRequest(_text(bytes(range(40))), _text(b"{}"), _text(b"attestation"), _PROOF),
    "RecoverColleague": RecoveryRequest(_COLLEAGUE, _text(bytes(range(72))), _PROOF),
}
ANSWERS: dict[str, object] = {
    "ReadAccount": AccountState(
        _ACCOUNT, "manager",
        (PasskeyState(_PASSKEY_NAME, _text(bytes(range(16))), "2026-01-12", "2026-03-02", here=True),),
        (SessionState(_SESSION_NAME, "firefox/windows", "2026-03-02T07:58:11Z", "2026-03-02T08:41:50Z", _SITE,
                      here=True),),
        "",
    ),
    "RecoverColleague": RecoveryAnswer(_COLLEAGUE, "7K2M-9X4C-1V8B-3N5Q", "2026-03-09T08:42:00Z"),
}  # fmt: skip
