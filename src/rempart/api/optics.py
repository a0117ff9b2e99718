"""POST /v1/optics/messages: what optics software says, each message given to the path that its JSON twin takes.

Same sign-in, door, log, budgets and cadence; answers and refusals are messages of the set, refusals with the status and
code of the JSON's and the line and element of each fault. A message's own id is its idempotency key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from rempart.api import closures, eligibility
from rempart.api.authorization_routes import AuthorizationDesk, authorization_of
from rempart.api.deposits import Refusal, admitted
from rempart.api.failures import OPTICS_PATH
from rempart.api.invoice_routes import state_of
from rempart.api.problems import problem
from rempart.application.guard import Caller
from rempart.application.together import Unavailable
from rempart.domain import accreditation
from rempart.domain.authorization import CANCELLED
from rempart.formats import invoice_json
from rempart.formats.optics_messages import MEDIA_TYPE, MOST_BYTES, Fault, Message, Refused, answered, asked, read
from rempart.storage import authorizations as stored
from rempart.storage import states
from rempart.wire.authorizations import AuthorizationState
from rempart.wire.eligibility import EligibilityAnswer
from rempart.wire.invoices import InvoicesReceipt, InvoicesRequest, InvoiceState
from rempart.wire.problem import FieldError, Problem

_TAKEN = frozenset({MEDIA_TYPE, "text/xml"})
_CHARSETS = frozenset({"", "charset=utf-8", 'charset="utf-8"'})
_NO_STORE = {"cache-control": "no-store"}
Asked = Request[Any, Any, Any]


class Said(NamedTuple):
    """One answer. `held`: from records, so it leaves on the cadence. `repeated`: it answers a message seen before.

    `headers`: those of a refusal, beside the usual ones.
    """

    status: int
    body: bytes
    held: bool = False
    repeated: bool = False
    headers: tuple[tuple[bytes, bytes], ...] = ()


def optics_routes(asking: AuthorizationDesk) -> list[HTTPRouteHandler]:
    """The one handler."""
    desk = asking.desk

    @post(
        OPTICS_PATH, status_code=200, tags=["optics"], media_type=MEDIA_TYPE, operation_id="SendOpticsMessage",
        request_max_body_size=MOST_BYTES,
    )  # fmt: skip
    async def send(request: Asked) -> Response[bytes]:
        arrived = asyncio.get_running_loop().time()
        caller = await desk.caller(request, desk.state.instants.next())
        if isinstance(caller, Response):
            return _retold(caller)
        if not _is_xml(request.headers.get("content-type", "")):
            return _response(_refused("wrong-media-type"))
        try:
            said = await _answer(asking, caller, await request.body())
        except Unavailable:
            said = _refused("unavailable")
        if said.held:
            await asking.cadence.hold(arrived)
        return _response(said)

    return [send]


async def _answer(asking: AuthorizationDesk, caller: Caller, body: bytes) -> Said:
    found = read(body)
    if isinstance(found, Refused):
        asking.desk.state.figures.refusals.add(found.code)
        return _refused(found.code, found.faults)
    work = _WORK.get(found.name)
    if work is None:  # a message that only the hub sends
        return _refused("invalid-fields", (Fault("message-not-handled", found.lines[found.name]),))
    return await work(asking, caller, found)


async def _query(asking: AuthorizationDesk, caller: Caller, found: Message) -> Said:
    reply = await eligibility.answer(asking.desk.state, caller, msgspec.json.encode(asked.question(found)))
    if reply.status != 200:
        return _no(found, msgspec.json.decode(reply.body, type=Problem), held=reply.held)
    return Said(200, answered.rights(msgspec.json.decode(reply.body, type=EligibilityAnswer)), reply.held)


async def _request(asking: AuthorizationDesk, caller: Caller, found: Message) -> Said:
    closed = asking.admitted(caller, asking.desk.state.instants.next())
    if closed is not None:
        return _closed(closed)
    replaces = UUID(found.values["replaces"]) if "replaces" in found.values else None
    body = msgspec.json.encode(asked.request(found))
    reply = await asking.requests.take(caller, body, _key(caller, found), replaces)
    if reply.status >= 400:
        return _no(found, msgspec.json.decode(reply.body, type=Problem), held=reply.held)
    state = msgspec.json.decode(reply.body, type=AuthorizationState)
    return Said(200, answered.answer(state), reply.held, reply.repeated)


async def _state(asking: AuthorizationDesk, caller: Caller, found: Message) -> Said:
    of = found.values["of"]
    if "invoice" in of:
        said = await state_of(asking.desk, caller, UUID(of["invoice"]))
        return Said(200, answered.invoice_state(said)) if isinstance(said, InvoiceState) else _as_said(said)
    identity = await _authorization(asking, caller, of)
    if identity is None:
        return _refused("not-found")
    state = await authorization_of(asking.desk, caller, identity)
    return Said(200, answered.answer(state)) if isinstance(state, AuthorizationState) else _as_said(state)


async def _cancel(asking: AuthorizationDesk, caller: Caller, found: Message) -> Said:
    desk, of = asking.desk, found.values["of"]
    instant = desk.state.instants.next()
    if "invoice" in of:
        closed = admitted(desk.state, caller, "api", instant)
        if closed is not None:
            return _closed(closed)
        async with desk.databases.lend() as database:
            done = await states.cancel(database, caller.site, UUID(of["invoice"]), instant)
        ended = done in {CANCELLED, "taken-back"}
        return Said(200, answered.cancelled(("invoice", of["invoice"]), done)) if ended else _refused(done)
    closed = asking.admitted(caller, instant)
    if closed is not None:
        return _closed(closed)
    identity = await _authorization(asking, caller, of)
    if identity is None:
        return _refused("not-found")
    refusal = await asking.requests.cancel(caller.site, identity, instant)
    return _refused(refusal) if refusal else Said(200, answered.cancelled(("authorization", str(identity)), CANCELLED))


async def _invoice(asking: AuthorizationDesk, caller: Caller, found: Message) -> Said:
    desk = asking.desk
    instant = desk.state.instants.next()
    closed = admitted(desk.state, caller, "api", instant)
    if closed is not None:
        return _closed(closed)
    body = msgspec.json.encode(InvoicesRequest((asked.invoice(found),)))
    sound = invoice_json.read(body, caller.site)
    if isinstance(sound, tuple) and isinstance(sound[0], invoice_json.Refused):  # no deposit: its id stays free
        faults = tuple(FieldError(each.field, each.code) for each in sound[0].faults)
        return _no(found, problem("invalid-fields", faults))
    taken = await desk.deposits.invoices(caller, body, _key(caller, found), instant)
    if isinstance(taken, Refusal):
        return _no(found, problem(taken.code, taken.errors))
    if not isinstance(taken.receipt, InvoicesReceipt):
        raise TypeError("an invoice got the receipt of a file")
    (one,) = taken.receipt.invoices
    told = answered.receipt(one.invoice, one.number, taken.receipt.file)
    return Said(200, told, repeated=taken.repeated)


_WORK: dict[str, Callable[[AuthorizationDesk, Caller, Message], Awaitable[Said]]] = {
    "query": _query, "request": _request, "state": _state, "cancel": _cancel, "invoice": _invoice,
}  # fmt: skip
"""By the name of a message."""


async def _authorization(asking: AuthorizationDesk, caller: Caller, of: dict[str, str]) -> UUID | None:
    """The id of the caller's site's own authorization; the newest one under a reference of its own."""
    if "authorization" in of:
        return UUID(of["authorization"])
    number = accreditation.parse(of.get("reference", ""), prefix="P") or ""
    reference = of.get("siteReference", "")
    if not number and not reference:
        return None
    async with asking.desk.databases.lend() as database:
        rows = await stored.found(database, caller.site, number=number, site_reference=reference)
    return rows[0].request if rows else None


def _key(caller: Caller, found: Message) -> str:
    """A vendor's client speaks for many sites, each of which numbers its messages by itself."""
    return f"optics:{caller.site}:{found.values['id']}"


