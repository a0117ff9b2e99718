"""What the API's document says of the sign-in by Pro Santé Connect, with its examples: invented, good for nothing."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from rempart.api.problems_provider import PROVIDER as _REFUSALS
from rempart.api.schema_base import ALWAYS, Words
from rempart.wire.provider import ProviderAnswer, ProviderRequest, Workplace
from rempart.wire.sign_in import SessionAnswer

_SITE = "990000002"


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


PROVIDER: dict[str, Words] = {
    "SignInByProvider": Words(
        "Sign in by Pro Santé Connect",
        "The portal sends the code that the browser came back with. The hub exchanges it once, and the keeper verifies"
        " the id_token: issuer, audience, `acr`, and its own challenge as the nonce. The session is on probation: half"
        " of the budgets, one hour, nothing of bank details.",
        (
            *_REFUSALS, "account-revoked", "client-standing", "site-standing", "no-mandate", "accountable-gone",
            "challenge-invalid", "challenge-expired", "challenge-spent", "unknown-portal", "portal-key-unknown",
            "clock-apart", "malformed-body", "repeated-field", "body-too-large", "invalid-fields", *ALWAYS,
        ),
        secured=False, proof=True, body="ProviderRequest",
    ),
}  # fmt: skip
PROVIDER_FIELDS: dict[str, dict[str, str]] = {
    "ProviderRequest": {
        "operator": "Whose portal it is.",
        "challenge": "As it was given for the purpose `provider`; it was the `nonce` of the request.",
        "code": "As the provider sent it.",
        "verifier": "PKCE's code_verifier, whose S256 was in the request.",
        "issuer": "The answer's `iss` (RFC 9207); left out when there was none.",
    },
    "ProviderAnswer": {
        "session": "As a passkey opens one.",
        "workplaces": "The sites where one may work now, as the provider tells of them.",
    },
    "Workplace": {
        "site": "A billing number.",
        "name": "Its trade name, or empty.",
        "profession": "A code of ANS TRE_G15, such as 21 for a pharmacist, or empty.",
        "mode": "L liberal, S salaried, or empty.",
    },
}
REQUESTS: dict[str, object] = {
    "SignInByProvider": ProviderRequest(
        "horizon", _text(bytes(range(40))), "c0d3.of-the.provider", _text(bytes(range(32))),
        "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet",
    ),
}  # fmt: skip
ANSWERS: dict[str, object] = {
    "SignInByProvider": ProviderAnswer(
        SessionAnswer(
            _text(bytes(range(32))), "a7k2m9x4c1v8b3n5", "professional", _SITE, (_SITE,), "pharmacy", 900, 3_600
        ),
        (Workplace(_SITE, "PHARMACIE INVENTEE", "21", "L"),),
    ),
}
