"""Cards as a PDF, one page of 85.6 × 54 mm (ISO/IEC 7810 ID-1) each: labels, name, columns, and a signed code.

Only an insurer runs this, on its own side: names are here and nowhere else. PDF/UA-1 by typst with its own fonts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec
import typst


class PrintedCard(NamedTuple):
    """What one card shows, texts as printed; `columns` are (domain, formula), `symbol` is SVG of the signed `code`."""

    name: str
    birth: str
    rank: str
    amc_number: str
    convention: str
    csr: str
    member: str
    validity: str
    product: str
    responsible: bool
    columns: tuple[tuple[str, str], ...]
    serial: str
    symbol: str
    code: str = ""

    def __repr__(self) -> str:
        return "PrintedCard(…)"


class Brand(NamedTuple):
    """Whose cards they are: name, one line of contact, and a colour `#rrggbb`."""

    name: str
    contact: str
    colour: str


def pdf(cards: Sequence[PrintedCard], brand: Brand, day: date) -> bytes:
    """The cards in their order; equal cards on an equal `day` give equal bytes."""
    made = typst.compile(
        _template(),
        format="pdf",
        sys_inputs=_inputs(cards, brand),
        pdf_standards=["ua-1"],
        timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC),
        ignore_system_fonts=True,
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave no single document")
    return made


def _inputs(cards: Sequence[PrintedCard], brand: Brand) -> dict[str, str]:
    told = {"brand": brand._asdict(), "cards": [card._asdict() for card in cards]}
    return {"told": msgspec.json.encode(told).decode()}


@cache
def _template() -> bytes:
    return files("rempart.documents").joinpath("templates", "cards.typ").read_bytes()
