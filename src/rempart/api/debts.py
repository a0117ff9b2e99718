"""A site's debts: claw-backs that stand and are not recovered, read and printed. No act and no identity."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.api.invoice_routes import MORE, InvoiceDesk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.debts import Debt
from rempart.application.together import Unavailable
from rempart.documents import demand
from rempart.domain import reasons
from rempart.domain.payment import bank_reference
from rempart.ground.instants import PARIS, civil_date
from rempart.storage import debts
from rempart.wire.payments import DebtAsked, DebtList, SiteDebt

Asked = Request[Any, Any, Any]
PRINTING_MOST = 2  # PDFs made at the same time by one hub


def debt_routes(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    """Every handler about debts."""
    return [_list(desk), _print(desk)]


def _list(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get(
        "/v1/debts", tags=["payments"], operation_id="ListDebts", responses=REFUSALS,
        summary="What the token's site owes for claw-backs that stand, the oldest first.",
    )  # fmt: skip
    async def read(request: Asked) -> Response[DebtList]:
        caller = await desk.caller(request, desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                found = await debts.of_site(database, caller.site)
        except Unavailable:
            return refused("unavailable")
        told = DebtList(sum(one.left for one in found), tuple(map(told_of, found)))
        return raw(200, msgspec.json.encode(told))

    return read


def _print(desk: InvoiceDesk) -> HTTPRouteHandler:
    turn = asyncio.Semaphore(PRINTING_MOST)

    @get(
        "/v1/debts/{identity:uuid}/demand.pdf", tags=["payments"], operation_id="PrintDemand",
        responses=REFUSALS | MORE, media_type="application/pdf",
        summary="One debt as a PDF: why, what is left, how to pay.",
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[bytes]:
        instant = desk.state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                found = await debts.of_site(database, caller.site, identity)
        except Unavailable:
            return refused("unavailable")
        if not found:
            return refused("not-found")
        async with turn:
            content = await asyncio.to_thread(demand.pdf, found[0], civil_date(instant, PARIS))
        name = f"demande-{bank_reference(identity)}.pdf"
        headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="application/pdf", headers=headers)

    return read


def told_of(one: Debt) -> SiteDebt:
    """The same in the wire's shape."""
    return SiteDebt(
        str(one.claw_back), str(one.invoice), one.number, one.insurer, one.operator, one.amount, one.deducted,
        one.repaid, one.written_off, one.left, one.reason, reasons.sentence(one.reason), one.since.isoformat(),
        one.instalment, bank_reference(one.claw_back),
        tuple(DebtAsked(step.step, step.day.isoformat(), step.amount) for step in one.steps),
    )  # fmt: skip
