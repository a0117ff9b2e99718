"""Examples of people's sign-in for the API's document: invented, of the right form, good for nothing."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from rempart.wire.sign_in import (
    ChallengeAnswer,
    ChallengeRequest,
    EnrolAnswer,
    EnrolRequest,
    PasskeyRequest,
    RenewRequest,
    SessionAnswer,
)

_OPERATOR, _SITE, _ACCOUNT = "horizon", "990000002", "a7k2m9x4c1v8b3n5"
_HOST = "portail.horizon.example"


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _client_data(kind: str) -> str:
    said = f'{{"type":"{kind}","challenge":"{_CHALLENGE}","origin":"https://{_HOST}","crossOrigin":false}}'
    return _text(said.encode())


_CHALLENGE = _text(bytes(range(40)))
_CREDENTIAL = _text(bytes(range(16)))
REQUESTS: dict[str, object] = {
    "AskChallenge": ChallengeRequest(_OPERATOR, "sign-in"),
    "EnrolPasskey": EnrolRequest(
        _OPERATOR, "7K2M-9X4C-1V8B-3N5Q", _SITE, _CHALLENGE, _client_data("webauthn.create"), _text(b"attestation")
    ),
    "SignInByPasskey": PasskeyRequest(
        _OPERATOR, _CHALLENGE, _CREDENTIAL, _client_data("webauthn.get"), _text(bytes(37)), _text(b"signature")
    ),
    "RenewSession": RenewRequest(_SITE),
}
ANSWERS: dict[str, object] = {
    "AskChallenge": ChallengeAnswer(_CHALLENGE, _HOST, 300),
    "EnrolPasskey": EnrolAnswer(_ACCOUNT),
    "SignInByPasskey": SessionAnswer(
        _text(bytes(range(32))), _ACCOUNT, "professional", _SITE, (_SITE,), "pharmacy", 900, 36_000, zone="Europe/Paris"
    ),
    "RenewSession": SessionAnswer(
        _text(bytes(range(32))), _ACCOUNT, "professional", _SITE, (_SITE,), "pharmacy", 900, 30_000, zone="Europe/Paris"
    ),
}
