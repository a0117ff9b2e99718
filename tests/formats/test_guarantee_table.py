"""Guarantee tables in TOML: samples right and wrong, positions, schema, hostile input."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.domain.guarantee import KINDS, Formula, GuaranteeTable
from rempart.domain.rights import DOMAINS
from rempart.formats.guarantee_table import MAX_BYTES, MAX_LINE, TableFault, positions, read

DOCS = Path(__file__).parents[2] / "docs" / "formats"
GOOD = sorted((DOCS / "guarantee-table").glob("good-*.toml"))
BAD = sorted((DOCS / "guarantee-table").glob("bad-*.toml"))
SCHEMA = json.loads((DOCS / "guarantee-table.schema.json").read_text(encoding="utf-8"))
BEYOND_SCHEMA = {
    "bad-allowance-unknown",
    "bad-dates-overlap",
    "bad-dates-reversed",
    "bad-network-dates-reversed",
    "bad-date-not-date",
}  # JSON has no dates


def promised(path: Path) -> TableFault:
    """What the first line of a bad sample says: `# expects: line key code`, `-` for no key."""
    line, key, code = path.read_text(encoding="utf-8").split("\n")[0].removeprefix("# expects: ").split(" ")
    return TableFault(int(line), "" if key == "-" else key, code)


def as_json(text: str) -> Any:
    return json.loads(json.dumps(tomllib.loads(text), default=str))


def test_samples_are_there() -> None:
    """There are good samples and one bad one per way to be wrong."""
    assert len(GOOD) >= 3
    assert len(BAD) >= 20


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_sample_is_read(path: Path) -> None:
    """A good sample gives a table, no fault, and fits the schema."""
    reading = read(path.read_bytes())
    assert isinstance(reading.table, GuaranteeTable)
    assert reading.faults == ()
    jsonschema.validate(as_json(path.read_text(encoding="utf-8")), SCHEMA)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_sample_names_its_line_key_and_code(path: Path) -> None:
    """A bad sample gives no table and exactly the one fault it promises, on its line."""
    reading = read(path.read_bytes())
    assert reading.table is None
    assert reading.faults == (promised(path),)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_schema_sees_what_a_schema_can(path: Path) -> None:
    """The schema refuses each bad sample too, but for dates and for what is no TOML."""
    fault = promised(path)
    if fault.code == "toml-syntax":
        with pytest.raises(tomllib.TOMLDecodeError):
            tomllib.loads(path.read_text(encoding="utf-8"))
        return
    valid = jsonschema.Draft202012Validator(SCHEMA).is_valid(as_json(path.read_text(encoding="utf-8")))
    assert valid == (path.stem in BEYOND_SCHEMA)


def test_full_sample_says_what_it_says() -> None:
    """Formulas of the full sample come out as written, by date and level, in both forms of TOML."""
    table = read((DOCS / "guarantee-table" / "good-full.toml").read_bytes()).table
    assert table is not None
    assert table.insurer == "0012345678"
    assert table.formula("CONFORT", "2", "MED", date(2025, 6, 1)) == Formula("percent-including-amo", percent=100)
    assert table.formula("CONFORT", "2", "MED", date(2026, 6, 1)) == Formula("percent-including-amo", percent=150)
    assert table.formula("CONFORT", "3", "MED", date(2026, 6, 1)) == Formula("percent-including-amo", percent=200)
    assert table.formula("CONFORT", "2", "OPTI", date(2026, 6, 1)) == Formula("amount-per-line", amount=15_000)
    assert table.formula("CONFORT", "2", "PHAR", date(2026, 6, 1)) == Formula("ticket-moderateur", except_rates=(15,))


def test_gap_between_versions_is_a_warning() -> None:
    """Days without a version are reported and the table is used."""
    reading = read((DOCS / "guarantee-table" / "good-gap.toml").read_bytes())
    assert reading.table is not None
    assert [(warning.line, warning.code) for warning in reading.warnings] == [(13, "dates-gap")]


def test_all_faults_are_told_at_once_in_line_order() -> None:
    """A file with several faults gets one report with all of them."""
    text = (DOCS / "guarantee-table" / "good-simple.toml").read_text(encoding="utf-8")
    wrong = text.replace("0012345678", "12").replace('"ticket-moderateur"', '"tm"').replace("100", "0")
    faults = read(wrong.encode()).faults
    assert [fault.code for fault in faults] == ["insurer-malformed", "kind-unknown", "percent-out-of-range"]
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)


def test_faults_name_no_value() -> None:
    """No fault repeats what the file said where a value was expected."""
    text = (DOCS / "guarantee-table" / "good-simple.toml").read_text(encoding="utf-8")
    wrong = text.replace("0012345678", "SECRET-VALUE").replace('"ticket-moderateur"', '"SECRET-VALUE"')
    assert "SECRET" not in repr(read(wrong.encode()))


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", TableFault(1, "format", "key-missing")),
        (b"a = 1\n\xff", TableFault(2, "", "not-utf8")),
        (b"a = " + b"[" * 3000, TableFault(1, "", "toml-too-deep")),
        (b"#" * (MAX_LINE + 1), TableFault(1, "", "line-too-long")),
        (b"\n" * (MAX_BYTES + 1), TableFault(1, "", "file-too-large")),
        (b'format = "x', TableFault(1, "", "toml-syntax")),
    ],
)
def test_hostile_bytes_are_refused(data: bytes, fault: TableFault) -> None:
    """Empty, binary, deep, long and broken files are refused with their own code."""
    assert read(data).faults[0] == fault


def test_positions_ignore_comments_strings_and_windows_line_ends() -> None:
    """Keys in comments and strings are not keys; quoted and dotted keys are placed."""
    text = '# a = 1\r\nb = "c = 2"\r\n["quoted key"]\r\nd.e = { f = 1, "g" = 2 }\r\n'
    text += 'h = """\nfoo = 1\n"""\n[[x]]\n[[x]]\ny = 1\n'
    found = positions(text)
    assert found["b",] == 2
    assert found["quoted key", "d", "e", "f"] == 4
    assert found["quoted key", "d", "e", "g"] == 4
    assert found["x", 0] == 8
    assert found["x", 1, "y"] == 10
    assert not any("a" in path or "c" in path or "foo" in path for path in found)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No bytes make the reader fail; no table without products comes out."""
    reading = read(data)
    assert reading.table is None
    assert reading.faults


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutated_table_is_read_or_refused_with_a_place(data: st.DataObject) -> None:
    """A sample with some characters changed is either whole or refused with a line inside the file."""
    text = (DOCS / "guarantee-table" / "good-full.toml").read_text(encoding="utf-8")
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.text(max_size=4)) + text[at + data.draw(st.integers(0, 12)) :]
    reading = read(changed.encode())
    assert (reading.table is None) == bool(reading.faults)
    assert all(1 <= fault.line <= changed.count("\n") + 1 for fault in reading.faults)


@given(st.sampled_from(sorted(KINDS)), st.sampled_from(DOMAINS), st.integers(1, 1000))
def test_written_formula_is_read_back(kind: str, domain: str, figure: int) -> None:
    """Each kind of formula, written for any domain, is read as the formula it says."""
    own = f", percent = {figure}" if kind.startswith("percent") else ""
    own = f', amount = "{figure},50"' if kind.startswith("amount") else own
    head = 'format = "rempart-guarantees/1"\ninsurer = "0012345678"\n'
    head += '[[product]]\ncode = "P"\nlevel = "1"\nfrom = 2026-01-01\n'
    text = head + f'[product.formulas]\n{domain} = {{ kind = "{kind}"{own} }}\n'
    table = read(text.encode()).table
    assert table is not None
    formula = table.formula("P", "1", domain, date(2026, 1, 1))
    assert isinstance(formula, Formula)
    assert formula.kind == kind
    assert formula.percent == (figure if kind.startswith("percent") else 0)
    assert formula.amount == (figure * 100 + 50 if kind.startswith("amount") else 0)
