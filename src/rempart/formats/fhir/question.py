"""CoverageEligibilityRequest and its response ↔ the wire's eligibility question and answer.

What R4 has no element for (evidence, formula's days, kind of contract, our answer's code) are extensions of ours.
"""

from __future__ import annotations

from typing import get_args

from rempart.formats.fhir import names, person
from rempart.formats.fhir.names import Json, concept, encode, identifier, masked, ours
from rempart.formats.fhir.shapes import CoverageEligibilityRequest
from rempart.formats.fhir.strict import Faults, Refused, code, extensions, identified
from rempart.formats.fhir.strict import read as strict
from rempart.wire.eligibility import DomainAnswer, EligibilityAnswer, EligibilityRequest, Evidence
from rempart.wire.problem import FieldError

KIND = "CoverageEligibilityRequest"
EVIDENCE = names.EXTENSION + "evidence"
WHERE = {
    **person.WHERE, "care_date": "servicedDate", "domains": "item.category", "site_reference": "identifier.value",
    "evidence": f"extension('{EVIDENCE}').value",
}  # fmt: skip
SAID = {
    "covered": "Couvert à cette date pour les domaines ouverts.",
    "not-confirmed": "Non confirmé : vérifiez la carte.",
    "closed": "Droits fermés à cette date.",
    "not-covered": "Domaine non couvert en tiers payant.",
}
PROVISIONAL = "Nouveau-né couvert provisoirement par le contrat du parent, dans la limite du plafond."


def expression(field: str) -> str:
    """The FHIRPath of a field of the wire's question; the resource itself when there is none."""
    return f"{KIND}.{WHERE[field]}" if field in WHERE else KIND


def read(body: bytes, site: str) -> EligibilityRequest | Refused:
    """The question that a site sends, in the wire's shape; its values are judged where the JSON ones are."""
    found = strict(body, CoverageEligibilityRequest)
    if isinstance(found, Refused):
        return found
    faults: Faults = []
    coverages = tuple(one.coverage for one in found.insurance)
    who = person.read(person.About(found.contained, found.patient, found.insurer, coverages), KIND, faults)
    if found.provider is not None:
        at = f"{KIND}.provider"
        if person.by_identifier(found.provider, (names.SITE, names.FINESS), at, faults) != site:
            faults.append(FieldError(at, "not-the-token-s-site"))
    domains = tuple(
        code(item.category, names.DOMAIN, f"{KIND}.item[{index}].category", faults)
        for index, item in enumerate(found.item)
    )
    if not found.purpose:
        faults.append(FieldError(f"{KIND}.purpose", "purpose-needed"))
    evidence = extensions(found.extension, {"evidence": "code"}, KIND, faults).get("evidence", [""])[0]
    if evidence not in get_args(Evidence):
        faults.append(FieldError(expression("evidence"), "unknown-evidence"))
    reference = identified(found.identifier, (names.SITE_REFERENCE,), f"{KIND}.identifier", faults)
    if faults:
        return Refused("invalid-fields", tuple(faults))
    return EligibilityRequest(
        who.amc_number, who.member, who.birth_date, found.serviced_date, domains, evidence, who.convention, who.csr,
        who.nir, who.rank, reference.get(names.SITE_REFERENCE, ""),
    )  # fmt: skip


def write(asked: EligibilityRequest, created: str) -> bytes:
    """The request a site's software sends; `created` is a FHIR dateTime."""
    who = person.Person(
        asked.amc_number, asked.member, asked.birth_date, asked.nir, asked.rank, asked.convention, asked.csr
    )
    made: Json = {
        "resourceType": KIND, "extension": [ours("evidence", "Code", asked.evidence)],
        "status": "active", "purpose": ["validation"], **person.write(who), "created": created,
        "servicedDate": asked.care_date, "insurance": [{"focal": True, "coverage": {"reference": "#coverage"}}],
        "item": [{"category": concept(names.DOMAIN, domain)} for domain in asked.domains],
    }  # fmt: skip
    if asked.site_reference:
        made["identifier"] = [identifier(names.SITE_REFERENCE, asked.site_reference)]
    return encode(made)


def answer(said: EligibilityAnswer, created: str, asked: int) -> bytes:
    """A CoverageEligibilityResponse. Its length depends on `asked`, the number of domains asked for, alone."""
    made: Json = {
        "resourceType": "CoverageEligibilityResponse",
        "extension": _told(said),
        "identifier": [identifier(names.QUESTION, said.question)],
        "status": "active", "purpose": ["validation", "benefits"], "patient": masked(), "created": created,
        "request": {"identifier": identifier(names.QUESTION, said.question)},
        "outcome": "complete", "disposition": SAID[said.answer], "insurer": masked(),
        "insurance": [_insurance(said)],
    }  # fmt: skip
    if said.provisional:
        made["disposition"] = PROVISIONAL
    if said.accreditation:
        made["preAuthRef"] = said.accreditation
    body = encode(made)
    return body[:-1] + b" " * (1200 + 420 * asked - len(body)) + body[-1:]


def _told(said: EligibilityAnswer) -> list[Json]:
    found = [ours("answer", "Code", said.answer)]
    if said.kind:
        found.append(ours("kind", "Code", said.kind))
    if said.provisional:
        found.append(ours("provisional", "Boolean", said.provisional))
        found.append(ours("ceiling", "Money", names.money(said.ceiling)))
    return found


def _insurance(said: EligibilityAnswer) -> Json:
    made: Json = {"coverage": masked()}
    if said.answer != "not-confirmed":  # not confirmed is no statement about the coverage
        made["inforce"] = said.answer == "covered"
    if said.accreditation_from:
        made["benefitPeriod"] = {"start": said.accreditation_from, "end": said.accreditation_to}
    elif said.ended:
        made["benefitPeriod"] = {"end": said.ended}
    if said.domains:
        made["item"] = [_item(domain) for domain in said.domains]
    return made


def _item(domain: DomainAnswer) -> Json:
    made: Json = {"category": concept(names.DOMAIN, domain.domain), "excluded": not domain.open}
    if domain.open:
        made["extension"] = [ours("open", "Period", {"start": domain.start, "end": domain.end})]
        made["authorizationRequired"] = domain.formula == "PEC"
    if domain.formula:
        made["name"] = domain.formula
    return made
