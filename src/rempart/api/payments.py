"""A site's own remittances: listed, read, printed. No act and no identity in them.

An advice tells why a line was not paid as asked, with its domain: of such an invoice it is a reading, and disclosed.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from rempart.api.authority import waits
from rempart.api.claw_backs import claw_back_routes
from rempart.api.debts import debt_routes
from rempart.api.exports import not_signed, told_by
from rempart.api.figures import figure_routes
from rempart.api.invoice_routes import MORE, InvoiceDesk
from rempart.api.reading import disclose_advice
from rempart.api.returns import return_routes
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.exports import Document
from rempart.application.remittances import Advice, InsurerPart, PaidInvoice, Summary, WaitingPart
from rempart.application.together import Unavailable
from rempart.documents import remittance as printed
from rempart.domain import reasons
from rempart.domain.exports import REMITTANCE
from rempart.ground.instants import iso
from rempart.storage import remittances
from rempart.wire.payments import (
    AdviceDeduction,
    AdviceInvoice,
    AdviceNote,
    AdvicePart,
    AdvicePenalty,
    AdviceRejection,
    RemittanceAdvice,
    RemittanceList,
    RemittanceSummary,
    WaitingPayment,
)

Asked = Request[Any, Any, Any]
Before = Annotated[date | None, QueryParameter(name="before", description="Only days earlier than this one.")]
AsFile = Annotated[
    bool, QueryParameter(name="file", description="True: as a file; above 50 invoices a person signs for it.")
]
LATE = "late-payment-penalty"
PRINTING_MOST = 2  # PDFs made at the same time by one hub


def payment_routes(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    """Every handler about remittances, those that tell them and deposits as returns, claw-backs and debts."""
    return [
        _list(desk), _read(desk), _print(desk), *return_routes(desk), *claw_back_routes(desk),
        *debt_routes(desk), *figure_routes(desk),
    ]  # fmt: skip


def _list(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get(
        "/v1/remittances", tags=["payments"], operation_id="ListRemittances", responses=REFUSALS,
        summary="The payments made to the token's site, the newest first.",
    )  # fmt: skip
    async def read(request: Asked, before: Before = None) -> Response[RemittanceList]:
        caller = await desk.caller(request, desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                found = await remittances.listed(database, caller.site, before)
                waiting = await remittances.waiting(database, caller.site)
        except Unavailable:
            return refused("unavailable")
        full = len(found) == remittances.LIST_MOST
        answer = RemittanceList(
            tuple(map(_summary, found)), found[-1].day.isoformat() if full else "", tuple(map(_waiting, waiting))
        )
        return raw(200, msgspec.json.encode(answer))

    return read


def _read(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get(
        "/v1/remittances/{identity:uuid}", tags=["payments"], operation_id="ReadRemittance", responses=REFUSALS | MORE,
        summary="One payment with its invoices by insurer, and what was rejected since the one before.",
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked, *, file: AsFile = False) -> Response[RemittanceAdvice]:
        found = await advice_of(desk, request, identity, file=file)
        return found if isinstance(found, Response) else raw(200, msgspec.json.encode(document_of(found)))

    return read


def _print(desk: InvoiceDesk) -> HTTPRouteHandler:
    turn = asyncio.Semaphore(PRINTING_MOST)

    @get(
        "/v1/remittances/{identity:uuid}/advice.pdf", tags=["payments"], operation_id="PrintRemittance",
        responses=REFUSALS | MORE, media_type="application/pdf", summary="The same as a PDF to print or keep.",
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[bytes]:
        found = await advice_of(desk, request, identity, file=True)
        if isinstance(found, Response):
            return found
        async with turn:
            content = await asyncio.to_thread(printed.pdf, found)
        name = f"releve-{found.summary.day:%Y%m%d}-{found.summary.reference}.pdf"
        headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="application/pdf", headers=headers)

    return read


async def advice_of(
    desk: InvoiceDesk, request: Asked, identity: UUID, *, lines: bool = True, file: bool = False
) -> Advice | Response[Any]:  # fmt: skip
    """A remittance of the caller's site, or the refusal to answer with.

    `lines`: whether its notes are told, which is disclosed first. `file`: as one, which a person signs for.
    """
    instant = desk.state.instants.next()
    caller = await desk.caller(request, instant)
    if isinstance(caller, Response):
        return caller
    if file and waits(caller.kind, "PrintRemittance", watched=caller.watched > instant):  # JSON as its PDF
        return refused("on-probation")
    try:
        async with desk.databases.lend() as database:
            found = await remittances.advice(database, caller.site, identity)
            if found is not None and file:
                document = Document(REMITTANCE, identity)
                if refusal := await not_signed(desk, caller, database, document, invoices=told_by(found)):
                    return refusal
            if found is not None and lines:
                await disclose_advice(desk, caller, database, found)
    except Unavailable:
        return refused("unavailable")
    return refused("not-found") if found is None else found


def _summary(found: Summary) -> RemittanceSummary:
    return RemittanceSummary(
        str(found.remittance), found.day.isoformat(), found.amount, found.invoices, found.state, found.reference,
        found.operator, found.payer, iso(found.ended) if found.ended is not None else "",
        found.deducted, found.reason,
    )  # fmt: skip


def document_of(found: Advice) -> RemittanceAdvice:
    """The same in the wire's shape."""
    rejected = tuple(
        AdviceRejection(
            str(one.invoice), one.number, one.care.isoformat(), one.insurer, one.spent, one.reason,
            reasons.sentence(one.reason),
        )
        for one in found.rejected
    )  # fmt: skip
    deducted = tuple(
        AdviceDeduction(
            str(one.claw_back), str(one.invoice), one.number, one.care.isoformat(), one.insurer, one.reason,
            reasons.sentence(one.reason), one.amount, one.left,
        )
        for one in found.deductions
    )  # fmt: skip
    penalties = tuple(
        AdvicePenalty(
            str(one.penalty), one.insurer, one.half, one.invoices, LATE, reasons.sentence(LATE), one.amount
        )
        for one in found.penalties
    )  # fmt: skip
    parts = tuple(map(_part, found.parts))
    return RemittanceAdvice(found.site, _summary(found.summary), parts, rejected, deducted, penalties)


def _waiting(one: WaitingPart) -> WaitingPayment:
    return WaitingPayment(
        one.insurer, one.operator, one.amount, one.reason, reasons.sentence(one.reason), iso(one.since)
    )


def _part(part: InsurerPart) -> AdvicePart:
    return AdvicePart(part.insurer, part.name, part.amount, tuple(map(_invoice, part.invoices)))


def _invoice(paid: PaidInvoice) -> AdviceInvoice:
    notes = tuple(
        AdviceNote(note.number, note.domain, note.reason, reasons.sentence(note.reason)) for note in paid.notes
    )
    return AdviceInvoice(
        str(paid.invoice), paid.number, paid.care.isoformat(), paid.spent, paid.amo, paid.paid, paid.patient, notes
    )
