"""What the API's document says of the waiting room, with invented examples."""

from __future__ import annotations

from typing import Any

from rempart.api.schema_base import SIGNED, Words
from rempart.wire.problem import ClosureTold
from rempart.wire.waiting_room import Alternative, LeaveReceipt, LeaveRequest, LeftState, OpenRoom, WaitingRoom

_ROOM = "portal:horizon@1772442000000000"
_RECEIPT = "7K2M9X4C1V"
_AT = "2026-03-02T10:12:41.000000Z"
_KIND = "invoice or authorization."
_KEY = "eyJhbGciOiJFZERTQSIsInR5cCI6InJlbXBhcnQtd2FpdGluZy1rZXkvMSJ9.eyJyb29tIjoi4oCmIn0.c2lnbmF0dXJl"
# Made with an invented key: it opens nowhere.
_SEALED = (
    "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsInR5cCI6InJlbXBhcnQtd2FpdGluZy8xIiwia2lkIjoiY2Nnc2NXU09XTmU3emZFTE"
    "NJUkhUZGI3SmtWeV9FbzJ2ZzM3MUM1cnBsWSIsImVwayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImVyaUszZkotcVdzSkVzRXhD"
    "LTlnR3hwamtvOHdjMk5PSUQwTDc4NDBWUFkiLCJ5IjoiVG0tR3FzTndXN2RHbDQ0NE1CbF9ZRHlBS05rcEM5dE92bzE1eFVQZVQ3NCJ9fQ..AA"
    "AAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA"
)

WAITING_ROOM: dict[str, Words] = {
    "ReadWaitingRoom": Words(
        "What is closed for me, and what helps",
        "For a person in a session: the closure that holds them, what helps meanwhile for the site's profession, the"
        " rooms in which something may be left now with their keys, and what this account left before. A question about"
        " a patient is never left: there the insurer's stand-in rule answers.",
        ("purpose", *SIGNED),
    ),
    "LeaveInWaitingRoom": Words(
        "Leave an invoice or a request for an authorization",
        "While a part of the service is closed. The page seals it to the room's key, which the keeper alone holds;"
        " at the reopening it is sent in its order, under the standing and the budgets of that moment, and the site"
        " is told by a notice what became of it. An account leaves at most 20.",
        (
            "malformed-body", "invalid-fields", "repeated-field", "token", "purpose", "not-closed", "waiting-room-full",
            *SIGNED,
        ),
        body="LeaveRequest",
    ),
}  # fmt: skip
TAG = ("waiting-room", "Waiting room", "What people leave while a portal is closed, sealed in their page.")

WAITING_ROOM_FIELDS: dict[str, dict[str, str]] = {
    "OpenRoom": {
        "kind": _KIND,
        "room": "One closing of one part of the service.",
        "key": "The room's P-256 key in a JWS by the keeper.",
    },
    "Alternative": {"french": "What helps, in French.", "english": "The same in English."},
    "LeftState": {
        "receipt": "What the person was given.",
        "kind": _KIND,
        "received": "When it was left, UTC.",
        "state": "waiting, sent or refused.",
        "reason": "Why it was refused, a stable code.",
        "subject": "Id of the invoice or authorization that came of it.",
        "ended": "When it was sent or refused, UTC.",
    },
    "WaitingRoom": {
        "closure": "What is closed for this person; null when nothing is.",
        "alternatives": "The most useful first.",
        "rooms": "One for each kind that can be left now.",
        "left": "By this account for this site, the newest first.",
        "waiting": "How many of this account wait.",
        "most": "How many may.",
    },
    "LeaveRequest": {
        "kind": _KIND,
        "room": "As it was read.",
        "mark": "The page's own UUID: sent twice, it is left once.",
        "sealed": "A compact JWE for the room's key.",
    },
    "LeaveReceipt": {
        "receipt": "For the person to keep.",
        "received": "When, UTC.",
        "waiting": "How many of this account wait.",
        "most": "How many may.",
    },
    "TurnTold": {
        "place": "The site's, from 1.",
        "of": "About how many sites come back.",
        "opens": "From when it may, UTC.",
        "retry_after": "Seconds until then.",
    },
}

REQUESTS: dict[str, Any] = {
    "LeaveInWaitingRoom": LeaveRequest("invoice", _ROOM, "019cb30d-5c00-7b52-9f0e-3c6a41d2e8b7", _SEALED),
}
"""By operation id, a request."""
ANSWERS: dict[str, Any] = {
    "ReadWaitingRoom": WaitingRoom(
        ClosureTold(
            "portal:horizon", "closed", "2026-03-02T09:00:00Z", "Ce service est fermé pour maintenance.",
            "This service is closed for maintenance.", "2026-03-02T12:00:00Z", 6439,
        ),
        (Alternative("Au comptoir, la règle de remplacement de l’assureur s’applique.",
                     "At the counter, the insurer’s stand-in rule applies."),),
        (OpenRoom("invoice", _ROOM, _KEY), OpenRoom("authorization", _ROOM, _KEY)),
        (LeftState(_RECEIPT, "invoice", _AT, "waiting"),), 1, 20,
    ),
    "LeaveInWaitingRoom": LeaveReceipt(_RECEIPT, _AT, 1, 20),
}  # fmt: skip
"""By operation id, what a good answer looks like."""
