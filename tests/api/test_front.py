"""The hub's connections: what goes the short way, what is left to uvicorn, and that no answer is lost or sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from rempart.api.eligibility import BODY_MOST
from rempart.api.front import Front
from rempart.api.hot import Header, Hot, Leave

NOTE = (b"cache-control", b"no-store")


class Desk(Hot):
    """A hub's application that notes what it is asked; `hold` keeps the answers of the short way back."""

    def __init__(self) -> None:
        self.short: list[bytes | None] = []
        self.cycles: list[tuple[str, str, bytes]] = []
        self.held: list[Callable[[], None]] = []
        self.hold = self.unmet = False

    def from_proxy(self, server: tuple[str, int | None] | None) -> bool:
        return server is not None and server[1] is None

    def at_once(self, headers: list[Header], body: bytes | None, leave: Leave, *, from_proxy: bool) -> bool:
        assert from_proxy
        assert dict(headers)[b"host"] == b"x"
        if self.unmet:
            return False
        self.short.append(body)
        content = b"short " + (b"too long" if body is None else body)
        if self.hold:
            self.held.append(lambda: leave(200, content, (NOTE,)))
        else:
            leave(200, content, (NOTE,))
        return True

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.cycles.append((scope["method"], scope["path"], body))
        content = b"cycle " + body
        length = (b"content-length", str(len(content)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [NOTE, length]})
        await send({"type": "http.response.body", "body": content})


class Line:
    """One open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()
        await asyncio.sleep(0.01)

    async def read(self) -> tuple[bytes, bytes]:
        """Head and body of the next answer."""
        async with asyncio.timeout(5):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            return head, await self._reader.readexactly(length)

    async def ended(self) -> bytes:
        """What still came until the hub closed."""
        async with asyncio.timeout(5):
            return await self._reader.read()


Scene = Callable[[Desk, Callable[[], Awaitable[Line]], ServerState], Awaitable[None]]


def play(scene: Scene, folder: Path, *, keep_alive: int = 5) -> Desk:
    """A scene on a real socket; nothing that goes wrong in a callback may pass unseen."""
    wrong: list[dict[str, Any]] = []

    async def run() -> Desk:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: wrong.append(context))
        desk = Desk()
        async with _served(desk, folder / "front.sock", keep_alive) as (connect, state):
            await scene(desk, connect, state)
        return desk

    desk = asyncio.run(run())
    assert wrong == []
    return desk


@asynccontextmanager
async def _served(
    desk: Desk, path: Path, keep_alive: int
) -> AsyncIterator[tuple[Callable[[], Awaitable[Line]], ServerState]]:
    config = uvicorn.Config(
        desk, http=Front, lifespan="off", log_config=None, server_header=False, date_header=False,
        proxy_headers=False, timeout_keep_alive=keep_alive,
    )  # fmt: skip
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_unix_server(lambda: Front(config, state, {}), str(path))
    lines: list[Line] = []

    async def connect() -> Line:
        lines.append(Line(*await asyncio.open_unix_connection(str(path))))
        return lines[-1]

    try:
        yield connect, state
    finally:
        for line in lines:
            line.writer.close()
        server.close()


def asked(body: bytes, *, start: bytes = b"POST /v1/eligibility HTTP/1.1", more: bytes = b"") -> bytes:
    """One request as bytes."""
    return start + b"\r\nHost: x\r\n" + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


def test_a_question_goes_the_short_way_whole_or_in_pieces(tmp_path: Path) -> None:
    """However its bytes arrive: one question, one answer, on a connection that stays open."""

    async def scene(_desk: Desk, connect: Any, state: ServerState) -> None:
        line = await connect()
        await line.send(asked(b"whole"))
        head, body = await line.read()
        assert head == b"HTTP/1.1 200 OK\r\ncache-control: no-store\r\ncontent-length: 11\r\n\r\n"
        assert body == b"short whole"
        for byte in asked(b"pieces"):
            line.writer.write(bytes((byte,)))
            await asyncio.sleep(0)
        assert (await line.read())[1] == b"short pieces"
        await line.send(b"POST /v1/eligibility HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        await line.send(b"1\r\nc\r\n0\r\n\r\n")
        assert (await line.read())[1] == b"short abc"
        assert state.total_requests == 3

    assert play(scene, tmp_path).short == [b"whole", b"pieces", b"abc"]


@pytest.mark.parametrize(
    ("start", "more"),
    [
        (b"POST /v1/eligibility HTTP/1.0", b""),
        (b"POST /v1/eligibility?x=1 HTTP/1.1", b""),
        (b"POST /v1/invoices HTTP/1.1", b""),
        (b"PUT /v1/eligibility HTTP/1.1", b""),
        (b"POST /v1/eligibility HTTP/1.1", b"Connection: close\r\n"),
        (b"POST /v1/eligibility HTTP/1.1", b"Connection: upgrade\r\nUpgrade: h2c\r\n"),
    ],
)
def test_what_is_not_ordinary_is_left_to_the_server(tmp_path: Path, start: bytes, more: bytes) -> None:
    """Other versions, routes, methods, connections: the ordinary cycle answers, with the whole body."""

    async def scene(_desk: Desk, connect: Any, _state: ServerState) -> None:
        line = await connect()
        await line.send(asked(b"body", start=start, more=more))
        assert (await line.read())[1] in {b"cycle body", b"cycle "}  # an upgrade has no body

    desk = play(scene, tmp_path)
    assert desk.short == []
    assert [(method.encode(), path.encode()) for method, path, _ in desk.cycles] == [
        (start.split()[0], start.split()[1].split(b"?")[0])
    ]


def test_a_client_that_expects_to_be_told_to_go_on_is_told(tmp_path: Path) -> None:
    """`Expect: 100-continue` is the ordinary cycle's."""

    async def scene(_desk: Desk, connect: Any, _state: ServerState) -> None:
        line = await connect()
        head, _, body = asked(b"later", more=b"Expect: 100-continue\r\n").partition(b"\r\n\r\n")
        await line.send(head + b"\r\n\r\n")
        async with asyncio.timeout(5):
            assert await line._reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await line.send(body)
        assert (await line.read())[1] == b"cycle later"

    play(scene, tmp_path)


