"""The two routes of batches of questions."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, HeaderParameter

from rempart.api.batches import BODY_MOST, BatchDesk
from rempart.api.deposits import Refusal
from rempart.api.invoice_routes import CONFLICT, KEY_MOST, MORE, Asked, InvoiceDesk
from rempart.api.routes import REFUSALS, documented, raw, refused
from rempart.application.together import Unavailable
from rempart.wire.batches import BatchReceipt, BatchState
from rempart.wire.problem import Problem

PATH = "/v1/eligibility/batches"


def batch_routes(desk: InvoiceDesk, batches: BatchDesk) -> list[HTTPRouteHandler]:
    """Every handler about batches. `desk` says who calls."""
    return [_send(desk, batches), _read(desk, batches)]


def _send(desk: InvoiceDesk, batches: BatchDesk) -> HTTPRouteHandler:
    @post(
        PATH, status_code=202, tags=["eligibility"], operation_id="SendBatch", responses=REFUSALS | CONFLICT,
        request_max_body_size=BODY_MOST, summary="Ask about up to 2,000 people at once, to be answered later.",
    )  # fmt: skip
    async def send(
        request: Asked,
        idempotency_key: Annotated[str, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=KEY_MOST)],
    ) -> Response[BatchReceipt]:
        instant = desk.state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        try:
            taken = await batches.take(caller, await request.body(), idempotency_key, instant)
        except Unavailable:
            return refused("unavailable")
        if isinstance(taken, Problem):
            return documented(taken)
        if isinstance(taken, Refusal):
            return refused(taken.code, taken.errors)
        return raw(202, taken.receipt, ((b"idempotent-replayed", b"true"),) if taken.repeated else ())

    return send


def _read(desk: InvoiceDesk, batches: BatchDesk) -> HTTPRouteHandler:
    @get(
        PATH + "/{identity:uuid}", tags=["eligibility"], operation_id="ReadBatch", responses=REFUSALS | MORE,
        summary="The answers of a batch, once it is ready.",
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[BatchState]:
        instant = desk.state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        try:
            found = await batches.read(caller, identity, instant)
        except Unavailable:
            return refused("unavailable")
        return refused("not-found") if found is None else raw(200, found)

    return read
