"""The file system that a client sees (SFTP version 3): a folder to put into, a folder to read from, and no disk.

A file is held in memory until its client closes it, or renames it where its name says that it is not whole; then it
is sent to the hub, and the answer to the closing is the hub's. What a lost connection leaves open is dropped.
"""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

import asyncssh

from rempart.client import calls
from rempart.ground import logs
from rempart.sftp.gate import Guest
from rempart.sftp.places import DEPOT, RETURNS, Place, place_of, under_way, whole
from rempart.sftp.returns import Returns
from rempart.sftp.words import of_problem, told
from rempart.wire.problem import Problem

T = TypeVar("T")
WRITING = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND
OPEN_MOST = 16
GAP_MOST = 32 * 1_048_576  # bytes beyond what was received: software writes blocks out of order, but not far


@dataclass(slots=True, eq=False)
class Put:
    """A file that comes in; `fault`: why it will not be taken."""

    name: str
    content: bytearray = field(default_factory=bytearray)
    held: int = 0  # bytes of memory that are counted for it
    written: int = 0  # bytes, to tell a file with a hole
    fault: str = ""


@dataclass(slots=True, eq=False)
class Got:
    """A file that is read."""

    content: bytes


@dataclass(slots=True, eq=False)
class Line:
    """Whether the client has ended its side: what is open then was not closed by it."""

    over: bool = False


