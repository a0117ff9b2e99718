"""The body of a rights file, read as it arrives: each chunk's hash first, then inflation within limits, then lines.

Memory stays flat: one chunk, what it inflates to in blocks, and the line cut at its end.
Nothing of a chunk is inflated or parsed before its SHA-256 has matched the signed header.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Protocol

import zstandard

from rempart.formats.rights_file.faults import (
    CHUNK,
    MAX_BURST,
    MAX_LINE,
    MAX_RATIO,
    RATIO_SLACK,
    FileFault,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rempart.formats.rights_file.header import Header

_SLICE = 1024  # compressed bytes inflated at once: a zstd slice can become at most 32 MiB before it is measured
_BLOCK = 512 * 1024  # clear bytes gathered before their lines are handed over
_MAX_WINDOW = 1 << 27  # bytes of zstd window, 128 MiB, what its own tools accept


class _Inflater(Protocol):
    """Bytes in, bytes out; `eof` once the compressed stream has ended."""

    def decompress(self, data: bytes, /) -> bytes: ...
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


class Body:
    """Reads one body. Feed it what arrives; it yields blocks of complete raw lines without their line ends.

    After the first fault it yields nothing more. `finish` says whether the whole body was what the header announced.
    """

    def __init__(self, header: Header) -> None:
        self._header = header
        self._waiting = bytearray()
        self._chunks = 0
        self._taken = 0
        self._made = 0
        self._lines = 0
        self._cut = b""
        self._fault: FileFault | None = None
        self._inflater = _inflater(header.compression)

    @property
    def fault(self) -> FileFault | None:
        """The fault that stopped the reading, if any."""
        return self._fault

    @property
    def lines(self) -> int:
        """Lines handed over so far."""
        return self._lines

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        """Takes the next bytes as transported, and yields the lines that they complete. Must be iterated to the end."""
        for run in self.feed_runs(data):
            yield run.split(b"\n")

    def rest(self) -> Iterator[list[bytes]]:
        """Yields the lines of the last, shorter chunk once everything was fed."""
        for run in self.rest_runs():
            yield run.split(b"\n")

    def feed_runs(self, data: bytes) -> Iterator[bytes]:
        """`feed`, with each run of lines as the bytes they are, the line end of the last one left out."""
        view = memoryview(data)
        while view and self._fault is None:
            room = CHUNK - len(self._waiting)
            self._waiting += view[:room]
            view = view[room:]
            if len(self._waiting) == CHUNK:
                yield from self._take_chunk()

    def rest_runs(self) -> Iterator[bytes]:
        """`rest`, in runs."""
        if self._waiting and self._fault is None:
            yield from self._take_chunk()
        if self._cut and self._fault is None:
            last, self._cut = self._cut, b""
            yield from self._counted(last)

    def finish(self) -> FileFault | None:
        """Call after `rest`: the first fault of the body, or None when every announced chunk and line was there."""
        if self._fault is None and (self._waiting or self._cut):
            raise RuntimeError("rest() must be iterated before finish()")
        if self._fault is None and self._chunks != len(self._header.chunks):
            self._fault = FileFault("chunk-missing", chunk=self._chunks)
        if self._fault is None and self._inflater is not None and self._chunks and not _ended(self._inflater):
            self._fault = FileFault("compression-truncated")
        if self._fault is None and self._lines != self._header.count:
            self._fault = FileFault("count-differs", "count")
        return self._fault

    def _take_chunk(self) -> Iterator[bytes]:
        chunk = bytes(self._waiting)
        self._waiting.clear()
        number = self._chunks
        if number >= len(self._header.chunks):
            self._fault = FileFault("chunk-unannounced", chunk=number)
            return
        if hashlib.sha256(chunk).hexdigest() != self._header.chunks[number]:
            self._fault = FileFault("chunk-differs", chunk=number)
            return
        self._chunks += 1
        if self._inflater is None:
            yield from self._split(chunk)
        else:
            yield from self._inflate(chunk, self._inflater)

    def _inflate(self, chunk: bytes, inflater: _Inflater) -> Iterator[bytes]:
        gathered: list[bytes] = []
        size = 0
        for start in range(0, len(chunk), _SLICE):
            clear = self._inflate_slice(chunk[start : start + _SLICE], inflater)
            if clear is None:
                return
            gathered.append(clear)
            size += len(clear)
            if size >= _BLOCK:
                yield from self._split(b"".join(gathered))
                gathered, size = [], 0
                if self._fault is not None:
                    return
        yield from self._split(b"".join(gathered))

    def _inflate_slice(self, data: bytes, inflater: _Inflater) -> bytes | None:
        """The clear bytes of a slice, or None once a fault was noted."""
        if _ended(inflater):
            self._fault = FileFault("compression-trailing", chunk=self._chunks - 1)
            return None
        try:
            clear = inflater.decompress(data)
        except (zlib.error, zstandard.ZstdError, MemoryError):
            self._fault = FileFault("compression-malformed", chunk=self._chunks - 1)
            return None
        self._taken += len(data)
        self._made += len(clear)
        if len(clear) > MAX_BURST or self._made > MAX_RATIO * self._taken + RATIO_SLACK:
            self._fault = FileFault("compression-ratio", chunk=self._chunks - 1)
            return None
        if _ended(inflater) and inflater.unused_data:
            self._fault = FileFault("compression-trailing", chunk=self._chunks - 1)
            return None
        return clear

    def _split(self, clear: bytes) -> Iterator[bytes]:
        """The complete lines of what was cut before and `clear`; the beginning of the next line is kept."""
        end = clear.rfind(b"\n")
        before = self._cut
        self._cut = (clear[end + 1 :] if end >= 0 else before + clear)[: MAX_LINE + 1]  # shows that it is too long
        if end >= 0:
            yield from self._counted(before + clear[:end])

    def _counted(self, run: bytes) -> Iterator[bytes]:
        lines = run.count(b"\n") + 1
        if self._lines + lines > self._header.count:
            self._fault = FileFault("count-differs", "count")
            return
        self._lines += lines
        yield run


class _Gzip:
    """zlib's reader of one gzip member, bounded so that a slice never becomes more than `MAX_BURST` and one byte."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    def decompress(self, data: bytes, /) -> bytes:
        return self._inner.decompress(data, MAX_BURST + 1)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data


def _ended(inflater: _Inflater) -> bool:
    return inflater.eof


def _inflater(compression: str) -> _Inflater | None:
    if compression == "gzip":
        return _Gzip()
    if compression == "zstd":
        return zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
    return None
