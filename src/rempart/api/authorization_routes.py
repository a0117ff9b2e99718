"""Authorizations: asked for, read again by their site, modified, cancelled; polling for what changed.

What a site reads here of its own holds amounts, dates, states and reasons: no act and no identity. Reading the lines of
one is disclosed (`storage.reading`); states, changes and the newest, told without lines, are free.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, HeaderParameter, QueryParameter

from rempart.api import authorization_answers as answers
from rempart.api import closures
from rempart.api.authorizations import BODY_MOST, Reply, Requests
from rempart.api.cadence import Cadence
from rempart.api.invoice_routes import CONFLICT, KEY_MOST, MORE, InvoiceDesk, Lines, SiteReference
from rempart.api.routes import REFUSALS, documented, raw, refused
from rempart.application.guard import AUTHORIZATION, Caller, Wish, admit
from rempart.application.together import Unavailable
from rempart.domain import accreditation
from rempart.domain.authorization import CANCELLED, PENDING
from rempart.storage import authorizations as stored
from rempart.storage import reading
from rempart.storage.authorizations import AuthorizationRow
from rempart.storage.door import Database
from rempart.wire.authorizations import AuthorizationList, AuthorizationState
from rempart.wire.problem import FieldError, Problem

Asked = Request[Any, Any, Any]
Key = Annotated[str, HeaderParameter(name="Idempotency-Key", min_length=1, max_length=KEY_MOST)]
Reference = Annotated[str | None, QueryParameter(name="reference", max_length=30, description="The 20 characters.")]
Recent = Annotated[
    int | None, QueryParameter(name="recent", ge=0, le=2**63 - 1, description="The newest: 0, then the last `next`.")
]
Since = Annotated[int | None, QueryParameter(name="since", ge=0, le=2**63 - 1, description="The last `next`.")]


class AuthorizationDesk:
    """The routes' common part."""

    def __init__(self, desk: InvoiceDesk, requests: Requests, cadence: Cadence) -> None:
        self.desk = desk
        self.requests = requests
        self.cadence = cadence

    async def asker(self, request: Asked) -> Caller | Response[Any]:
        """Who calls, when it may ask for authorizations."""
        instant = self.desk.state.instants.next()
        caller = await self.desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        refusal = self.admitted(caller, instant)
        return caller if refusal is None else documented(refusal)

    def admitted(self, caller: Caller, instant: int) -> Problem | None:
        """The door's first look at a request: None, or the refusal."""
        wish, state = Wish("api", AUTHORIZATION, "", "typed", instant), self.desk.state
        refusal = admit(state.facts.snapshot, caller, wish)
        return closures.refusal(state, refusal, caller, wish) if refusal else None

    async def take(self, request: Asked, key: str, replaces: UUID | None) -> Response[Any]:
        """One request, answered on the cadence when the answer came from records."""
        arrived = asyncio.get_running_loop().time()
        caller = await self.asker(request)
        if isinstance(caller, Response):
            return caller
        try:
            reply = await self.requests.take(caller, await request.body(), key, replaces)
        except Unavailable:
            return refused("unavailable")
        if reply.held:
            await self.cadence.hold(arrived)
        return _reply(reply)


def authorization_routes(desk: AuthorizationDesk) -> list[HTTPRouteHandler]:
    """Every handler for sites."""
    return [_ask(desk), _find(desk), _read(desk), _modify(desk), _cancel(desk)]


def _reply(reply: Reply) -> Response[Any]:
    return raw(reply.status, reply.body, ((b"idempotent-replayed", b"true"),) if reply.repeated else ())


def _ask(desk: AuthorizationDesk) -> HTTPRouteHandler:
    @post(
        "/v1/authorizations", status_code=201, tags=["authorizations"], operation_id="AskAuthorization",
        responses=REFUSALS | CONFLICT, request_max_body_size=BODY_MOST,
        summary="Ask the insurer to agree to a quote before the care.",
    )  # fmt: skip
    async def ask(request: Asked, idempotency_key: Key) -> Response[AuthorizationState]:
        return await desk.take(request, idempotency_key, None)

    return ask


