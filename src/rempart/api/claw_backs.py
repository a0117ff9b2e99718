"""A site's claw-backs: what is taken back of which invoice and why, read and disputed. No act and no identity."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.api.invoice_routes import CONFLICT, MORE, InvoiceDesk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.remittances import ClawBackNote
from rempart.application.together import Unavailable
from rempart.domain import reasons
from rempart.ground.instants import PARIS, civil_date
from rempart.storage import remittances
from rempart.wire.payments import ClawBackState

Asked = Request[Any, Any, Any]
SHOWN = 366 * 86_400_000_000
"""Microseconds: those that ended stay in the list for a year."""


def claw_back_routes(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    """Every handler about claw-backs."""
    return [_list(desk), _dispute(desk)]


def _list(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get(
        "/v1/claw-backs", tags=["payments"], operation_id="ListClawBacks", responses=REFUSALS,
        summary="What is taken back from the token's site, the newest first.",
    )  # fmt: skip
    async def read(request: Asked) -> Response[list[ClawBackState]]:
        instant = desk.state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                found = await remittances.claw_backs(database, caller.site, instant - SHOWN)
        except Unavailable:
            return refused("unavailable")
        return raw(200, msgspec.json.encode(list(map(_state, found))))

    return read


def _dispute(desk: InvoiceDesk) -> HTTPRouteHandler:
    @post(
        "/v1/claw-backs/{identity:uuid}/dispute", status_code=200, tags=["payments"], operation_id="DisputeClawBack",
        responses=REFUSALS | MORE | CONFLICT,
    )  # fmt: skip
    async def dispute(identity: FromPath[UUID], request: Asked) -> Response[dict[str, str]]:
        instant = desk.state.instants.next()
        caller = await desk.depositor(request, "api", instant)
        if isinstance(caller, Response):
            return caller
        today = civil_date(instant, PARIS)
        try:
            async with desk.databases.lend() as database:
                said = await remittances.dispute(database, caller.site, identity, today, instant=instant)
        except Unavailable:
            return refused("unavailable")
        return raw(200, b'{"state":"disputed"}') if said == "disputed" else refused(said)

    return dispute


def _state(one: ClawBackNote) -> ClawBackState:
    return ClawBackState(
        str(one.claw_back), str(one.invoice), one.number, one.insurer, one.amount, one.deducted, one.reason,
        reasons.sentence(one.reason), one.state, one.notice_ends.isoformat(),
    )  # fmt: skip
