"""What the API's document says of shared workstations and of locums, with invented examples."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from rempart.api.schema_base import SIGNED, Words
from rempart.wire.account import PasskeyProof
from rempart.wire.hospital import HospitalRequest
from rempart.wire.sign_in import SessionAnswer
from rempart.wire.stations import (
    DelegationClaim,
    DelegationCode,
    DelegationCodeRequest,
    DelegationRequest,
    DelegationTaken,
    PinRequest,
    SeatAnswer,
    SeatRequest,
    StationEnrolled,
    StationList,
    StationRequest,
    StationState,
)

_BODY = ("malformed-body", "repeated-field", "body-too-large", "invalid-fields")
_CHALLENGE = ("challenge-invalid", "challenge-expired", "challenge-spent")
_PASSKEY = ("passkey-refused", "unknown-passkey", "passkey-cloned", "passkey-session-required", "on-probation")
_SESSION = (
    "purpose", "session-over", "other-binding", "portal-key-unknown", "account-revoked", "clock-apart", *SIGNED,
)  # fmt: skip
_STANDING = ("client-standing", "site-standing", "accountable-gone")

STATION_WORDS: dict[str, Words] = {
    "EnrolStation": Words(
        "Make a browser a workstation that people share",
        "For a site's manager, whose passkey signs the browser's public key (action `station`,"
        " docs/formats/stations.md). The private key never leaves that browser: neither portal nor hub can sign for the"
        " workstation.",
        ("station-key", "station-exists", "stations-too-many", *_PASSKEY, *_CHALLENGE, *_STANDING, *_BODY, *_SESSION),
        body="StationRequest",
    ),
    "ListStations": Words(
        "The site's workstations", "Those that are not ended, in the order they were made.", _SESSION,
    ),
    "EndStation": Words(
        "End a workstation",
        "For the site's manager. Whoever is seated there shows a passkey again; what a PIN opened there is over.",
        ("not-found", *_SESSION),
    ),
    "SitDown": Words(
        "Take a seat at a workstation with a PIN",
        "In a session that a passkey opened, at the workstation's site. Until that shift ends, the same person comes"
        " back there by the PIN. The PIN is not told: `proof` is what the workstation made of it, under a challenge of"
        " purpose `station`.",
        ("not-found", "station-refused", "station-full", "passkey-session-required", *_CHALLENGE, *_STANDING, *_BODY,
         *_SESSION),
        body="SeatRequest",
    ),
    "SignInByPin": Words(
        "Come back to a workstation by a PIN",
        "A session of the account that is seated there, at that site alone. It manages nothing, signs nothing, and adds"
        " and ends no passkey. Five wrong PINs, and a passkey is needed again.",
        ("unknown-portal", "portal-key-unknown", "clock-apart", "station-unknown", "station-refused", "seat-unknown",
         "pin-refused", "account-revoked", "no-mandate", *_CHALLENGE, *_STANDING, *_BODY),
        secured=False, proof=True, body="PinRequest",
    ),
    "SignInByHospital": Words(
        "Sign in by a hospital's own provider",
        "The hub exchanges the code, the keeper verifies the id_token: issuer, audience, nonce, second factor, key. A"
        " session of the hospital's sites alone, an hour, half of the budgets; it signs nothing and adds no passkey.",
        ("unknown-portal", "portal-key-unknown", "clock-apart", "provider-unknown", "provider-mixed-up",
         "provider-code", "provider-key-unknown", "provider-signature", "provider-issuer", "provider-audience",
         "provider-nonce", "provider-acr", "provider-amr", "provider-role", "provider-expired", "provider-identity",
         "unsupported-algorithm", "malformed-id-token", "oversized-id-token", "link-unknown", "account-revoked",
         "no-mandate", *_CHALLENGE, *_STANDING, *_BODY),
        secured=False, proof=True, body="HospitalRequest",
    ),
    "DelegateSite": Words(
        "Let a locum work at the site",
        "For a site's manager, whose passkey signs account and days (action `delegate`). The account is one of the same"
        " operator. It ends by itself after the last day; a locum never manages the site.",
        ("not-found", "own-account", "days-malformed", "mandate-exists", *_PASSKEY, *_CHALLENGE, *_STANDING, *_BODY,
         *_SESSION),
        body="DelegationRequest",
    ),
    "GiveDelegationCode": Words(
        "A code for a locum",
        "For a site's manager, whose passkey signs the days (action `delegate-code`). Told once, good once: until the"
        " last day, seven days at most.",
        ("days-malformed", "codes-too-many", *_PASSKEY, *_CHALLENGE, *_STANDING, *_BODY, *_SESSION),
        body="DelegationCodeRequest",
    ),
    "TakeDelegation": Words(
        "Give a manager's code, as a locum",
        "In an own session of the same operator, which may be of no site yet. From then on the account works there on"
        " those days. Five wrong codes, and it is refused for an hour.",
        ("code-unknown", "codes-wrong", "own-account", "mandate-exists", "passkey-session-required", *_STANDING, *_BODY,
         *_SESSION),
        body="DelegationClaim",
    ),
    "EndDelegation": Words(
        "End a locum's delegation early",
        "For the site's manager. The account's sessions end; what the operator registered stays as it is.",
        ("not-found", *_SESSION),
    ),
}  # fmt: skip

STATION_FIELDS: dict[str, dict[str, str]] = {
    "StationRequest": {
        "key": "The browser's P-256 public key as an uncompressed point, 65 bytes, base64url.",
        "challenge": "The challenge as it was given, then the 32 bytes of the action's hash; base64url.",
        "signed": "What the manager's passkey signed of that.",
    },
    "StationEnrolled": {"station": "Its name, 32 hexadecimal characters: people are shown the first four."},
    "StationState": {
        "station": "Its name.",
        "made": "The day it was enrolled.",
        "by": "The account that enrolled it.",
        "seated": "How many people may come in there by a PIN now.",
    },
    "StationList": {"stations": "In the order they were made."},
    "SeatRequest": {
        "challenge": "As it was given.",
        "proof": "HMAC-SHA-256 of the PIN under the workstation's second key; 32 bytes, base64url.",
        "signature": "The workstation's, over challenge, account and proof; r and s, base64url.",
    },
    "SeatAnswer": {"seat": "Its name, 16 hexadecimal characters.", "until": "When the shift ends, UTC."},
    "PinRequest": {
        "operator": "Whose portal.",
        "station": "The workstation's name.",
        "seat": "Who comes back.",
        "challenge": "As it was given.",
        "proof": "As at the seat's beginning.",
        "signature": "The workstation's, over challenge, seat and proof; r and s, base64url.",
        "device": "Browser and system, and perhaps a city, such as firefox/windows@Rennes; may be left out.",
    },
    "HospitalRequest": {
        "operator": "Whose portal.",
        "hospital": "The hospital's word at that operator.",
        "challenge": "As it was given; its base64url was the nonce.",
        "code": "As the provider gave it.",
        "verifier": "PKCE's.",
        "issuer": "The answer's iss; may be left out.",
        "device": "Browser and system, and perhaps a city, such as firefox/windows@Rennes; may be left out.",
    },
    "DelegationCodeRequest": {
        "first": "First day, at the site.",
        "last": "Last day, included; a year at most.",
        "challenge": "The challenge as it was given, then the 32 bytes of the action's hash; base64url.",
        "signed": "What the manager's passkey signed of that.",
    },
    "DelegationCode": {"code": "Eight characters, told once.", "expires": "Good until then, UTC."},
    "DelegationClaim": {"code": "As the manager told it; case, spaces and hyphens do not matter."},
    "DelegationTaken": {"site": "Where the account works.", "first": "From that day.", "last": "To that day."},
    "DelegationRequest": {
        "account": "The locum's.",
        "first": "First day, at the site.",
        "last": "Last day, included; a year at most.",
        "challenge": "The challenge as it was given, then the 32 bytes of the action's hash; base64url.",
        "signed": "What the manager's passkey signed of that.",
    },
}


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


_ACCOUNT, _LOCUM, _SITE = "a7k2m9x4c1v8b3n5", "a2b4c6d8e0f1g3h5", "990000002"
_STATION, _SEAT = bytes(range(16)).hex(), bytes(range(8)).hex()
_PROOF = PasskeyProof(_text(bytes(range(16))), _text(b"{}"), _text(bytes(37)), _text(b"signature"))
_SHOWN = (_text(bytes(range(40))), _text(bytes(32)), _text(bytes(64)))
_SESSION_TOLD = SessionAnswer("k3J9…", _ACCOUNT, "professional", _SITE, (_SITE,), "pharmacy", 900, 28_800)
REQUESTS: dict[str, object] = {
    "EnrolStation": StationRequest(_text(b"\x04" + bytes(64)), _text(bytes(range(72))), _PROOF),
    "SitDown": SeatRequest(*_SHOWN),
    "SignInByPin": PinRequest("horizon", _STATION, _SEAT, *_SHOWN, "firefox/windows"),
    "SignInByHospital": HospitalRequest("horizon", "hopital-nord", _text(bytes(range(40))), "a-code", "a-verifier"),
    "GiveDelegationCode": DelegationCodeRequest("2026-03-09", "2026-03-20", _text(bytes(range(72))), _PROOF),
    "TakeDelegation": DelegationClaim("7K2M-9X4C"),
    "DelegateSite": DelegationRequest(_LOCUM, "2026-03-09", "2026-03-20", _text(bytes(range(72))), _PROOF),
}
ANSWERS: dict[str, object] = {
    "EnrolStation": StationEnrolled(_STATION),
    "ListStations": StationList((StationState(_STATION, "2026-03-02", _ACCOUNT, 2),)),
    "SitDown": SeatAnswer(_SEAT, "2026-03-02T17:58:11Z"),
    "SignInByPin": _SESSION_TOLD,
    "GiveDelegationCode": DelegationCode("7K2M-9X4C", "2026-03-16T17:58:11Z"),
    "TakeDelegation": DelegationTaken(_SITE, "2026-03-09", "2026-03-20"),
    "SignInByHospital": _SESSION_TOLD,
}  # fmt: skip
