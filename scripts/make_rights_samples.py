# ruff: noqa: INP001 - a script, run by its path; it belongs to no package
"""Writes docs/formats/samples/rights/: good rights files, and one for each way to be wrong, with the faults of each.

Everybody in them is invented, and the keys are made from published words: they prove nothing.
Run: python scripts/make_rights_samples.py
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.domain.identifiers import nir_key
from rempart.formats.rights_file import Draft, Expected, FileFault, header_line, read_header, sign, write_body

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "formats" / "samples" / "rights"
KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"rempart sample insurer").digest())
OTHER = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"rempart sample stranger").digest())
DRAFT = Draft("0000000123", "full", 7, "2026-01-02T03:04:05Z", "none")
DELTA = dataclasses.replace(DRAFT, kind="delta", sequence=8)

Faults = list[tuple[int, str, str]]
Edit = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Sample:
    """A file's bytes and what reading it must find: the file's fault code, or "" and the faults of its lines."""

    content: bytes
    file: str = ""
    lines: tuple[tuple[int, str, str], ...] = ()


def person(number: int) -> dict[str, Any]:
    """An invented insured person of a family product, with a valid NIR."""
    nir = f"{1 + number % 2}85{1 + number % 12:02d}75{100 + number:03d}{number:03d}"
    return {
        "ref": f"SAMPLE-{number:04d}",
        "keys": [{"member": f"{10000000 + number}", "nir": nir, "birth": f"85{1 + number % 12:02d}15", "rank": "1"}],
        "coverage": {
            "rank": 1,
            "product": "FAMILLE",
            "level": "2",
            "kind": "responsible",
            "periods": [period("2026-01-01", "2026-12-31", PHAR="100", MED="100", OPTI="PEC", HOSP="PEC")],
        },
    }


def period(start: str, end: str, **domains: str) -> dict[str, Any]:
    """One span of dates with a formula per domain."""
    return {"from": start, "to": end, "domains": domains}


def raw(line: dict[str, Any]) -> bytes:
    """A line as JSON."""
    return json.dumps(line, separators=(",", ":")).encode()


def built(draft: Draft, lines: list[bytes], *, key: Ed25519PrivateKey = KEY) -> tuple[bytes, bytes]:
    """Header line and body, signed."""
    body = io.BytesIO()
    header = sign(write_body(body, draft, lines), key)
    return header_line(header), body.getvalue()


def people(count: int = 3) -> list[bytes]:
    """That many good lines of a full file."""
    return [raw(person(number)) for number in range(1, count + 1)]


def good() -> dict[str, Sample]:
    """Files without a fault."""
    corsica, waiting, twins, aliases = person(1), person(2), [person(3), person(3)], person(4)
    corsica["keys"][0]["nir"] = "185052A004012"
    corsica["keys"].append(
        {**corsica["keys"][0], "nir": "285052B004012" + nir_key("285052B004012"), "birth": "1985-05-12"}
    )
    waiting["keys"] = [
        {**waiting["keys"][0], "nir": nir} for nir in ("3230759350123", "7990799352001", "8850599123456")
    ]
    waiting["keys"].append({**waiting["keys"][0], "nir": None, "birth": "19711399"})
    for rank, twin in enumerate(twins, start=1):
        twin["ref"] = f"TWIN-{rank}"
        twin["keys"][0].update(rank=str(rank), birth="250301")
    aliases["keys"].append({**aliases["keys"][0], "member": "OLD7", "to": "2026-03-31"})
    aliases["keys"].append({**aliases["keys"][0], "nir": "2990775204005", "from": "2026-02-01"})
    aliases["coverage"]["last_equipment"] = [{"equipment": "OPTI", "date": "2025-02-11"}]
    aliases["coverage"]["periods"].append(period("2025-01-01", "2025-12-31", PHAR="100"))
    parent = person(7)
    parent["coverage"]["newborns"] = True
    carded = person(8)
    carded["keys"][0]["card"] = "AAECAwQFBgcICQoLDA0ODw"
    carded["keys"].append({**carded["keys"][0], "nir": None, "card": "Dw4NDAsKCQgHBgUEAwIBAA", "to": "2026-06-30"})
    put, close = {"op": "put", **person(5)}, {"op": "close", "ref": "SAMPLE-0006", "date": "2026-01-31"}
    expected = dataclasses.replace(DRAFT, expected=Expected(opened=3, closed=0, changed=0))
    files = {
        "good-full": built(expected, people()),
        "good-full-empty": built(DRAFT, []),
        "good-full-gzip": built(dataclasses.replace(DRAFT, compression="gzip"), people()),
        "good-full-zstd": built(dataclasses.replace(DRAFT, compression="zstd"), people()),
        "good-delta": built(DELTA, [raw(put), raw(close)]),
        "good-corsica-and-waiting-numbers": built(DRAFT, [raw(corsica), raw(waiting)]),
        "good-twins": built(DRAFT, [raw(twin) for twin in twins]),
        "good-several-keys": built(DRAFT, [raw(aliases)]),
        "good-newborns": built(DRAFT, [raw(parent)]),
        "good-cards": built(DRAFT, [raw(carded)]),
    }
    return {name: Sample(header + body) for name, (header, body) in files.items()}


def wrong_files() -> dict[str, Sample]:
    """Files refused as a whole."""
    header, body = built(DRAFT, people())
    gzip_header, gzip_body = built(dataclasses.replace(DRAFT, compression="gzip"), people())
    empty_header, _ = built(DRAFT, [])
    found = {
        "header-json-malformed": header[:-2] + b"\n" + body,
        "header-field-missing": edited(header, lambda fields: fields.pop("sequence")) + body,
        "header-field-unknown": edited(header, lambda fields: fields.update(note="")) + body,
        "header-field-invalid": edited(header, lambda fields: fields.update(insurer="123")) + body,
        "format-unknown": edited(header, lambda fields: fields.update(format="rempart-rights/2")) + body,
        "signature-differs": edited(header, lambda fields: fields.update(sequence=8)) + body,
        "signature-differs-other-key": b"".join(built(DRAFT, people(), key=OTHER)),
        "chunk-differs": header + body.replace(b"FAMILLE", b"FAMILLY", 1),
        "chunk-missing": header,
        "chunk-unannounced": empty_header + body,
        "compression-malformed": resigned(gzip_header, body),
        "compression-ratio": b"".join(built(dataclasses.replace(DRAFT, compression="zstd"), [b" " * 50_000_000])),
        "compression-trailing": resigned(gzip_header, gzip_body + gzip_body),
        "compression-truncated": resigned(gzip_header, gzip_body[:-9]),
        "count-differs-fewer": resigned(header, body, count=4),
        "count-differs-more": resigned(header, body, count=2),
    }
    codes = {"signature-differs-other-key": "signature-differs"} | dict.fromkeys(
        ("count-differs-fewer", "count-differs-more"), "count-differs"
    )
    return {f"wrong-{name}": Sample(content, file=codes.get(name, name)) for name, content in found.items()}


def edited(header: bytes, edit: Edit | Callable[[dict[str, Any]], object]) -> bytes:
    """A header changed after it was signed."""
    fields = json.loads(header)
    edit(fields)
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def resigned(header: bytes, body: bytes, *, count: int | None = None) -> bytes:
    """A body with a header that is signed for it, though the body is not what a writer would have made."""
    fields = read_header(header)
    if isinstance(fields, FileFault):
        raise TypeError("the script's own header is wrong")
    fields = msgspec.structs.replace(
        fields,
        chunks=(hashlib.sha256(body).hexdigest(),),
        count=fields.count if count is None else count,
    )
    return header_line(sign(fields, KEY)) + body


def wrong_lines() -> dict[str, Sample]:
    """Files of three lines of which the second is wrong; the two others are loaded."""
    found: dict[str, tuple[bytes, str, str]] = {
        "json-malformed": (b'{"ref":"SAMPLE-0002"', "", "json-malformed"),
        "line-empty": (b"", "", "line-empty"),
        "line-too-long": (raw(person(2)) + b" " * 16_384, "", "line-too-long"),
    }
    for name, field, code, edit in LINE_EDITS:
        line = person(2)
        edit(line)
        found[name] = (raw(line), field, code)
    samples = {}
    before, after = raw(person(1)), raw(person(3))
    for name, (wrong, field, code) in found.items():
        samples[f"wrong-{name}"] = Sample(b"".join(built(DRAFT, [before, wrong, after])), lines=((3, field, code),))
    delta = b"".join(built(DELTA, [raw(person(1)), raw({"op": "close", "ref": "A", "date": "1969-12-31"})]))
    samples["wrong-delta"] = Sample(delta, lines=((2, "op", "field-missing"), (3, "date", "date-range")))
    samples["wrong-op-in-full"] = Sample(
        b"".join(built(DRAFT, [raw({"op": "put", **person(1)})])), lines=((2, "", "field-unknown"),)
    )
    return samples


def key_edit(**fields: object) -> Edit:
    """Changes fields of the line's only key."""
    return lambda line: line["keys"][0].update(fields)


