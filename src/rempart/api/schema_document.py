"""The OpenAPI document of the API: what the framework generates of paths and parameters, completed.

Added: types as the decoders hold them, words, examples, each operation's refusals, and how one signs in.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from rempart.api import examples, fhir_examples, optics_examples
from rempart.api.problems import TABLE, problem
from rempart.api.schema_base import Words
from rempart.api.schema_fields import FIELDS
from rempart.api.schema_token import AGENT_SIGN_IN, TOKEN
from rempart.api.schema_words import OPERATIONS, SIGN_IN, TAGS
from rempart.domain.reasons import REASONS
from rempart.domain.rights import DOMAINS
from rempart.formats.fhir import outcome
from rempart.formats.fhir.names import MEDIA_TYPE as FHIR_JSON
from rempart.formats.optics_messages import answered as optics
from rempart.wire import (
    account,
    authorizations,
    bank_details,
    batches,
    desk_joins,
    desk_log,
    eligibility,
    enrolment,
    estimates,
    exports,
    figures,
    hospital,
    insurer_desk,
    insurer_rejections,
    invoices,
    mandates,
    notices,
    operator_desk,
    own_records,
    own_site,
    payments,
    presence,
    provider,
    receipts,
    record_check,
    sealed,
    settlements,
    sign_in,
    stations,
    status,
    support,
    token,
    waiting_room,
    webhooks,
)
from rempart.wire import problem as problems
from rempart.wire.token import FORM_TYPE, TokenRefusal

Json = dict[str, Any]
_REF = "#/components/schemas/{name}"
JSON, PROBLEM_JSON, XML = "application/json", problems.MEDIA_TYPE, "application/xml"
DESCRIPTION = (
    "Rempart confirms what a card says, takes invoices and tells what became of them. It repeats nothing that was"
    " presented"
    " and has no request that lists or searches people. Amounts are integer cents of euro. A refusal is a problem"
    " document"
    " (RFC 9457) whose code is stable: map it once. Unknown and repeated fields are refused."
)
SCHEMES: Json = {
    "dpop": {
        "type": "http",
        "scheme": "DPoP",
        "description": "A token bound to a key: send Authorization: DPoP and a fresh proof in the DPoP header of each"
        " request (RFC 9449). The hub gives the nonce of the next proof in DPoP-Nonce.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token bound to a client certificate (RFC 8705): worth nothing on a connection without it.",
    },
    "certificate": {
        "type": "mutualTLS",
        "description": "The client certificate, of an authority that the operator has agreed to.",
    },
    "privateKeyJwt": {
        "type": "oauth2",
        "description": "How a token is asked for: client credentials, the client known by a signed assertion"
        " (private_key_jwt, RFC 7523). There is no shared secret.",
        "flows": {"clientCredentials": {"tokenUrl": "/v1/token", "scopes": {}}},
    },
}
SECURITY: list[Json] = [{"dpop": []}, {"bearer": [], "certificate": []}]


def document(generated: Json) -> Json:
    """The completed document; `generated` is the framework's and is not changed."""
    made = msgspec.json.decode(msgspec.json.encode(generated))
    made["info"] |= {"description": DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}
    made["tags"] = [{"name": name, "description": f"{title}. {text}"} for name, title, text in TAGS]
    made["components"] = {"schemas": _schemas(), "securitySchemes": SCHEMES}
    for path, operations in made["paths"].items():
        for operation in operations.values():
            _complete(path, operation)
    made["x-reasons"] = [{"code": r.code, "level": r.level, "french": r.french, "english": r.english} for r in REASONS]
    return msgspec.to_builtins(made)  # type: ignore[no-any-return]  # builtins of builtins


def _schemas() -> Json:
    modules = (
        account, authorizations, bank_details, batches, eligibility, enrolment, estimates, exports, figures, hospital,
        insurer_desk, invoices, mandates, notices, own_records, own_site, payments, presence, provider, receipts,
        record_check, sealed, settlements, sign_in, stations, status, support, token, waiting_room, webhooks,
        problems, operator_desk, desk_joins, desk_log, insurer_rejections,
    )  # fmt: skip
    structs = [
        found for module in modules for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, msgspec.Struct) and found.__module__ == module.__name__
    ]  # fmt: skip
    _, schemas = msgspec.json.schema_components(structs, ref_template=_REF)
    for name, words in FIELDS.items():
        properties = schemas[name].get("properties", {})
        for field, sentence in words.items():
            if field in properties:
                properties[field] = {"description": sentence, **properties[field]}
    schemas["Problem"]["properties"]["code"]["enum"] = sorted({*TABLE, *SIGN_IN, *AGENT_SIGN_IN})
    schemas["TokenRefusal"]["properties"]["code"]["enum"] = sorted({*TOKEN, *SIGN_IN})
    schemas["EligibilityRequest"]["properties"]["domains"]["items"]["enum"] = list(DOMAINS)
    return schemas


