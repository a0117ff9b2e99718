"""HTTP/1.1 over asyncio streams: keep-alive, bodies of known length or chunked, no redirects; enough for our API."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

MAX_BODY = 64 * 1024 * 1024  # bytes
IDLE_MOST = 2.0  # seconds; servers close what is idle for longer, and a request sent into that would be lost


class HttpError(Exception):
    """The server closed, or answered something that is not HTTP/1.1; the request may or may not have been taken."""


@dataclass(frozen=True, slots=True)
class Response:
    """`headers` with names in lower case, the last value of each."""

    status: int
    headers: dict[str, str]
    body: bytes


class Connection:
    """One connection to `base` (`http://host:port` or https), opened when first used; one request at a time."""

    def __init__(self, base: str, *, timeout: float = 30.0, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(base)
        self._host, self._tls = parts.hostname or "127.0.0.1", parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._shown = parts.netloc
        self._timeout = timeout
        self._context = tls
        self._last = 0.0
        self._fresh = False  # opened, and nothing was sent into it yet
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def request(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Response:
        """One exchange. Raises `HttpError` or `TimeoutError`; the connection then closes and opens anew next time."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout):
                    return await self._exchange(method, path, body, headers)
            except (OSError, asyncio.IncompleteReadError, ValueError) as error:
                await self.close()
                if isinstance(error, TimeoutError):
                    raise
                raise HttpError("no complete answer") from error
            except BaseException:
                await self.close()
                raise

    async def open(self) -> bool:
        """Opens the connection unless it is. False when the server cannot be reached."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout):
                    await self._opened()
            except OSError:
                return False
            return True

    async def close(self) -> None:
        """Closes the connection, if open."""
        if self._streams is not None:
            writer, self._streams = self._streams[1], None
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:
                return  # already gone

    async def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Response:
        reader, writer = await self._opened()
        self._fresh = False
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._shown}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)
        await writer.drain()
        response = await _read(reader)
        self._last = time.monotonic()
        if response.headers.get("connection", "").lower() == "close":
            await self.close()
        return response

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The open connection; another one after a silence, in which the server may have closed it."""
        if not self._fresh and time.monotonic() - self._last > IDLE_MOST:
            await self.close()
        if self._streams is None:
            context = (self._context or ssl.create_default_context()) if self._tls else None
            self._streams = await asyncio.open_connection(self._host, self._port, ssl=context)
            self._last, self._fresh = time.monotonic(), True
        return self._streams


async def _read(reader: asyncio.StreamReader) -> Response:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    version, status, *_ = head[0].split(" ", 2)
    if version != "HTTP/1.1":
        raise ValueError("not HTTP/1.1")
    headers = {}
    for line in head[1:-2]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Response(int(status), headers, await _chunks(reader))
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= MAX_BODY:
        raise ValueError("body too large")
    return Response(int(status), headers, await reader.readexactly(length) if length else b"")


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        if len(body) + size > MAX_BODY:
            raise ValueError("body too large")
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        continue  # trailers are of no use here
    return bytes(body)