def periods_edit(*periods: dict[str, Any]) -> Edit:
    """Replaces the line's periods."""
    return lambda line: line["coverage"].update(periods=list(periods))


def line_edit(**fields: object) -> Edit:
    """Changes fields of the line itself."""
    return lambda line: line.update(fields)


def without_nir(line: dict[str, Any]) -> None:
    """Leaves out what may be null and may not be absent."""
    del line["keys"][0]["nir"]


def many_keys(line: dict[str, Any]) -> None:
    """One key more than a line may have."""
    line["keys"] = [{**line["keys"][0], "member": f"M{number}"} for number in range(17)]


def many_equipments(line: dict[str, Any]) -> None:
    """One equipment more than a line may have."""
    line["coverage"]["last_equipment"] = [{"equipment": "OPTI", "date": "2025-02-11"}] * 33


def twice(line: dict[str, Any]) -> None:
    """The same key in two writings."""
    line["keys"] = [{**line["keys"][0], "member": member} for member in ("ab12", "AB 12")]


YEAR = ("2026-01-01", "2026-12-31")
LINE_EDITS: tuple[tuple[str, str, str, Edit], ...] = (
    ("field-missing", "keys[0].nir", "field-missing", without_nir),
    ("field-unknown", "", "field-unknown", line_edit(name="")),
    ("field-invalid", "coverage.kind", "field-invalid", lambda line: line["coverage"].update(kind="other")),
    ("reference-shape", "ref", "reference-shape", line_edit(ref="two words")),
    ("keys-none", "keys", "keys-none", line_edit(keys=[])),
    ("keys-too-many", "keys", "keys-too-many", many_keys),
    ("keys-repeated", "keys", "keys-repeated", twice),
    ("card-shape", "keys[0].card", "card-shape", key_edit(card="AAECAwQFBgcICQoLDA0ODx")),
    ("member-alphabet", "keys[0].member", "member-alphabet", key_edit(member="12/34")),
    ("member-length", "keys[0].member", "member-length", key_edit(member="1234567890123456")),
    ("nir-length", "keys[0].nir", "nir-length", key_edit(nir="18505751")),
    ("nir-shape", "keys[0].nir", "nir-shape", key_edit(nir="185052C004012")),
    ("nir-key", "keys[0].nir", "nir-key", key_edit(nir="223115935012323")),
    ("birth-shape", "keys[0].birth", "birth-shape", key_edit(birth="12/05/1985")),
    ("birth-century", "keys[0].birth", "birth-century", key_edit(birth="30850512")),
    ("rank-shape", "keys[0].rank", "rank-shape", key_edit(rank="0")),
    ("key-dates-reversed", "keys[0].to", "dates-reversed", key_edit(**{"from": "2026-02-01", "to": "2026-01-01"})),
    (
        "date-range",
        "coverage.periods[0].to",
        "date-range",
        periods_edit(period("2026-01-01", "9999-12-31", PHAR="100")),
    ),
    (
        "date-invalid",
        "coverage.periods[0].from",
        "field-invalid",
        periods_edit(period("2026-02-30", "2026-12-31", PHAR="100")),
    ),
    ("dates-reversed", "coverage.periods[0].to", "dates-reversed", periods_edit(period(*reversed(YEAR), PHAR="100"))),
    ("periods-none", "coverage.periods", "periods-none", periods_edit()),
    ("periods-too-many", "coverage.periods", "periods-too-many", periods_edit(*[period(*YEAR, PHAR="1")] * 256)),
    (
        "periods-overlap",
        "coverage.periods",
        "periods-overlap",
        periods_edit(period(*YEAR, PHAR="100"), period("2026-12-31", "2027-12-31", PHAR="65")),
    ),
    ("domains-none", "coverage.periods[0].domains", "domains-none", periods_edit(period(*YEAR))),
    ("domain-unknown", "coverage.periods[0].domains", "domain-unknown", periods_edit(period(*YEAR, SPA="100"))),
    ("equipment-too-many", "coverage.last_equipment", "equipment-too-many", many_equipments),
)


def samples() -> dict[str, Sample]:
    """Every sample by name."""
    return good() | wrong_files() | wrong_lines()


def main() -> None:
    """Writes all samples, what each must give, and the public key that they are checked with."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, sample in sorted(samples().items()):
        (FOLDER / f"{name}.rights").write_bytes(sample.content)
        expected[name] = {"file": sample.file, "lines": [list(fault) for fault in sample.lines]}
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
    (FOLDER / "insurer.pub").write_text(KEY.public_key().public_bytes_raw().hex() + "\n", encoding="ascii")
    sys.stdout.write(f"{len(expected)} samples in {FOLDER.name}/\n")


if __name__ == "__main__":
    main()
