"""Claim ↔ one invoice of the wire, or one request for an authorization (use `preauthorization`)."""

from __future__ import annotations

import re

from rempart.formats.fhir import items, names, person, preauth
from rempart.formats.fhir.names import Json, concept, encode, identifier, money, ours
from rempart.formats.fhir.shapes import Claim, Part
from rempart.formats.fhir.strict import Faults, Refused, cents, code, extensions, identified
from rempart.formats.fhir.strict import read as strict
from rempart.wire.authorizations import AuthorizationRequest
from rempart.wire.invoices import DeclaredRequest, InvoiceRequest
from rempart.wire.problem import FieldError

KIND = "Claim"
EXTENSIONS = {"nature": "code", "exemption": "code", "mode": "code", "distinct": "boolean", "declared": "parts"}
DECLARED = {"kind": "code", "seen": "date", "until": "date"}
WHERE = {
    **person.WHERE, "number": "identifier.value", "site_reference": "identifier.value", "issued": "created",
    "planned_date": "item[0].servicedDate", "evidence": f"extension('{names.EXTENSION}evidence').value",
    "lines": "item", "accreditation": "insurance[0].preAuthRef",
    **{name: f"extension('{names.EXTENSION}{name}').value" for name in EXTENSIONS if name != "declared"},
    "declared": f"extension('{names.EXTENSION}declared')",
}  # fmt: skip
_LINE = re.compile(r"lines\[([0-9]+)\]\.([a-z_]+)")
_TYPES = frozenset({"institutional", "oral", "pharmacy", "professional", "vision"})


def expression(field: str) -> str:
    """The FHIRPath of a field of the wire's invoice; the resource itself when there is none."""
    name = field.removeprefix("invoices[0].").removeprefix("invoices[0]")
    line = _LINE.match(name)
    if line is None:
        name = name.partition(".")[0]
        return f"{KIND}.{WHERE[name]}" if name in WHERE else KIND
    place = items.WHERE.get(line[2], f"extension('{names.EXTENSION}particulars')")
    return f"{KIND}.item[{line[1]}].{place}"


def _declared(parts: tuple[Part, ...] | None, faults: Faults) -> DeclaredRequest | None:
    if parts is None:
        return None
    at = f"{KIND}.{WHERE['declared']}"
    told = {name: values[0] for name, values in extensions(parts, DECLARED, at, faults).items()}
    if not {"kind", "seen"} <= set(told):
        faults.append(FieldError(at, "missing-field"))
        return None
    return DeclaredRequest(**told)


def read(body: bytes, site: str) -> InvoiceRequest | AuthorizationRequest | Refused:
    """What `site` sends: an invoice, or of use `preauthorization` a request; values are judged where JSON's are."""
    found = strict(body, Claim)
    if isinstance(found, Refused):
        return found
    if found.use == "predetermination":
        return Refused("use-not-offered", (FieldError(f"{KIND}.use", "use-not-offered"),))
    faults: Faults = []
    coverages = tuple(one.coverage for one in found.insurance)
    who = person.read(person.About(found.contained, found.patient, found.insurer, coverages), KIND, faults)
    _frame(found, site, faults)
    made = _invoice(found, who, faults) if found.use == "claim" else preauth.request(found, who, faults)
    spent = sum(line.spent for line in made.lines)
    if found.total is not None and cents(found.total, f"{KIND}.total", faults) != spent:
        faults.append(FieldError(f"{KIND}.total", "total-is-not-the-sum"))
    return Refused("invalid-fields", tuple(faults)) if faults else made


