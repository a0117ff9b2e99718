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

from rempart.client import optics
from rempart.client.identity import Asking, Sealer
from rempart.wire.authorizations import AuthorizationList, AuthorizationRequest, AuthorizationState
from rempart.wire.eligibility import CardRequest, EligibilityAnswer, EligibilityRequest, PresenceRequest
from rempart.wire.estimates import CardEstimateRequest, EstimateAnswer, EstimateRequest
from rempart.wire.figures import Figures
from rempart.wire.invoices import (
    FileList,
    FileReceipt,
    FileState,
    InvoiceList,
    InvoiceRequest,
    InvoicesReceipt,
    InvoicesRequest,
    InvoiceState,
)
from rempart.wire.own_records import OwnRecords
from rempart.wire.own_site import OwnSite, QuestionCounts, QuestionList
from rempart.wire.payments import ClawBackState, DebtList, RemittanceAdvice, RemittanceList
from rempart.wire.waiting_room import LeaveReceipt, LeaveRequest, WaitingRoom
from rempart.wire.webhooks import WebhookState

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
JSON = "application/json"
BYTES = "application/octet-stream"
_LINELESS = {True: "", False: "?lines=false"}


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
class Presents:
    """The beneficiaries that a request presents, to be sealed before it is sent. `key` is its Idempotency-Key.

    `many`: they go in one body, as POST /v1/invoices takes them.
    """

    requests: tuple[Asking, ...]
    key: str = ""
    many: bool = False

    def __repr__(self) -> str:
        return f"Presents({len(self.requests)})"

    def body(self, sealer: Sealer) -> bytes:
        """The request with what it presents sealed."""
        sealed = [sealer.request(request, self.key) for request in self.requests]
        return msgspec.json.encode({"invoices": sealed} if self.many else sealed[0])


@dataclass(frozen=True, slots=True)
class Call(Generic[T_co]):
    """One request. `kind` is what a good answer is read as; `bytes` leaves it as it is.

    `body` tells identities in clear; a client that seals sends what `presents` makes instead.
    """

    method: str
    path: str
    kind: type[T_co]
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", JSON),)
    repeat: Repeat = Repeat.FREELY
    look: Look | None = None
    presents: Presents | None = None
    agent: str = ""  # who sits at the program, as when the call began

    def __repr__(self) -> str:
        return f"Call({self.method} {self.path.partition('?')[0]})"


def eligibility(request: EligibilityRequest | CardRequest | PresenceRequest) -> Call[EligibilityAnswer]:
    """What is told of who is presented: typed, by a signed card that was scanned, or by a presence code.

    A question is counted and logged each time it is asked: not repeated when its answer got lost.
    """
    body = msgspec.json.encode(request)
    told = None if isinstance(request, PresenceRequest) else Presents((request,))  # a code names nobody
    return Call("POST", "/v1/eligibility", EligibilityAnswer, body, repeat=Repeat.UNLESS_LOST, presents=told)


def own_records(request: EligibilityRequest) -> Call[OwnRecords]:
    """What the site itself has of this person; it passes the door of a question, so it is repeated as little."""
    body, told = msgspec.json.encode(request), Presents((request,))
    return Call("POST", "/v1/own-records", OwnRecords, body, repeat=Repeat.UNLESS_LOST, presents=told)


def waiting_room() -> Call[WaitingRoom]:
    """What is closed for the person, what helps, and what was left."""
    return _read("/v1/waiting-room", WaitingRoom)


def leave(asked: LeaveRequest) -> Call[LeaveReceipt]:
    """Leaves what a page sealed; its mark makes twice the same as once."""
    return Call("POST", "/v1/waiting-room", LeaveReceipt, msgspec.json.encode(asked))


def webhooks() -> Call[list[WebhookState]]:
    """How the site's webhooks go."""
    return _read("/v1/webhooks", list[WebhookState])


def resume_webhook(identity: str) -> Call[Ended]:
    """Tells a stopped one again; one that is told already is `not-found`."""
    return Call("POST", f"/v1/webhooks/{_id(identity)}/resume", Ended)


def estimate(request: EstimateRequest | CardEstimateRequest) -> Call[EstimateAnswer]:
    """What would the patient pay now; it passes the same door as a question, so it is repeated as little."""
    body, told = msgspec.json.encode(request), Presents((request,))
    return Call("POST", "/v1/estimates", EstimateAnswer, body, repeat=Repeat.UNLESS_LOST, presents=told)


def invoices(requests: tuple[InvoiceRequest, ...], key: str) -> Call[InvoicesReceipt]:
    """One or many invoices under an idempotency key."""
    body, told = msgspec.json.encode(InvoicesRequest(requests)), Presents(requests, key, many=True)
    return Call("POST", "/v1/invoices", InvoicesReceipt, body, keyed(key), presents=told)


def file(content: bytes) -> Call[FileReceipt]:
    """A B2 file; the hub gives the same bytes the first one's receipt."""
    return Call("POST", "/v1/files", FileReceipt, content, (("Content-Type", BYTES),))


def files(before: str = "") -> Call[FileList]:
    """The files sent for the site, the newest first; `before` a list's `next_before`."""
    return _read(_with("/v1/files", {"before_file": before and _id(before)}), FileList)


def file_state(identity: str) -> Call[FileState]:
    """What became of a deposit."""
    return _read(f"/v1/files/{_id(identity)}", FileState)


