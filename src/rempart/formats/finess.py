"""FINESS, "Extraction du fichier des établissements" (`etalab-cs1100502-stock-….csv`): places, read as a stream.

Source: data.gouv.fr, "FINESS Extraction du Fichier des établissements" (DREES, Licence ouverte), file of 12 May 2026: a
first line `finess;etalab;<version>;<date>`, then lines `structureet;…` of 32 columns without a header, and in the file
with coordinates lines `geolocalisation;…`. Read: columns 1 (nofinesset), 12 (commune), 13 (departement), 18 (categetab)
and 22 (siret). Left out: names, addresses, telephones, legal entities, dates, authorisations. The national register of
2026 ("FINESS+") has another model, which is not read.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO

from rempart.domain.directory import LineFault, Listed
from rempart.domain.identifiers import Fault, parse_finess

MAX_LINE = 8_192  # bytes
COLUMNS = 31  # at least: the last, numuai, came later
PLACE = "structureet"
_LETTERS = "ABCDEF"
"""Overseas departments are 9A Guadeloupe, 9B, 9C, 9D La Réunion, 9E, 9F Mayotte: their communes begin by 97."""


def as_of(first_line: bytes) -> date | None:
    """The day that the file says it was made; None when its first line is no FINESS extraction's."""
    parts = first_line.decode("latin-1").strip().split(";")
    if len(parts) < 4 or parts[:2] != ["finess", "etalab"]:
        return None
    try:
        return date.fromisoformat(parts[3])
    except ValueError:
        return None


def read(file: BinaryIO) -> Iterator[Listed | LineFault]:
    """Every place, or why its line was not read; `file` stands after its first line.

    Codes: line-too-long, columns, finess-shape, finess-key. A line of coordinates is no fault and gives nothing.
    """
    number = 1
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            _skip(file, line)
            yield LineFault(number, "line-too-long")
        elif line.startswith(b"structureet;"):
            found = _place(line)
            yield LineFault(number, found) if isinstance(found, str) else found
        elif line.strip() and not line.startswith(b"geolocalisation;"):
            yield LineFault(number, "columns")


def _place(line: bytes) -> Listed | str:
    # Latin-1 never fails, and all that is kept is ASCII: files of both encodings are about.
    text = line.decode("latin-1").rstrip("\r\n")
    columns = text.split(";")
    if '"' in text:  # a name with a semicolon in it
        columns = next(csv.reader([text], delimiter=";"), [])
    if len(columns) < COLUMNS:
        return "columns"
    finess = parse_finess(columns[1])
    if isinstance(finess, Fault):
        return finess.code
    siret = columns[22].strip()
    return Listed(finess, siret if _digits(siret, 14) else "", _commune(columns[13], columns[12]), _three(columns[18]))


def _commune(department: str, commune: str) -> str:
    """INSEE's five characters of a department and three digits."""
    head = "97" if department[:1] == "9" and department[1:] in _LETTERS and len(department) == 2 else department
    return head + commune if len(head) == 2 and head.isalnum() and head.isascii() and _digits(commune, 3) else ""


def _three(category: str) -> str:
    return category if _digits(category, 3) else ""


def _digits(text: str, length: int) -> bool:
    return len(text) == length and text.isascii() and text.isdigit()


def _skip(file: BinaryIO, line: bytes) -> None:
    """To the end of a line that is too long, without ever holding it."""
    while line and not line.endswith(b"\n"):
        line = file.readline(MAX_LINE)