class Depot(asyncssh.SFTPServer):
    """One SFTP session of a guest."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], guest: Guest, line: Line) -> None:
        super().__init__(channel)
        self._guest = guest
        self._line = line
        self._returns = Returns(guest)
        self._open: set[Put] = set()
        self._waiting: dict[str, Put] = {}  # closed by the client, and not whole by their names
        self._taken: dict[str, int] = {}  # names and sizes, of this session

    # -- files -------------------------------------------------------------------------------------------------------

    async def open(self, path: bytes, pflags: int, _attrs: asyncssh.SFTPAttrs) -> object:
        place = self._place(path)
        if pflags & WRITING:
            return self._begun(place, pflags)
        if place.folder != RETURNS or not place.name:
            _refuse("write-only" if place.folder == DEPOT else "no-such-file")
        return Got(_good(await self._returns.content(place)))

    def _begun(self, place: Place, pflags: int) -> Put:
        if place.folder != DEPOT or not place.name:
            _refuse("read-only")
        if pflags & (asyncssh.FXF_READ | asyncssh.FXF_APPEND):
            _refuse("write-only")
        if len(self._open) + len(self._waiting) >= OPEN_MOST:
            _refuse("too-many-open")
        self._dropped(self._waiting.pop(place.name, None))
        put = Put(place.name)
        self._open.add(put)
        return put

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        self._guest.touch()
        if not isinstance(file_obj, Got):
            _refuse("write-only")
        return file_obj.content[offset : offset + size]

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        self._guest.touch()
        if not isinstance(file_obj, Put):
            _refuse("read-only")
        if file_obj.fault:
            _refuse(file_obj.fault)
        size, end = len(file_obj.content), offset + len(data)
        more = max(0, end - size)
        file_obj.fault = (
            "file-not-whole" if offset > size + GAP_MOST else self._guest.gate.quotas.hold(size + more, more)
        )
        if file_obj.fault:
            _refuse(file_obj.fault)
        file_obj.held += more
        file_obj.content.extend(bytes(more))
        file_obj.content[offset:end] = data
        file_obj.written += len(data)
        return len(data)

    async def close(self, file_obj: object) -> None:
        """Also called by the library for what a lost connection left open: `_line` tells the two apart."""
        self._guest.touch()
        if not isinstance(file_obj, Put):
            return
        self._open.discard(file_obj)
        fault = file_obj.fault or ("file-not-whole" if file_obj.written < len(file_obj.content) else "")
        if fault or self._line.over:
            self._dropped(file_obj)
            self._guest.gate.figures.files.add(fault or "cut")
            if not self._line.over:
                self._fail(file_obj.name, told(fault))
        elif under_way(file_obj.name):
            self._waiting[file_obj.name] = file_obj
        else:
            await self._take(file_obj, file_obj.name)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        old, new = self._place(oldpath), self._place(newpath)
        if old.folder != DEPOT or new.folder != DEPOT or not new.name:
            _refuse("not-offered")
        put = self._waiting.get(old.name)
        if put is None:
            _refuse("not-offered" if old.name in self._taken else "no-such-file")
        del self._waiting[old.name]
        if under_way(new.name):
            self._dropped(self._waiting.pop(new.name, None))
            self._waiting[new.name] = put
        else:
            await self._take(put, new.name)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self.rename(oldpath, newpath)

    def remove(self, path: bytes) -> None:
        """Only what is not whole: what was taken is not taken back by a file's removal."""
        place = self._place(path)
        put = self._waiting.pop(place.name, None) if place.folder == DEPOT else None
        if put is None:
            _refuse("not-offered")
        self._dropped(put)

    async def _take(self, put: Put, name: str) -> None:
        """Sends a whole file to the hub. What is refused may be sent again: nothing is kept of it here."""
        gate, client, size = self._guest.gate, self._guest.user.client, len(put.content)
        try:
            refusal = "file-empty" if not size else gate.quotas.count(client, size, gate.now())
            if refusal:
                gate.figures.files.add(refusal)
                self._fail(name, told(refusal))
            content = bytes(put.content)
            put.content.clear()
            found = await self._guest.perform(calls.file(content))
        finally:
            self._dropped(put)
            self._guest.touch()
        gate.figures.files.add(found.code if isinstance(found, Problem) else "taken")
        if isinstance(found, Problem):
            logs.get().info("a file was not taken", client=client, code=found.code, bytes=size)
            self._fail(name, of_problem(found))
        gate.refusals.forget(client, name)
        gate.names.add(client, name, found.file)
        self._taken[name] = size
        logs.get().info("a file was taken", client=client, file=found.file, bytes=size)

    def _fail(self, name: str, sentence: str) -> NoReturn:
        """Says why a whole file was not taken, now and in a file beside the reports: much software hides the answer."""
        self._guest.gate.refusals.note(self._guest.user.client, name, sentence, self._guest.gate.now())
        raise asyncssh.SFTPFailure(sentence)

    def _dropped(self, put: Put | None) -> None:
        if put is not None:
            self._guest.gate.quotas.drop(put.held)
            put.held = 0
            put.content.clear()

    def exit(self) -> None:
        for put in (*self._open, *self._waiting.values()):
            self._dropped(put)
        self._open.clear()
        self._waiting.clear()
        if not self.channel.is_closing():
            self.channel.exit(0)  # without a status `scp` takes what was taken for a failure

    # -- folders and what is told of files ---------------------------------------------------------------------------

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        place = self._place(path)
        for name, attrs in await self._listed(place):
            yield asyncssh.SFTPName(name.encode(), attrs=attrs)

    async def _listed(self, place: Place) -> list[tuple[str, asyncssh.SFTPAttrs]]:
        here = [(name, _folder()) for name in (".", "..")]
        if place == Place():
            return [*here, (DEPOT, _folder()), (RETURNS, _folder())]
        if place == Place(DEPOT):
            return here + [(name, _file(size)) for name, size in self._sizes().items()]
        if place == Place(RETURNS):
            reports = [(name, _file(None, instant)) for name, instant in self._returns.reports()]
            return [*here, (self._returns.site, _folder()), *reports]
        if place == Place(RETURNS, "", self._returns.site):
            return here + [(name, _file(None)) for name in _good(await self._returns.remittances())]
        return _refuse("no-such-file")

    def _sizes(self) -> dict[str, int]:
        """What this session put, with the size that was received."""
        return self._taken | {put.name: len(put.content) for put in (*self._waiting.values(), *self._open)}

    async def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        place = self._place(path)
        if place.name and place.folder == DEPOT:
            size = self._sizes().get(place.name)
            return _file(size) if size is not None else _refuse("no-such-file")
        if place.name:
            return _file(len(_good(await self._returns.content(place))))
        if place.site not in ("", self._returns.site):
            _refuse("no-such-file")
        return _folder()

    async def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return await self.stat(path)

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        return _file(len(file_obj.content)) if isinstance(file_obj, Put | Got) else _refuse("no-such-file")

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Times and permissions of what was put are heard and forgotten: much software sets them after a file."""
        if self._place(path).folder != DEPOT or attrs.size is not None:
            _refuse("not-offered")

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self.setstat(path, attrs)

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        if not isinstance(file_obj, Put) or attrs.size not in (None, len(file_obj.content)):
            _refuse("not-offered")

    def fsync(self, file_obj: object) -> None:
        """Nothing is kept here: what is taken is durable at the hub."""

    def realpath(self, path: bytes) -> bytes:
        return whole(path)

    # -- what there is not -------------------------------------------------------------------------------------------

    def _never(self, *_asked: Any, **_named: Any) -> NoReturn:
        _refuse("not-offered")

    # `map_path` is how the library would reach a disk, for any operation that is not written here.
    map_path = mkdir = rmdir = readlink = symlink = link = statvfs = fstatvfs = _never

    def _place(self, path: bytes) -> Place:
        self._guest.touch()
        place = place_of(path)
        if place is None:
            _refuse("name-not-taken" if whole(path).startswith(b"/depot/") else "no-such-file")
        return place


def _good(found: T | Problem) -> T:
    if isinstance(found, Problem):
        raise (
            asyncssh.SFTPNoSuchFile(told("no-such-file"))
            if found.status == 404
            else asyncssh.SFTPFailure(of_problem(found))
        )
    return found


def _refuse(code: str) -> NoReturn:
    if code == "no-such-file":
        raise asyncssh.SFTPNoSuchFile(told(code))
    raise asyncssh.SFTPPermissionDenied(told(code)) if code in _FORBIDDEN else asyncssh.SFTPFailure(told(code))


_FORBIDDEN = frozenset({"write-only", "read-only", "not-offered", "name-not-taken"})


def _folder() -> asyncssh.SFTPAttrs:
    return asyncssh.SFTPAttrs(permissions=stat.S_IFDIR | 0o755, size=0, uid=0, gid=0, atime=0, mtime=0)


def _file(size: int | None, instant: int = 0) -> asyncssh.SFTPAttrs:
    return asyncssh.SFTPAttrs(permissions=stat.S_IFREG | 0o444, size=size, uid=0, gid=0, atime=instant, mtime=instant)
