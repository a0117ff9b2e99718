"""The keeper's loader: the process group that turns signed rights files into sealed records, started by the keeper.

It serves the `load` socket itself, so that a night's load never delays a question. It has no key at rest: the keeper
hands it those of one insurer when a file begins, over the socket it was started with, and the sealing processes get
them from here. When the keeper ends, all of it ends.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog

from rempart.formats.rights_file import FileFault, Header, read_header, verify
from rempart.ground import logs
from rempart.ground.instants import PARIS, civil_date
from rempart.sealing.loading import (
    FEED_MOST,
    Begin,
    Begun,
    End,
    Fed,
    Feed,
    LoadKey,
    Nothing,
    Promote,
    Promoted,
)

from .load_session import AHEAD, LoadSession, Passed
from .rows import Opening
from .sealer import Job
from .server import Operation, Surface, listen

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = structlog.get_logger("rempart.keeper")
_encode = msgspec.msgpack.Encoder().encode
SESSIONS_MOST = 8
IDLE_SECONDS = 900.0  # a session whose worker is gone


class Ask(msgspec.Struct, array_like=True, frozen=True):
    """What the loader asks of the keeper: keys, promote or public; insurer and version where they apply."""

    what: str
    insurer: str = ""
    version: int = 0
    delta: bool = False


class Told(msgspec.Struct, array_like=True, frozen=True):
    """What the keeper answers. Never printed."""

    refusal: str = ""
    sign_public: bytes = b""
    hpke_public: bytes = b""
    index: bytes = b""
    person: bytes = b""
    weigh: bytes = b""
    size: int = 0
    version: int = 0
    building: bool = False
    load_private: bytes = b""
    load_public: bytes = b""

    def __repr__(self) -> str:
        return "Told(…)"


class Pipe:
    """A stream of frames in both directions whose answers come in order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: list[asyncio.Future[bytes]] = []
        self.reading = asyncio.create_task(self._read())

    @classmethod
    async def over(cls, wire: socket.socket) -> Pipe:
        """Takes the socket over."""
        return cls(*await asyncio.open_connection(sock=wire, limit=4 << 20))

    def load(self) -> int:
        """Answers waited for."""
        return len(self._waiting)

    def tell(self, body: bytes) -> None:
        """Sends a frame that has no answer."""
        self._writer.write(len(body).to_bytes(4, "big") + body)

    def ask(self, body: bytes) -> asyncio.Future[bytes]:
        """Sends a frame; the future is its answer, or OSError when the other side is gone."""
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        if self.reading.done():
            future.set_exception(ConnectionResetError("the other process is gone"))
        else:
            self._waiting.append(future)
            self.tell(body)
        return future

    def close(self) -> None:
        """Whoever is on the other side ends."""
        self._writer.close()

    async def _read(self) -> None:
        try:
            while True:
                size = int.from_bytes(await self._reader.readexactly(4), "big")
                body = await self._reader.readexactly(size)
                future = self._waiting.pop(0)
                if not future.done():
                    future.set_result(body)
        except (asyncio.IncompleteReadError, OSError):
            for future in self._waiting:
                if not future.done():
                    future.set_exception(ConnectionResetError("the other process is gone"))
            self._waiting.clear()
            self._writer.close()


def start_process(module: str, arguments: Sequence[str], wire: socket.socket) -> subprocess.Popen[bytes]:
    """A program of the keeper with this socket as its standard input; it starts in a few milliseconds of our time."""
    return subprocess.Popen([sys.executable, "-m", module, *arguments], stdin=wire.fileno())


