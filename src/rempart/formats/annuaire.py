"""The "Annuaire Santé" in open access, `PS_LibreAcces_Personne_activite_….txt`: the places where professionals work.

Source: Agence du numérique en santé, annuaire.sante.fr and data.gouv.fr ("Annuaire santé : extractions en libre accès",
Licence ouverte), layout read 22 November 2026: UTF-8, one header, columns parted by `|`, one line a professional and
activity. Columns are found by their names, for their order has changed. Read: profession, SIRET and FINESS of the
place, its commune. Left out, never read: who it is (RPPS number, names, telephones, addresses), know-how, and the
technical identifier of a practice, which holds its founder's RPPS number: such a practice is no place here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from rempart.domain.directory import LineFault, Listed
from rempart.domain.identifiers import Fault, parse_finess

MAX_LINE = 16_384  # bytes
NAMES = ("code profession", "numéro siret site", "numéro finess site", "code commune (coord. structure)")


class Header(NamedTuple):
    """Where the four columns are, in the order of `NAMES`, and how many there are."""

    profession: int
    siret: int
    finess: int
    commune: int
    columns: int


def read_header(line: bytes) -> Header | None:
    """The columns of a file by its first line; None when one of the four is missing or named twice."""
    try:
        names = [name.strip().casefold() for name in line.decode("utf-8-sig").split("|")]
    except UnicodeDecodeError:
        return None
    if any(names.count(name) != 1 for name in NAMES):
        return None
    profession, siret, finess, commune = (names.index(name) for name in NAMES)
    return Header(profession, siret, finess, commune, len(names))


def read(file: BinaryIO, header: Header) -> Iterator[Listed | LineFault | None]:
    """The place of every line; None where a line names none, or why it was not read. `file` stands after its header.

    Codes: line-too-long, columns, finess-shape, finess-key, siret-shape.
    """
    number = 1
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE)
            yield LineFault(number, "line-too-long")
        elif line.strip():
            found = _place(line.rstrip(b"\r\n").split(b"|"), header)
            yield LineFault(number, found) if isinstance(found, str) else found


def _place(columns: list[bytes], header: Header) -> Listed | str | None:
    # The header may end by a bar that lines lack, or the reverse.
    if not header.columns - 1 <= len(columns) <= header.columns + 1:
        return "columns"
    finess, siret = columns[header.finess].strip(), columns[header.siret].strip()
    if not finess and not siret:
        return None
    if siret and not (len(siret) == 14 and siret.isdigit()):
        return "siret-shape"
    place = parse_finess(finess.decode("ascii", "replace")) if finess else siret.decode()
    if isinstance(place, Fault):
        return place.code
    commune, profession = columns[header.commune].strip(), columns[header.profession].strip()
    return Listed(
        place, siret.decode(), commune.decode("ascii", "replace") if len(commune) == 5 and commune.isalnum() else "",
        profession.decode() if len(profession) == 2 and profession.isdigit() else "",
    )  # fmt: skip