def _complete(path: str, operation: Json) -> None:
    words = OPERATIONS.get(operation["operationId"])
    if words is None:  # a test holds the table to the routes; an operation without words is still documented
        return
    name = operation["operationId"]
    operation |= {"summary": words.summary, "description": words.text}
    if words.secured:
        operation["security"] = SECURITY
    else:
        operation["security"] = []
    if words.body:
        operation["requestBody"] = _body(name, words.body)
    elif name in fhir_examples.REQUESTS:
        operation["requestBody"] = {"required": True, "content": _fhir(fhir_examples.REQUESTS[name])}
    elif name == "SendOpticsMessage":
        operation["requestBody"] = {"required": True, "content": _xml(optics_examples.REQUESTS)}
    elif name in {"SendFile", "AnswerSettlement"}:
        content = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
        operation["requestBody"] = {"required": True, "content": content}
    for parameter in operation.get("parameters", ()):
        _parameter(path, parameter)
    good = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
    for answer in good.values():
        _good(name, answer)
    operation["responses"] = good | _refusals(words)


def _body(operation: str, struct: str) -> Json:
    value = examples.omit(examples.REQUESTS[operation])
    form = struct in {"TokenRequest", "RevokeRequest"}
    shape: Json = {"$ref": _REF.format(name=struct)}
    if f"Sealed{struct}" in vars(sealed):
        shape = {"oneOf": [shape, {"$ref": _REF.format(name=f"Sealed{struct}")}]}
    if operation == "AskEligibility":
        shape["oneOf"] += [{"$ref": _REF.format(name=name)} for name in ("CardRequest", "PresenceRequest")]
    if operation == "AskEstimate":
        shape["oneOf"].append({"$ref": _REF.format(name="CardEstimateRequest")})
    content = {"schema": shape, "example": value}
    return {"required": True, "content": {FORM_TYPE if form else JSON: content}}


def _fhir(example: Json) -> Json:
    """The content of a FHIR body. Its shape is HL7's and docs/formats/fhir.md's; here only which resource it is."""
    kind = {"resourceType": {"const": example["resourceType"]}}
    schema = {"type": "object", "required": ["resourceType"], "properties": kind}
    return {FHIR_JSON: {"schema": schema, "example": example}}


def _xml(shown: dict[str, str]) -> Json:
    """The content of a message of optics software. Its shape is docs/formats/optics-messages.xsd."""
    told = {name: {"summary": name, "value": value} for name, value in shown.items()}
    return {XML: {"schema": {"type": "string"}, "examples": told}}


def _parameter(path: str, parameter: Json) -> None:
    for unsaid in ("deprecated", "allowEmptyValue", "allowReserved"):
        parameter.pop(unsaid, None)
    if parameter["name"] == "identity":
        parameter["example"] = next(value for start, value in examples.IDENTITIES.items() if path.startswith(start))
    elif parameter["name"] in examples.PARAMETERS:
        parameter["example"] = examples.PARAMETERS[parameter["name"]]


def _good(operation: str, answer: Json) -> None:
    answer.pop("headers", None)
    answer["description"] = _SUCCESS.get(operation, "Done.")
    content = answer.get("content", {})
    if operation == "RevokeToken":
        answer.pop("content", None)
    elif operation in fhir_examples.ANSWERS:
        answer["content"] = _fhir(fhir_examples.ANSWERS[operation])
    elif operation == "SendOpticsMessage":
        answer["content"] = _xml(optics_examples.ANSWERS)
    elif operation == "IssueToken":
        answer["content"] = {JSON: {"schema": {"$ref": _REF.format(name="TokenAnswer")}}}
    elif operation in {"ReadCheckpoint", "ReadProof", "ReadStandIn", "ReadKeeperKeys", "ReadInsurerKeys"}:
        content = answer["content"] = {"text/plain": {"schema": {"type": "string"}}}
        content["text/plain"]["example"] = examples.TEXTS[operation]
    elif operation in {*_FILES, *_PDFS}:
        kind = "application/pdf" if operation in _PDFS else "application/octet-stream"
        answer["content"] = {kind: {"schema": {"type": "string", "format": "binary"}}}
    if operation in examples.ANSWERS:
        next(iter(answer["content"].values()))["example"] = examples.plain(examples.ANSWERS[operation])


