"""The naming systems: whose numbers are whose.

National ones: NIR and waiting number, OIDs of INS-NIR and INS-NIA as FR Core 2.1 (HL7 France, Interop'Santé, 2024)
gives them; FINESS, the address that FR Core gives. No national naming system of AMC numbers, member numbers, N° AM or
acts is published for FHIR, so those are ours, as are the extensions: `urn:rempart:`.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

NIR = "urn:oid:1.2.250.1.213.1.4.8"
NIA = "urn:oid:1.2.250.1.213.1.4.9"  # in place of a NIR that is not given yet
FINESS = "https://finess.esante.gouv.fr"
OURS = "urn:rempart:"
SITE = OURS + "site"  # the billing number, N° AM or FINESS: 9 characters
AMC = OURS + "amc-number"
NUMBER = OURS + "invoice-number"  # the site's own
SITE_REFERENCE = OURS + "site-reference"
QUESTION = OURS + "question"
INVOICE = OURS + "invoice"
AUTHORIZATION = OURS + "authorization"
END_TO_END = OURS + "end-to-end"  # on the bank statement
DOMAIN = OURS + "domain"
COVERAGE_CLASS = OURS + "coverage-class"
ACT = OURS + "act"
FAMILY = OURS + "act-family"
PLACE = OURS + "place"
PRODUCT = OURS + "product:"  # then the code system of a product, such as CIP
AMOUNT = OURS + "amount"
CODE = OURS + "code"  # codes of refusals and reasons
EXTENSION = OURS + "ext:"

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
CURRENCY = "EUR"
MEDIA_TYPE = "application/fhir+json"
VERSION = "4.0.1"

Json = dict[str, object]


def concept(system: str, code: str) -> Json:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}]}


def identifier(system: str, value: str) -> Json:
    """An Identifier."""
    return {"system": system, "value": value}


def ours(name: str, kind: str, value: object) -> Json:
    """One of our extensions; `kind` is the FHIR type of its value, such as `Code`."""
    return {"url": EXTENSION + name, f"value{kind}": value}


def money(cents: int) -> Json:
    """An amount in euro, exact: FHIR writes decimals."""
    sign, whole = "-" if cents < 0 else "", abs(cents)
    return {"value": Decimal(f"{sign}{whole // 100}.{whole % 100:02d}"), "currency": CURRENCY}


def masked() -> Json:
    """What R4 requires in this place and an answer never repeats."""
    return {"extension": [{"url": ABSENT, "valueCode": "masked"}]}


def encode(resource: Json) -> bytes:
    """The resource as JSON; decimals as numbers."""
    return _encode(resource)


_encode = msgspec.json.Encoder(decimal_format="number").encode
