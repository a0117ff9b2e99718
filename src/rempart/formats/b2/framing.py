"""From blocks of bytes of any size to 128-byte records: no line end, LF or CRLF, recognised after the first record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rempart.formats.b2.layout import LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ENDS: Final = (b"\r\n", b"\n", b"")
# What may stand after the last record: a line end that others lack, or the end-of-file mark of older systems.
_TAILS: Final = frozenset({b"", b"\n", b"\r\n", b"\x1a", b"\n\x1a", b"\r\n\x1a"})


class Framing:
    """Cuts a stream into records; memory is one block. After `records` ends, `fault` is None or a code of the file."""

    __slots__ = ("_tail", "fault", "line_end")

    def __init__(self) -> None:
        self.fault: str | None = None
        self.line_end = b""
        self._tail = b""

    def records(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Each record, 128 bytes; stops at the first wrong line end or at the end of the stream."""
        stride = 0
        for block in blocks:
            data = self._tail + block if self._tail else bytes(block)
            if not stride:
                if len(data) < LENGTH + 2:
                    self._tail = data
                    continue
                stride = self._recognise(data)
            sound = self._sound(data, stride)
            for at in range(0, sound, stride):
                yield data[at : at + LENGTH]
            if self.fault is not None:
                return
            self._tail = data[sound:]
        yield from self._last()

    def _recognise(self, data: bytes) -> int:
        self.line_end = next(end for end in _ENDS if data.startswith(end, LENGTH))
        return LENGTH + len(self.line_end)

    def _sound(self, data: bytes, stride: int) -> int:
        """How many bytes from the start are whole records with the right line end; sets `fault` at the first wrong."""
        whole = len(data) // stride
        for index, byte in enumerate(self.line_end):
            seen = data[LENGTH + index : whole * stride : stride]
            if seen.count(byte) != whole:
                whole = next(at for at, other in enumerate(seen) if other != byte)
                self.fault = "record-length"
        return whole * stride

    def _last(self) -> Iterator[bytes]:
        tail = self._tail
        if len(tail) >= LENGTH:
            yield tail[:LENGTH]
            tail = tail[LENGTH:]
        if tail not in _TAILS and self.fault is None:
            self.fault = "record-cut"
