"""POST /v1/insurer/record-check: from an insurer's signed statement to what the hub holds of one of its own people."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import date
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

from rempart.api.cadence import Cadence
from rempart.api.insurer_routes import InsurerDesk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.eligibility import Ports
from rempart.application.ports import Derived
from rempart.application.record_check import Asked, Checked, Origin, check
from rempart.application.together import Unavailable
from rempart.ground.instants import iso
from rempart.sealing.frames import CheckRecordItem
from rempart.storage.door import Database
from rempart.wire.once import repeats_a_name
from rempart.wire.problem import FieldError
from rempart.wire.record_check import HeldPeriod, RecordCheckAnswer, RecordCheckRequest, RightsFileNamed

BODY_MOST = 8 * 1024
SIGNATURE = {"bad-signature": "bad-statement-signature", "insurer-unknown": "bad-statement-signature"}
MALFORMED = frozenset({"statement-malformed", "statement-late", "identity-malformed"})
ORIGIN = (
    "select kind, sequence, digest, received, wrapped, sealed "
    "from rempart.record_origin($1::text, $2::bytea, $3::bytea)"
)


class _Care(msgspec.Struct, frozen=True):
    care: date


def record_check_routes(desk: InsurerDesk, keeper: Any, cadence: Cadence) -> list[HTTPRouteHandler]:
    """The one handler; `keeper` is the ask socket. Answers leave on the cadence, like any that come from records."""

    async def derive(grant: bytes, statement: bytes, signature: bytes, day: int) -> Derived:
        (found,) = await keeper.call("check_record", [CheckRecordItem(grant, statement, signature, day)])
        derived: Derived = found
        return derived

    @post(
        "/v1/insurer/record-check", status_code=200, tags=["insurer"], operation_id="CheckRecord", responses=REFUSALS,
        request_max_body_size=BODY_MOST,
    )  # fmt: skip
    async def ask(request: Request[Any, Any, Any]) -> Response[RecordCheckAnswer]:
        arrived = asyncio.get_running_loop().time()
        state = desk.desk.state
        instant = state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        read = _read(await request.body())
        if isinstance(read, Response):
            return read
        told, care = read
        operator = next((r.operator for r in state.facts.routes.get(caller.vendor, ())), "")
        asked = Asked(caller, told.statement, told.signature, care, instant, operator)
        try:
            async with desk.desk.databases.lend() as database:
                ports = Ports(keeper, database, database)
                found = await check(ports, derive, _tracer(database), asked)
        except Unavailable:
            return refused("unavailable")
        await cadence.hold(arrived)
        return _refusal(found.refusal) if found.refusal else raw(200, msgspec.json.encode(_answer(found)))

    return [ask]


def _read(body: bytes) -> tuple[RecordCheckRequest, date] | Response[Any]:
    try:
        told = msgspec.json.decode(body, type=RecordCheckRequest)
        care = msgspec.json.decode(told.statement, type=_Care).care
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        return refused("malformed-body")
    if repeats_a_name(body) or repeats_a_name(told.statement):
        return refused("repeated-field")
    return told, care


def _tracer(database: Database) -> Any:
    async def trace(insurer: str, key: bytes, person: bytes) -> Origin:
        (row,) = await database.fetch(ORIGIN, insurer, key, person)
        kind, sequence, digest, received, wrapped, sealed = row
        return Origin(kind or "", sequence or 0, digest or b"", received or 0, wrapped or b"", sealed or b"", person)

    return trace


def _refusal(code: str) -> Response[Any]:
    if code in MALFORMED:
        return refused("invalid-fields", (FieldError("statement", code),))
    return refused("meter" if code.startswith("meter-") else SIGNATURE.get(code, code))


def _answer(found: Checked) -> RecordCheckAnswer:
    coverage, origin = found.coverage, found.origin
    if coverage is None:
        return RecordCheckAnswer(found.answer)
    file = None
    if origin.kind:
        file = RightsFileNamed(origin.kind, origin.sequence, origin.digest.hex(), iso(origin.received))
    return RecordCheckAnswer(
        found.answer, coverage.product, coverage.level, coverage.kind,
        found.closed.isoformat() if found.closed is not None else "",
        tuple(HeldPeriod(p.domain, p.start.isoformat(), p.end.isoformat(), p.formula) for p in coverage.periods),
        file, origin.wrapped, origin.sealed, hashlib.sha256(origin.person).digest()[:16] if origin.sealed else b"",
        found.ceiling > 0, found.ceiling,
    )  # fmt: skip
