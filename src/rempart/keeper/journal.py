"""The keeper's own account of what it opened: append-only, hash-chained, written before any result leaves.

A block is `length ‖ minute ‖ entries ‖ SHA-256(previous hash ‖ everything before it in the block)`; an entry is grant
digest (16), purpose (1), tag (32). The worker reads it by offset and reconciles it with the disclosures. Segments of
bounded size are named by the offset they start at; the chain runs through them.
"""

from __future__ import annotations

import hashlib
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

HEAD = struct.Struct(">4sII")  # mark, number of entries, minute
ENTRY = struct.Struct(">16sB32s")
MARK = b"RJ1\n"
PURPOSES = ("eligibility", "invoice", "read", "iban", "authorization", "estimate", "appointments")
SEGMENT = 256 << 20  # bytes
MOST_ENTRIES = 1 << 20  # in a block
START = hashlib.sha256(b"rempart-journal/1").digest()

Entry = tuple[bytes, int, bytes]
"""(grant digest, index in PURPOSES, tag)."""


class JournalDamagedError(Exception):
    """The chain breaks at byte `offset`: the journal was altered, or the disk lost what it had confirmed."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"the journal's chain breaks at byte {offset}")
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Block:
    """One block as read; `offset` of its first byte, `end` of the one after its last."""

    offset: int
    end: int
    minute: int
    entries: tuple[Entry, ...]
    chain: bytes


class Journal:
    """Appends blocks; `sync` is called soon after. Opening checks the whole last segment and drops a torn tail.

    `on_append`, when given, is called for the first block that waits for a sync, so that who syncs may sleep till then.
    """

    def __init__(self, folder: Path, *, segment: int = SEGMENT) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._segment = segment
        self._chain, self._end = START, 0
        starts = _starts(folder)
        self._start = starts[-1] if starts else 0
        if starts:
            self._chain, self._end = _recover(folder, starts)
        self._file = self._open(self._start)
        os.ftruncate(self._file, self._end - self._start)
        os.fsync(self._file)
        os.lseek(self._file, 0, os.SEEK_END)
        self._dirty = False
        self.on_append: Callable[[], object] | None = None

    def append(self, minute: int, entries: Sequence[Entry]) -> None:
        """One chained block. Raises OSError: then no result may leave; what was half written is cut off."""
        pack = ENTRY.pack
        body = HEAD.pack(MARK, len(entries), minute) + b"".join([pack(*entry) for entry in entries])
        chain = hashlib.sha256(self._chain + body).digest()
        content = body + chain
        try:
            if os.write(self._file, content) != len(content):
                raise OSError("journal: short write")
        except OSError:
            os.ftruncate(self._file, self._end - self._start)
            os.lseek(self._file, 0, os.SEEK_END)
            raise
        self._chain = chain
        self._end += len(content)
        if not self._dirty:
            self._dirty = True
            if self.on_append is not None:
                self.on_append()
        if self._end - self._start >= self._segment:
            self._next_segment()

    def sync(self) -> None:
        """Makes what was appended durable against a loss of power; a kill of the process loses nothing anyway."""
        if self._dirty:
            os.fdatasync(self._file)
            self._dirty = False

    @property
    def end(self) -> int:
        """Offset after the last block."""
        return self._end

    def read(self, offset: int, limit: int) -> Iterator[Block]:
        """Blocks from `offset` (0 or an earlier block's end) until `limit` entries were given.

        Raises JournalDamagedError.
        """
        given = 0
        for block in blocks(self._folder, offset):
            yield block
            given += len(block.entries)
            if given >= limit:
                return

    def close(self) -> None:
        self.sync()
        os.close(self._file)

    def _next_segment(self) -> None:
        os.fsync(self._file)
        os.close(self._file)
        self._start = self._end
        self._file = self._open(self._start)
        self._dirty = False

    def _open(self, start: int) -> int:
        file = os.open(_path(self._folder, start), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)
        return file


def verify(folder: Path) -> int:
    """Checks the whole chain, segments included; the number of entries. Raises JournalDamagedError."""
    chain, entries = START, 0
    for block in blocks(folder, 0, check=True):
        chain, entries = block.chain, entries + len(block.entries)
    return entries if chain else 0


def blocks(folder: Path, offset: int, *, check: bool = False) -> Iterator[Block]:
    """Blocks from `offset`; with `check` the chain is verified from the journal's first byte.

    Raises JournalDamagedError.
    """
    chain: bytes | None = START if check else None
    starts = _starts(folder)
    for number, start in enumerate(starts):
        following = starts[number + 1] if number + 1 < len(starts) else None
        if following is not None and following <= offset:
            continue
        end = max(start, offset)
        for block in _segment_blocks(folder, start, end, chain):
            chain, end = (block.chain if check else None), block.end
            yield block
        torn = _path(folder, start).stat().st_size != end - start
        if (following is not None and (torn or following != end)) or (check and torn):
            raise JournalDamagedError(end)


def _segment_blocks(folder: Path, start: int, offset: int, chain: bytes | None) -> Iterator[Block]:
    """Whole blocks of a segment; stops at a torn tail, raises JournalDamagedError on a broken one."""
    with _path(folder, start).open("rb") as file:
        file.seek(offset - start)
        while True:
            head = file.read(HEAD.size)
            if len(head) < HEAD.size:
                return
            mark, number, minute = HEAD.unpack(head)
            if mark != MARK or number > MOST_ENTRIES:
                raise JournalDamagedError(offset)
            rest = file.read(number * ENTRY.size + 32)
            if len(rest) < number * ENTRY.size + 32:
                return
            body, claimed = rest[:-32], rest[-32:]
            if chain is not None:
                chain = hashlib.sha256(chain + head + body).digest()
                if chain != claimed:
                    raise JournalDamagedError(offset)
            end = offset + len(head) + len(rest)
            yield Block(offset, end, minute, tuple(ENTRY.iter_unpack(body)), claimed)
            offset = end


def _recover(folder: Path, starts: Sequence[int]) -> tuple[bytes, int]:
    """(chain, end) of the whole blocks of the last segment, its chain verified from the segment before it."""
    chain = START
    for start in starts[-2:]:
        begin: bytes | None = START if start == 0 else (None if start != starts[-1] else chain)
        end = start
        for block in _segment_blocks(folder, start, start, begin):
            chain, end = block.chain, block.end
    return chain, end


def _starts(folder: Path) -> list[int]:
    return sorted(int(path.name.removeprefix("journal-")) for path in folder.glob("journal-*"))


def _path(folder: Path, start: int) -> Path:
    return folder / f"journal-{start:020d}"
