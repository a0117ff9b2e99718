"""Each sample of the documentation is read and gives exactly the faults that are declared beside it."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from rempart.domain.member import ANY_MEMBER
from rempart.formats.rights_file import Body, FileFault, LineFault, parse_line, read_header, verify
from rempart.formats.rights_file.sentences import SENTENCES

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "formats" / "samples" / "rights"
EXPECTED: dict[str, dict[str, Any]] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
SCHEMA = json.loads((ROOT / "docs" / "formats" / "rights-file.schema.json").read_text(encoding="utf-8"))
PUBLIC = bytes.fromhex((FOLDER / "insurer.pub").read_text(encoding="ascii"))
UNSEEN_BY_SCHEMA = {  # what a schema cannot say: sums, keys, order, and how often something may be in all
    "line-too-long",
    "keys-repeated",
    "nir-key",
    "birth-century",
    "date-range",
    "dates-reversed",
    "periods-too-many",
    "periods-overlap",
    "date-invalid",
}


def read(content: bytes) -> tuple[str, list[list[object]]]:
    """The file's fault code or "", and the faults of its lines, as the hub would find them."""
    first, _, body = content.partition(b"\n")
    header = read_header(first)
    if isinstance(header, FileFault):
        return header.code, []
    if not verify(header, PUBLIC):
        return "signature-differs", []
    reader, lines = Body(header), list[bytes]()
    for blocks in (reader.feed(body), reader.rest()):
        for block in blocks:
            lines += block
    fault = reader.finish()
    if fault is not None:
        return fault.code, []
    found = (parse_line(raw, number, ANY_MEMBER, delta=header.kind == "delta") for number, raw in enumerate(lines, 2))
    return "", [[fault.line, fault.field, fault.code] for fault in found if isinstance(fault, LineFault)]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_sample_gives_exactly_its_declared_faults(name: str) -> None:
    """What expected.json says of a sample is what reading it finds."""
    file, lines = read((FOLDER / f"{name}.rights").read_bytes())
    assert {"file": file, "lines": lines} == EXPECTED[name]


def test_every_code_has_its_sentence_and_its_sample() -> None:
    """A code without a sentence cannot be explained, a sentence without a sample is not known to be reached."""
    reached = {entry["file"] for entry in EXPECTED.values()} - {""}
    reached |= {code for entry in EXPECTED.values() for _, _, code in entry["lines"]}
    elsewhere = {code for code in SENTENCES if code.startswith("envelope-") or code.endswith(("-unknown", "-zero"))}
    assert reached - set(SENTENCES) == set()
    assert set(SENTENCES) - reached - elsewhere == {"header-too-long"}


def test_every_sample_is_declared() -> None:
    """No file lies in the folder without its expectation."""
    assert {path.stem for path in FOLDER.glob("*.rights")} == set(EXPECTED)


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_rights_samples", ROOT / "scripts" / "make_rights_samples.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_rights_samples"] = module
    spec.loader.exec_module(module)
    return module


def test_the_script_writes_these_samples() -> None:
    """Samples that are not compressed come out of the script byte for byte; compressed ones may differ by library."""
    compressed = ("gzip", "zstd", "compression")
    for name, sample in script().samples().items():
        assert {"file": sample.file, "lines": [list(fault) for fault in sample.lines]} == EXPECTED[name]
        if not any(word in name for word in compressed):
            assert sample.content == (FOLDER / f"{name}.rights").read_bytes(), name


def lines_of(name: str) -> list[bytes]:
    return (FOLDER / f"{name}.rights").read_bytes().split(b"\n")[:-1]


@pytest.mark.parametrize("name", [n for n in sorted(EXPECTED) if n.startswith("good") and "-full-" not in n])
def test_the_schema_accepts_good_samples(name: str) -> None:
    """The JSON Schema and the reader agree on what is right."""
    header, *lines = [json.loads(line) for line in lines_of(name)]
    validator("header").validate(header)
    for line in lines:
        validator("deltaLine" if header["kind"] == "delta" else "fullLine").validate(line)


@pytest.mark.parametrize("name", [n for n in sorted(EXPECTED) if EXPECTED[n]["lines"]])
def test_the_schema_refuses_what_a_schema_can_see(name: str) -> None:
    """The JSON Schema refuses the wrong line of a sample, but for what no schema can express."""
    code = name.removeprefix("wrong-")
    raw = lines_of(name)[EXPECTED[name]["lines"][0][0] - 1]
    try:
        line = json.loads(raw)
    except ValueError:
        assert code in {"json-malformed", "line-empty"}
        return
    accepted = validator("deltaLine" if name == "wrong-delta" else "fullLine").is_valid(line)
    assert accepted == (code in UNSEEN_BY_SCHEMA | {"key-dates-reversed"})


def validator(part: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({"$ref": f"#/$defs/{part}", "$defs": SCHEMA["$defs"]})


def test_the_page_tells_every_code() -> None:
    """The documentation's table of codes is that of the program, word for word."""
    page = (ROOT / "docs" / "formats" / "rights-file.md").read_text(encoding="utf-8")
    for code, sentence in SENTENCES.items():
        assert f"| `{code}` | {sentence} |\n" in page


def test_the_page_s_example_is_a_right_line() -> None:
    """The line shown in the documentation is read without fault."""
    page = (ROOT / "docs" / "formats" / "rights-file.md").read_text(encoding="utf-8")
    example = json.loads(page.split("```json\n")[1].split("```")[0])
    assert not isinstance(parse_line(json.dumps(example).encode(), 2, ANY_MEMBER), LineFault)
    validator("fullLine").validate(example)