def file_return(identity: str) -> Call[bytes]:
    """What became of a deposit, as a NOEMIE return."""
    return _read(f"/v1/files/{_id(identity)}/noemie", bytes)


def invoice_state(identity: str, *, lines: bool = True) -> Call[InvoiceState]:
    """Where an invoice stands. Reading its lines is disclosed; the state alone is not."""
    return _read(f"/v1/invoices/{_id(identity)}{_LINELESS[lines]}", InvoiceState)


def find_invoices(number: str = "", *, site_reference: str = "") -> Call[list[str]]:
    """The hub's ids of the site's invoices under its own number or reference, the newest first."""
    wanted = {"number": number} if number else {"site_reference": site_reference}
    return _read(f"/v1/invoices?{urlencode(wanted)}", list[str])


def recent_invoices(before: str = "", *, state: str = "", day: str = "") -> Call[InvoiceList]:
    """The site's own invoices, the newest first; `before` a list's `next_before`, `day` received, AAAA-MM-JJ."""
    wanted = {"before_invoice": before and _id(before), "state": state, "day": day}
    query = urlencode({name: value for name, value in wanted.items() if value})
    return _read("/v1/invoices/recent" + (f"?{query}" if query else ""), InvoiceList)


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
    told = Presents((request,), key)
    return Call("POST", path, AuthorizationState, msgspec.json.encode(request), keyed(key), presents=told)


def authorization_state(identity: str, *, lines: bool = True) -> Call[AuthorizationState]:
    """Where an authorization stands. Reading its lines is disclosed; the state alone is not."""
    return _read(f"/v1/authorizations/{_id(identity)}{_LINELESS[lines]}", AuthorizationState)


def find_authorizations(**wanted: str | int) -> Call[AuthorizationList]:
    """One of: by `reference`, by `site_reference`, the newest (`recent`: 0, then `next`), what changed `since`."""
    return _read(f"/v1/authorizations?{urlencode(wanted)}", AuthorizationList)


def cancel_authorization(identity: str) -> Call[Ended]:
    """Ends an authorization that is not invoiced."""
    path = f"/v1/authorizations/{_id(identity)}"
    return _end(path, Look("not-changeable", path, ("cancelled",)))


def optics_message(message: bytes) -> Call[bytes]:
    """One message of optics software. Its id makes it safe to repeat; a query is counted each time, so it is not."""
    repeat = Repeat.UNLESS_LOST if optics.is_query(message) else Repeat.FREELY
    return Call("POST", optics.PATH, bytes, message, (("Content-Type", optics.MEDIA_TYPE),), repeat)


def remittances(before: str = "") -> Call[RemittanceList]:
    """The payments to the site, the newest first; `before` a day AAAA-MM-JJ."""
    return _read("/v1/remittances" + (f"?{urlencode({'before': before})}" if before else ""), RemittanceList)


def remittance(identity: str, *, file: bool = False) -> Call[RemittanceAdvice]:
    """One payment by insurer and invoice; `file`: to be kept as one, which a person signs for when it is large."""
    return _read(f"/v1/remittances/{_id(identity)}{'?file=true' if file else ''}", RemittanceAdvice)


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


def debts() -> Call[DebtList]:
    """What the site owes for claw-backs that stand."""
    return _read("/v1/debts", DebtList)


def demand_pdf(claw_back: str) -> Call[bytes]:
    """One debt to print."""
    return _read(f"/v1/debts/{_id(claw_back)}/demand.pdf", bytes)


def figures() -> Call[Figures]:
    """The site's money in sums: paid by week, delays, rejections by reason, what is due when."""
    return _read("/v1/figures", Figures)


def questions(day: str = "", *, site_reference: str = "", older_than: str = "") -> Call[QuestionList]:
    """The site's own questions of a day AAAA-MM-JJ (today), the newest first; not who was asked about."""
    wanted = {"day": day, "site_reference": site_reference, "older_than": older_than}
    return _read(_with("/v1/questions", wanted), QuestionList)


def question_counts(day: str = "") -> Call[QuestionCounts]:
    """Who of the site asked how much, by hour of a day AAAA-MM-JJ (today)."""
    return _read(_with("/v1/questions/counts", {"day": day}), QuestionCounts)


def own_site() -> Call[OwnSite]:
    """The site, the state of its bank details, who may work for it."""
    return _read("/v1/own-site", OwnSite)


def stand_in(insurer: str) -> Call[bytes]:
    """An insurer's stand-in rules as it signed them, for `client.stand_in.verify`."""
    return _read(f"/v1/insurers/{quote(insurer, safe='')}/stand-in", bytes)


def _read(path: str, kind: type[T]) -> Call[T]:
    return Call("GET", path, kind)


def _with(path: str, wanted: dict[str, str]) -> str:
    told = urlencode({name: value for name, value in wanted.items() if value})
    return f"{path}?{told}" if told else path


def _end(path: str, look: Look) -> Call[Ended]:
    """Ending what is ended changes nothing, so it is repeated; the look tells whose doing it was."""
    return Call("POST", path + "/cancel", Ended, look=look)


def keyed(key: str) -> tuple[tuple[str, str], ...]:
    """The headers of a body under an idempotency key; ValueError when it is none."""
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= 128) or " " in key:
        raise ValueError("an idempotency key is 1 to 128 printable ASCII characters without spaces")
    return (("Content-Type", JSON), ("Idempotency-Key", key))


def _id(text: Any) -> str:
    """A hub's id, a UUID; ValueError for anything else, so that no path is made of it."""
    return str(UUID(str(text)))