def test_a_token_not_in_memory_takes_the_ordinary_way_with_its_body(tmp_path: Path) -> None:
    """The cycle that can wait for the store gets the question that was already read, short or too long."""
    long = b"l" * (BODY_MOST + 5_000)

    async def scene(desk: Desk, connect: Any, _state: ServerState) -> None:
        desk.unmet = True
        line = await connect()
        for body in (b"first", b"", long):
            await line.send(asked(body))
            assert (await line.read())[1] == b"cycle " + body
        desk.unmet = False
        await line.send(asked(b"now met"))
        assert (await line.read())[1] == b"short now met"

    assert [body for _, _, body in play(scene, tmp_path).cycles] == [b"first", b"", long]


def test_pipelined_requests_are_answered_each_once_and_in_order(tmp_path: Path) -> None:
    """Sent in one piece, or while the first is under way: what comes behind a question waits for it."""

    async def scene(desk: Desk, connect: Any, _state: ServerState) -> None:
        line = await connect()
        desk.hold = True
        await line.send(asked(b"1") + asked(b"2") + asked(b"3", start=b"POST /v1/invoices HTTP/1.1"))
        assert desk.short == [b"1"]
        await line.send(asked(b"4"))
        desk.held.pop()()
        desk.hold = False
        assert [(await line.read())[1] for _ in range(4)] == [b"short 1", b"cycle 2", b"cycle 3", b"cycle 4"]
        await line.send(asked(b"5"))
        assert (await line.read())[1] == b"short 5"

    play(scene, tmp_path)


def test_a_body_too_long_is_answered_once_and_the_connection_goes_on(tmp_path: Path) -> None:
    """Nothing beyond the most is kept; what still comes of it is passed over."""

    async def scene(_desk: Desk, connect: Any, _state: ServerState) -> None:
        line = await connect()
        whole = asked(b"l" * (3 * BODY_MOST)) + asked(b"next")
        for at in range(0, len(whole), 5_000):
            await line.send(whole[at : at + 5_000])
        assert (await line.read())[1] == b"short too long"
        assert (await line.read())[1] == b"short next"

    assert play(scene, tmp_path).short == [None, b"next"]


def test_an_answer_for_who_went_away_goes_nowhere(tmp_path: Path) -> None:
    """The connection is lost while its question is under way: nothing breaks when the answer comes."""

    async def scene(desk: Desk, connect: Any, state: ServerState) -> None:
        desk.hold = True
        line = await connect()
        await line.send(asked(b"gone"))
        line.writer.close()
        await asyncio.sleep(0.02)
        desk.held.pop()()
        assert not state.connections

    assert play(scene, tmp_path).short == [b"gone"]


def test_shutting_down_lets_the_question_under_way_be_answered(tmp_path: Path) -> None:
    """Its answer says that the connection ends, and it does; a quiet connection ends at once."""

    async def scene(desk: Desk, connect: Any, state: ServerState) -> None:
        desk.hold = True
        quiet, busy = await connect(), await connect()
        await busy.send(asked(b"last"))
        for connection in list(state.connections):
            connection.shutdown()
        assert await quiet.ended() == b""
        desk.held.pop()()
        head, body = await busy.read()
        assert b"connection: close\r\n" in head
        assert body == b"short last"
        assert await busy.ended() == b""

    play(scene, tmp_path)


def test_a_quiet_connection_is_closed_and_one_at_work_is_not(tmp_path: Path) -> None:
    """The time counts from the last answer, whichever way it went."""

    async def scene(desk: Desk, connect: Any, _state: ServerState) -> None:
        line, ordinary = await connect(), await connect()
        began = asyncio.get_running_loop().time()
        await line.send(asked(b"1"))
        await line.read()
        await asyncio.sleep(0.6)
        desk.hold = True
        await line.send(asked(b"2"))
        desk.hold = False
        await ordinary.send(asked(b"3"))
        await ordinary.send(asked(b"4", start=b"POST /v1/invoices HTTP/1.1"))
        await asyncio.sleep(1.0)  # more than the keep-alive time since the first answer, with a question under way
        desk.held.pop()()
        assert (await line.read())[1] == b"short 2"
        assert await line.ended() == b""
        assert asyncio.get_running_loop().time() - began > 2.5
        assert (await ordinary.read())[1] == b"short 3"
        assert (await ordinary.read())[1] == b"cycle 4"
        assert await ordinary.ended() == b""

    play(scene, tmp_path, keep_alive=1)


def test_what_is_not_http_is_refused_and_closed(tmp_path: Path) -> None:
    """The parser's refusal is the server's own, also behind a question that is under way."""

    async def scene(desk: Desk, connect: Any, _state: ServerState) -> None:
        desk.hold = True
        line = await connect()
        await line.send(asked(b"sound"))
        await line.send(b"no HTTP at all\r\n\r\n")
        desk.held.pop()()
        assert (await line.ended()).startswith(b"HTTP/1.1 400 ")

    play(scene, tmp_path)
