"""Invoices and files: taken in, read again by their site, cancelled, called distinct. All pass the same sign-in.

What a site reads here of itself are numbers, dates, amounts, states and reasons: no act and no identity. Reading the
lines of an invoice is disclosed (`storage.reading`); its state alone is free.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, HeaderParameter, QueryParameter

from rempart.api.authority import may, waits
from rempart.api.authorization_answers import line
from rempart.api.deposits import Deposits, Refusal, Taken, admitted
from rempart.api.hot import NONCE, caller_of
from rempart.api.routes import REFUSALS, documented, raw, refused
from rempart.api.signin import Denied, SignIn, came_through
from rempart.api.state import HubState
from rempart.application.guard import Caller, Wish, client_in_good_standing, site_in_good_standing
from rempart.application.together import Unavailable
from rempart.application.tokens import DPOP
from rempart.domain import reasons
from rempart.domain.identifiers import REFERENCE_PATTERN
from rempart.domain.parties import ACCOUNT
from rempart.ground.instants import iso
from rempart.storage import reading, states
from rempart.storage.door import Databases
from rempart.storage.own_records import by_reference
from rempart.wire.invoices import (
    EventState,
    Fault,
    FileReceipt,
    FileState,
    InvoicesReceipt,
    InvoiceState,
)
from rempart.wire.problem import MEDIA_TYPE, FieldError, Problem, encode

Asked = Request[Any, Any, Any]
MORE = {404: ResponseSpec(Problem, media_type=MEDIA_TYPE, generate_examples=False, description="absent for this site")}
CONFLICT = {409: ResponseSpec(Problem, media_type=MEDIA_TYPE, generate_examples=False, description="not possible now")}
KEY_MOST = 128  # characters
Number = Annotated[str | None, QueryParameter(name="number", pattern="^[0-9]{1,9}$", description="The site's own.")]
SiteReference = Annotated[
    str | None,
    QueryParameter(name="site_reference", pattern=REFERENCE_PATTERN, max_length=20, description="Your own."),
]
Lines = Annotated[bool, QueryParameter(name="lines", description="False: the state alone, which is not disclosed.")]
READING = (client_in_good_standing, site_in_good_standing)
"""What a caller must pass to read of itself; closed compartments stop deposits only."""


class InvoiceDesk:
    """The routes' common part: who calls, and the connections to serve it."""

    def __init__(self, state: HubState, sign_in: SignIn, deposits: Deposits, databases: Databases) -> None:
        self.state = state
        self.sign_in = sign_in
        self.deposits = deposits
        self.databases = databases
        self._proxy = str(state.settings.hub.client_certificate.proxy_socket or "")

    async def caller(self, request: Asked, instant: int) -> Caller | Response[Any]:
        """Who calls, or the refusal to answer with."""
        headers = list(request.scope["headers"])
        url = self.state.settings.hub.audience + request.scope["path"]
        from_proxy = came_through(request.scope["server"], self._proxy)
        found = await self.sign_in.authenticate_or_read(
            headers, request.scope["method"], url, instant, from_proxy=from_proxy
        )
        if isinstance(found, Denied):
            return raw(found.problem.status, encode(found.problem), found.headers)
        if found.binding.startswith(DPOP):
            request.scope["state"][NONCE] = self.sign_in.fresh_nonce(instant)[1]
        caller = caller_of(found)
        wish = Wish("api", "", "", "", instant)
        snapshot = self.state.facts.snapshot
        refusal = next((code for check in READING if (code := check(snapshot, caller, wish))), "")
        operation = str(request.route_handler.operation_id)
        if not refusal and not may(caller.kind, caller.role, operation):
            refusal = "purpose"
        if not refusal and waits(caller.kind, operation, watched=caller.watched > instant):
            refusal = "on-probation"
        return refused(refusal) if refusal else caller

    def reader(self, caller: Caller) -> reading.Reader:
        """The caller as a disclosure names who reads now."""
        return reading.Reader(caller.client, caller.grant_id, caller.site, self.state.instants.next())

    async def depositor(self, request: Asked, channel: str, instant: int) -> Caller | Response[Any]:
        """As `caller`, admitted by the door for invoices."""
        caller = await self.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        refusal = admitted(self.state, caller, channel, instant)
        return caller if refusal is None else documented(refusal)


def invoice_routes(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    """Every handler about invoices and files."""
    return [_send(desk), _send_file(desk), _file_state(desk), _invoice_state(desk), _by_number(desk), *_acts(desk)]


def _send(desk: InvoiceDesk) -> HTTPRouteHandler:
    @post(
        "/v1/invoices",
        status_code=202,
        tags=["invoices"],
        operation_id="SendInvoices",
        responses=REFUSALS | CONFLICT,
        summary="Send one or many invoices of the token's site.",
    )
    async def send(
        request: Asked,
        idempotency_key: Annotated[str, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=KEY_MOST)],
    ) -> Response[InvoicesReceipt]:
        instant = desk.state.instants.next()
        caller = await desk.depositor(request, "api", instant)
        if isinstance(caller, Response):
            return caller
        try:
            taken = await desk.deposits.invoices(caller, await request.body(), idempotency_key, instant)
        except Unavailable:
            return refused("unavailable")
        return _receipt(taken)

    return send


