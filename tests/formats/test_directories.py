"""Public directories are read for places alone, as streams, and a bad line is one fault and not the end."""

from __future__ import annotations

import io
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.directory import LineFault, Listed
from rempart.formats import annuaire, finess

FINESS_LINE = (
    "structureet;{finess};010780054;PHARMACIE INVENTEE;;;;9;R;DE NULLE PART;;;{commune};{department};AIN;01440 VILLE;"
    "0400000000;;620;Pharmacie d'Officine;2204;Pharmacies;{siret};4773Z;01;Etablissement Tarif Libre;;;1979-02-13;"
    "1979-02-13;2020-02-04;"
)
HEADER = (
    "Type d'identifiant PP|Identifiant PP|Nom d'exercice|Code profession|Numéro SIRET site|Numéro FINESS site|"
    "Identifiant technique de la structure|Code commune (coord. Structure)|"
)


def finess_line(number: str, commune: str = "451", department: str = "01", siret: str = "12345678901234") -> bytes:
    return FINESS_LINE.format(finess=number, commune=commune, department=department, siret=siret).encode() + b"\n"


def read_finess(*lines: bytes) -> list[Listed | LineFault]:
    return list(finess.read(io.BytesIO(b"".join(lines))))


def read_annuaire(*lines: str) -> list[Listed | LineFault | None]:
    header = annuaire.read_header(HEADER.encode())
    assert header is not None
    return list(annuaire.read(io.BytesIO("\n".join(lines).encode()), header))


def test_a_finess_line_gives_a_place_and_no_name() -> None:
    """Number, SIRET, INSEE commune, category: overseas departments too, and a name with a semicolon in quotes."""
    metropolitan = finess_line("751234568")
    overseas = finess_line("970499992", "411", "9D", "")
    quoted = metropolitan.replace(b"PHARMACIE INVENTEE", b'"PHARMACIE; ""INVENTEE"""')
    assert read_finess(metropolitan, overseas, quoted) == [
        Listed("751234568", "12345678901234", "01451", "620"),
        Listed("970499992", "", "97411", "620"),
        Listed("751234568", "12345678901234", "01451", "620"),
    ]


def test_coordinates_are_passed_over_and_bad_lines_are_told_by_number() -> None:
    """A wrong key, too few columns, a line without end: one fault each; what follows is read."""
    long = b"structureet;" + b"x" * 20_000 + b"\n"
    found = read_finess(
        finess_line("751234569"), b"geolocalisation;751234568;1;2;x;2026-01-01\n", b"structureet;751234568;x\n", long,
        b"\n", b"other;1\n", finess_line("751234568"),
    )  # fmt: skip
    assert found == [
        LineFault(2, "finess-key"), LineFault(4, "columns"), LineFault(5, "line-too-long"), LineFault(7, "columns"),
        Listed("751234568", "12345678901234", "01451", "620"),
    ]  # fmt: skip


def test_the_file_says_of_which_day_it_is() -> None:
    """The first line, or nothing: another file is not taken for one of these."""
    assert finess.as_of(b"finess;etalab;111;2026-05-12\n") == date(2026, 5, 12)
    for other in (b"", b"finess;etalab;111\n", b"finess;other;1;2026-05-12\n", b"finess;etalab;1;12/05/2026\n"):
        assert finess.as_of(other) is None


def test_an_annuaire_line_gives_the_place_and_never_the_person() -> None:
    """FINESS before SIRET; a practice that only its technical identifier names is no place: that holds an RPPS."""
    found = read_annuaire(
        "8|10000000001|INVENTEE|21|12345678901234|751234568|R10001|75101|",
        "8|10000000002|INVENTE|60|12345678901234||R10002|75101|",
        "8|10000000003|INVENTE|60|||410000000030000|75101|",
        "8|10000000004|INVENTE|60||751234569||75101|",
        "8|10000000005|INVENTE|60|123|||75101|",
        "8|10000000005|INVENTE",
    )
    assert found == [
        Listed("751234568", "12345678901234", "75101", "21"),
        Listed("12345678901234", "12345678901234", "75101", "60"),
        None,
        LineFault(5, "finess-key"), LineFault(6, "siret-shape"), LineFault(7, "columns"),
    ]  # fmt: skip
    assert "1000000000" not in repr(found)
    assert "INVENT" not in repr(found)


def test_columns_are_found_by_name() -> None:
    """Whatever their order; without one of them, or with one twice, it is not this file."""
    assert annuaire.read_header(("\ufeff" + HEADER).encode()) == annuaire.read_header(HEADER.encode())
    moved = annuaire.read_header("|".join(reversed(HEADER.split("|"))).encode())
    assert moved is not None
    assert moved.finess == 3
    assert annuaire.read_header(HEADER.replace("Numéro FINESS site", "FINESS").encode()) is None
    assert annuaire.read_header((HEADER + "Code profession|").encode()) is None
    assert annuaire.read_header(HEADER.encode("latin-1")) is None


@given(st.binary(max_size=400))
def test_no_bytes_break_either_reader(content: bytes) -> None:
    """Anything gives places or faults; a place always has a number of 9 or 14 characters."""
    header = annuaire.read_header(HEADER.encode())
    assert header is not None
    found = [*finess.read(io.BytesIO(b"structureet;" + content)), *annuaire.read(io.BytesIO(content), header)]
    assert all(len(each.place) in (9, 14) for each in found if isinstance(each, Listed))
