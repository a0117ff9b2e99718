"""The examples of FHIR in the API's document: those of the JSON routes, written by the same code that answers."""

from __future__ import annotations

from typing import Any

import msgspec

from rempart.api import examples
from rempart.formats.fhir import capability, claim, payments, question, states

ASKED = f"{examples.DAY}T10:00:00Z"


def _read(body: bytes) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(body)
    return found


_ADVICE = examples.ANSWERS["ReadRemittance"]
REQUESTS: dict[str, dict[str, Any]] = {
    "FhirAskEligibility": _read(question.write(examples.REQUESTS["AskEligibility"], ASKED)),
    "FhirSendClaim": _read(claim.write(examples.REQUESTS["SendInvoices"].invoices[0], examples.SITE)),
}
"""By operation id."""

ANSWERS: dict[str, dict[str, Any]] = {
    "FhirMetadata": _read(capability.statement("https://hub.example")),
    "FhirAskEligibility": _read(question.answer(examples.ANSWERS["AskEligibility"], ASKED, 1)),
    "FhirSendClaim": _read(states.taken(examples.INVOICE, "000000041", ASKED)),
    "FhirReadClaim": _read(states.state(examples.ANSWERS["ReadInvoice"])),
    "FhirReadPayment": _read(payments.reconciliation(_ADVICE)),
    "FhirReadNotice": _read(payments.notice(_ADVICE.remittance, _ADVICE.site)),
}
"""By operation id."""
