"""`/v1/receipt-keys…`: the keys by which a site's browsers sign receipts of card checks made without network.

Enrolled, listed and ended by the site's people, on line: whoever may send the site's invoices may enrol one. A program
signs with the key that it has.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.api.account_routes import ABSENT, CONFLICT
from rempart.api.invoice_routes import InvoiceDesk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.api.sign_in_routes import bytes_of, read_body
from rempart.application.guard import Caller
from rempart.application.receipts import OwnKey
from rempart.application.together import Unavailable
from rempart.domain.parties import ACCOUNT
from rempart.formats.card.receipt import key_id
from rempart.ground.instants import PARIS, civil_date
from rempart.identity.station_key import good_key
from rempart.storage import receipts as stored
from rempart.wire.problem import FieldError
from rempart.wire.receipts import ReceiptKey, ReceiptKeyEnrolled, ReceiptKeyList, ReceiptKeyRequest

Asked = Request[Any, Any, Any]
MOST = 512  # bytes of a body


def receipt_key_routes(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    """The three handlers."""
    return [_enrol(desk), _list(desk), _end(desk)]


async def _person(desk: InvoiceDesk, request: Asked, instant: int) -> Caller | Response[Any]:
    """Somebody of the site, or why not."""
    caller = await desk.caller(request, instant)
    if isinstance(caller, Caller) and caller.kind != ACCOUNT:
        return refused("purpose")
    return caller


def _enrol(desk: InvoiceDesk) -> HTTPRouteHandler:
    @post(
        "/v1/receipt-keys", status_code=201, tags=["own-site"], operation_id="EnrolReceiptKey",
        responses=REFUSALS | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def enrol(request: Asked) -> Response[ReceiptKeyEnrolled]:
        instant = desk.state.instants.next()
        caller = await _person(desk, request, instant)
        if isinstance(caller, Response):
            return caller
        asked = read_body(ReceiptKeyRequest, await request.body())
        if isinstance(asked, Response):
            return asked
        read = bytes_of(asked, "point")
        if isinstance(read, Response):
            return read
        (point,) = read
        if not good_key(point):
            return refused("invalid-fields", (FieldError("point", "key-malformed"),))
        new = OwnKey(key_id(point), caller.client, instant)
        try:
            async with desk.databases.lend() as database:
                done = await stored.add(database, caller.site, new, point)
        except Unavailable:
            return refused("unavailable")
        if not done:
            return refused("receipt-keys-too-many")
        return raw(201, msgspec.json.encode(ReceiptKeyEnrolled(new.key.hex(), caller.site)))

    return enrol


def _list(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get("/v1/receipt-keys", tags=["own-site"], operation_id="ListReceiptKeys", responses=REFUSALS)
    async def listed(request: Asked) -> Response[ReceiptKeyList]:
        caller = await _person(desk, request, desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                found = await stored.of_site(database, caller.site)
        except Unavailable:
            return refused("unavailable")
        told = (ReceiptKey(one.key.hex(), civil_date(one.made, PARIS).isoformat(), one.account) for one in found)
        return raw(200, msgspec.json.encode(ReceiptKeyList(tuple(told))))

    return listed


def _end(desk: InvoiceDesk) -> HTTPRouteHandler:
    @post(
        "/v1/receipt-keys/{key:str}/end", status_code=204, tags=["own-site"], operation_id="EndReceiptKey",
        responses=REFUSALS | ABSENT,
    )  # fmt: skip
    async def end(key: FromPath[str], request: Asked) -> Response[None]:
        instant = desk.state.instants.next()
        caller = await _person(desk, request, instant)
        if isinstance(caller, Response):
            return caller
        try:
            named = bytes.fromhex(key)
            async with desk.databases.lend() as database:
                done = await stored.end(database, caller.site, named, instant)
        except ValueError:
            return refused("not-found")
        except Unavailable:
            return refused("unavailable")
        return raw(204, b"") if done else refused("not-found")

    return end
