"""`/v1/desk/insurer/rejections…`: an insurer's own rejected invoices by reason, for its people."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from rempart.api.desk_door import DeskDoor, operator_of
from rempart.api.insurer_desk import Asked
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.guard import Caller
from rempart.application.together import Unavailable
from rempart.domain import reasons
from rempart.ground.instants import PARIS, civil_date, iso, start_of_day
from rempart.storage import insurer_rejections as stored
from rempart.wire.insurer_rejections import (
    DeskRejectedInvoice,
    DeskRejectedInvoices,
    DeskRejection,
    DeskRejections,
    DeskRejectionWeek,
)
from rempart.wire.problem import FieldError

WEEKS = 12
PATH = "/v1/desk/insurer/rejections"
Before = Annotated[
    str, QueryParameter(name="before_invoice", max_length=36, description="The last `next`, for older ones.")
]
_REASON = re.compile(r"[a-z0-9-]{1,64}")


def insurer_rejection_routes(door: DeskDoor) -> list[HTTPRouteHandler]:
    """The two handlers."""
    return [_counts(door), _list(door)]


def since(instant: int) -> int:
    """The Monday twelve weeks back, this one counted, at midnight in Paris; microseconds UTC."""
    today = civil_date(instant, PARIS)
    return start_of_day(today - timedelta(days=today.weekday() + 7 * (WEEKS - 1)), PARIS)


def _counts(door: DeskDoor) -> HTTPRouteHandler:
    @get(PATH, tags=["desk"], operation_id="DeskCountRejections", responses=REFUSALS)
    async def counts(request: Asked) -> Response[DeskRejections]:
        instant = door.desk.state.instants.next()
        caller = await door.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        begin = since(instant)
        try:
            async with door.desk.databases.lend() as database:
                rows = await stored.by_reason(database, _desk(caller), begin)
                weeks = await stored.by_week(database, _desk(caller), begin)
        except Unavailable:
            return refused("unavailable")
        told = DeskRejections(
            civil_date(begin, PARIS).isoformat(), tuple(DeskRejection(*row) for row in rows),
            tuple(DeskRejectionWeek(each.week.isoformat(), each.invoices, each.amc) for each in weeks),
        )  # fmt: skip
        return raw(200, msgspec.json.encode(told))

    return counts


def _list(door: DeskDoor) -> HTTPRouteHandler:
    @get(PATH + "/{reason:str}", tags=["desk"], operation_id="DeskListRejections", responses=REFUSALS)
    async def listed(reason: FromPath[str], request: Asked, before: Before = "") -> Response[DeskRejectedInvoices]:
        instant = door.desk.state.instants.next()
        caller = await door.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        older = _identity(before)
        if not _REASON.fullmatch(reason) or (before and older is None):
            return refused(
                "invalid-fields", (FieldError("before" if _REASON.fullmatch(reason) else "reason", "not-one"),)
            )
        try:
            async with door.desk.databases.lend() as database:
                found = await stored.listed(database, _desk(caller), since(instant), reason, before=older)
        except Unavailable:
            return refused("unavailable")
        known = reasons.BY_CODE.get(reason)
        following = str(found[-1].invoice) if len(found) == stored.MOST else ""
        told = DeskRejectedInvoices(reason, known.french if known else "", tuple(map(_told, found)), following)
        return raw(200, msgspec.json.encode(told))

    return listed


def _desk(caller: Caller) -> stored.Desk:
    return stored.Desk(caller.insurer, operator_of(caller))


def _told(one: stored.Rejected) -> DeskRejectedInvoice:
    return DeskRejectedInvoice(
        str(one.invoice), one.number, one.site, one.care_date.isoformat(), iso(one.decided), one.spent, one.amc,
        one.state,
    )  # fmt: skip


def _identity(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
