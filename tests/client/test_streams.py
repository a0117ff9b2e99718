"""A connection that was silent for long is not trusted: the server may have closed it, and a request would be lost."""

from __future__ import annotations

import asyncio

import pytest

from rempart.client import streams
from rempart.client.streams import Connection

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def _two_requests() -> tuple[list[bytes], int]:
    """Two bodies from a server that says nothing of it and closes after each answer; and how many connections."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(ANSWER)
        except asyncio.IncompleteReadError:
            pass  # opened and never used
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        connection = Connection(f"http://127.0.0.1:{port}")
        assert await connection.open()
        bodies = [(await connection.request("GET", "/", b"", {})).body for _ in range(2)]
        await connection.close()
    return bodies, connections


def test_after_a_silence_a_request_goes_over_a_new_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both requests are answered; the one that the server closed in silence is not used again."""
    monkeypatch.setattr(streams, "IDLE_MOST", -1.0)
    bodies, connections = asyncio.run(_two_requests())
    assert bodies == [b"ok", b"ok"]
    assert connections >= 2
