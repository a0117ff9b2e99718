"""`/v1/exports` and `/v1/desk/insurer/exports`: signing for a file that tells many invoices, and whether it may leave.

The rule is `domain.exports`. The routes that give such files ask `not_signed` before they disclose anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from rempart.api.account_routes import ABSENT, CONFLICT
from rempart.api.authority import may
from rempart.api.desk_door import DeskDoor
from rempart.api.hot import NONCE, caller_of
from rempart.api.invoice_routes import READING, InvoiceDesk
from rempart.api.own_bank import proof_of
from rempart.api.problems_people import shown
from rempart.api.routes import REFUSALS, raw, refused
from rempart.api.sign_in_routes import read_body
from rempart.api.signin import Denied
from rempart.application.exports import Document, Exports, Place, Wish, place_of
from rempart.application.guard import Caller
from rempart.application.guard import Wish as Door
from rempart.application.remittances import Advice
from rempart.application.together import Unavailable
from rempart.application.tokens import Refusal, TokenFacts
from rempart.domain import authorities
from rempart.domain.authorities import EXPORT_SECOND
from rempart.domain.exports import REMITTANCE, SETTLEMENT, Asker, Limits, missing
from rempart.domain.parties import ACCOUNT
from rempart.ground.instants import iso
from rempart.storage import exports as stored
from rempart.storage.door import Database
from rempart.wire.exports import ExportAsked, ExportList, ExportSigned, ExportSigning
from rempart.wire.problem import FieldError, encode
from rempart.wire.sign_in import MOST

Asked = Request[Any, Any, Any]
Held = Callable[[Asked, int], Awaitable[TokenFacts | Response[Any]]]
INVOICES_MOST = 2**31 - 1


def limits_of(desk: InvoiceDesk) -> Limits:
    """The hub's; an operator may lower them, never raise them."""
    options = desk.state.settings.exports
    return Limits(options.signed_above, options.second_above)


async def not_signed(
    desk: InvoiceDesk, caller: Caller, database: Database, document: Document, *, invoices: int
) -> Response[Any] | None:
    """The refusal of a file to a person who did not sign for it; None when it may leave. Raises `Unavailable`."""
    limits, instant = limits_of(desk), desk.state.instants.next()
    if caller.kind != ACCOUNT or invoices <= limits.signed_above:
        return None
    place = Place(caller.vendor.removeprefix("portal:"), caller.site or caller.insurer)
    found = await stored.standing(database, place, document, instant)
    code = missing(limits, invoices, Asker(caller.client, caller.session), found, instant=instant)
    return refused(code) if code else None


def told_by(advice: Advice) -> int:
    """How many invoices an advice tells: paid, rejected since the one before, and taken back."""
    return sum(len(part.invoices) for part in advice.parts) + len(advice.rejected) + len(advice.deductions)


