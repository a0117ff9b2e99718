"""The typed routes: they document the hot ones for OpenAPI and call the same functions, and serve the rest."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from litestar import Request, Response, post
from litestar.enums import MediaType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec

from rempart.api import eligibility
from rempart.api.cadence import Cadence
from rempart.api.closures import retry_after
from rempart.api.hot import Receive, caller_of, read_body
from rempart.api.problems import problem
from rempart.api.signin import Denied, SignIn, came_through
from rempart.api.state import HubState
from rempart.application.tokens import DPOP
from rempart.wire.eligibility import EligibilityAnswer
from rempart.wire.problem import MEDIA_TYPE, FieldError, Problem, encode

REFUSALS = {
    status: ResponseSpec(Problem, media_type=MEDIA_TYPE, generate_examples=False, description=text)
    for status, text in (
        (400, "malformed"),
        (401, "sign-in refused"),
        (403, "not allowed"),
        (413, "too large"),
        (422, "fields that cannot be right, or a card that is not handled here"),
        (429, "over a budget"),
        (503, "closed, busy or unable"),
    )
}


def eligibility_route(state: HubState, sign_in: SignIn, cadence: Cadence, path: str) -> HTTPRouteHandler:
    """The typed twin of the hot path; served at `path`.

    It reads the body itself, after the sign-in, as the hot path does.
    """
    url = state.settings.hub.audience + path
    proxy = str(state.settings.hub.client_certificate.proxy_socket or "")

    @post(
        path,
        status_code=200,
        tags=["eligibility"],
        operation_id="AskEligibility",
        responses=REFUSALS,
        summary="Is this beneficiary covered, on this date, for these domains?",
    )
    async def ask(request: Request[Any, Any, Any]) -> Response[EligibilityAnswer]:
        arrived = asyncio.get_running_loop().time()
        headers = list(request.scope["headers"])
        instant = state.instants.next()
        from_proxy = came_through(request.scope["server"], proxy)
        found = await sign_in.authenticate_or_read(headers, "POST", url, instant, from_proxy=from_proxy)
        if isinstance(found, Denied):
            return raw(found.problem.status, encode(found.problem), found.headers)
        nonce = (sign_in.fresh_nonce(instant),) if found.binding.startswith(DPOP) else ()
        body = await read_body(cast("Receive", request.receive), eligibility.BODY_MOST)
        reply = await eligibility.answer(state, caller_of(found), body)
        if reply.held:
            await cadence.hold(arrived)
        return raw(reply.status, reply.body, nonce)

    return ask


def raw(status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Response[Any]:
    """A response of bytes already encoded; a closed compartment's says when to ask again."""
    kind = MediaType.JSON if status < 400 else MEDIA_TYPE
    named = {name.decode(): value.decode() for name, value in (*headers, *retry_after(status, body))}
    return Response(body, status_code=status, media_type=kind, headers={"cache-control": "no-store", **named})


def refused(code: str, errors: tuple[FieldError, ...] = ()) -> Response[Any]:
    """A refusal by its code."""
    return documented(problem(code, errors))


def documented(document: Problem) -> Response[Any]:
    """A refusal whose document is made."""
    return raw(document.status, encode(document))