def _is_xml(header: str) -> bool:
    kind, _, parameter = header.lower().partition(";")
    return kind.strip() in _TAKEN and parameter.strip() in _CHARSETS


def _no(found: Message, document: Problem, *, held: bool = False) -> Said:
    """The JSON route's no, with each field's place in the message."""
    places = [(error.code, *asked.place(found, error.field)) for error in document.errors]
    faults = [Fault(code, line, element) for code, element, line in places]
    return Said(document.status, answered.refusal(document, faults), held, headers=closures.header(document))


def _refused(code: str, faults: Sequence[Fault] = ()) -> Said:
    document = problem(code)
    return Said(document.status, answered.refusal(document, faults))


def _closed(document: Problem) -> Said:
    """The door's first no."""
    return Said(document.status, answered.refusal(document), headers=closures.header(document))


def _as_said(response: Response[Any]) -> Said:
    document = msgspec.json.decode(response.content, type=Problem)
    return _closed(document)


def _response(said: Said) -> Response[bytes]:
    headers = _NO_STORE | ({"idempotent-replayed": "true"} if said.repeated else {})
    headers |= {name.decode(): value.decode() for name, value in said.headers}
    return Response(said.body, status_code=said.status, media_type=MEDIA_TYPE, headers=headers)


def _retold(response: Response[Any]) -> Response[bytes]:
    """A refusal that is a problem document, as a message with the same headers."""
    told = _response(_as_said(response))
    for name, value in response.headers.items():
        told.headers[name] = value
    return told