_FILES = (
    "ReadTile", "ReturnRemittance", "ReturnFile", "FetchSettlement", "FetchSettlementReferences", "DeskFetchSettlement",
)  # fmt: skip
_PDFS = ("PrintRemittance", "PrintDemand")
_SUCCESS = {
    "AnswerSettlement": "Received: durable, not taken yet.",
    "RevokeToken": "The token is worth nothing any more; the body is empty.",
    "AskAuthorization": "Answered: agreed, refused or pending.",
    "SendInvoices": "Received: durable, not decided yet.",
    "SendBatch": "Received: durable, not answered yet.",
    "SendFile": "Received: durable, not read yet.",
    "SayDistinct": "Noted; it will be decided.",
}


def _refusals(words: Words) -> Json:
    """By status, every code this operation may answer with, each with its document."""
    found: dict[int, dict[str, Json]] = {}
    if words.fails == "TokenRefusal":
        for code in SIGN_IN:
            found.setdefault(400 if code in _EARLY else 401, {})[code] = _refusal(code)
        for code, (status, _) in TOKEN.items():
            found.setdefault(status, {})[code] = _refusal(code)
    elif words.secured or words.proof:
        found[401] = {code: _signin(code) for code in (*SIGN_IN, *AGENT_SIGN_IN)}
    for code in words.codes:
        found.setdefault(TABLE[code][0], {})[code] = examples.plain(problem(code))
    return {str(status): _answer(status, codes, words.fails) for status, codes in sorted(found.items())}


_EARLY = frozenset(SIGN_IN) - {"unsupported-algorithm", "unusable-key", "bad-signature", "missing-jti"}
"""Codes of the proof beside an assertion: the token endpoint calls them bad requests (RFC 9449 § 5)."""


def _answer(status: int, codes: dict[str, Json], fails: str) -> Json:
    if fails == "OperationOutcome":
        return {"description": _STATUS[status], "content": _outcomes(codes)}
    if fails == "OpticsRefusal":
        content = _xml({code: _optics_refusal(value) for code, value in codes.items()})
        for code, example in content[XML]["examples"].items():
            example["summary"] = codes[code]["detail"]
        return {"description": _STATUS[status], "content": content}
    shown = {code: {"summary": code, "value": value} for code, value in codes.items()}
    token_refusal = fails == "TokenRefusal" and status < 500
    kind, struct = (JSON, "TokenRefusal") if token_refusal else (PROBLEM_JSON, "Problem")
    content = {kind: {"schema": {"$ref": _REF.format(name=struct)}, "examples": shown}}
    return {"description": _STATUS[status], "content": content}


def _optics_refusal(value: Json) -> str:
    return optics.refusal(msgspec.convert(value, problems.Problem)).decode()


def _outcomes(codes: dict[str, Json]) -> Json:
    """The content of refusals in FHIR, of the same problem documents."""
    told = {
        code: msgspec.json.decode(outcome.refusal(msgspec.convert(value, problems.Problem)))
        for code, value in codes.items()
    }
    content = _fhir(next(iter(told.values())))
    del content[FHIR_JSON]["example"]
    content[FHIR_JSON]["examples"] = {code: {"summary": code, "value": value} for code, value in told.items()}
    return content


_STATUS = {
    400: "The request cannot be read",
    401: "The sign-in is not accepted",
    403: "This client or site may not",
    404: "Absent, or not this site's",
    409: "Not possible now",
    413: "Too large",
    415: "Of a content type that is not taken",
    422: "Something sent cannot be right",
    429: "Over a budget",
    503: "Closed, busy or unable for the moment",
}


def _signin(code: str) -> Json:
    return {"title": "Sign-in refused", "status": 401, "code": code, "detail": SIGN_IN.get(code) or AGENT_SIGN_IN[code]}


def _refusal(code: str) -> Json:
    status, text = TOKEN.get(code) or (400 if code in _EARLY else 401, SIGN_IN[code])
    word = "invalid_request" if status in {400, 413} else "unauthorized_client" if status == 403 else "invalid_client"
    return examples.plain(TokenRefusal(word, text, "No token", status, code))  # type: ignore[no-any-return]  # JSON


def form(value: Json) -> str:
    """A form's example as it is sent."""
    return urlencode(value)
