"""The insurer's side of authorizations that wait: fetch what is sealed to it, open it, and send a signed decision.

Only the insurer's own keys open a request: the hub hands on what it cannot read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.client.session import Session
from rempart.sealing.attachments import bound_to, open_attachment
from rempart.sealing.envelope import EnvelopeFault, open_batch, open_by_insurer
from rempart.sealing.frames import DECISION_LABEL
from rempart.sealing.loading import PURPOSE as REFERENCES
from rempart.wire.authorizations import DecisionAnswer, PendingCase, PendingList, SignedDecision, StatedLine, Statement
from rempart.wire.problem import Problem

PURPOSE = "authorization"


class QuotedLine(msgspec.Struct, frozen=True):
    """One line of the quote as its insurer reads it; cents. `table_amc` is what the guarantee table alone gives."""

    number: int
    code: str
    family: str
    spent: int
    base: int
    rate: int
    amo: int
    table_amc: int
    quantity: int = 1
    coefficient: int = 100
    table_reason: str = ""
    detail: tuple[tuple[str, str, int], ...] = ()
    particulars: dict[str, object] | None = None


class SealedReference(msgspec.Struct, frozen=True):
    """The member's reference as the insurer's own rights file brought it, sealed again by the hub's loader."""

    wrapped: bytes
    sealed: bytes
    bound: bytes


class Quote(msgspec.Struct, frozen=True):
    """The request whole."""

    version: int
    insurer: str
    site: str
    planned: str
    lines: tuple[QuotedLine, ...]
    reference: SealedReference | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """One case opened on the insurer's side: `reference` is the insurer's own of the member, "" when it has none."""

    case: PendingCase
    quote: Quote
    reference: str
    attachments: tuple[tuple[str, bytes], ...]

    def __repr__(self) -> str:
        return f"Opened({self.case.authorization})"


@dataclass(frozen=True, slots=True)
class Keys:
    """The insurer's own: `opening` opens what is sealed to it, `signing` signs decisions and rights files."""

    opening: X25519PrivateKey
    signing: Ed25519PrivateKey


def pending(session: Session) -> PendingList | Problem:
    """What waits. Raises `NoAnswer`."""
    found = session.call("GET", "/v1/insurer/authorizations")
    return found if isinstance(found, Problem) else msgspec.json.decode(found.body, type=PendingList)


def case_of(session: Session, authorization: str) -> PendingCase | Problem:
    """One case, still sealed. Raises `NoAnswer`."""
    found = session.call("GET", f"/v1/insurer/authorizations/{authorization}")
    return found if isinstance(found, Problem) else msgspec.json.decode(found.body, type=PendingCase)


def opened(case: PendingCase, insurer: str, key: X25519PrivateKey) -> Opened | EnvelopeFault:
    """The case in clear, or why it does not open: it was not sealed to this key, or not for this case."""
    clear: list[bytes] = []
    for part in case.parts:
        bound = insurer.encode("ascii") + UUID(case.authorization).bytes + bytes([part.place])
        found = open_by_insurer(part.sealed, key, PURPOSE, bound=bound)
        if isinstance(found, EnvelopeFault):
            return found
        clear.append(found)
    if not clear:
        return EnvelopeFault("envelope-truncated")
    try:
        quote = msgspec.json.decode(clear[0], type=Quote)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return EnvelopeFault("envelope-shape")
    reference = _reference(quote.reference, key)
    if isinstance(reference, EnvelopeFault):
        return reference
    attachments = []
    for part, content in zip(case.parts[1:], clear[1:], strict=True):
        found = open_attachment(content, key, bound_to(insurer, case.site, quote.planned, part.kind))
        if isinstance(found, EnvelopeFault):
            return found
        attachments.append((part.kind, found))
    return Opened(case, quote, reference, tuple(attachments))


def _reference(sealed: SealedReference | None, key: X25519PrivateKey) -> str | EnvelopeFault:
    if sealed is None:
        return ""
    opener = open_batch(sealed.wrapped, key, REFERENCES)
    if isinstance(opener, EnvelopeFault):
        return opener
    found = opener.open(sealed.sealed, sealed.bound)
    return found if isinstance(found, EnvelopeFault) else found.decode()


def decision(
    authorization: str, verdict: Literal["agreed", "refused"], amounts: tuple[tuple[int, int], ...], decided: str,
    *, key: Ed25519PrivateKey,
) -> SignedDecision:  # fmt: skip
    """What is sent: (line number, cents) for every line when agreed; `decided` is an instant, RFC 3339."""
    lines = tuple(StatedLine(number, amc) for number, amc in amounts)
    statement = msgspec.json.encode(Statement(authorization, verdict, decided, lines))
    return SignedDecision(statement, key.sign(DECISION_LABEL + statement))


def decide(session: Session, authorization: str, signed: SignedDecision) -> DecisionAnswer | Problem:
    """What the decision led to, or why it still waits. Raises `NoAnswer`."""
    path = f"/v1/insurer/authorizations/{authorization}/decision"
    found = session.call("POST", path, msgspec.json.encode(signed))
    return found if isinstance(found, Problem) else msgspec.json.decode(found.body, type=DecisionAnswer)
