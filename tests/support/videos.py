"""What a browser's fake camera is fed with: a raw video (Y4M) of a card's code on a desk, made without any encoder."""

from __future__ import annotations

from pathlib import Path

from rempart.documents.symbols import Symbol, modules

WIDTH, HEIGHT = 640, 480
DESK, CARD, DARK = 150, 235, 30  # levels of grey


def video(path: Path, text: str, symbol: Symbol = Symbol.qr) -> Path:
    """A card that lies still in front of the camera; without a text, the desk alone."""
    rows = modules(text, symbol) if text else []
    side = HEIGHT * 4 // 5 // (len(rows) + 8) if rows else 0
    size = side * (len(rows) + 8)
    left, top = (WIDTH - size) // 2, (HEIGHT - size) // 2
    plane = bytearray([DESK]) * (WIDTH * HEIGHT)
    for y in range(size):
        row = _row(rows, y // side - 4, side)
        plane[(top + y) * WIDTH + left : (top + y) * WIDTH + left + size] = row
    frame = b"FRAME\n" + bytes(plane) + bytes([128]) * (WIDTH * HEIGHT // 2)
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420mpeg2\n".encode() + frame * 3)
    return path


def _row(rows: list[list[bool]], number: int, side: int) -> bytes:
    """One line of pixels across the card, with four squares of white on each side of the code."""
    dark = rows[number] if 0 <= number < len(rows) else [False] * len(rows)
    padded = [False] * 4 + dark + [False] * 4
    return b"".join(bytes([DARK if each else CARD]) * side for each in padded)