def export_routes(desk: InvoiceDesk, exports: Exports) -> list[HTTPRouteHandler]:
    """Of a site's people."""

    async def held(request: Asked, instant: int) -> TokenFacts | Response[Any]:
        return await _of_site(desk, request, instant)

    @get("/v1/exports", tags=["payments"], operation_id="ListExports", responses=REFUSALS)
    async def listed(request: Asked) -> Response[ExportList]:
        return await _list(desk, request, held)

    @post(
        "/v1/exports", status_code=201, tags=["payments"], operation_id="SignExport",
        responses=REFUSALS | ABSENT | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def sign(request: Asked) -> Response[ExportSigned]:
        return await _sign(desk, request, held, exports, what=REMITTANCE)

    return [listed, sign]


def desk_export_routes(door: DeskDoor, exports: Exports) -> list[HTTPRouteHandler]:
    """Of an insurer's people."""

    @get("/v1/desk/insurer/exports", tags=["desk"], operation_id="DeskListExports", responses=REFUSALS)
    async def listed(request: Asked) -> Response[ExportList]:
        return await _list(door.desk, request, door.held)

    @post(
        "/v1/desk/insurer/exports", status_code=201, tags=["desk"], operation_id="DeskSignExport",
        responses=REFUSALS | ABSENT | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def sign(request: Asked) -> Response[ExportSigned]:
        return await _sign(door.desk, request, door.held, exports, what=SETTLEMENT)

    return [listed, sign]


async def _of_site(desk: InvoiceDesk, request: Asked, instant: int) -> TokenFacts | Response[Any]:
    """A person of a site in good standing, in a live session; or the refusal to answer with."""
    state, sign_in = desk.state, desk.sign_in
    url = state.settings.hub.audience + request.scope["path"]
    found = await sign_in.authenticate_or_read(list(request.scope["headers"]), request.scope["method"], url, instant)
    if isinstance(found, Denied):
        return raw(found.problem.status, encode(found.problem), found.headers)
    request.scope["state"][NONCE] = sign_in.fresh_nonce(instant)[1]
    caller, wish = caller_of(found), Door("api", "", "", "", instant)
    refusal = next((code for check in READING if (code := check(state.facts.snapshot, caller, wish))), "")
    if not refusal and (
        caller.kind != ACCOUNT or not may(caller.kind, caller.role, str(request.route_handler.operation_id))
    ):
        refusal = "purpose"
    return refused(refusal) if refusal else found


async def _list(desk: InvoiceDesk, request: Asked, door: Held) -> Response[Any]:
    instant = desk.state.instants.next()
    held = await door(request, instant)
    if isinstance(held, Response):
        return held
    try:
        async with desk.databases.lend() as database:
            asker = Asker(held.client, held.session)
            found = await stored.asked(database, place_of(held), asker, instant)
    except Unavailable:
        return refused("unavailable")
    limits, seconds = limits_of(desk), EXPORT_SECOND in authorities.actions(held.role)
    seen = [each for each in found if each.taker == held.client or (seconds and each.invoices > limits.second_above)]
    return raw(200, msgspec.json.encode(ExportList(*limits, tuple(map(_asked, seen)))))


def _asked(found: stored.Asked) -> ExportAsked:
    return ExportAsked(
        found.number, found.what, str(found.document), found.invoices, found.taker, iso(found.asked),
        iso(found.until) if found.until else "", iso(found.second_until) if found.second_until else "",
    )  # fmt: skip


async def _sign(desk: InvoiceDesk, request: Asked, door: Held, exports: Exports, *, what: str) -> Response[Any]:
    """`what` is the one kind of document that this door gives."""
    instant = desk.state.instants.next()
    held = await door(request, instant)
    if isinstance(held, Response):
        return held
    asked = read_body(ExportSigning, await request.body())
    if isinstance(asked, Response):
        return asked
    wish, proof = _wish(asked, what), proof_of(asked.challenge, asked.signed)
    if isinstance(wish, Response):
        return wish
    if isinstance(proof, Response):
        return proof
    try:
        found = await exports.sign(held, wish, proof, instant)
    except Unavailable:
        return refused("unavailable")
    if isinstance(found, Refusal):
        return refused(shown(found.code))
    return raw(201, msgspec.json.encode(ExportSigned(iso(found))))


def _wish(asked: ExportSigning, what: str) -> Wish | Response[Any]:
    """What is signed for, written as it is hashed: another spelling would not be what the person saw."""
    try:
        document = UUID(asked.document)
    except ValueError:
        document = None
    if document is None or str(document) != asked.document:
        return refused("invalid-fields", (FieldError("document", "not-a-uuid"),))
    if asked.what != what:
        return refused("invalid-fields", (FieldError("what", "unknown-kind"),))
    if not 0 < asked.invoices <= INVOICES_MOST:
        return refused("invalid-fields", (FieldError("invoices", "out-of-range"),))
    return Wish(Document(what, document), asked.invoices, asked.taker)
