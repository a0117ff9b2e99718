"""Connections of one asyncio program to one hub, and what drives a flow over them."""

from __future__ import annotations

import asyncio
import ssl
from typing import TypeVar

from rempart.client import streams
from rempart.client.exchange import Flow, Lost, Received, Send, Wait

T = TypeVar("T")


class Pool:
    """At most `connections` at once; `timeout` of one exchange in seconds."""

    def __init__(self, base: str, timeout: float, connections: int, *, tls: ssl.SSLContext | None = None) -> None:
        self._all = [streams.Connection(base, timeout=timeout, tls=tls) for _ in range(connections)]
        self._free: asyncio.LifoQueue[streams.Connection] = asyncio.LifoQueue()
        for connection in self._all:
            self._free.put_nowait(connection)

    async def close(self) -> None:
        """Closes every connection."""
        for connection in self._all:
            await connection.close()

    async def drive(self, flow: Flow[T]) -> T:
        """What the flow returns; raises what it raises."""
        given: Received | Lost | None = None
        while True:
            try:
                asked = flow.send(given)
            except StopIteration as end:
                answer: T = end.value
                return answer
            given = await self._step(asked)

    async def _step(self, asked: Send | Wait) -> Received | Lost | None:
        if isinstance(asked, Wait):
            await asyncio.sleep(asked.seconds)
            return None
        connection = await self._free.get()
        try:
            if not await connection.open():
                return Lost(sent=False)
            got = await connection.request(asked.method, asked.path, asked.body, dict(asked.headers))
        except (streams.HttpError, TimeoutError):
            return Lost(sent=True)
        finally:
            self._free.put_nowait(connection)
        return Received(got.status, got.headers, got.body)
