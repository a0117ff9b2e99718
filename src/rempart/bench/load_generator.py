"""A load generator that does as little as it can: prebuilt requests over kept connections, one after the other.

Run as a program of its own, so that its processor time is not the server's. Requests come from a file: lengths
(4 bytes, big endian) and bytes. It prints one JSON object: requests, seconds, latencies in
microseconds, statuses, its own CPU time.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from array import array
from collections import Counter
from pathlib import Path
from typing import Any

import uvloop

WARM_UP = 1.0  # seconds not counted


class Connection(asyncio.Protocol):
    """One kept connection, one request at a time."""

    __slots__ = ("_buffer", "_load", "_sent", "_transport", "_wanted")

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._wanted = 0
        self._sent = 0.0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport  # a stream's; uvloop's is no subclass of asyncio's
        self._next()

    def _next(self) -> None:
        request = self._load.next()
        if request is None:
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        if not self._wanted:
            head = data.find(b"\r\n\r\n")
            if head < 0:
                self._buffer = data
                return
            at = data.lower().find(b"content-length:", 0, head)
            end = data.find(b"\r", at)
            self._wanted = head + 4 + int(data[at + 15 : end])
        if len(data) < self._wanted:
            self._buffer = data
            return
        self._buffer, self._wanted = b"", 0
        self._load.answered(data[9:12], self._sent)
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's own signature
        self._load.lost()


class Load:
    """What all connections share."""

    def __init__(self, requests: list[bytes], connections: int, seconds: float) -> None:
        self._requests = requests
        self._place = 0
        self._open = connections
        self._start = time.perf_counter() + WARM_UP
        self._end = self._start + seconds
        self.latencies = array("f")
        self.statuses: Counter[str] = Counter()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def next(self) -> bytes | None:
        """The next request; None when time or requests are over."""
        if time.perf_counter() >= self._end or self._place >= len(self._requests):
            return None
        request = self._requests[self._place]
        self._place += 1
        return request

    def answered(self, status: bytes, sent: float) -> None:
        """Counts one answer, after the warm-up."""
        now = time.perf_counter()
        if now >= self._start:
            self.latencies.append((now - sent) * 1e6)
            self.statuses[status.decode()] += 1

    def lost(self) -> None:
        """One connection less."""
        self._open -= 1
        if not self._open and not self.done.done():
            self.done.set_result(None)

    def figures(self) -> dict[str, object]:
        """What is printed."""
        took = min(time.perf_counter(), self._end) - self._start
        ordered = sorted(self.latencies)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        count = len(ordered)
        return {
            "requests": count,
            "seconds": took,
            "rate": count / took if took > 0 else 0.0,
            "p50": ordered[count // 2] if count else 0.0,
            "p99": ordered[int(count * 0.99)] if count else 0.0,
            "p999": ordered[int(count * 0.999)] if count else 0.0,
            "statuses": dict(self.statuses),
            "cpu": usage.ru_utime + usage.ru_stime,
            "exhausted": self._place >= len(self._requests),
        }


def read_requests(path: Path) -> list[bytes]:
    """The requests of a file."""
    data = path.read_bytes()
    found = []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def write_requests(path: Path, requests: list[bytes]) -> None:
    """The inverse of `read_requests`."""
    path.write_bytes(b"".join(len(request).to_bytes(4, "big") + request for request in requests))


async def run(socket: str, requests: list[bytes], connections: int, seconds: float) -> dict[str, object]:
    """All connections to a Unix socket, until time or requests are over."""
    loop = asyncio.get_running_loop()
    load = Load(requests, connections, seconds)
    gc.freeze()
    gc.disable()
    for _ in range(connections):
        await loop.create_unix_connection(lambda: Connection(load), socket)
    await load.done
    return load.figures()


def main() -> None:
    """`python -m rempart.bench.load_generator SOCKET REQUESTS CONNECTIONS SECONDS`."""
    socket, path, connections, seconds = sys.argv[1:5]
    figures = uvloop.run(run(socket, read_requests(Path(path)), int(connections), float(seconds)))
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
