"""QR codes and DataMatrix as SVG, by zxing-cpp (extra `cards`): one path, so that a printer may scale it at will."""

from __future__ import annotations

from enum import StrEnum
from typing import cast

import zxingcpp

QUIET = 4  # modules of white around a QR code (ISO/IEC 18004); a DataMatrix needs one, and gets two
CORRECTION = "M"  # about 15 % of a QR code may be lost: a thumb's scratch


class Symbol(StrEnum):
    """Which code is printed; both hold the same text."""

    qr = "qr"
    datamatrix = "datamatrix"


def modules(text: str, symbol: Symbol) -> list[list[bool]]:
    """The symbol's squares, rows from the top, True where dark, without quiet zone."""
    if symbol is Symbol.qr:
        made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level=CORRECTION)
    else:
        made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)
    image = zxingcpp.write_barcode_to_image(made, scale=1, add_quiet_zones=False)
    levels = memoryview(cast("bytes", image)).tobytes()  # it is a buffer, which its type does not say
    side = int(image.shape[1])
    return [[level == 0 for level in levels[start : start + side]] for start in range(0, len(levels), side)]


def svg(text: str, symbol: Symbol) -> str:
    """The symbol with its quiet zone; dark squares that touch in a row are one stroke."""
    rows, quiet = modules(text, symbol), QUIET if symbol is Symbol.qr else 2
    strokes = "".join(
        f"M{start + quiet} {number + quiet}h{length}v1h-{length}z"
        for number, row in enumerate(rows)
        for start, length in _runs(row)
    )
    size = len(rows) + 2 * quiet
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{strokes}"/></svg>'


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for place, dark in enumerate(row):
        if dark and found and sum(found[-1]) == place:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((place, 1))
    return found
