"""A site's own returns as NOEMIE files: a remittance, and what became of a deposit. No act and no identity is in them.

Identity zones are zeros; the site's own software fills them from its own B2 (`rempart client noemie-fill`).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.api.exports import not_signed, told_by
from rempart.api.invoice_routes import MORE, InvoiceDesk
from rempart.api.reading import disclose_advice
from rempart.api.routes import REFUSALS, refused
from rempart.application.exports import Document
from rempart.application.guard import Caller
from rempart.application.returns import divided, of_advice, of_deposit, plain
from rempart.application.together import Unavailable
from rempart.domain import reasons
from rempart.domain.exports import REMITTANCE
from rempart.domain.parties import ACCOUNT
from rempart.domain.returns import Item
from rempart.formats import b2, noemie
from rempart.storage import remittances, returns
from rempart.storage.door import Database

Asked = Request[Any, Any, Any]
Told = tuple[date, str, Iterable[Item]]
"""The day, the reference of the kind of return, and what is told."""
Teller = Callable[[Database, Caller, UUID], Awaitable[Told | Response[Any] | None]]
MEDIA_TYPE = "application/octet-stream"
SENDER = "REMPART"
PAYMENTS, DEPOSITS = "580", "908"  # references of the return: recalled names, kept in one place
APPLICATION = "NR"
WRITING_MOST = 2  # returns made at the same time by one hub, each in a thread: questions go first


def return_routes(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    """Every handler about returns."""
    turn = asyncio.Semaphore(WRITING_MOST)
    return [_remittance(desk, turn), _deposit(desk, turn)]


def _remittance(desk: InvoiceDesk, turn: asyncio.Semaphore) -> HTTPRouteHandler:
    async def told(database: Database, caller: Caller, identity: UUID) -> Told | Response[Any] | None:
        found = await remittances.advice(database, caller.site, identity)
        if found is None:
            return None
        document = Document(REMITTANCE, identity)
        if refusal := await not_signed(desk, caller, database, document, invoices=told_by(found)):
            return refusal
        await disclose_advice(desk, caller, database, found)
        return found.summary.day, PAYMENTS, of_advice(found)

    @get(
        "/v1/remittances/{identity:uuid}/advice.noemie", tags=["payments"], operation_id="ReturnRemittance",
        responses=REFUSALS | MORE, media_type=MEDIA_TYPE,
        summary="The same as a NOEMIE return, identity zones zero-filled.",
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[bytes]:
        return await _written(desk, turn, request, identity, told=told)

    return read


def _deposit(desk: InvoiceDesk, turn: asyncio.Semaphore) -> HTTPRouteHandler:
    async def told(database: Database, caller: Caller, identity: UUID) -> Told | None:
        people = caller.kind == ACCOUNT
        found = await returns.deposit(database, caller.client, caller.site, identity, of_site=people)
        return None if found is None else (found.day, DEPOSITS, of_deposit(found, _sentence))

    @get(
        "/v1/files/{identity:uuid}/noemie", tags=["invoices"], operation_id="ReturnFile",
        responses=REFUSALS | MORE, media_type=MEDIA_TYPE,
        summary="What became of a deposit, as a NOEMIE return: taken or refused, then each invoice as it stands.",
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[bytes]:
        return await _written(desk, turn, request, identity, told=told)

    return read


async def _written(
    desk: InvoiceDesk, turn: asyncio.Semaphore, request: Asked, identity: UUID, *, told: Teller
) -> Response[bytes]:
    """What `told` reads of the caller's own, as a file."""
    caller = await desk.caller(request, desk.state.instants.next())
    if isinstance(caller, Response):
        return caller
    try:
        async with desk.databases.lend() as database:
            found = await told(database, caller, identity)
    except Unavailable:
        return refused("unavailable")
    if found is None:
        return refused("not-found")
    if isinstance(found, Response):
        return found
    day, reference, items = found
    async with turn:
        try:
            return await asyncio.to_thread(_file, _envelope(identity, caller, day, reference), divided(items))
        except noemie.PackError:
            return refused("return-not-writable")


def _sentence(code: str) -> str:
    """The French sentence of a code that a deposit was refused by: of the format, or of the table of reasons."""
    known = b2.CODES.get(code)
    if known is not None:
        return known.french
    reason = reasons.BY_CODE.get(code)
    return reason.french if reason is not None else "Le fichier ne peut pas être lu."


def _envelope(identity: UUID, caller: Caller, day: date, reference: str) -> noemie.Envelope:
    """The same question gives the same envelope: the day is that of what is told, the file id follows from its id."""
    number = hashlib.sha256(identity.bytes).hexdigest()[:6].upper()
    return noemie.Envelope(SENDER, plain(caller.site, 14), number, day, reference, application=APPLICATION)


def _file(envelope: noemie.Envelope, items: Iterable[Item]) -> Response[bytes]:
    content = b"".join(noemie.write(envelope, items))
    name = f"retour-{envelope.created:%Y%m%d}-{envelope.file_id}.noemie"
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=MEDIA_TYPE, headers=headers)
