"""The hot path, in front of the framework: as raw ASGI, and without ASGI for `api.front`. All else is the framework's.

It has an ordinary typed twin in `api.routes` that documents it and calls the same functions; tests compare all three
byte for byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from rempart.api import eligibility, failures
from rempart.api.cadence import Cadence
from rempart.api.closures import retry_after
from rempart.api.signin import Denied, SignIn, Unmet, UnmetAgent, came_through
from rempart.api.state import HubState
from rempart.application.eligibility import Answer, Question
from rempart.application.guard import Caller
from rempart.application.tokens import DPOP, TokenFacts
from rempart.wire.problem import encode

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]
Header = tuple[bytes, bytes]
Leave = Callable[[int, bytes, tuple[Header, ...]], None]
"""`leave(status, body, headers)`: what leaves, with its content length still to be told."""

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
                await _send(send, *self._failed(error))
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

    def from_proxy(self, server: tuple[str, int | None] | None) -> bool:
        """Whether a connection came in by the named proxy's socket: a fact of the connection, never of a header."""
        return came_through(server, self._proxy)

    def at_once(self, headers: list[Header], body: bytes | None, leave: Leave, *, from_proxy: bool) -> bool:
        """One question whole, without a task: `leave` is called once, now or when the shared work is done.

        `body` is None when it was too long. False when the token, or who sits at the program, is unmet: then nothing
        was done and the ordinary way, which reads the store, must be taken.
        """
        try:
            arrived = self._state.together.time()
            instant = self._state.instants.next()
            found = self._sign_in.authenticate(headers, "POST", self._url, instant, from_proxy=from_proxy)
            if isinstance(found, Unmet | UnmetAgent):
                return False
            if isinstance(found, Denied):
                leave(*self._denied(found))
                return True
            extra = self._extra(found, instant)
            asked = eligibility.read(self._state, caller_of(found), body)
            if isinstance(asked, Question):
                future = eligibility.submit(self._state, asked)
                future.add_done_callback(partial(self._decided, asked, (arrived, extra, leave)))
            else:
                leave(*self._counted_reply(eligibility.refusal(self._state, asked), extra))
        except Exception as error:  # noqa: BLE001 - the program's edge: nothing of it may reach the caller
            leave(*self._failed(error))
        return True

    def _decided(
        self, asked: Question, waiting: tuple[float, tuple[Header, ...], Leave], done: asyncio.Future[Answer]
    ) -> None:
        arrived, extra, leave = waiting
        try:
            out = self._counted_reply(eligibility.reply(self._state, asked, done), extra)
        except asyncio.CancelledError:
            return  # nobody waits: the program stops
        except Exception as error:  # noqa: BLE001 - the program's edge: nothing of it may reach the caller
            leave(*self._failed(error))
            return
        self._cadence.later(arrived, partial(leave, *out))

    def _failed(self, error: Exception) -> tuple[int, bytes, tuple[Header, ...]]:
        document = failures.of(error)
        self._state.figures.requests.add((ELIGIBILITY_PATH, document.status))
        return document.status, encode(document), (PROBLEM, NO_STORE)

    def _denied(self, found: Denied) -> tuple[int, bytes, tuple[Header, ...]]:
        figures = self._state.figures
        figures.requests.add((ELIGIBILITY_PATH, found.problem.status))
        figures.refusals.add(found.problem.code)
        return found.problem.status, encode(found.problem), (PROBLEM, NO_STORE, *found.headers)

    def _extra(self, found: TokenFacts, instant: int) -> tuple[Header, ...]:
        return (self._sign_in.fresh_nonce(instant),) if found.binding.startswith(DPOP) else ()

    def _counted_reply(
        self, reply: eligibility.Reply, extra: tuple[Header, ...]
    ) -> tuple[int, bytes, tuple[Header, ...]]:
        status, body, _ = reply
        self._state.figures.requests.add((ELIGIBILITY_PATH, status))
        return status, body, (JSON if status == 200 else PROBLEM, NO_STORE, *extra, *retry_after(status, body))

    async def _eligibility(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        arrived = loop.time()
        instant = self._state.instants.next()
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        found = await self._sign_in.authenticate_or_read(
            headers, "POST", self._url, instant, from_proxy=self.from_proxy(scope["server"])
        )
        if isinstance(found, Denied):
            await _send(send, *self._denied(found))
            return
        body = await read_body(receive, eligibility.BODY_MOST)
        reply = await eligibility.answer(self._state, caller_of(found), body)
        out = self._counted_reply(reply, self._extra(found, instant))
        if reply.held:
            await self._cadence.hold(arrived)
        await _send(send, *out)


def caller_of(facts: TokenFacts) -> Caller:
    """The door's view of a signed-in request."""
    return Caller(
        facts.digest, facts.client, facts.kind, facts.site, facts.vendor, facts.grant, facts.grant_id, facts.expires,
        facts.role, facts.probation, facts.insurer, facts.agent, facts.watched, facts.session,
    )  # fmt: skip


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
