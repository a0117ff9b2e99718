"""The hot paths as raw ASGI, in front of the framework: a dictionary of (method, path) to a handler of bytes.

Each has an ordinary typed twin in `api.routes` that documents it and calls the same function; a test compares the two
byte for byte. Everything else goes to the framework.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from rempart.api import eligibility, failures
from rempart.api.cadence import Cadence
from rempart.api.problems import problem
from rempart.api.signin import Denied, SignIn, Unmet, came_through
from rempart.api.state import HubState
from rempart.application.guard import Caller
from rempart.application.tokens import TokenFacts
from rempart.wire.problem import encode

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

ELIGIBILITY_PATH = "/v1/eligibility"
JSON = (b"content-type", b"application/json")
PROBLEM = (b"content-type", b"application/problem+json")
NONCE = "rempart-dpop-nonce"  # where a route leaves the nonce for its answer, in the request's state
NO_STORE = (b"cache-control", b"no-store")


class Hot:
    """The ASGI application: hot paths first, then `rest`."""

    def __init__(self, state: HubState, sign_in: SignIn, cadence: Cadence, rest: App) -> None:
        self._state = state
        self._sign_in = sign_in
        self._cadence = cadence
        self._rest = rest
        self._url = state.settings.hub.audience + ELIGIBILITY_PATH
        self._proxy = str(state.settings.hub.client_certificate.proxy_socket or "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == ELIGIBILITY_PATH and scope["method"] == "POST":
            try:
                await self._eligibility(scope, receive, send)
            except Exception as error:  # noqa: BLE001 - the program's edge: nothing of it may reach the caller
                document = failures.of(error)
                self._state.figures.requests.add((ELIGIBILITY_PATH, document.status))
                await _send(send, document.status, encode(document), (PROBLEM, NO_STORE))
        else:
            await self._rest(scope, receive, self._counted(scope, send))

    def _counted(self, scope: Scope, send: Send) -> Send:
        """Counts the answer's status under its route's template, never under the path that was asked.

        An answer to a DPoP caller carries the nonce of its next proof, RFC 9449 § 8.2.
        """
        requests = self._state.figures.requests

        async def counting(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                nonce = scope.get("state", {}).get(NONCE)
                if nonce is not None:
                    message["headers"] = [*message["headers"], (b"dpop-nonce", nonce)]
                requests.add((scope.get("path_template") or "other", message["status"]))
            await send(message)

        return counting

    async def _eligibility(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        arrived = loop.time()
        instant = self._state.instants.next()
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        from_proxy = bool(self._proxy) and came_through(scope["server"], self._proxy)
        at_once = self._sign_in.authenticate(headers, "POST", self._url, instant, from_proxy=from_proxy)
        found = (
            await self._sign_in.authenticate_or_read(headers, "POST", self._url, instant, from_proxy=from_proxy)
            if isinstance(at_once, Unmet)
            else at_once
        )
        if isinstance(found, Denied):
            figures = self._state.figures
            figures.requests.add((ELIGIBILITY_PATH, found.problem.status))
            figures.refusals.add(found.problem.code)
            await _send(send, found.problem.status, encode(found.problem), (PROBLEM, NO_STORE, *found.headers))
            return
        body = await read_body(receive, eligibility.BODY_MOST)
        extra = (self._sign_in.fresh_nonce(instant),) if found.binding.startswith("jkt:") else ()
        if body is None:
            reply = eligibility.Reply(413, encode(problem("body-too-large")), held=False)
        else:
            reply = await eligibility.answer(self._state, caller_of(found), body)
        self._state.figures.requests.add((ELIGIBILITY_PATH, reply.status))
        if reply.held:
            await self._cadence.hold(arrived)
        kind = JSON if reply.status == 200 else PROBLEM
        await _send(send, reply.status, reply.body, (kind, NO_STORE, *extra))


def caller_of(facts: TokenFacts) -> Caller:
    """The door's view of a signed-in request."""
    return Caller(
        facts.digest, facts.client, facts.kind, facts.site, facts.vendor, facts.grant, facts.grant_id, facts.expires
    )


async def read_body(receive: Receive, most: int) -> bytes | None:
    """The whole body, or None when it is longer than `most` bytes."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= most else None
    parts = [body]
    size = len(body)
    while message.get("more_body"):
        message = await receive()
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)


async def _send(send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
