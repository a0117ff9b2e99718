"""OperationOutcome: a refusal of the API as FHIR tells it. The code is the same as in a problem document."""

from __future__ import annotations

from collections.abc import Callable

from rempart.formats.fhir import names
from rempart.formats.fhir.names import Json, concept, encode
from rempart.wire.problem import Problem

ISSUES = {
    400: "structure", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 409: "conflict",
    413: "too-long", 422: "value", 429: "throttled", 500: "exception", 503: "transient",
}  # fmt: skip
"""HL7's issue type by HTTP status."""
FIELD_ISSUES = {"server-owned": "business-rule", "unknown-field": "structure", "wrong-shape": "structure"}


def refusal(problem: Problem, expression: Callable[[str], str] = str) -> bytes:
    """One issue per field at fault, or one in all. `expression` turns a field of the problem into its FHIRPath."""
    issues = [
        _issue(FIELD_ISSUES.get(one.code, "value"), one.code, problem.title) | {"expression": [expression(one.field)]}
        for one in problem.errors
    ]
    whole = _issue(ISSUES.get(problem.status, "processing"), problem.code, problem.title)
    if problem.detail:
        whole["diagnostics"] = problem.detail
    return encode({"resourceType": "OperationOutcome", "issue": [whole, *issues]})


def _issue(kind: str, code: str, text: str) -> Json:
    return {"severity": "error", "code": kind, "details": concept(names.CODE, code) | {"text": text}}
