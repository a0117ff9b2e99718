"""POST /v1/insurer/presence-codes: from an insurer's signed statement to a code for one of its own people.

It reads no record and tells nothing of the person: whether a file names it at all, the question by the code tells.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from rempart.api.insurer_routes import InsurerDesk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.eligibility import DAY
from rempart.application.presence import Kept
from rempart.application.together import Unavailable
from rempart.domain import presence
from rempart.ground.instants import iso
from rempart.sealing.presence_frames import GivePresenceItem
from rempart.storage import presence as codes
from rempart.wire.once import repeats_a_name
from rempart.wire.presence import PresenceCodeAnswer, PresenceCodeRequest
from rempart.wire.problem import FieldError

BODY_MOST = 8 * 1024
SIGNATURE = {"bad-signature": "bad-statement-signature", "insurer-unknown": "bad-statement-signature"}
MALFORMED = frozenset({"statement-malformed", "statement-late", "identity-malformed"})


def presence_routes(desk: InsurerDesk, keeper: Any) -> list[HTTPRouteHandler]:
    """The one handler; `keeper` is the ask socket."""

    @post(
        "/v1/insurer/presence-codes", status_code=201, tags=["insurer"], operation_id="GivePresenceCode",
        responses=REFUSALS, request_max_body_size=BODY_MOST,
    )  # fmt: skip
    async def give(request: Request[Any, Any, Any]) -> Response[PresenceCodeAnswer]:
        state = desk.desk.state
        instant = state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        told = _read(await request.body())
        if isinstance(told, Response):
            return told
        operator = next((route.operator for route in state.facts.routes.get(caller.vendor, ())), "")
        try:
            item = GivePresenceItem(caller.grant, told.statement, told.signature, instant // DAY)
            (given,) = await keeper.call("give_presence", [item])
            if given.refusal:
                return _refusal(given.refusal)
            kept = Kept(caller.vendor, operator, given.mapping)
            async with desk.desk.databases.lend() as database:
                verdict = await codes.give(
                    database, given.finder, kept, site=given.site, instant=instant, expires=given.expires
                )
        except Unavailable:
            return refused("unavailable")
        if verdict != "ok":
            return refused(verdict)
        return raw(201, msgspec.json.encode(PresenceCodeAnswer(presence.printed(given.code), iso(given.expires))))

    return [give]


def _read(body: bytes) -> PresenceCodeRequest | Response[Any]:
    try:
        told = msgspec.json.decode(body, type=PresenceCodeRequest)
        repeated = repeats_a_name(body) or repeats_a_name(told.statement)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return refused("malformed-body")
    return refused("repeated-field") if repeated else told


def _refusal(code: str) -> Response[Any]:
    if code in MALFORMED:
        return refused("invalid-fields", (FieldError("statement", code),))
    return refused("meter" if code.startswith("meter-") else SIGNATURE.get(code, code))