class Sealers:
    """The sealing processes, started when the first file begins and replaced when one dies."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pipes: list[Pipe] = []
        self._starting = asyncio.Lock()

    async def ready(self) -> None:
        """Every process runs; a dead one takes the sessions of all with it, so all are replaced together."""
        async with self._starting:
            if self._pipes and not any(pipe.reading.done() for pipe in self._pipes):
                return
            for pipe in self._pipes:
                pipe.close()
            self._pipes = [await self._start() for _ in range(self.count)]

    async def _start(self) -> Pipe:
        ours, theirs = socket.socketpair()
        with theirs:
            start_process("rempart.keeper.sealer", (), theirs)
        ours.setblocking(False)  # noqa: FBT003 - the standard library's only spelling
        return await Pipe.over(ours)

    def open(self, session: bytes, opening: Opening) -> None:
        """Gives every process the keys of a file."""
        self._tell(Job("open", session, opening))

    def drop(self, session: bytes) -> None:
        """Takes them away."""
        self._tell(Job("drop", session))

    def _tell(self, job: Job) -> None:
        body = _encode(job)
        for pipe in self._pipes:
            pipe.tell(body)

    def seal(self, session: bytes, first: int, lines: bytes) -> asyncio.Future[bytes]:
        """One block, to the process that has the least to do; the encoded `sealing.loading.Block` it becomes."""
        return min(self._pipes, key=Pipe.load).ask(_encode(Job("block", session, None, first, lines)))


class Loader:
    """The operations of the `load` socket."""

    def __init__(self, keeper: Pipe, sealers: Sealers) -> None:
        self._keeper = keeper
        self._sealers = sealers
        self._sessions: dict[bytes, LoadSession] = {}
        self._decode = msgspec.msgpack.Decoder(Told).decode

    async def begin(self, items: list[Begin]) -> Sequence[Begun]:
        """Refusals: faults of the header, insurer-unknown, version-unknown, signature-differs, too-many-loads."""
        return [await self._begin(item) for item in items]

    async def feed(self, items: list[Feed]) -> Sequence[Fed | Passed]:
        """Refusals: faults of the body, `session-unknown`, `not-wanted`, `feed-too-long`."""
        return [await self._feed(item) for item in items]

    async def end(self, items: list[End]) -> Sequence[Promoted]:
        """Never refuses."""
        for item in items:
            self._drop(item.session)
        return [Promoted()] * len(items)

    async def promote(self, items: list[Promote]) -> Sequence[Promoted]:
        """Refusal: `version-unknown`."""
        return [Promoted((await self._ask(Ask("promote", item.insurer, item.version))).refusal) for item in items]

    async def key(self, items: list[Nothing]) -> Sequence[LoadKey]:
        """The key to seal files to."""
        told = await self._ask(Ask("public"))
        return [LoadKey("", told.load_public)] * len(items)

    async def _ask(self, ask: Ask) -> Told:
        return self._decode(await self._keeper.ask(_encode(ask)))

    async def _begin(self, item: Begin) -> Begun:
        header = read_header(item.header)
        if isinstance(header, FileFault):
            return Begun(header.code, header.field)
        told = await self._ask(Ask("keys", header.insurer, item.version, header.kind == "delta"))
        if told.refusal:
            return Begun(told.refusal)
        if not verify(header, told.sign_public):
            return Begun("signature-differs", "signature")
        self._forget_idle(header.insurer)
        if len(self._sessions) >= SESSIONS_MOST:
            return Begun("too-many-loads")
        await self._sealers.ready()
        session = secrets.token_bytes(16)
        self._sealers.open(session, _opening(header, told, item))
        self._sessions[session] = self._session(header, item.header, told, session)
        return Begun("", "", session, told.version, told.building)

    def _session(self, header: Header, line: bytes, told: Told, session: bytes) -> LoadSession:
        def seal(first: int, lines: bytes) -> asyncio.Future[bytes]:
            return self._sealers.seal(session, first, lines)

        made = LoadSession(header, line, told.load_private, seal=seal, ahead=AHEAD * self._sealers.count)
        made.touched = time.monotonic()
        return made

    async def _feed(self, item: Feed) -> Fed | Passed:
        session = self._sessions.get(item.session)
        if session is None:
            return Fed("session-unknown")
        if len(item.data) > FEED_MOST:
            return Fed("feed-too-long")
        try:
            fed = await session.feed(item.data, last=item.last)
        except OSError:
            self._drop(item.session)
            raise
        session.touched = time.monotonic()
        if fed.refusal or fed.finished:
            self._drop(item.session)
        return fed

    def _forget_idle(self, insurer: str) -> None:
        """An insurer has one session: a second one means that the first one's worker is gone."""
        long_ago = time.monotonic() - IDLE_SECONDS
        for key, session in tuple(self._sessions.items()):
            if session.header.insurer == insurer or session.touched < long_ago:
                self._drop(key)

    def _drop(self, key: bytes) -> None:
        session = self._sessions.pop(key, None)
        if session is not None:
            session.drop()
            self._sealers.drop(key)


def _opening(header: Header, told: Told, item: Begin) -> Opening:
    rule = (item.case, item.spaces, item.zeros, item.min_length, item.max_length, item.alphabet)
    return Opening(
        header.insurer, told.version, told.index, told.person, told.weigh, told.hpke_public, told.size,
        header.kind == "delta", rule, civil_date(header.instant, PARIS).toordinal(),
    )  # fmt: skip


async def serve(keeper: socket.socket, surface: Path, *, processes: int, group: int, gids: frozenset[int]) -> None:
    """Serves the socket until the keeper's end closes."""
    pipe = await Pipe.over(keeper)
    loader = Loader(pipe, Sealers(processes))
    operations = {
        "begin": Operation(Begin, loader.begin),
        "feed": Operation(Feed, loader.feed),
        "end": Operation(End, loader.end),
        "promote": Operation(Promote, loader.promote),
        "key": Operation(Nothing, loader.key),
    }
    listening = await listen(Surface(surface, operations, gids=gids, group=group))
    _log.info("ready", operation="load", count=processes)
    try:
        await pipe.reading
    finally:
        listening.close()


def main() -> int:
    """Started by the keeper (`loading.start`), never by hand: its standard input is the keeper's socket."""
    parser = argparse.ArgumentParser(prog="rempart.keeper.loader")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--processes", type=int, required=True)
    parser.add_argument("--group", type=int, default=-1)
    arguments = parser.parse_args()
    logs.start("keeper-loader")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the keeper's; we end with it
    wire = socket.socket(fileno=0)
    wire.setblocking(False)  # noqa: FBT003 - the standard library's only spelling
    gids = frozenset((arguments.group,)) if arguments.group >= 0 else frozenset[int]()
    asyncio.run(serve(wire, arguments.socket, processes=arguments.processes, group=arguments.group, gids=gids))
    return 0


if __name__ == "__main__":
    sys.exit(main())
