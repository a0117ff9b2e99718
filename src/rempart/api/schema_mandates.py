"""What the API's document says of programs' mandates, with invented examples."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from rempart.api.schema_base import ALWAYS, SIGNED, Words
from rempart.wire.account import PasskeyProof
from rempart.wire.mandates import (
    MandateClaim,
    MandateCode,
    MandateCodeRequest,
    MandateEnd,
    MandateGiven,
    MandateRenewal,
)

_BODY = ("malformed-body", "repeated-field", "body-too-large", "invalid-fields")
_SESSION = ("purpose", "session-over", "other-binding", "portal-key-unknown", "account-revoked", "clock-apart", *SIGNED)
_SIGNING = (
    "on-probation", "passkey-refused", "unknown-passkey", "passkey-cloned", "challenge-invalid", "challenge-expired",
    "challenge-spent", "client-standing", "site-standing", *_BODY, *_SESSION,
)  # fmt: skip
MANDATES: dict[str, Words] = {
    "GiveMandateCode": Words(
        "Give a program a code",
        "For a site's manager, who signs the action (docs/formats/mandates.md). The code is told once and good once,"
        " for seven days: with it a vendor's or concentrator's program gets a mandate for the site, for a year.",
        ("not-found", *_SIGNING), body="MandateCodeRequest",
    ),
    "ClaimMandate": Words(
        "Use a code to act for a site",
        "By a vendor's or concentrator's program, with an assertion as for a token; `aud` is the token URL. The keeper"
        " verifies both. From the next second on, tokens for the site are given.",
        ("mandate-code-unknown", "assertion-refused", "clock-apart", *_BODY, *ALWAYS), secured=False,
        body="MandateClaim",
    ),
    "RenewMandate": Words(
        "Renew a program's mandate for a year",
        "For a site's manager, who signs program and days: the year that follows the last day, within 60 days of it.",
        ("not-found", "mandate-not-due", "days-malformed", *_SIGNING), body="MandateRenewal",
    ),
    "EndMandate": Words(
        "End a program's mandate",
        "For a site's manager, at once and without a signature: its tokens end everywhere within a second.",
        ("not-found", *_BODY, *_SESSION), body="MandateEnd",
    ),
}  # fmt: skip
MANDATE_FIELDS: dict[str, dict[str, str]] = {
    "MandateCodeRequest": {
        "client": "The program's id, or * for whichever presents the code.",
        "challenge": "The challenge as it was given, then the 32 bytes of the action's hash; base64url.",
        "signed": "What the passkey signed of that.",
    },
    "MandateCode": {"code": "Good once; told this once.", "expires": "Until when, UTC."},
    "MandateClaim": {
        "client_assertion": "A JWT as for POST /v1/token, good once.",
        "site": "The billing number of the site the code was given for.",
        "code": "As it was handed over.",
        "key": "Of the site's own program that nobody registered: its public JWK, which signed the assertion.",
    },
    "MandateRenewal": {
        "client": "Which program.",
        "first": "The day after the last one there is.",
        "last": "A year later.",
        "challenge": "The challenge as it was given, then the 32 bytes of the action's hash; base64url.",
        "signed": "What the passkey signed of that.",
    },
    "MandateEnd": {"client": "Which program."},
    "MandateGiven": {"client": "Which program.", "site": "For which site.", "first": "From.", "last": "To, included."},
}


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


_PROOF = PasskeyProof(_text(bytes(range(16))), _text(b"{}"), _text(bytes(37)), _text(b"signature"))
_SIGNED = _text(bytes(range(72)))
REQUESTS: dict[str, object] = {
    "GiveMandateCode": MandateCodeRequest("*", _SIGNED, _PROOF),
    "ClaimMandate": MandateClaim("eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl", "990000002", "7K2M-9X4C-1V8B-3N5Q"),
    "RenewMandate": MandateRenewal("cabinet-software", "2027-03-02", "2028-02-29", _SIGNED, _PROOF),
    "EndMandate": MandateEnd("cabinet-software"),
}
ANSWERS: dict[str, object] = {
    "GiveMandateCode": MandateCode("7K2M-9X4C-1V8B-3N5Q", "2026-03-09T08:42:00Z"),
    "ClaimMandate": MandateGiven("cabinet-software", "990000002", "2026-03-02", "2027-03-01"),
}