def _send_file(desk: InvoiceDesk) -> HTTPRouteHandler:
    @post(
        "/v1/files",
        status_code=202,
        tags=["invoices"],
        operation_id="SendFile",
        responses=REFUSALS,
        summary="Send a B2 file; the body is the file.",
        request_max_body_size=desk.state.settings.hub.file_most_bytes,
    )
    async def send(request: Asked) -> Response[FileReceipt]:
        instant = desk.state.instants.next()
        caller = await desk.depositor(request, "files", instant)
        if isinstance(caller, Response):
            return caller
        try:
            taken = await desk.deposits.file(caller, request.stream(), instant)
        except Unavailable:
            return refused("unavailable")
        return _receipt(taken)

    return send


def _receipt(taken: Taken | Refusal) -> Response[Any]:
    if isinstance(taken, Refusal):
        return refused(taken.code, taken.errors)
    headers = ((b"idempotent-replayed", b"true"),) if taken.repeated else ()
    return raw(202, msgspec.json.encode(taken.receipt), headers)


def _file_state(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get("/v1/files/{identity:uuid}", tags=["invoices"], operation_id="ReadFile", responses=REFUSALS | MORE)
    async def read(identity: FromPath[UUID], request: Asked) -> Response[FileState]:
        caller = await desk.caller(request, desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                people = caller.kind == ACCOUNT
                found = await states.deposit(database, caller.client, caller.site, identity, of_site=people)
        except Unavailable:
            return refused("unavailable")
        return refused("not-found") if found is None else raw(200, msgspec.json.encode(_file(found)))

    return read


def _file(row: states.FileRow) -> FileState:
    report, counts = row.report, row.counts
    faults = tuple(msgspec.convert(report.get("faults", []), list[Fault]))
    return FileState(
        str(row.inbound), row.state, iso(row.received), sum(counts.values()),
        counts.get("accepted", 0) + counts.get("paid", 0), counts.get("rejected", 0), counts.get("held", 0),
        counts.get("waiting", 0), report.get("refused", 0), report.get("tests", 0), report.get("skipped", 0),
        faults, report.get("fault_count", len(faults)),
    )  # fmt: skip


def _invoice_state(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get("/v1/invoices/{identity:uuid}", tags=["invoices"], operation_id="ReadInvoice", responses=REFUSALS | MORE)
    async def read(identity: FromPath[UUID], request: Asked, *, lines: Lines = True) -> Response[InvoiceState]:
        caller = await desk.caller(request, desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        found = await state_of(desk, caller, identity, lines=lines)
        return found if isinstance(found, Response) else raw(200, msgspec.json.encode(found))

    return read


async def state_of(
    desk: InvoiceDesk, caller: Caller, identity: UUID, *, lines: bool = True
) -> InvoiceState | Response[Any]:
    """Where an invoice of the caller's site stands, or the refusal to answer with.

    With its lines it is disclosed before it is told.
    """
    try:
        async with desk.databases.lend() as database:
            found = await states.invoice(database, caller.site, identity)
            if found is not None and not lines:
                found = replace(found, lines=())
            if found is not None and found.lines:
                await reading.disclose(database, desk.reader(caller), reading.INVOICE, (identity,))
            awaited = found is None and await states.awaited(database, caller.client, caller.site, identity)
    except Unavailable:
        return refused("unavailable")
    if found is not None:
        return _state(found)
    return InvoiceState(str(identity), "", "received") if awaited else refused("not-found")


def _state(row: states.InvoiceRow) -> InvoiceState:
    reason = reasons.BY_CODE.get(row.reason)
    return InvoiceState(
        str(row.invoice), row.number, row.state, row.reason, reason.french if reason else "",
        row.spent, row.amo, row.amc, row.patient,
        tuple(map(line, row.lines)),
        tuple(EventState(state, iso(instant), cause) for state, cause, instant in row.events),
        str(row.corrects) if row.corrects else "", str(row.corrected_by) if row.corrected_by else "",
    )  # fmt: skip


def _by_number(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get("/v1/invoices", tags=["invoices"], operation_id="FindInvoices", responses=REFUSALS)
    async def find(request: Asked, number: Number = None, site_reference: SiteReference = None) -> Response[list[str]]:
        caller = await desk.caller(request, desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        if (number is None) == (site_reference is None):
            return refused("invalid-fields", (FieldError("number", "one-of-two"),))
        try:
            async with desk.databases.lend() as database:
                if number is not None:
                    found = await states.by_number(database, caller.site, number.zfill(9))
                else:
                    found = await by_reference(database, caller.site, site_reference or "")
        except Unavailable:
            return refused("unavailable")
        return raw(200, msgspec.json.encode([str(identity) for identity in found]))

    return find


def _acts(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    @post(
        "/v1/invoices/{identity:uuid}/cancel", status_code=200, tags=["invoices"], operation_id="CancelInvoice",
        responses=REFUSALS | MORE | CONFLICT,
    )  # fmt: skip
    async def cancel(identity: FromPath[UUID], request: Asked) -> Response[dict[str, str]]:
        instant = desk.state.instants.next()
        caller = await desk.depositor(request, "api", instant)
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                said = await states.cancel(database, caller.site, identity, instant)
        except Unavailable:
            return refused("unavailable")
        done = said in {"cancelled", "taken-back"}
        return raw(200, msgspec.json.encode({"state": said})) if done else refused(said)

    @post(
        "/v1/invoices/{identity:uuid}/distinct", status_code=202, tags=["invoices"], operation_id="SayDistinct",
        responses=REFUSALS | MORE,
    )  # fmt: skip
    async def distinct(identity: FromPath[UUID], request: Asked) -> Response[dict[str, str]]:
        caller = await desk.depositor(request, "api", desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                said = await states.say_distinct(database, caller.site, identity)
        except Unavailable:
            return refused("unavailable")
        return raw(202, b'{"state":"held"}') if said else refused("not-found")

    return [cancel, distinct]
