"""CapabilityStatement: what is offered, and by absence what is not: no search, no Patient, nothing to write."""

from __future__ import annotations

from rempart.formats.fhir import names
from rempart.formats.fhir.names import Json, encode

DATE = "2026-11-22"  # of this statement, not of the answer
READABLE = ("ClaimResponse", "PaymentNotice", "PaymentReconciliation")
SUBMITTED = {
    "CoverageEligibilityRequest": "http://hl7.org/fhir/OperationDefinition/CoverageEligibilityRequest-submit",
    "Claim": "http://hl7.org/fhir/OperationDefinition/Claim-submit",
}


def statement(base: str) -> bytes:
    """The statement of the hub whose address is `base`."""
    resources: list[Json] = [
        {"type": name, "operation": [{"name": "submit", "definition": definition}]}
        for name, definition in SUBMITTED.items()
    ]
    resources += [{"type": name, "interaction": [{"code": "read"}]} for name in READABLE]
    return encode({
        "resourceType": "CapabilityStatement", "status": "active", "date": DATE, "kind": "instance",
        "software": {"name": "Rempart"},
        "implementation": {"description": "Tiers payant: rights, invoices, payments", "url": f"{base}/fhir"},
        "fhirVersion": names.VERSION, "format": [names.MEDIA_TYPE],
        "rest": [{
            "mode": "server",
            "documentation": "Identity stands inline in a request and nowhere else: there is no Patient to read, no"
            " search of any kind, and no answer repeats what was presented.",
            "security": {
                "cors": False,
                "description": "Tokens of POST /v1/token, bound to a key (DPoP) or to a client certificate.",
            },
            "resource": resources,
        }],
    })  # fmt: skip
