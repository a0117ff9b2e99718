"""The keeper's client: one connection, answers in order; a lane owns one. `KeeperSync` is its blocking twin."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Self, cast

import msgspec

from .frames import MAX_FRAME, OPERATIONS
from .item import Item

Table = Mapping[str, tuple[type[Item], type[Item]]]

_encode = msgspec.msgpack.Encoder().encode
_decode_head = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw]).decode


class KeeperUnavailable(Exception):
    """The keeper did not answer: nothing is known about the items sent."""


def every_operation() -> dict[str, tuple[type[Item], type[Item]]]:
    """The operations of `ask` and `box` together: a name means the same on each."""
    return {name: pair for table in OPERATIONS.values() for name, pair in table.items()}


class Codec:
    """Frames of a table of operations, as a client writes and reads them."""

    def __init__(self, table: Table) -> None:
        self._decoders = {name: msgspec.msgpack.Decoder(list[pair[1]]) for name, pair in table.items()}  # type: ignore[valid-type]  # a type per operation, known at run time only

    def request(self, operation: str, items: Sequence[Item]) -> bytes:
        if operation not in self._decoders:
            raise ValueError(f"no operation {operation}")
        body = _encode((operation, items))
        if len(body) > MAX_FRAME:
            raise ValueError("frame too long")
        return len(body).to_bytes(4, "big") + body

    def answer(self, operation: str, body: bytes | bytearray, *, count: int) -> list[Any]:
        try:
            status, raw = _decode_head(body)
            results: list[Any] = self._decoders[operation].decode(raw) if status == "ok" else []
        except msgspec.MsgspecError as error:
            raise KeeperUnavailable("unreadable answer") from error
        if status != "ok":
            raise KeeperUnavailable(f"keeper answered {status}")
        if len(results) != count:
            raise KeeperUnavailable("wrong number of results")
        return results


class _Wire(asyncio.Protocol):
    def __init__(self) -> None:
        self.waiting: deque[asyncio.Future[bytes]] = deque()
        self.buffer = bytearray()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer
        buffer += data
        while len(buffer) >= 4:
            end = 4 + int.from_bytes(buffer[:4], "big")
            if len(buffer) < end:
                return
            body = bytes(buffer[4:end])
            del buffer[:end]
            if self.waiting:
                future = self.waiting.popleft()
                if not future.done():
                    future.set_result(body)

    def connection_lost(self, _: Exception | None) -> None:
        self.transport = None
        while self.waiting:
            future = self.waiting.popleft()
            if not future.done():
                future.set_exception(KeeperUnavailable("connection lost"))


class Keeper:
    """An open connection to one of the keeper's sockets."""

    def __init__(self, wire: _Wire, codec: Codec) -> None:
        self._wire = wire
        self._codec = codec

    @classmethod
    async def connect(cls, path: str, operations: Table | None = None) -> Keeper:
        """Opens `path`; `operations` defaults to those of `ask` and `box`. Raises KeeperUnavailable."""
        try:
            _, wire = await asyncio.get_running_loop().create_unix_connection(_Wire, path)
        except OSError as error:
            raise KeeperUnavailable("cannot connect to the keeper") from error
        return cls(wire, Codec(every_operation() if operations is None else operations))

    async def call(self, operation: str, items: Sequence[Item]) -> list[Any]:
        """One result per item, in order, each of the operation's result type. Raises KeeperUnavailable."""
        frame = self._codec.request(operation, items)
        transport = self._wire.transport
        if transport is None:
            raise KeeperUnavailable("connection lost")
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._wire.waiting.append(future)
        transport.write(frame)
        return self._codec.answer(operation, await future, count=len(items))

    async def close(self) -> None:
        """Closes the connection; calls under way raise KeeperUnavailable."""
        if self._wire.transport is not None:
            self._wire.transport.close()
            await asyncio.sleep(0)


class KeeperSync:
    """The blocking twin of `Keeper`, for tools and the worker's own lanes."""

    def __init__(self, path: str, operations: Table | None = None, *, timeout_seconds: float = 60.0) -> None:
        self._codec = Codec(every_operation() if operations is None else operations)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_seconds)
        try:
            self._socket.connect(path)
        except OSError as error:
            self._socket.close()
            raise KeeperUnavailable("cannot connect to the keeper") from error

    def call(self, operation: str, items: Sequence[Item]) -> list[Any]:
        """As `Keeper.call`. After KeeperUnavailable the connection is of no more use."""
        frame = self._codec.request(operation, items)
        try:
            self._socket.sendall(frame)
            body = self._read(int.from_bytes(self._read(4), "big"))
        except OSError as error:
            self.close()
            raise KeeperUnavailable("connection lost") from error
        return self._codec.answer(operation, body, count=len(items))

    def _read(self, size: int) -> bytearray:
        data = bytearray(size)  # filled in place: a block of a rights file has megabytes
        view = memoryview(data)
        while view:
            got = self._socket.recv_into(view)
            if not got:
                raise KeeperUnavailable("connection lost")
            view = view[got:]
        return data

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
