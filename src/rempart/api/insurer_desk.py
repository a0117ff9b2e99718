"""The insurer's desk in a portal: what waits for its case workers, decided by an account of the insurer.

The same decisions as an agent's (`insurer_routes`), by the same code. An agent's counts by the insurer's signature; an
account's by its session, and names the account. What is sealed to the insurer is handed on as it is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.api.desk_door import DeskDoor, operator_of
from rempart.api.insurer_routes import BODY_MOST, Asking, case_told, ruled
from rempart.api.invoice_routes import CONFLICT, MORE
from rempart.api.reading import disclose_case
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.authorization_decisions import REFUSALS as REASONS
from rempart.application.authorization_decisions import Carried, Verdict
from rempart.application.together import Unavailable
from rempart.ground.instants import PARIS, civil_date, iso, start_of_day
from rempart.storage import authorization_decisions as decisions
from rempart.storage import insurer_desk as stored
from rempart.wire.authorizations import DecisionAnswer, StatedLine, Statement
from rempart.wire.insurer_desk import DeskCase, DeskDecision, DeskPending, DeskPendingList, DeskWeek
from rempart.wire.once import repeats_a_name

Asked = Request[Any, Any, Any]
T = TypeVar("T")
WEEKS = 12


def insurer_desk_routes(door: DeskDoor) -> list[HTTPRouteHandler]:
    """What waits, one of it, and the decision."""
    return [_list(door), _case(door), _decide(door)]


def _list(door: DeskDoor) -> HTTPRouteHandler:
    @get("/v1/desk/insurer/authorizations", tags=["desk"], operation_id="DeskListPending", responses=REFUSALS)
    async def read(request: Asked) -> Response[DeskPendingList]:
        instant = door.desk.state.instants.next()
        caller = await door.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        today = civil_date(instant, PARIS)
        first = today - timedelta(days=today.weekday() + 7 * (WEEKS - 1))
        try:
            async with door.desk.databases.lend() as database:
                operator = operator_of(caller)
                rows = await decisions.waiting(database, caller.insurer, operator=operator)
                more = await stored.waits(database, caller.insurer, operator, decisions.MOST)
                weeks = await stored.decided(database, caller.insurer, operator, start_of_day(first, PARIS))
        except Unavailable:
            return refused("unavailable")
        found = DeskPendingList(
            tuple(_pending(row, more[row.request]) for row in rows if row.request in more),
            tuple(DeskWeek(week.isoformat(), many, agreed, minutes) for week, many, agreed, minutes in weeks),
        )
        return raw(200, msgspec.json.encode(found))

    return read


def _pending(row: decisions.Waiting, more: stored.Waits) -> DeskPending:
    return DeskPending(
        str(row.request), iso(row.requested), more.planned.isoformat(), more.until.isoformat(), row.site, row.domain,
        row.reason, row.spent, more.amo, row.amc,
    )  # fmt: skip


def _case(door: DeskDoor) -> HTTPRouteHandler:
    @get(
        "/v1/desk/insurer/authorizations/{identity:uuid}", tags=["desk"], operation_id="DeskReadPending",
        responses=REFUSALS | MORE,
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[DeskCase]:
        caller = await door.caller(request, door.desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with door.desk.databases.lend() as database:
                operator = operator_of(caller)
                row = await decisions.case(database, caller.insurer, identity, operator=operator)
                more = await stored.waits_of(database, caller.insurer, operator, identity)
                if row is not None and more is not None:
                    await disclose_case(door.desk, caller, database, row)
        except Unavailable:
            return refused("unavailable")
        if row is None or more is None:
            return refused("not-found")
        found = DeskCase(case_told(row), more.planned.isoformat(), more.until.isoformat(), REASONS)
        return raw(200, msgspec.json.encode(found))

    return read


def _decide(door: DeskDoor) -> HTTPRouteHandler:
    @post(
        "/v1/desk/insurer/authorizations/{identity:uuid}/decision", status_code=200, tags=["desk"],
        operation_id="DeskDecidePending", responses=REFUSALS | MORE | CONFLICT, request_max_body_size=BODY_MOST,
    )  # fmt: skip
    async def decide(identity: FromPath[UUID], request: Asked) -> Response[DecisionAnswer]:
        instant = door.desk.state.instants.next()
        caller = await door.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        asked = read_once(await request.body(), DeskDecision)
        if asked is None:
            return refused("malformed-body")
        verdict = Verdict(asked.verdict, tuple((line.number, line.amc) for line in asked.lines), asked.reason)
        carried = Carried(caller.client, _statement(identity, asked, instant), b"")
        try:
            async with door.desk.databases.lend() as database:
                asking = Asking(caller.insurer, identity, verdict, carried, instant, operator_of(caller))
                return await ruled(database, asking)
        except Unavailable:
            return refused("unavailable")

    return decide


def _statement(identity: UUID, asked: DeskDecision, instant: int) -> bytes:
    """What was decided, as an agent would have stated it."""
    lines = tuple(StatedLine(line.number, line.amc) for line in asked.lines)
    return msgspec.json.encode(Statement(str(identity), asked.verdict, iso(instant), lines, asked.reason))


def read_once(body: bytes, kind: type[T]) -> T | None:
    """A body of this kind that says each name once, else None."""
    try:
        found = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return None if repeats_a_name(body) else found
