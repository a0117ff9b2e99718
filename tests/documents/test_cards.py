"""Printed cards: what is on the picture scans, one page a card, the five labels, in PDF/UA."""

from __future__ import annotations

import re
import zlib
from datetime import date

import pytest
import typst
import zxingcpp

from rempart.documents import cards
from rempart.documents.cards import Brand, PrintedCard
from rempart.documents.symbols import Symbol, modules, svg
from rempart.domain.rights import DOMAINS
from rempart.formats.card import PAPER, sign_card, write_text
from support import card_samples as samples
from support.images import grey

DAY = date(2026, 12, 1)
BRAND = Brand("Mutuelle des Alpages et du Personnel des Hôpitaux", "Service adhérents 09 00 00 00 00", "#0b5d57")
TEXT = write_text(PAPER, sign_card(samples.CARD, samples.INSURER, samples.INSURER_KEY))


def printed(symbol: Symbol, name: str = "DE LA ROCHE-CASTELNEUF-MONTRAVEL Marie-Éliante") -> PrintedCard:
    columns = tuple((domain, "100" if domain in samples.DOMAINS else "") for domain in DOMAINS)
    return PrintedCard(
        name, "12/04/1985", "1", samples.INSURER, "VM", "1234", "10000001", "01/01/2026 – 31/12/2026", "CONFORT",
        responsible=True, columns=columns, serial="1234567", symbol=svg(TEXT, symbol),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("symbol", "found"),
    [(Symbol.qr, zxingcpp.BarcodeFormat.QRCode), (Symbol.datamatrix, zxingcpp.BarcodeFormat.DataMatrix)],
)
def test_what_is_printed_scans(symbol: Symbol, found: zxingcpp.BarcodeFormat) -> None:
    """The page as a picture of 150 dots an inch gives back the signed text, whichever code was asked for."""
    picture = typst.compile(
        cards._template(), format="png", ppi=150, sys_inputs=cards._inputs([printed(symbol)], BRAND),
        ignore_system_fonts=True,
    )  # fmt: skip
    assert isinstance(picture, bytes)
    (code,) = zxingcpp.read_barcodes(grey(picture))
    assert (code.format, code.text) == (found, TEXT)


def test_symbols_are_small_enough_to_print() -> None:
    """A usual card is a QR code of version 9 at level M, or a DataMatrix of at most 52: above 0.4 mm each."""
    assert len(modules(TEXT, Symbol.qr)) == 53
    assert len(modules(TEXT, Symbol.datamatrix)) <= 52


def test_the_picture_of_a_symbol_has_its_squares_and_its_quiet_zone() -> None:
    """The strokes cover exactly the dark squares."""
    drawn = svg(TEXT, Symbol.qr)
    size = int(re.findall(r"viewBox=\"0 0 (\d+)", drawn)[0])
    dark = {
        (int(x) + step, int(y))
        for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", drawn)
        for step in range(int(length))
    }
    rows = modules(TEXT, Symbol.qr)
    assert dark == {(x + 4, y + 4) for y, row in enumerate(rows) for x, on in enumerate(row) if on}
    assert size == len(rows) + 8


def test_one_card_takes_one_page_however_long_its_names() -> None:
    """Of 85.6 × 54 mm, tagged for screen readers, in French; equal cards give equal bytes."""
    longest = "W" * 40 + " " + "M" * 29
    made = cards.pdf([printed(Symbol.qr), printed(Symbol.datamatrix, longest)], BRAND, DAY)
    assert made == cards.pdf([printed(Symbol.qr), printed(Symbol.datamatrix, longest)], BRAND, DAY)
    plain = made + b"".join(_streams(made))
    boxes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", plain)
    assert [(round(float(width) / 72 * 25.4, 1), round(float(height) / 72 * 25.4, 1)) for width, height in boxes] == [
        (85.6, 54.0),
        (85.6, 54.0),
    ]
    assert b"pdfuaid" in plain
    assert b"/Lang(fr-FR)" in plain.replace(b"/Lang (", b"/Lang(")
    assert "10000001" not in repr(printed(Symbol.qr))


def _streams(made: bytes) -> list[bytes]:
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", made, re.DOTALL):
        try:
            found.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return found