def _invoice(found: Claim, who: person.Person, faults: Faults) -> InvoiceRequest:
    told = {n: values[0] for n, values in extensions(found.extension, EXTENSIONS, KIND, faults).items()}
    numbers = identified(found.identifier, (names.NUMBER, names.SITE_REFERENCE), f"{KIND}.identifier", faults)
    lines = tuple(items.read(item, f"{KIND}.item[{index}]", faults) for index, item in enumerate(found.item))
    declared = _declared(told.get("declared"), faults)
    references = [one for insurance in found.insurance for one in insurance.pre_auth_ref]
    if len(references) > 1:
        faults.append(FieldError(f"{KIND}.insurance[0].preAuthRef", "one-accreditation"))
    return InvoiceRequest(
        numbers.get(names.NUMBER, ""), found.created[:10], who.amc_number, who.member, who.birth_date, lines,
        who.nir, who.rank, who.convention, who.csr, told.get("nature", "10"), told.get("exemption", ""),
        references[0] if references else None, numbers.get(names.SITE_REFERENCE, ""), told.get("mode", "real"),
        told.get("distinct", False), declared,
    )  # fmt: skip


def _frame(found: Claim, site: str, faults: Faults) -> None:
    """What R4 asks for and the invoice does not need, held to what it must be."""
    at = f"{KIND}.provider"
    if person.by_identifier(found.provider, (names.SITE, names.FINESS), at, faults) != site:
        faults.append(FieldError(at, "not-the-token-s-site"))
    if code(found.type, names.TERMINOLOGY + "claim-type", f"{KIND}.type", faults) not in _TYPES:
        faults.append(FieldError(f"{KIND}.type", "unknown-word"))
    if code(found.priority, names.TERMINOLOGY + "processpriority", f"{KIND}.priority", faults) != "normal":
        faults.append(FieldError(f"{KIND}.priority", "unknown-word"))
    for index, insurance in enumerate(found.insurance):
        if not insurance.focal:
            faults.append(FieldError(f"{KIND}.insurance[{index}].focal", "focal-needed"))


def write(invoice: InvoiceRequest, site: str, kind: str = "pharmacy") -> bytes:
    """The Claim a site's software sends; `kind` is a code of HL7's claim types."""
    who = person.Person(
        invoice.amc_number, invoice.member, invoice.birth_date, invoice.nir, invoice.rank, invoice.convention,
        invoice.csr,
    )  # fmt: skip
    numbers = [identifier(names.NUMBER, invoice.number)]
    if invoice.site_reference:
        numbers.append(identifier(names.SITE_REFERENCE, invoice.site_reference))
    told = [ours("nature", "Code", invoice.nature), ours("mode", "Code", invoice.mode)]
    if invoice.exemption:
        told.append(ours("exemption", "Code", invoice.exemption))
    if invoice.distinct:
        told.append(ours("distinct", "Boolean", invoice.distinct))
    if invoice.declared is not None:
        days = {"seen": invoice.declared.seen, "until": invoice.declared.until}
        parts = [{"url": name, "valueDate": day} for name, day in days.items() if day]
        parts = [{"url": "kind", "valueCode": invoice.declared.kind}, *parts]
        told.append({"url": names.EXTENSION + "declared", "extension": parts})
    made = frame(who, site, kind)
    if invoice.accreditation is not None:
        made["insurance"] = [{**COVERED, "preAuthRef": [invoice.accreditation]}]
    made |= {
        "extension": told, "identifier": numbers, "use": "claim", "created": invoice.issued,
        "item": [items.write(index, line) for index, line in enumerate(invoice.lines, 1)],
        "total": money(sum(line.spent for line in invoice.lines)),
    }  # fmt: skip
    return encode(made)


def write_request(asked: AuthorizationRequest, site: str, kind: str, created: str) -> bytes:
    """The Claim of use `preauthorization` that a site's software sends; it carries no attachment."""
    who = person.Person(
        asked.amc_number, asked.member, asked.birth_date, asked.nir, asked.rank, asked.convention, asked.csr
    )
    return encode(frame(who, site, kind) | preauth.parts(asked) | {"created": created})


COVERED: Json = {"sequence": 1, "focal": True, "coverage": {"reference": "#coverage"}}


def frame(who: person.Person, site: str, kind: str) -> Json:
    """What every Claim holds."""
    return {
        "resourceType": KIND, "status": "active", "type": concept(names.TERMINOLOGY + "claim-type", kind),
        **person.write(who), "provider": {"identifier": identifier(names.SITE, site)},
        "priority": concept(names.TERMINOLOGY + "processpriority", "normal"), "insurance": [COVERED],
    }  # fmt: skip
