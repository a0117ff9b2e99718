"""An insurer's settlement files: its client lists, fetches and answers them. Another insurer's look absent.

Files are signed, and sealed where they say who and what. Answers count by their own signature, made with the key that
signs the insurer's rights files; the worker takes them as it takes those of a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from rempart.api.insurer_routes import InsurerDesk
from rempart.api.invoice_routes import CONFLICT, MORE
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.together import Unavailable
from rempart.formats import settlement_file
from rempart.ground.instants import iso
from rempart.sealing.frames import SETTLEMENT, VerifyDecisionItem
from rempart.storage import settlement_reading as reading
from rempart.wire.problem import FieldError
from rempart.wire.settlements import (
    ReplyReceipt,
    SettlementAnswer,
    SettlementList,
    SettlementReply,
    SettlementState,
    SettlementSummary,
)

Asked = Request[Any, Any, Any]
Before = Annotated[date | None, QueryParameter(name="before", description="Only days earlier than this one.")]
ANSWERS_MOST = 16 * 1024 * 1024
MEDIA_TYPE = "application/octet-stream"


def settlement_routes(desk: InsurerDesk) -> list[HTTPRouteHandler]:
    """Every handler about settlement files."""
    return [_list(desk), _read(desk), _fetch(desk, "file", "FetchSettlement"),
            _fetch(desk, "references", "FetchSettlementReferences"), _answer(desk)]  # fmt: skip


def _list(desk: InsurerDesk) -> HTTPRouteHandler:
    @get(
        "/v1/settlements", tags=["insurer"], operation_id="ListSettlements", responses=REFUSALS,
        summary="The insurer's settlement files, the newest first.",
    )  # fmt: skip
    async def read(request: Asked, before: Before = None) -> Response[SettlementList]:
        caller = await desk.caller(request, desk.desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.desk.databases.lend() as database:
                found = await reading.listed(database, caller.vendor, before)
        except Unavailable:
            return refused("unavailable")
        full = len(found) == reading.LIST_MOST
        answer = SettlementList(tuple(map(summary_told, found)), found[-1].day.isoformat() if full else "")
        return raw(200, msgspec.json.encode(answer))

    return read


def _read(desk: InsurerDesk) -> HTTPRouteHandler:
    @get(
        "/v1/settlements/{identity:uuid}", tags=["insurer"], operation_id="ReadSettlement", responses=REFUSALS | MORE,
        summary="One settlement file: where it stands, and what became of each answer.",
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[SettlementState]:
        caller = await desk.caller(request, desk.desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.desk.databases.lend() as database:
                found = await reading.one(database, caller.vendor, identity)
                if found is None:
                    return refused("not-found")
                sent, answers = await reading.replies(database, identity)
        except Unavailable:
            return refused("unavailable")
        state = SettlementState(summary_told(found), tuple(map(_sent, sent)), tuple(map(_answered, answers)))
        return raw(200, msgspec.json.encode(state))

    return read


def _fetch(desk: InsurerDesk, word: str, operation: str) -> HTTPRouteHandler:
    kind = "settlement" if word == "file" else word

    @get(
        f"/v1/settlements/{{identity:uuid}}/{word}", tags=["insurer"], operation_id=operation,
        responses=REFUSALS | MORE, media_type=MEDIA_TYPE,
        summary="The file itself, as the operator signed it."
        if word == "file" else "The insurer's own references of the people it names, sealed to the insurer.",
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[bytes] | Stream:
        caller = await desk.caller(request, desk.desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.desk.databases.lend() as database:
                found = await reading.one(database, caller.vendor, identity)
        except Unavailable:
            return refused("unavailable")
        if found is None or not (found.ready if word == "file" else found.references):
            return refused("not-found")
        name = f"{kind}-{found.operator}-{caller.vendor}-{found.sequence:06d}.ndjson"
        headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
        return Stream(_pieces(desk, identity, kind), media_type=MEDIA_TYPE, headers=headers)

    return read


async def _pieces(desk: InsurerDesk, identity: UUID, kind: str) -> AsyncIterator[bytes]:
    """What breaks off is seen by who fetches: the file's end and hash are missing."""
    async with desk.desk.databases.lend() as database:
        async for piece in reading.pieces(database, identity, kind):
            yield piece


def _answer(desk: InsurerDesk) -> HTTPRouteHandler:
    @post(
        "/v1/settlements/{identity:uuid}/answers", status_code=202, tags=["insurer"], operation_id="AnswerSettlement",
        responses=REFUSALS | MORE | CONFLICT, request_max_body_size=ANSWERS_MOST,
    )  # fmt: skip
    async def answer(identity: FromPath[UUID], request: Asked) -> Response[ReplyReceipt]:
        instant = desk.desk.state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        content = await request.body()
        stated = settlement_file.stated(content)
        if isinstance(stated, settlement_file.Fault):
            return refused("malformed-body")
        item = VerifyDecisionItem(caller.vendor, stated.statement, stated.header.signature, SETTLEMENT)
        try:
            (result,) = await desk.keeper.call("verify_decision", [item])
            if result.refusal or stated.header.insurer != caller.vendor:
                return refused("bad-statement-signature")
            async with desk.desk.databases.lend() as database:
                found = await reading.one(database, caller.vendor, identity)
                if found is None:
                    return refused("not-found")
                if (found.sequence, found.sha256.hex()) != (stated.header.sequence, stated.header.settlement):
                    return refused("invalid-fields", (FieldError("settlement", "another-settlement"),))
                sent = (hashlib.sha256(content).digest(), content)
                kept = await reading.reply(database, identity, caller.client, sent, instant=instant)
        except Unavailable:
            return refused("unavailable")
        return raw(202, msgspec.json.encode(ReplyReceipt(str(kept), "waiting")))

    return answer


def summary_told(found: reading.Summary) -> SettlementSummary:
    """A file as a list shows it."""
    state = "answered" if found.answered else "ready" if found.ready else "preparing"
    return SettlementSummary(
        str(found.settlement), found.operator, found.sequence, found.day.isoformat(), found.amount, found.movements,
        found.rows, found.sha256.hex(), state, found.references, iso(found.written),
    )  # fmt: skip


def _sent(one: reading.Reply) -> SettlementReply:
    state = "waiting" if not one.taken else "refused" if one.code else "taken"
    return SettlementReply(str(one.reply), iso(one.received), state, one.code, one.answers, one.refused)


def _answered(one: reading.Answer) -> SettlementAnswer:
    claw_back = str(one.claw_back) if one.claw_back else ""
    return SettlementAnswer(
        str(one.invoice), one.verdict, one.reason, one.code, one.amount, claw_back, iso(one.instant)
    )
