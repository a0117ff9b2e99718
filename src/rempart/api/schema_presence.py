"""What the API's document says of presence codes, with its examples: invented, good for nothing."""

from __future__ import annotations

import msgspec

from rempart.api.schema_base import Words
from rempart.wire.presence import PresenceCodeAnswer, PresenceCodeRequest, PresenceStatement

_INSURER = "0000401166"


def presence_words(*refusals: str) -> dict[str, Words]:
    """The operation; `refusals` are those that every insurer's client may get."""
    return {
        "GivePresenceCode": Words(
            "Give a member without a card a code to show",
            "For a client of kind insurer. The code is good once, for 15 minutes, at the site that the statement names"
            " or the first that uses it; shown at POST /v1/eligibility as `code` it finds the person, and nothing is"
            " typed. The statement counts by its Ed25519 signature, made with the key that signs the rights files"
            " (docs/formats/presence-code.md).",
            (
                "malformed-body", "repeated-field", "body-too-large", "bad-statement-signature", "invalid-fields",
                "presence-budget", "meter", "token", *refusals,
            ),
            body="PresenceCodeRequest",
        ),
    }  # fmt: skip


PRESENCE_FIELDS: dict[str, dict[str, str]] = {
    "PresenceRequest": {
        "code": "The member's presence code, 8 letters and digits; spaces and small letters do no harm.",
        "care_date": "Day of care at the site, AAAA-MM-JJ: up to 27 months ago or 60 days ahead.",
        "domains": "Columns of the card that the care falls under, at least one.",
        "evidence": "code.",
        "site_reference": "Your own reference, 20 characters at most; refused when it looks like a person's data.",
    },
    "PresenceStatement": {
        "insurer": "Your AMC number, 10 digits.",
        "member": "Member number, canonical.",
        "nir": "13 characters, or null.",
        "birth": "AAMMJJ.",
        "rank": "Birth rank, one digit.",
        "site": "Billing number of the one site where the code is good; empty: the first that uses it.",
        "made": "When it was made, seconds since 1970.",
    },
    "PresenceCodeRequest": {
        "statement": "Bytes of a PresenceStatement; base64.",
        "signature": "Ed25519 over rempart-presence-code/1, a line feed and the statement; base64.",
    },
    "PresenceCodeAnswer": {"code": "As the member is shown it, 4 and 4.", "expires": "Until when, UTC."},
}
REQUESTS: dict[str, object] = {
    "GivePresenceCode": PresenceCodeRequest(
        msgspec.json.encode(PresenceStatement(_INSURER, "INVENTED", None, "850412", "1", "", 1_772_445_600)), bytes(64)
    ),
}
ANSWERS: dict[str, object] = {"GivePresenceCode": PresenceCodeAnswer("AB2J 04W0", "2026-03-02T10:15:00Z")}
