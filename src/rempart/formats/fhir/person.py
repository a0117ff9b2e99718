"""Whom a question or an invoice is about: a contained Patient and a contained Coverage, inline and unresolvable.

`multipleBirthInteger` is the card's birth rank, which counts twins. A birth date that is no date of the calendar
(lunar) goes in our extension `birth-text`, as the card has it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from rempart.formats.fhir import names
from rempart.formats.fhir.names import Json, concept, identifier, ours
from rempart.formats.fhir.shapes import Coverage, Patient, Reference
from rempart.formats.fhir.strict import Faults, code, extensions, identified
from rempart.wire.problem import FieldError

_DATE = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", re.ASCII)
_WAITING = frozenset("3478")  # first digits of numbers that wait for a NIR
PATIENT, COVERAGE = "contained.ofType(Patient)", "contained.ofType(Coverage)"
WHERE = {
    "nir": f"{PATIENT}.identifier.value", "birth": f"{PATIENT}.birthDate", "birth_date": f"{PATIENT}.birthDate",
    "rank": f"{PATIENT}.multipleBirthInteger", "member": f"{COVERAGE}.subscriberId",
    "amc_number": "insurer.identifier.value", "convention": f"{COVERAGE}.class", "csr": f"{COVERAGE}.class",
}  # fmt: skip
"""Where the wire's fields of a person stand in a resource."""


class Person(NamedTuple):
    """What the card says, as the wire has it."""

    amc_number: str
    member: str
    birth_date: str
    nir: str | None
    rank: str | None
    convention: str
    csr: str

    def __repr__(self) -> str:
        return "Person(…)"


class About(NamedTuple):
    """The elements of a request that say whom it is about."""

    contained: tuple[Patient | Coverage, ...]
    patient: Reference
    insurer: Reference
    coverages: tuple[Reference, ...]


def read(about: About, at: str, faults: Faults) -> Person:
    """The person; `faults` grows by what is wrong."""
    patients = [one for one in about.contained if isinstance(one, Patient)]
    coverages = [one for one in about.contained if isinstance(one, Coverage)]
    if len(patients) != 1 or len(coverages) != 1 or len(about.coverages) != 1:
        faults.append(FieldError(f"{at}.contained", "one-patient-one-coverage"))
        return Person("", "", "", None, None, "", "")
    patient, coverage = patients[0], coverages[0]
    _inline(about.patient, patient.id, f"{at}.patient", faults)
    _inline(coverage.beneficiary, patient.id, f"{at}.{COVERAGE}.beneficiary", faults)
    _inline(about.coverages[0], coverage.id, f"{at}.insurance[0].coverage", faults)
    amc = by_identifier(about.insurer, (names.AMC,), f"{at}.insurer", faults)
    payor = f"{at}.{COVERAGE}.payor"
    if len(coverage.payor) != 1 or by_identifier(coverage.payor[0], (names.AMC,), payor, faults) != amc:
        faults.append(FieldError(payor, "payor-is-not-insurer"))
    found = identified(patient.identifier, (names.NIR, names.NIA), f"{at}.{PATIENT}.identifier", faults)
    if len(found) > 1:
        faults.append(FieldError(f"{at}.{PATIENT}.identifier", "nir-or-nia"))
    classes = _classes(coverage, f"{at}.{COVERAGE}.class", faults)
    rank = patient.multiple_birth_integer
    return Person(
        amc, coverage.subscriber_id, _birth(patient, f"{at}.{PATIENT}", faults), next(iter(found.values()), None),
        None if rank is None else str(rank), classes.get("convention", ""), classes.get("csr", ""),
    )  # fmt: skip


def _inline(reference: Reference, identity: str, at: str, faults: Faults) -> None:
    if reference.identifier is not None or reference.reference != f"#{identity}":
        faults.append(FieldError(f"{at}.reference", "not-contained"))


def by_identifier(reference: Reference, systems: tuple[str, ...], at: str, faults: Faults) -> str:
    """The business identifier a reference is made of, of one of `systems`."""
    if reference.reference or reference.identifier is None:
        faults.append(FieldError(f"{at}.identifier", "identifier-needed"))
        return ""
    return next(iter(identified((reference.identifier,), systems, f"{at}.identifier", faults).values()), "")


def _birth(patient: Patient, at: str, faults: Faults) -> str:
    text = extensions(patient.extension, {"birth-text": "string"}, at, faults).get("birth-text", [""])[0]
    if bool(text) == bool(patient.birth_date):
        faults.append(FieldError(f"{at}.birthDate", "birth-once"))
    elif patient.birth_date and not _DATE.fullmatch(patient.birth_date):
        faults.append(FieldError(f"{at}.birthDate", "birth-shape"))
    return text or patient.birth_date


def _classes(coverage: Coverage, at: str, faults: Faults) -> dict[str, str]:
    found: dict[str, str] = {}
    for index, one in enumerate(coverage.classes):
        name = code(one.type, names.COVERAGE_CLASS, f"{at}[{index}].type", faults)
        if name not in {"convention", "csr"} or name in found:
            faults.append(FieldError(f"{at}[{index}].type", "unknown-class"))
        found[name] = one.value
    return found


def write(person: Person) -> Json:
    """The elements `contained`, `patient` and `insurer` of a request."""
    patient: Json = {"resourceType": "Patient", "id": "patient"}
    if person.nir is not None:
        system = names.NIA if person.nir[:1] in _WAITING else names.NIR
        patient["identifier"] = [identifier(system, person.nir)]
    if _DATE.fullmatch(person.birth_date):
        patient["birthDate"] = person.birth_date
    else:
        patient["extension"] = [ours("birth-text", "String", person.birth_date)]
    if person.rank is not None:
        patient["multipleBirthInteger"] = int(person.rank)
    insurer = {"identifier": identifier(names.AMC, person.amc_number)}
    coverage: Json = {
        "resourceType": "Coverage", "id": "coverage", "status": "active", "subscriberId": person.member,
        "beneficiary": {"reference": "#patient"}, "payor": [insurer],
    }  # fmt: skip
    told = [(name, value) for name, value in (("convention", person.convention), ("csr", person.csr)) if value]
    if told:
        coverage["class"] = [{"type": concept(names.COVERAGE_CLASS, name), "value": value} for name, value in told]
    return {"contained": [patient, coverage], "patient": {"reference": "#patient"}, "insurer": insurer}
