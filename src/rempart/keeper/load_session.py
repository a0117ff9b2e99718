"""One rights file on its way through the loader: envelope, chunks and lines, with a few blocks always being sealed.

Memory stays flat: a chunk of the file, and at most `AHEAD` blocks per sealing process.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.formats.rights_file import Body, Header
from rempart.sealing.envelope import MAGIC, SealedBody, is_sealed
from rempart.sealing.item import Item
from rempart.sealing.loading import Fed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AHEAD = 3  # blocks per sealing process that are under way or wait for it
ANSWER_MOST = 16 << 20  # bytes of blocks in one answer
BLOCK_BYTES = 384 << 10  # clear bytes of lines sealed together


class Passed(Item, frozen=True):
    """A `Fed` whose blocks are passed on as they were encoded by the sealing process."""

    refusal: str = ""
    chunk: int = -1
    wanted: bool = False
    finished: bool = False
    sealed: bool = False
    blocks: tuple[msgspec.Raw, ...] = ()


class LoadSession:
    """Feeds lines to the sealing processes and hands blocks back in the order of the file."""

    def __init__(
        self,
        header: Header,
        header_line: bytes,
        load_private: bytes,
        *,
        seal: Callable[[int, bytes], asyncio.Future[bytes]],
        ahead: int,
    ) -> None:
        self.header = header
        self._header_line = header_line
        self._load_private = load_private
        self._seal = seal
        self._ahead = ahead
        self._body = Body(header)
        self._start = bytearray()
        self._envelope: SealedBody | None = None
        self._begun = False
        self._last = False
        self._source: Iterator[tuple[int, bytes]] | None = None
        self._under_way: deque[asyncio.Future[bytes]] = deque()
        self.touched = 0.0

    def __repr__(self) -> str:
        return f"LoadSession({self.header.insurer})"

    async def feed(self, data: bytes, *, last: bool) -> Fed | Passed:
        """Takes bytes if it wanted some, goes on sealing, and gives what is ready."""
        if data or last:
            if self._source is not None or self._last:
                return Fed("not-wanted")
            self._last = last
            self._source = self._lines(data)
        self._pump()
        if self._under_way and (self._source is not None or self._last):
            await self._under_way[0]
            self._pump()
        blocks = self._ready()
        exhausted = self._source is None
        finished = exhausted and self._last and not self._under_way
        refusal, chunk = self._fault(finished=finished)
        return Passed(refusal, chunk, exhausted and not self._last, finished, self._envelope is not None, tuple(blocks))

    def drop(self) -> None:
        """Forgets what is under way."""
        for future in self._under_way:
            future.cancel()
        self._under_way.clear()
        self._source = None

    def _pump(self) -> None:
        while self._source is not None and len(self._under_way) < self._ahead:
            found = next(self._source, None)
            if found is None:
                self._source = None
                return
            self._under_way.append(self._seal(*found))

    def _ready(self) -> list[msgspec.Raw]:
        blocks: list[msgspec.Raw] = []
        size = 0
        while self._under_way and self._under_way[0].done() and size < ANSWER_MOST:
            block = self._under_way.popleft().result()
            size += len(block)
            blocks.append(msgspec.Raw(block))
        return blocks

    def _fault(self, *, finished: bool) -> tuple[str, int]:
        if self._envelope is not None and (finished or self._body.fault is None):
            broken = self._envelope.finish()
            if broken is not None:
                return broken.code, -1
        fault = self._body.finish() if finished else self._body.fault
        return (fault.code, fault.chunk) if fault is not None else ("", -1)

    def _lines(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """(number of the first line, lines) for what these bytes complete; line 1 is the header."""
        first = 2 + self._body.lines
        for run in self._runs(data):
            for piece in _pieces(run):
                yield first, piece
                first += piece.count(b"\n") + 1

    def _runs(self, data: bytes) -> Iterator[bytes]:
        if not self._begun:
            self._start += data
            if len(self._start) < len(MAGIC) and not self._last:
                return
            self._begun = True
            data = bytes(self._start)
            self._start.clear()
            if is_sealed(data):
                key = X25519PrivateKey.from_private_bytes(self._load_private)
                self._envelope = SealedBody(self._header_line, key)
        if self._envelope is None:
            yield from self._body.feed_runs(data)
        else:
            for clear in self._envelope.feed(data):
                yield from self._body.feed_runs(clear)
            if self._last:
                for clear in self._envelope.rest():
                    yield from self._body.feed_runs(clear)
        if self._last:
            yield from self._body.rest_runs()


def _pieces(run: bytes) -> Iterator[bytes]:
    """Whole lines cut into pieces of about `BLOCK_BYTES`, each without its last line end."""
    start = 0
    while (end := run.find(b"\n", start + BLOCK_BYTES)) >= 0:
        yield run[start:end]
        start = end + 1
    yield run[start:]
