"""Every request of the API as a value: where it goes, what comes back, and when it may be sent again.

`Client` and `AsyncClient` perform these; nothing here reads a clock or opens a socket.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec

from rempart.wire.authorizations import AuthorizationList, AuthorizationRequest, AuthorizationState
from rempart.wire.eligibility import EligibilityAnswer, EligibilityRequest
from rempart.wire.estimates import EstimateAnswer, EstimateRequest
from rempart.wire.invoices import (
    FileReceipt,
    FileState,
    InvoiceRequest,
    InvoicesReceipt,
    InvoicesRequest,
    InvoiceState,
)
from rempart.wire.payments import ClawBackState, RemittanceAdvice, RemittanceList

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
JSON = "application/json"
BYTES = "application/octet-stream"


class Repeat(enum.Enum):
    """When a request may be sent again. Whatever never left this machine always may."""

    FREELY = enum.auto()
    """Twice is the same as once: it only reads, it has an idempotency key, or the hub knows its content again."""
    UNLESS_LOST = enum.auto()
    """After `busy` or `unavailable`, by which the hub says that it answered nothing; never when an answer got lost."""
    NEVER = enum.auto()


class Ended(msgspec.Struct, frozen=True):
    """What an act on an object made of it: `cancelled`, `taken-back`, `held`, `disputed`."""

    state: str


@dataclass(frozen=True, slots=True)
class Look:
    """How to tell "it was done already, and the answer got lost" from a refusal: its code, where to read, which states.

    Only asked after an answer got lost.
    """

    code: str
    path: str
    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One request. `kind` is what a good answer is read as; `bytes` leaves it as it is."""

    method: str
    path: str
    kind: type[T_co]
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", JSON),)
    repeat: Repeat = Repeat.FREELY
    look: Look | None = None

    def __repr__(self) -> str:
        return f"Call({self.method} {self.path.partition('?')[0]})"


def eligibility(request: EligibilityRequest) -> Call[EligibilityAnswer]:
    """A question is counted and logged each time it is asked: not repeated when its answer got lost."""
    body = msgspec.json.encode(request)
    return Call("POST", "/v1/eligibility", EligibilityAnswer, body, repeat=Repeat.UNLESS_LOST)


def estimate(request: EstimateRequest) -> Call[EstimateAnswer]:
    """What would the patient pay now; it passes the same door as a question, so it is repeated as little."""
    return Call("POST", "/v1/estimates", EstimateAnswer, msgspec.json.encode(request), repeat=Repeat.UNLESS_LOST)


def invoices(requests: tuple[InvoiceRequest, ...], key: str) -> Call[InvoicesReceipt]:
    """One or many invoices under an idempotency key."""
    return Call("POST", "/v1/invoices", InvoicesReceipt, msgspec.json.encode(InvoicesRequest(requests)), _keyed(key))


def file(content: bytes) -> Call[FileReceipt]:
    """A B2 file; the hub gives the same bytes the first one's receipt."""
    return Call("POST", "/v1/files", FileReceipt, content, (("Content-Type", BYTES),))


def file_state(identity: str) -> Call[FileState]:
    """What became of a deposit."""
    return _read(f"/v1/files/{_id(identity)}", FileState)


def file_return(identity: str) -> Call[bytes]:
    """What became of a deposit, as a NOEMIE return."""
    return _read(f"/v1/files/{_id(identity)}/noemie", bytes)


def invoice_state(identity: str) -> Call[InvoiceState]:
    """Where an invoice stands."""
    return _read(f"/v1/invoices/{_id(identity)}", InvoiceState)


def find_invoices(number: str) -> Call[list[str]]:
    """The hub's ids of the site's invoices under the site's own number, the newest first."""
    return _read(f"/v1/invoices?{urlencode({'number': number})}", list[str])


def cancel_invoice(identity: str) -> Call[Ended]:
    """Cancels an invoice of the site."""
    path = f"/v1/invoices/{_id(identity)}"
    return _end(path, Look("not-cancellable", path, ("cancelled", "taken-back")))


def say_distinct(identity: str) -> Call[Ended]:
    """An invoice held as a possible duplicate is another one."""
    return Call("POST", f"/v1/invoices/{_id(identity)}/distinct", Ended, repeat=Repeat.NEVER)


def authorization(request: AuthorizationRequest, key: str, replaces: str = "") -> Call[AuthorizationState]:
    """Asks for an authorization under an idempotency key, or for another in place of `replaces`."""
    path = f"/v1/authorizations/{_id(replaces)}/modify" if replaces else "/v1/authorizations"
    return Call("POST", path, AuthorizationState, msgspec.json.encode(request), _keyed(key))


def authorization_state(identity: str) -> Call[AuthorizationState]:
    """Where an authorization stands."""
    return _read(f"/v1/authorizations/{_id(identity)}", AuthorizationState)


def find_authorizations(**wanted: str | int) -> Call[AuthorizationList]:
    """By `reference`, by `site_reference`, or what changed `since` the last `next`: one of the three."""
    return _read(f"/v1/authorizations?{urlencode(wanted)}", AuthorizationList)


def cancel_authorization(identity: str) -> Call[Ended]:
    """Ends an authorization that is not invoiced."""
    path = f"/v1/authorizations/{_id(identity)}"
    return _end(path, Look("not-changeable", path, ("cancelled",)))


def remittances(before: str = "") -> Call[RemittanceList]:
    """The payments to the site, the newest first; `before` a day AAAA-MM-JJ."""
    return _read("/v1/remittances" + (f"?{urlencode({'before': before})}" if before else ""), RemittanceList)


def remittance(identity: str) -> Call[RemittanceAdvice]:
    """One payment by insurer and invoice."""
    return _read(f"/v1/remittances/{_id(identity)}", RemittanceAdvice)


def remittance_pdf(identity: str) -> Call[bytes]:
    """The same to print."""
    return _read(f"/v1/remittances/{_id(identity)}/advice.pdf", bytes)


def remittance_return(identity: str) -> Call[bytes]:
    """The same as a NOEMIE return, identity zones zero-filled."""
    return _read(f"/v1/remittances/{_id(identity)}/advice.noemie", bytes)


def claw_backs() -> Call[list[ClawBackState]]:
    """What is taken back from the site."""
    return _read("/v1/claw-backs", list[ClawBackState])


def dispute(identity: str) -> Call[Ended]:
    """Disputes a claw-back; not repeated: the list says where it stands."""
    return Call("POST", f"/v1/claw-backs/{_id(identity)}/dispute", Ended, repeat=Repeat.NEVER)


def stand_in(insurer: str) -> Call[bytes]:
    """An insurer's stand-in rules as it signed them, for `client.stand_in.verify`."""
    return _read(f"/v1/insurers/{quote(insurer, safe='')}/stand-in", bytes)


def _read(path: str, kind: type[T]) -> Call[T]:
    return Call("GET", path, kind)


def _end(path: str, look: Look) -> Call[Ended]:
    """Ending what is ended changes nothing, so it is repeated; the look tells whose doing it was."""
    return Call("POST", path + "/cancel", Ended, look=look)


def _keyed(key: str) -> tuple[tuple[str, str], ...]:
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= 128) or " " in key:
        raise ValueError("an idempotency key is 1 to 128 printable ASCII characters without spaces")
    return (("Content-Type", JSON), ("Idempotency-Key", key))


def _id(text: Any) -> str:
    """A hub's id, a UUID; ValueError for anything else, so that no path is made of it."""
    return str(UUID(str(text)))
