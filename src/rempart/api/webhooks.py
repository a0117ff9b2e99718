"""A site's own webhooks: how the telling goes, and resuming one that was stopped. The operator registers them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.api.invoice_routes import CONFLICT, MORE, InvoiceDesk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.together import Unavailable
from rempart.ground.instants import iso
from rempart.storage import webhook_states as stored
from rempart.wire.webhooks import WebhookEvent, WebhookState

Asked = Request[Any, Any, Any]


def webhook_routes(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    """Every handler."""
    return [_list(desk), _resume(desk)]


def _list(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get("/v1/webhooks", tags=["authorizations"], operation_id="ListWebhooks", responses=REFUSALS)
    async def read(request: Asked) -> Response[list[WebhookState]]:
        caller = await desk.caller(request, desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                rows = await stored.of_site(database, caller.site)
        except Unavailable:
            return refused("unavailable")
        return raw(200, msgspec.json.encode([state(row) for row in rows]))

    return read


def _resume(desk: InvoiceDesk) -> HTTPRouteHandler:
    @post(
        "/v1/webhooks/{identity:uuid}/resume", status_code=200, tags=["authorizations"], operation_id="ResumeWebhook",
        responses=REFUSALS | MORE | CONFLICT,
    )  # fmt: skip
    async def resume(identity: FromPath[UUID], request: Asked) -> Response[dict[str, str]]:
        instant = desk.state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                done = await stored.resume(database, caller.site, identity, instant)
        except Unavailable:
            return refused("unavailable")
        return raw(200, b'{"state":"good"}') if done else refused("not-found")

    return resume


def state(row: stored.WebhookRow) -> WebhookState:
    """One webhook as the wire tells it."""
    return WebhookState(
        str(row.webhook), row.url, row.state, row.reason, row.attempts,
        iso(row.next_try) if row.next_try and row.state == "good" else "", iso(row.added),
        tuple(WebhookEvent(at, iso(instant), cause, said_by) for at, cause, said_by, instant in row.events),
    )  # fmt: skip
