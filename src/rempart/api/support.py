"""The support desk: a question, an invoice or an authorization by what its site reads out on the telephone.

Every look is recorded before it is answered. Lines, of which the domain and the rules are told, are disclosed besides
as every reading of lines is. Nothing here asks who has which rights.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from rempart.api.authorization_answers import state as told_of
from rempart.api.desk_door import DeskDoor, operator_of
from rempart.api.invoice_routes import MORE
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.guard import Caller
from rempart.application.together import Unavailable
from rempart.domain import accreditation, reasons
from rempart.domain import question as questions
from rempart.domain.authorization import PENDING
from rempart.domain.decision import DecidedLine
from rempart.domain.parties import ACCOUNT
from rempart.ground.instants import iso
from rempart.storage import reading
from rempart.storage import support as stored
from rempart.storage.door import Database
from rempart.wire.invoices import EventState
from rempart.wire.problem import FieldError
from rempart.wire.support import (
    SupportAuthorization,
    SupportInvoice,
    SupportInvoices,
    SupportLine,
    SupportQuestion,
)

Asked = Request[Any, Any, Any]
Told = Callable[[Database, Caller, int], Awaitable[msgspec.Struct | None]]
"""What is told of what was looked up; None when it is absent for this operator."""
Id = Annotated[str, QueryParameter(name="question", max_length=20, description="The 12 characters of an answer.")]
Reference = Annotated[str, QueryParameter(name="reference", max_length=30, description="The 20 characters.")]
SiteNumber = Annotated[str, QueryParameter(name="site", max_length=9, description="A billing number.")]
Number = Annotated[str, QueryParameter(name="number", max_length=9, description="The site's own.")]
_SITE, _NUMBER = re.compile(r"[0-9A-Z]{9}"), re.compile(r"[0-9]{1,9}")


def support_routes(door: DeskDoor) -> list[HTTPRouteHandler]:
    """The three handlers."""
    return [_question(door), _invoices(door), _authorization(door)]


def _question(door: DeskDoor) -> HTTPRouteHandler:
    @get("/v1/desk/support/questions", tags=["support"], operation_id="ReadSupportQuestion", responses=REFUSALS | MORE)
    async def read(request: Asked, question: Id) -> Response[SupportQuestion]:
        wanted = re.sub(r"[\s-]", "", question).upper()
        place = questions.parse(wanted)

        async def told(database: Database, caller: Caller, instant: int) -> SupportQuestion | None:
            asked = place[0] if place else 0
            found = await stored.question(database, _look(caller, stored.QUESTION, wanted, instant), asked)
            if found is None:
                return None
            channel = "portal" if found.kind == ACCOUNT else "api"
            return SupportQuestion(
                wanted, iso(asked), found.site, found.profession, channel, found.insurer, found.purpose,
                found.evidence, found.outcome,
            )  # fmt: skip

        return await _answer(door, request, told, () if place else ("question",))

    return read


def _invoices(door: DeskDoor) -> HTTPRouteHandler:
    @get("/v1/desk/support/invoices", tags=["support"], operation_id="ReadSupportInvoices", responses=REFUSALS | MORE)
    async def read(request: Asked, site: SiteNumber, number: Number) -> Response[SupportInvoices]:
        good = (("site", _SITE.fullmatch(site)), ("number", _NUMBER.fullmatch(number)))

        async def told(database: Database, caller: Caller, instant: int) -> SupportInvoices | None:
            look = _look(caller, stored.INVOICE, number.zfill(9), instant)._replace(site=site)
            found = await stored.invoices(database, look)
            opened = [one.row.invoice for one in found if one.row.lines]
            await reading.disclose(database, _reader(caller, site, instant), reading.SUPPORT, opened)
            return SupportInvoices(tuple(_invoice(one, site) for one in found)) if found else None

        return await _answer(door, request, told, tuple(name for name, right in good if not right))

    return read


def _authorization(door: DeskDoor) -> HTTPRouteHandler:
    @get(
        "/v1/desk/support/authorizations", tags=["support"], operation_id="ReadSupportAuthorization",
        responses=REFUSALS | MORE,
    )  # fmt: skip
    async def read(request: Asked, reference: Reference) -> Response[SupportAuthorization]:
        number = accreditation.parse(reference, prefix="P") or ""

        async def told(database: Database, caller: Caller, instant: int) -> SupportAuthorization | None:
            found = await stored.authorization(database, _look(caller, stored.AUTHORIZATION, number, instant))
            if found is None:
                return None
            if found.row.ruling.state != PENDING and found.row.ruling.lines:
                reader = _reader(caller, found.site, instant)
                await reading.disclose(database, reader, reading.SUPPORT, requests=(found.row.request,))
            return _authorized(found)

        return await _answer(door, request, told, () if number else ("reference",))

    return read


async def _answer(door: DeskDoor, request: Asked, told: Told, wrong: Iterable[str]) -> Response[Any]:
    """What `told` finds. What cannot be what it should is neither looked up nor recorded: it may be anything."""
    instant = door.desk.state.instants.next()
    caller = await door.caller(request, instant)
    if isinstance(caller, Response):
        return caller
    errors = tuple(FieldError(name, "not-one") for name in wrong)
    if errors:
        return refused("invalid-fields", errors)
    try:
        async with door.desk.databases.lend() as database:
            found = await told(database, caller, instant)
    except Unavailable:
        return refused("unavailable")
    return refused("not-found") if found is None else raw(200, msgspec.json.encode(found))


def _look(caller: Caller, kind: str, wanted: str, instant: int) -> stored.Look:
    return stored.Look(caller.client, operator_of(caller), kind, wanted, instant)


def _reader(caller: Caller, site: str, instant: int) -> reading.Reader:
    return reading.Reader(caller.client, caller.grant_id, site, instant)


def _invoice(found: stored.SentInvoice, site: str) -> SupportInvoice:
    row = found.row
    return SupportInvoice(
        str(row.invoice), row.number, site, found.profession, found.insurer, found.channel, row.state, row.reason,
        _sentence(row.reason), tuple(map(_line, row.lines)),
        tuple(EventState(state, iso(instant), cause) for state, cause, instant in row.events),
        str(row.corrects) if row.corrects else "", str(row.corrected_by) if row.corrected_by else "",
        found.waiting, _sentence(found.waiting),
    )  # fmt: skip


def _authorized(found: stored.AskedAuthorization) -> SupportAuthorization:
    """What its site is told, less the amounts."""
    row, told = found.row, told_of(found.row)
    lines = tuple(map(_line, row.ruling.lines)) if row.ruling.state != PENDING else ()
    return SupportAuthorization(
        accreditation.printed(row.number), found.site, found.profession, row.insurer, found.domain, told.state,
        told.requested, told.reason, told.sentence, told.valid_from, told.valid_until, told.delivery_until, lines,
        told.events, told.invoice,
    )  # fmt: skip


def _line(line: DecidedLine) -> SupportLine:
    return SupportLine(line.number, line.domain, tuple(step.rule for step in line.rules), line.reason)


def _sentence(code: str) -> str:
    reason = reasons.BY_CODE.get(code)
    return reason.french if reason is not None else ""
