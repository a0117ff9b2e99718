"""One sentence for each field of the types of batches of questions; see `schema_fields`."""

from __future__ import annotations

_ID = "The hub's id, a UUID."
BATCHES: dict[str, dict[str, str]] = {
    "BatchRequest": {
        "items": "From 1 to 2,000 items, each number once.",
        "sealed_mark": "With sealed identities: a text of yours that stands for all that is sealed, see identity_jwe.",
    },
    "BatchItem": {"item": "Your own number for it, from 1.", "question": "The question, as /v1/eligibility takes it."},
    "BatchReceipt": {
        "batch": _ID, "items": "How many were received.",
        "ready_from": "Instant of the release: do not read before; a late batch says a later one.",
        "refused": "Items refused at once, without reading a record.",
    },
    "ItemRefusal": {
        "item": "Your number.", "code": "Code of a refusal; see Refusals below.", "errors": "The fields at fault.",
    },
    "BatchState": {
        "batch": _ID, "state": "waiting, ready or expired.", "items": "How many were received.",
        "ready_from": "Instant of the release.", "answers": "One an item, by your number, once ready.",
    },
    "BatchAnswer": {
        "item": "Your number.",
        "refusal": "Code of its refusal: appointments-budget-spent beyond the announced strangers, or one of Refusals.",
        "answer": "The answer, as /v1/eligibility gives it; absent when refused.",
    },
}  # fmt: skip
