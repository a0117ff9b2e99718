"""What is taken of FHIR: the elements of R4 that mean something here, and no other.

A field that is not here is refused by its name, `strict.read`; it is never ignored.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """The common part; shows nothing of what it holds."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class Coding(Shape, frozen=True):
    """`display` is for people and changes nothing."""

    system: str
    code: str
    display: str = ""


class Concept(Shape, frozen=True):
    """A CodeableConcept; one coding is expected."""

    coding: tuple[Coding, ...]


class Identifier(Shape, frozen=True):
    """`use` and `type` are taken as FR Core has them, and change nothing: the system says what it is."""

    system: str
    value: str
    use: str = ""
    type: Concept | None = None


class Reference(Shape, frozen=True):
    """To something contained (`#…`), or by a business identifier."""

    reference: str = ""
    identifier: Identifier | None = None


class Money(Shape, frozen=True):
    """An amount in euro."""

    value: Decimal
    currency: str = "EUR"


class Quantity(Shape, frozen=True):
    """How many."""

    value: Decimal


class Part(Shape, frozen=True):
    """An extension inside an extension."""

    url: str
    value_code: str | None = None
    value_integer: int | None = None
    value_boolean: bool | None = None
    value_money: Money | None = None
    value_date: str | None = None


class Extension(Shape, frozen=True):
    """One of ours."""

    url: str
    value_code: str | None = None
    value_string: str | None = None
    value_integer: int | None = None
    value_boolean: bool | None = None
    value_money: Money | None = None
    extension: tuple[Part, ...] = ()


class Patient(Shape, frozen=True, tag_field="resourceType", tag="Patient"):
    """Whom it is about: identifiers and birth, no name. Contained only; there is no Patient to read or search."""

    id: str
    identifier: tuple[Identifier, ...] = ()
    birth_date: str = ""
    multiple_birth_integer: int | None = None
    extension: tuple[Extension, ...] = ()


class CoverageClass(Shape, frozen=True):
    """Type of convention or CSR of the card."""

    type: Concept
    value: str


class Coverage(Shape, frozen=True, tag_field="resourceType", tag="Coverage"):
    """What the card says."""

    id: str
    status: Literal["active"]
    subscriber_id: str
    beneficiary: Reference
    payor: tuple[Reference, ...]
    classes: tuple[CoverageClass, ...] = msgspec.field(default=(), name="class")


class QuestionInsurance(Shape, frozen=True):
    """The one coverage asked about."""

    coverage: Reference
    focal: bool = True


class QuestionItem(Shape, frozen=True):
    """One domain of the card."""

    category: Concept


class CoverageEligibilityRequest(Shape, frozen=True, tag_field="resourceType", tag="CoverageEligibilityRequest"):
    """One question about one beneficiary."""

    status: Literal["active"]
    purpose: tuple[Literal["validation", "benefits"], ...]
    contained: tuple[Patient | Coverage, ...]
    patient: Reference
    created: str
    insurer: Reference
    insurance: tuple[QuestionInsurance, ...]
    serviced_date: str
    item: tuple[QuestionItem, ...]
    extension: tuple[Extension, ...]
    identifier: tuple[Identifier, ...] = ()
    provider: Reference | None = None


class ClaimInsurance(Shape, frozen=True):
    """The one coverage invoiced; `pre_auth_ref` holds the accreditation."""

    sequence: int
    focal: bool
    coverage: Reference
    pre_auth_ref: tuple[str, ...] = ()


class Detail(Shape, frozen=True):
    """A coded product of a line."""

    sequence: int
    product_or_service: Concept
    quantity: Quantity


class Item(Shape, frozen=True):
    """One act. `net` is what it costs; the shares of the two schemes are extensions, R4 has no place for them."""

    sequence: int
    product_or_service: Concept
    category: Concept
    serviced_date: str
    net: Money
    quantity: Quantity | None = None
    unit_price: Money | None = None
    factor: Decimal | None = None
    location_codeable_concept: Concept | None = None
    detail: tuple[Detail, ...] = ()
    extension: tuple[Extension, ...] = ()


class Claim(Shape, frozen=True, tag_field="resourceType", tag="Claim"):
    """One invoice about one beneficiary."""

    status: Literal["active"]
    type: Concept
    use: Literal["claim", "preauthorization", "predetermination"]
    contained: tuple[Patient | Coverage, ...]
    patient: Reference
    created: str
    insurer: Reference
    provider: Reference
    priority: Concept
    insurance: tuple[ClaimInsurance, ...]
    item: tuple[Item, ...]
    identifier: tuple[Identifier, ...] = ()
    total: Money | None = None
    extension: tuple[Extension, ...] = ()
