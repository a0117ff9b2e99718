"""What insurers send: rights files that read back to the country's people, and guarantee tables without fault."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

from rempart.domain.rights import RightsLine
from rempart.formats.guarantee_table import read
from rempart.formats.rights_file import Body, Header, LineFault, parse_line, read_header, verify
from rempart.simulation.country import Country
from rempart.simulation.guarantees import table_toml, write_tables
from rempart.simulation.rights import (
    BAD_LINES,
    RightsFile,
    closes_in_delta,
    full_line,
    raw_lines,
    write_delta,
    write_full,
)
from rempart.simulation.truth import identifiers

DAY = date(2026, 11, 22)
COUNTRY = Country(7, 2_000)


def _lines(country: Country, file: RightsFile) -> list[object]:
    """Every line of a file as the format reads it, signature and hashes checked."""
    head, _, body = file.path.read_bytes().partition(b"\n")
    insurer = next(each for each in country.insurers if each.number == file.insurer)
    header = read_header(head)
    assert isinstance(header, Header)
    assert verify(header, insurer.signing_public)
    reader = Body(header)
    blocks = [*reader.feed(body), *reader.rest()]
    assert reader.finish() is None
    raw = [line for block in blocks for line in block]
    return [parse_line(line, place, insurer.rule, delta=file.kind == "delta") for place, line in enumerate(raw, 2)]


def test_full_files_hold_everybody_as_the_country_has_them(tmp_path: Path) -> None:
    """Read back, each line is its person's keys and coverage, without a warning; only planted lines are rejected."""
    files = write_full(COUNTRY, tmp_path, DAY, bad=9)
    found = [line for file in files for line in _lines(COUNTRY, file)]
    faults = Counter(line.code for line in found if isinstance(line, LineFault))
    assert faults == Counter(BAD_LINES[place % len(BAD_LINES)][0] for place in range(9))
    good = [line for line in found if isinstance(line, RightsLine)]
    assert len(good) == COUNTRY.people
    for line in good:
        person = COUNTRY.person(int(line.reference[1:]))
        assert (line.keys, line.coverage, line.warnings) == (person.keys, COUNTRY.coverage(person), ())
    assert sum(file.bad for file in files) == 9
    assert sum(file.lines for file in files) == COUNTRY.people + 9
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(file.path.name for file in files)


def test_the_same_country_writes_the_same_bytes(tmp_path: Path) -> None:
    """Two runs of one seed give identical signed files."""
    first = write_full(COUNTRY, tmp_path / "a", DAY)
    second = write_full(Country(7, 2_000), tmp_path / "b", DAY)
    assert [file.path.read_bytes() for file in first] == [file.path.read_bytes() for file in second]


def test_fast_lines_are_the_formats_own() -> None:
    """The templates give byte for byte what the format writes."""
    lines = raw_lines(COUNTRY)
    for person in COUNTRY.everyone():
        assert next(lines) == (person.insurer, full_line(COUNTRY, person))


def test_a_part_of_the_lines_is_made_alone() -> None:
    """Families can be shared out among processes: parts put together are the whole."""
    parts = [*raw_lines(COUNTRY, 0, 300), *raw_lines(COUNTRY, 300)]
    assert parts == list(raw_lines(COUNTRY))


def test_deltas_close_whom_they_say(tmp_path: Path) -> None:
    """A delta's closures are the people that the ground truth names, announced in its header."""
    files = write_delta(COUNTRY, tmp_path, DAY)
    closed = [line for file in files for line in _lines(COUNTRY, file) if not isinstance(line, RightsLine)]
    assert {line.reference for line in closed} == {  # type: ignore[attr-defined]  # closures: faults would have no reference
        person.reference for person in COUNTRY.everyone() if closes_in_delta(COUNTRY, person)
    }
    assert closed


def test_every_guarantee_table_is_without_fault(tmp_path: Path) -> None:
    """The format reads each insurer's table and finds a formula for every open domain of its people."""
    assert len(write_tables(COUNTRY, tmp_path)) == 84
    tables = {insurer.index: read(table_toml(insurer, date(2024, 1, 1))) for insurer in COUNTRY.insurers}
    assert [reading.faults for reading in tables.values()] == [()] * 84
    for person in COUNTRY.everyone():
        coverage, table = COUNTRY.coverage(person), tables[person.insurer].table
        assert table is not None
        for period in coverage.periods:
            assert not isinstance(table.formula(coverage.product, coverage.level, period.domain, DAY), str)


def test_identifiers_name_everything_seeded() -> None:
    """All five kinds are there, every NIR of every person among them, and no name is made of digits or short."""
    found = list(identifiers(COUNTRY))
    assert {kind for kind, _ in found} == {"nir", "name", "birth", "member", "iban"}
    nirs = {text for kind, text in found if kind == "nir"}
    assert {way[1] for person in COUNTRY.everyone() for way in person.ways if way[1]} == nirs
    assert all(len(text) >= 10 and text.isalpha() for kind, text in found if kind == "name")
