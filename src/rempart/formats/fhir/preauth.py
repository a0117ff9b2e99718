"""Claim of use `preauthorization` ↔ the wire's request for an authorization, and its ClaimResponse. No attachments."""

from __future__ import annotations

from typing import get_args

from rempart.formats.fhir import items, names, states
from rempart.formats.fhir.names import Json, encode, identifier, masked, money, ours
from rempart.formats.fhir.person import Person
from rempart.formats.fhir.shapes import Claim
from rempart.formats.fhir.strict import Faults, extensions, identified
from rempart.wire.authorizations import AuthorizationRequest, AuthorizationState, QuoteLine
from rempart.wire.eligibility import Evidence
from rempart.wire.invoices import LineRequest
from rempart.wire.problem import FieldError

EXTENSIONS = {"evidence": "code", "nature": "code", "exemption": "code"}
_LINE = QuoteLine.__struct_fields__


def request(found: Claim, who: Person, faults: Faults) -> AuthorizationRequest:
    """The request in the wire's shape; `faults` grows by what is wrong."""
    told = {n: values[0] for n, values in extensions(found.extension, EXTENSIONS, "Claim", faults).items()}
    evidence = told.get("evidence", "")
    if evidence not in get_args(Evidence):
        faults.append(FieldError(f"Claim.extension('{names.EXTENSION}evidence').value", "unknown-evidence"))
    numbers = identified(found.identifier, (names.SITE_REFERENCE,), "Claim.identifier", faults)
    lines = [items.read(one, f"Claim.item[{n}]", faults, shares=False) for n, one in enumerate(found.item)]
    days = {line.care_date for line in lines}
    if len(days) != 1:
        faults.append(FieldError("Claim.item.servicedDate", "one-planned-day"))
    if any(insurance.pre_auth_ref for insurance in found.insurance):
        faults.append(FieldError("Claim.insurance[0].preAuthRef", "unknown-field"))
    return AuthorizationRequest(
        who.amc_number, who.member, who.birth_date, evidence, min(days, default=""), tuple(map(_quoted, lines)),
        who.convention, who.csr, who.nir, who.rank, told.get("nature", "10"), told.get("exemption", ""),
        numbers.get(names.SITE_REFERENCE, ""),
    )  # fmt: skip


def _quoted(line: LineRequest) -> QuoteLine:
    return QuoteLine(**{name: getattr(line, name) for name in _LINE})


def parts(asked: AuthorizationRequest) -> Json:
    """The elements of the Claim that are a request's own."""
    told = [ours("evidence", "Code", asked.evidence), ours("nature", "Code", asked.nature)]
    if asked.exemption:
        told.append(ours("exemption", "Code", asked.exemption))
    reference = [identifier(names.SITE_REFERENCE, asked.site_reference)] if asked.site_reference else []
    lines = [
        LineRequest(care_date=asked.planned_date, amo=0, amc=0, **{name: getattr(line, name) for name in _LINE})
        for line in asked.lines
    ]
    made: Json = {
        "extension": told, "use": "preauthorization",
        "item": [items.write(index, line, shares=False) for index, line in enumerate(lines, 1)],
        "total": money(sum(line.spent for line in lines)),
    }  # fmt: skip
    return made | ({"identifier": reference} if reference else {})


def state(found: AuthorizationState) -> bytes:
    """Where an authorization stands: `queued` while a case worker must decide; `preAuthRef` once it is agreed."""
    told = [ours("state", "Code", found.state)]
    if found.reason:
        told.append(ours("reason", "Code", found.reason))
    if found.delivery_until:
        told.append(ours("delivery-until", "Date", found.delivery_until))
    if found.if_rights_end:
        told.append(ours("if-rights-end", "String", found.if_rights_end))
    limits = (("line-tolerance", found.line_tolerance), ("total-tolerance", found.total_tolerance))
    told += [ours(name, "Money", money(cents)) for name, cents in limits if cents]
    if found.provisional:
        told += [ours("provisional", "Boolean", found.provisional), ours("ceiling", "Money", money(found.ceiling))]
    pending = found.state == "pending"
    made: Json = {
        "resourceType": "ClaimResponse", "id": found.authorization, "extension": told,
        "identifier": [identifier(names.AUTHORIZATION, found.authorization)],
        "status": "cancelled" if found.state == "cancelled" else "active", "type": states.TYPE,
        "use": "preauthorization", "patient": masked(), "created": found.requested, "insurer": masked(),
        "outcome": "queued" if pending else "complete",
    }  # fmt: skip
    if found.sentence:
        made["disposition"] = found.sentence
    if found.reference:
        made["preAuthRef"] = found.reference
    if found.valid_from:
        made["preAuthPeriod"] = {"start": found.valid_from, "end": found.valid_until}
    if not pending:
        made["total"] = states.amounts(found.spent, found.amo, found.amc, found.patient)
        if found.lines:
            made["item"] = [states.item(line) for line in found.lines]
    return encode(made)