def _modify(desk: AuthorizationDesk) -> HTTPRouteHandler:
    @post(
        "/v1/authorizations/{identity:uuid}/modify", status_code=201, tags=["authorizations"],
        operation_id="ModifyAuthorization", responses=REFUSALS | MORE | CONFLICT, request_max_body_size=BODY_MOST,
        summary="Ask again with another quote; once agreed it replaces this one.",
    )  # fmt: skip
    async def modify(identity: FromPath[UUID], request: Asked, idempotency_key: Key) -> Response[AuthorizationState]:
        return await desk.take(request, idempotency_key, identity)

    return modify


def _find(desk: AuthorizationDesk) -> HTTPRouteHandler:
    @get("/v1/authorizations", tags=["authorizations"], operation_id="FindAuthorizations", responses=REFUSALS)
    async def find(
        request: Asked,
        reference: Reference = None,
        site_reference: SiteReference = None,
        *,
        since: Since = None,
        recent: Recent = None,
    ) -> Response[AuthorizationList]:
        caller = await desk.desk.caller(request, desk.desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        if sum(each is not None for each in (reference, site_reference, since, recent)) != 1:
            return refused("invalid-fields", (FieldError("since", "one-of-four"),))
        try:
            async with desk.desk.databases.lend() as database:
                if since is not None:
                    changes = await stored.changes(database, caller.site, since)
                    found = AuthorizationList((), tuple(map(answers.change, changes)), _next(changes, since))
                elif recent is not None:
                    newest, older = await stored.recent(database, caller.site, recent)
                    found = AuthorizationList(tuple(map(_listed, newest)), next=older)
                else:
                    number = accreditation.parse(reference or "", prefix="P") or ""
                    rows = await stored.found(
                        database, caller.site, number=number, site_reference=site_reference or ""
                    )  # fmt: skip
                    await _disclosed(desk.desk, caller, database, rows)
                    found = AuthorizationList(tuple(map(answers.state, rows)))
        except Unavailable:
            return refused("unavailable")
        return raw(200, msgspec.json.encode(found))

    return find


def _listed(row: AuthorizationRow) -> AuthorizationState:
    """As a list tells it: no lines."""
    return msgspec.structs.replace(answers.state(row), lines=(), rest=())


async def _disclosed(desk: InvoiceDesk, caller: Caller, database: Database, rows: Sequence[AuthorizationRow]) -> None:
    """What is about to be told with its lines; of one that waits none are told."""
    opened = [row.request for row in rows if row.ruling.state != PENDING and row.ruling.lines]
    await reading.disclose(database, desk.reader(caller), reading.AUTHORIZATION, requests=opened)


def _next(changes: list[stored.Change], since: int) -> int:
    return changes[-1].event if changes else since


def _read(desk: AuthorizationDesk) -> HTTPRouteHandler:
    @get(
        "/v1/authorizations/{identity:uuid}", tags=["authorizations"], operation_id="ReadAuthorization",
        responses=REFUSALS | MORE,
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked, *, lines: Lines = True) -> Response[AuthorizationState]:
        caller = await desk.desk.caller(request, desk.desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        found = await authorization_of(desk.desk, caller, identity, lines=lines)
        return found if isinstance(found, Response) else raw(200, msgspec.json.encode(found))

    return read


async def authorization_of(
    desk: InvoiceDesk, caller: Caller, identity: UUID, *, lines: bool = True
) -> AuthorizationState | Response[Any]:
    """Where an authorization of the caller's site stands, or the refusal to answer with.

    With its lines it is disclosed before it is told.
    """
    try:
        async with desk.databases.lend() as database:
            found = await stored.one(database, caller.site, identity)
            if found is not None and lines:
                await _disclosed(desk, caller, database, (found,))
    except Unavailable:
        return refused("unavailable")
    if found is None:
        return refused("not-found")
    return answers.state(found) if lines else _listed(found)


def _cancel(desk: AuthorizationDesk) -> HTTPRouteHandler:
    @post(
        "/v1/authorizations/{identity:uuid}/cancel", status_code=200, tags=["authorizations"],
        operation_id="CancelAuthorization", responses=REFUSALS | MORE | CONFLICT,
    )  # fmt: skip
    async def cancel(identity: FromPath[UUID], request: Asked) -> Response[dict[str, str]]:
        caller = await desk.asker(request)
        if isinstance(caller, Response):
            return caller
        instant = desk.desk.state.instants.next()
        try:
            refusal = await desk.requests.cancel(caller.site, identity, instant)
        except Unavailable:
            return refused("unavailable")
        return refused(refusal) if refusal else raw(200, msgspec.json.encode({"state": CANCELLED}))

    return cancel
