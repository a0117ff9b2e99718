"""Local sockets, one per capability: length-prefixed msgpack frames in, one result per item out.

A socket has its own Unix group, its mode lets nobody else in, and each connection's peer credentials are checked as
well. A frame that cannot be read closes the connection; a disk that refuses gives status `unavailable` and no result.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import msgspec
import structlog

from rempart.sealing.frames import MAX_FRAME
from rempart.sealing.item import Item

if TYPE_CHECKING:
    from pathlib import Path

_log = structlog.get_logger("rempart.keeper")
_encode = msgspec.msgpack.Encoder().encode
_decode_head = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw]).decode
_CREDENTIALS = struct.Struct("3i")

Results = Sequence[Item]
Handler = Callable[[list[Any]], Results | Awaitable[Results]]


@dataclass(frozen=True, slots=True)
class Operation:
    """Type of an item, and what answers a list of them; an awaitable answer keeps the connection's order."""

    item: type[Item]
    handler: Handler


@dataclass(frozen=True, slots=True)
class Surface:
    """One socket: where, what it answers, and who may ask (empty: the keeper's own user).

    Root is let in as the keeper itself.
    """

    path: Path
    operations: Mapping[str, Operation]
    uids: frozenset[int] = frozenset()
    gids: frozenset[int] = frozenset()
    group: int = -1


class _Connection(asyncio.Protocol):
    def __init__(
        self, surface: Surface, decoders: Mapping[str, msgspec.msgpack.Decoder[Any]], open_ones: set[asyncio.Transport]
    ) -> None:
        self._surface = surface
        self._decoders = decoders
        self._open_ones = open_ones
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast("asyncio.Transport", transport)
        self._open_ones.add(transport)
        peer = transport.get_extra_info("socket")
        if not _may_ask(peer, self._surface):
            _log.warning("peer refused", operation=self._surface.path.stem)
            transport.abort()

    def connection_lost(self, _: Exception | None) -> None:
        if self._transport is not None:
            self._open_ones.discard(self._transport)
        self._transport = None
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        if not self._buffer and self._task is None and 4 <= len(data) == 4 + int.from_bytes(data[:4], "big"):
            self._answer(data[4:])  # one whole frame and nothing else, as nearly always
            return
        self._buffer += data
        self._work()

    def _work(self) -> None:
        buffer = self._buffer
        while self._task is None and self._transport is not None and len(buffer) >= 4:
            end = 4 + int.from_bytes(buffer[:4], "big")
            if end - 4 > MAX_FRAME:
                self._malformed("frame too long")
                return
            if len(buffer) < end:
                return
            body = bytes(memoryview(buffer)[4:end])
            del buffer[:end]
            self._answer(body)

    def _answer(self, body: bytes) -> None:
        try:
            name, raw = _decode_head(body)
            operation = self._surface.operations.get(name)
            items = self._decoders[name].decode(raw) if operation is not None else []
        except (msgspec.MsgspecError, RecursionError):
            self._malformed("malformed frame")
            return
        if operation is None:
            self._write("unknown-operation", [])
            return
        try:
            results = operation.handler(items)
        except OSError as error:
            self._failed(name, error)
            return
        if isinstance(results, list) or not isinstance(results, Awaitable):
            self._write("ok", results)
        else:
            self._task = asyncio.ensure_future(self._wait(name, results))

    async def _wait(self, name: str, awaited: Awaitable[Results]) -> None:
        try:
            self._write("ok", await awaited)
        except OSError as error:
            self._failed(name, error)
        self._task = None
        self._work()

    def _failed(self, name: str, error: OSError) -> None:
        _log.error("the disk refused", operation=name, code=error.errno)
        self._write("unavailable", [])

    def _write(self, status: str, results: Results) -> None:
        if self._transport is not None:
            body = _encode((status, results))
            self._transport.write(len(body).to_bytes(4, "big") + body)

    def _malformed(self, event: str) -> None:
        _log.warning(event, operation=self._surface.path.stem)
        if self._transport is not None:
            self._open_ones.discard(self._transport)
            self._transport.abort()
            self._transport = None


def _may_ask(peer: socket.socket, surface: Surface) -> bool:
    _, uid, gid = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return uid == os.geteuid() or uid in surface.uids or gid in surface.gids


@dataclass(frozen=True, slots=True)
class Listening:
    """An open socket and its connections."""

    server: asyncio.Server
    connections: set[asyncio.Transport]

    def close(self) -> None:
        """Stops listening and drops every connection: nothing is asked of parts that are being closed."""
        self.server.close()
        for transport in tuple(self.connections):
            transport.abort()
        self.connections.clear()


async def listen(surface: Surface) -> Listening:
    """Opens one socket, replacing what a dead keeper left there.

    The folder must be ours and closed to others (PermissionError).
    """
    folder = surface.path.parent
    status = folder.stat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o027:
        raise PermissionError(f"{folder} must be ours and closed to others: run `chmod 750 {folder}`")
    surface.path.unlink(missing_ok=True)
    decoders = {name: msgspec.msgpack.Decoder(list[each.item]) for name, each in surface.operations.items()}  # type: ignore[name-defined]  # a type per operation, known at run time only
    loop = asyncio.get_running_loop()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        before = os.umask(0o177)
        try:
            listener.bind(str(surface.path))
        finally:
            os.umask(before)
        if surface.group >= 0:
            os.chown(surface.path, -1, surface.group)
            surface.path.chmod(0o660)
        open_ones: set[asyncio.Transport] = set()
        server = await loop.create_unix_server(lambda: _Connection(surface, decoders, open_ones), sock=listener)
    except OSError:
        listener.close()
        raise
    return Listening(server, open_ones)
