"""PNG as typst writes it (RGB or RGBA, 8 bits, not interlaced) → grey levels that a code reader takes."""

from __future__ import annotations

import struct
import zlib


def grey(png: bytes) -> memoryview:
    """The picture's green, rows by columns."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (png[:8], depth) == (b"\x89PNG\r\n\x1a\n", 8)
    size = {2: 3, 6: 4}[colour]
    raw, at = b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        raw += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    lines, stride, above = zlib.decompress(raw), width * size, bytes(width * size)
    shown = bytearray()
    for row in range(height):
        start = row * (stride + 1)
        above = _unfiltered(lines[start], bytearray(lines[start + 1 : start + 1 + stride]), above, size)
        shown += above[1::size]
    return memoryview(bytes(shown)).cast("B", (height, width))


def _unfiltered(kind: int, line: bytearray, above: bytes, size: int) -> bytes:
    """One row, by the filters of PNG § 9."""
    for place in range(len(line) if kind else 0):
        left = line[place - size] if place >= size else 0
        corner = above[place - size] if place >= size else 0
        guess = left + above[place] - corner
        paeth = min((left, above[place], corner), key=lambda level: abs(guess - level))
        line[place] = (line[place] + (0, left, above[place], (left + above[place]) // 2, paeth)[kind]) & 0xFF
    return bytes(line)
