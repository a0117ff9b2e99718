"""POST /v1/authorizations and what is told of them; and what an insurer's agent reads and decides.

Amounts are integer cents of euro, days AAAA-MM-JJ. No answer repeats an identity or an act.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from rempart.wire.eligibility import Evidence
from rempart.wire.invoices import EventState, LineState, ParticularsRequest

Kind = Literal["prescription", "quote", "letter"]


class QuoteLine(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """One line of the quote; `rate` in percent, `coefficient` in hundredths. The hub works the shares out."""

    code: str
    family: str
    base: int
    rate: int
    spent: int
    quantity: int = 1
    coefficient: int = 100
    unit_price: int = 0
    exemption: str = ""
    qualifier: str = ""
    place: str = ""
    detail: tuple[tuple[str, str, int], ...] = ()
    particulars: ParticularsRequest | None = None


class Attachment(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A document, base64. It is sealed to the insurer, and only when a case worker must decide."""

    kind: Kind
    content: bytes


class AuthorizationRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """One request about one beneficiary; `planned_date` is the day of delivery or admission."""

    amc_number: str
    member: str
    birth_date: str
    evidence: Evidence
    planned_date: str
    lines: tuple[QuoteLine, ...]
    convention: str = ""
    csr: str = ""
    nir: str | None = None
    rank: str | None = None
    nature: str = "10"
    exemption: str = ""
    site_reference: str = ""
    attachments: tuple[Attachment, ...] = ()

    def __repr__(self) -> str:
        return "AuthorizationRequest(…)"


class DeliveryState(msgspec.Struct, frozen=True):
    """What one live invoice took of one agreed line: units, and cents owed."""

    invoice: str
    line: int
    quantity: int
    amc: int


class RestState(msgspec.Struct, frozen=True):
    """What is still owed of one agreed line: units, and cents agreed for them."""

    line: int
    quantity: int
    amc: int


class AttachmentState(msgspec.Struct, frozen=True):
    """A document that waits with its request, sealed to the insurer: nobody else opens it. `bytes` as sealed."""

    kind: str
    bytes: int


class AuthorizationState(msgspec.Struct, frozen=True, omit_defaults=True):
    """One authorization: where it stands, what binds, what each side pays, and its events when read alone.

    `state`: pending, agreed, refused, modified, cancelled, expired, partly-invoiced or invoiced. `deliveries`, and
    while something may be delivered, its `rest` are told when it is read alone. `reference` is what goes on the invoice
    where an accreditation would stand. A delivery is taken until `delivery_until`; an invoice may ask `line_tolerance`
    more a line and `total_tolerance` in all. `provisional`: a newborn's, under its parent's contract; what is agreed is
    held of `ceiling`, the cents that may be owed for that child in all. `attachments` are told while it is pending,
    when read alone: they are deleted with the decision.
    """

    authorization: str
    state: str
    requested: str
    planned_date: str
    reference: str = ""
    reason: str = ""
    sentence: str = ""
    site_reference: str = ""
    valid_from: str = ""
    valid_until: str = ""
    delivery_until: str = ""
    if_rights_end: str = ""
    line_tolerance: int = 0
    total_tolerance: int = 0
    spent: int = 0
    amo: int = 0
    amc: int = 0
    patient: int = 0
    lines: tuple[LineState, ...] = ()
    held_until: str = ""
    replaces: str = ""
    invoice: str = ""
    events: tuple[EventState, ...] = ()
    deliveries: tuple[DeliveryState, ...] = ()
    rest: tuple[RestState, ...] = ()
    provisional: bool = False
    ceiling: int = 0
    attachments: tuple[AttachmentState, ...] = ()


class AuthorizationChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change; `number` only grows."""

    number: int
    authorization: str
    state: str
    instant: str
    cause: str = ""
    site_reference: str = ""


class AuthorizationList(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was found, or what changed after `since`; ask next with `next`."""

    authorizations: tuple[AuthorizationState, ...] = ()
    changes: tuple[AuthorizationChange, ...] = ()
    next: int = 0


class PendingAuthorization(msgspec.Struct, frozen=True):
    """One request that waits for its insurer: no site's reference, no identity."""

    authorization: str
    requested: str
    site: str
    domain: str
    reason: str
    spent: int
    amc: int


class PendingList(msgspec.Struct, frozen=True):
    """The oldest first."""

    pending: tuple[PendingAuthorization, ...]


class SealedPart(msgspec.Struct, frozen=True):
    """The request (place 0) or an attachment, base64, sealed to the insurer's key; bound to its place."""

    place: int
    kind: str
    sealed: bytes


class LineRoom(msgspec.Struct, frozen=True):
    """What allowances leave for one line, in cents, when the lines before it get theirs.

    `most`: of all it asks; `table`: of what the table alone gives.
    """

    number: int
    most: int
    table: int


class PendingCase(msgspec.Struct, frozen=True, omit_defaults=True):
    """One waiting request whole, for the insurer's side to open; the amounts that its table gives by itself.

    `rooms` tells the lines for which an allowance leaves less than they ask, or than the table gives.
    """

    authorization: str
    requested: str
    site: str
    domain: str
    reason: str
    lines: tuple[LineState, ...]
    parts: tuple[SealedPart, ...]
    rooms: tuple[LineRoom, ...] = ()


class SignedDecision(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A `Statement` as JSON bytes, and their Ed25519 signature by the key that signs the rights files; both base64."""

    statement: bytes
    signature: bytes


class StatedLine(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What the insurer pays for one line, in cents."""

    number: int
    amc: int


class Statement(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """What a case worker decided. `lines` name every line when agreed, none when refused; then `reason` may say why."""

    authorization: str
    verdict: Literal["agreed", "refused"]
    decided: str
    lines: tuple[StatedLine, ...] = ()
    reason: str = ""


class DecisionAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a decision led to: agreed or refused; or still `pending` with the reason why it cannot be agreed to.

    `held_until`: the last day for which another authorization holds the allowance; where is not told.
    """

    state: str
    reason: str = ""
    sentence: str = ""
    held_until: str = ""
