"""The server's connections, with a short way for the hot path: no task, no ASGI messages, one write an answer.

All bytes are parsed by httptools in uvicorn's class, as ever. Only an ordinary question whose token is known goes the
short way; all else (other routes, upgrades, HTTP/1.0, `Expect`, pipelined requests, slow readers) is left to uvicorn's
cycle. An exchange stands in that cycle's place, so that uvicorn's queue, shutdown and lost connections work.
"""

from __future__ import annotations

import asyncio
import math
from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from rempart.api.eligibility import BODY_MOST
from rempart.api.hot import ELIGIBILITY_PATH, Header, Hot

PATH = ELIGIBILITY_PATH.encode()


class _Unheard:
    """In the place of the event that uvicorn's cycles wait on: nobody waits on an exchange."""

    def set(self) -> None:
        """Tells nobody."""


class Exchange:
    """One hot question on its connection, in the place of uvicorn's `RequestResponseCycle`."""

    __slots__ = ("body", "disconnected", "keep_alive", "response_complete", "started")
    message_event = _Unheard()

    def __init__(self) -> None:
        self.body = b""
        self.started = self.disconnected = self.response_complete = False
        self.keep_alive = True  # uvicorn's shutdown makes it false


class Front(HttpToolsProtocol):
    """A connection of the hub; `uvicorn.Config(http=Front)` with a `Hot` as application."""

    cycle: Any  # uvicorn's own, or an Exchange

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._hot = self.app if isinstance(self.app, Hot) and self.limit_concurrency is None else None
        self._from_proxy = False
        self._quiet = math.inf  # since when nothing is under way, seconds of the loop
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        super().connection_made(transport)
        self._from_proxy = self._hot is not None and self._hot.from_proxy(self.server)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._quiet = math.inf
        self.url = b""  # the scope is made when it is known to be needed
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        if self.url == PATH and self._is_ordinary():
            self.cycle = Exchange()
        else:
            self._ordinarily()

    def on_body(self, body: bytes) -> None:
        exchange = self.cycle
        if type(exchange) is not Exchange:
            super().on_body(body)
        elif not exchange.started:
            exchange.body += body
            if len(exchange.body) > BODY_MOST:
                self._start(exchange, None)

    def on_message_complete(self) -> None:
        exchange = self.cycle
        if type(exchange) is not Exchange:
            super().on_message_complete()
        elif not exchange.started:
            self._start(exchange, exchange.body)
            if self.cycle is not exchange:
                super().on_message_complete()

    def _is_ordinary(self) -> bool:
        parser, cycle = self.parser, self.cycle
        return (
            self._hot is not None
            and (cycle is None or cycle.response_complete)
            and parser.get_method() == b"POST"
            and parser.get_http_version() == "1.1"
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and not self.expect_100_continue
            and not self.flow.write_paused
            and not self.root_path
        )

    def _ordinarily(self) -> None:
        """The cycle of uvicorn: its scope, made late, and its task."""
        headers, url, expected = self.headers, self.url, self.expect_100_continue
        super().on_message_begin()
        self.headers += headers  # the scope holds this list
        self.url, self.expect_100_continue = url, expected
        super().on_headers_complete()

    def _start(self, exchange: Exchange, body: bytes | None) -> None:
        exchange.started = True

        def leave(status: int, content: bytes, headers: tuple[Header, ...]) -> None:
            self._leave(exchange, status, headers, content)

        hot = self._hot
        if hot is None or not hot.at_once(self.headers, body, leave, from_proxy=self._from_proxy):
            self.cycle = None  # the token is not in memory: uvicorn's cycle can wait for the store
            self._ordinarily()
            super().on_body(exchange.body)

    def _leave(self, exchange: Exchange, status: int, headers: tuple[Header, ...], content: bytes) -> None:
        transport = self.transport
        if exchange.response_complete or exchange.disconnected or transport.is_closing():
            return
        exchange.response_complete = True
        if not exchange.keep_alive:
            headers = (*headers, (b"connection", b"close"))
        transport.write(_head(status, headers, len(content)) + content)
        if not exchange.keep_alive:
            transport.close()
        elif self.pipeline:
            self.on_response_complete()
        else:
            self.server_state.total_requests += 1
            self._quiet = self.loop.time()
            if self._watch is None:
                self._watch = self.loop.call_later(self.timeout_keep_alive, self._look)

    def _look(self) -> None:
        """Closes a connection that was quiet for the keep-alive time: one timer a connection, not one an answer."""
        self._watch = None
        if self._quiet == math.inf or self.timeout_keep_alive_task is not None:
            return  # a message has begun since, or uvicorn's own timer watches
        left = self._quiet + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._watch = self.loop.call_later(left, self._look)
        else:
            self.timeout_keep_alive_handler()


@lru_cache(maxsize=1024)
def _head(status: int, headers: tuple[Header, ...], length: int) -> bytes:
    """Few are different: a status, the media type, a minute's nonce, a length that depends on the question alone."""
    lines = [name + b": " + value + b"\r\n" for name, value in (*headers, (b"content-length", b"%d" % length))]
    return bytes(STATUS_LINE[status]) + b"".join(lines) + b"\r\n"
