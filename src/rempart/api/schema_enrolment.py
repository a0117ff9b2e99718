"""What the API's document says of joining an operator, with its examples: invented, good for nothing."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from rempart.api.problems_provider import PROVIDER as _PROVIDER
from rempart.api.schema_base import ALWAYS, Words
from rempart.wire.enrolment import (
    DocumentRequest,
    EnrolmentOpened,
    EnrolmentPlace,
    EnrolmentState,
    PlaceRequest,
    TicketRequest,
)
from rempart.wire.provider import ProviderRequest

_SITE, _TICKET = "990000002", "bm90LWEtdGlja2V0LWdvb2QtZm9yLW5vdGhpbmctMDA"
_ENROLMENT = "0199d2c4-5b1e-7c3a-9f00-3b5d2a7e1c44"
_BODY = ("malformed-body", "repeated-field", "body-too-large", "invalid-fields", "not-found", *ALWAYS)


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


ENROLMENT: dict[str, Words] = {
    "OpenEnrolment": Words(
        "Come by Pro Santé Connect to join",
        "As a sign-in by Pro Santé Connect, for who has no account at this operator: the keeper verifies the id_token,"
        " and names the person by a keyed hash. The answer holds a ticket for one hour, and the places that the"
        " provider tells of.",
        (
            *_PROVIDER, "account-exists", "account-revoked", "challenge-invalid", "challenge-expired",
            "challenge-spent", "unknown-portal", "portal-key-unknown", "clock-apart", *_BODY,
        ),
        secured=False, proof=True, body="ProviderRequest",
    ),
    "ShowEnrolment": Words(
        "Where an enrolment stands",
        "The newest one of who holds the ticket.",
        ("ticket-over", *_BODY), secured=False, proof=True, body="TicketRequest",
    ),
    "ChooseEnrolmentPlace": Words(
        "Choose the place to join with",
        "Begins an enrolment; one that had not ended is withdrawn. A site that is registered already invites its"
        " people itself.",
        ("ticket-over", "place-unknown", "site-malformed", "place-ended", "site-registered", *_BODY),
        secured=False, proof=True, body="PlaceRequest",
    ),
    "SendEnrolmentDocument": Words(
        "Send the bank document, sealed",
        "Sealed to the operator's own key, as docs/formats/enrolment.md tells: the hub stores it and cannot read it."
        " Then the operator decides, by two officers.",
        ("ticket-over", "document-size", "transition-not-allowed", *_BODY),
        secured=False, proof=True, body="DocumentRequest",
    ),
}  # fmt: skip
_OPERATOR = "Whose portal it is."
_TICKETS = "As `OpenEnrolment` gave it."
ENROLMENT_FIELDS: dict[str, dict[str, str]] = {
    "EnrolmentPlace": {
        "finess": "Its FINESS number, or empty: most liberal practices have none.",
        "name": "Its trade name, or empty.",
        "profession": "A code of ANS TRE_G15, or empty.",
        "mode": "L liberal, S salaried, or empty.",
    },
    "EnrolmentState": {
        "enrolment": "Its number.",
        "state": "`asked`: a place is chosen; `documents`: another document is asked for; `awaiting`: the operator"
        " decides; `approved`, `refused`, `withdrawn`, `expired` after 30 days.",
        "site": "The billing number that was typed.",
        "finess": "Of the place, or empty.",
        "profession": "A code of ANS TRE_G15, or empty.",
        "asked": "When it began.",
        "changed": "When it came to this state.",
        "expires": "When it ends by itself.",
        "reason": "Why another document is asked for, or why it is refused: a stable code, or empty.",
    },
    "EnrolmentOpened": {
        "ticket": "To be held by the browser; it stands for the person through this portal.",
        "expires_in": "Seconds.",
        "places": "Where the provider says that the person works.",
        "enrolment": "One that was begun before, or null.",
    },
    "TicketRequest": {"operator": _OPERATOR, "ticket": _TICKETS},
    "PlaceRequest": {
        "operator": _OPERATOR,
        "ticket": _TICKETS,
        "place": "The ordinal of a place, from 0.",
        "site": "The 9 characters that the place bills by (N° AM or FINESS).",
    },
    "DocumentRequest": {
        "operator": _OPERATOR,
        "ticket": _TICKETS,
        "enrolment": "What the document is bound to.",
        "sealed": "base64url, at most 3 MB before it.",
    },
}
_STATE = EnrolmentState(
    _ENROLMENT, "asked", _SITE, _SITE, "21", "2026-11-22T18:00:00Z", "2026-11-22T18:00:00Z", "2026-12-22T18:00:00Z"
)
REQUESTS: dict[str, object] = {
    "OpenEnrolment": ProviderRequest(
        "horizon", _text(bytes(range(40))), "c0d3.of-the.provider", _text(bytes(range(32))),
        "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet",
    ),
    "ShowEnrolment": TicketRequest("horizon", _TICKET),
    "ChooseEnrolmentPlace": PlaceRequest("horizon", _TICKET, 0, _SITE),
    "SendEnrolmentDocument": DocumentRequest("horizon", _TICKET, _ENROLMENT, _text(bytes(160))),
}  # fmt: skip
ANSWERS: dict[str, object] = {
    "OpenEnrolment": EnrolmentOpened(
        _TICKET, 3_600, (EnrolmentPlace(_SITE, "PHARMACIE INVENTEE", "21", "L"),), None
    ),
    "ShowEnrolment": _STATE,
    "ChooseEnrolmentPlace": _STATE,
    "SendEnrolmentDocument": EnrolmentState(
        _ENROLMENT, "awaiting", _SITE, _SITE, "21", "2026-11-22T18:00:00Z", "2026-11-22T18:09:00Z",
        "2026-12-22T18:00:00Z",
    ),
}  # fmt: skip
