"""Rights files beyond the samples: round trips, streaming, bombs, signatures and hostile bytes."""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zlib
from datetime import date
from itertools import repeat
from typing import Literal

import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.domain.member import ANY_MEMBER
from rempart.domain.rights import DOMAINS, ClosedLine, Coverage, Key, Period, RightsLine
from rempart.formats.rights_file import (
    CHUNK,
    MAX_LINE,
    Body,
    Draft,
    FileFault,
    Header,
    LineFault,
    format_closure,
    format_line,
    parse_line,
    read_header,
    verify,
    write,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
COVERAGE = Coverage(1, "P1", "2", "responsible", tuple(Period(d, *YEAR, "100") for d in DOMAINS[:8]))
LINE = RightsLine("REF-1", (Key("12345", "1850575100042", "850512", "1"), Key("12345", None, "850512", "2")), COVERAGE)
Compression = Literal["none", "gzip", "zstd"]

days = st.dates(date(1970, 1, 1), date(2099, 12, 31))
spans = st.tuples(days, days).map(sorted)
keys = st.builds(
    Key,
    st.text("ABC0123456789", min_size=1, max_size=15),
    st.none() | st.from_regex(r"[1-478][0-9]{2}0[1-9](2A|2B|75)[0-9]{5}[1-9]", fullmatch=True),
    st.from_regex(r"[0-9]{6}", fullmatch=True),
    st.sampled_from("123456789"),
    st.none() | st.dates(date(1970, 1, 1), date(2020, 1, 1)),
    st.none() | st.dates(date(2020, 1, 1), date(2099, 12, 31)),
    st.just(b"") | st.binary(min_size=16, max_size=16),
)
periods = st.dictionaries(st.sampled_from(DOMAINS), spans, min_size=1).map(
    lambda found: tuple(Period(d, *found[d], "100") for d in DOMAINS if d in found)
)
coverages = st.builds(
    Coverage,
    st.sampled_from([1, 2]),
    st.sampled_from(["P1", "FAMILLE"]),
    st.sampled_from(["", "2"]),
    st.sampled_from(["responsible", "scheme", "c2s"]),
    periods,
    st.lists(st.tuples(st.sampled_from(["OPTI", "AUDI-LEFT"]), days), max_size=3).map(tuple),
)
lines = st.builds(
    RightsLine,
    st.text("ABC-0123456789", min_size=1, max_size=36),
    st.lists(keys, min_size=1, max_size=4, unique_by=(lambda key: key[:6], lambda key: key.card or key)).map(tuple),
    coverages,
    st.just(()),
)


def made(raw: list[bytes], compression: Compression = "none") -> tuple[Header, bytes]:
    out = io.BytesIO()
    header = write(out, Draft("0000000123", "full", 1, "2026-01-02T03:04:05Z", compression), raw, KEY)
    first, _, body = out.getvalue().partition(b"\n")
    assert read_header(first) == header
    return header, body


def rehashed(header: Header, body: bytes) -> Header:
    """The header an insurer would have signed for this body."""
    pieces = [body[start : start + CHUNK] for start in range(0, len(body), CHUNK)]
    return msgspec.structs.replace(header, chunks=tuple(hashlib.sha256(piece).hexdigest() for piece in pieces))


def drained(header: Header, body: bytes, step: int) -> tuple[list[bytes], FileFault | None]:
    reader, found = Body(header), list[bytes]()
    for start in range(0, len(body), step):
        for block in reader.feed(body[start : start + step]):
            found += block
    for block in reader.rest():
        found += block
    return found, reader.finish()


@given(lines)
def test_a_line_written_is_the_line_read(line: RightsLine) -> None:
    """format_line and parse_line are inverse, in a full file and in a delta."""
    assert parse_line(format_line(line), 2, ANY_MEMBER) == line
    assert parse_line(format_line(line, delta=True), 2, ANY_MEMBER, delta=True) == line


def test_a_closure_written_is_the_closure_read() -> None:
    """A delta's close names the reference and the last day covered."""
    found = parse_line(format_closure("R1", date(2026, 1, 31)), 2, ANY_MEMBER, delta=True)
    assert found == ClosedLine("R1", date(2026, 1, 31))


def test_what_a_line_holds_is_canonical() -> None:
    """Member number, NIR and birth date come out in the one form that every channel gives; periods in card order."""
    raw = json.loads(format_line(LINE))
    raw["keys"] = [{"member": "ab 12", "nir": "185052a00401207"[:13], "birth": "1985-05-12", "rank": "1"}]
    raw["coverage"]["periods"] = [
        {"from": "2026-01-01", "to": "2026-12-31", "domains": {"OPTI": "PEC"}},
        {"from": "2026-07-01", "to": "2026-12-31", "domains": {"PHAR": "65"}},
        {"from": "2026-01-01", "to": "2026-06-30", "domains": {"PHAR": "100"}},
    ]
    found = parse_line(json.dumps(raw).encode(), 2, ANY_MEMBER)
    assert isinstance(found, RightsLine)
    assert found.keys == (Key("AB12", "185052A004012", "850512", "1"),)
    assert [(p.domain, p.formula) for p in found.coverage.periods] == [("PHAR", "100"), ("PHAR", "65"), ("OPTI", "PEC")]


def test_a_nir_that_cannot_exist_is_loaded_with_a_warning() -> None:
    """Its holder is found, and the insurer hears of it."""
    found = parse_line(format_line(LINE).replace(b"1850575100042", b"5850575100042"), 2, ANY_MEMBER)
    assert isinstance(found, RightsLine)
    assert found.warnings == ("nir-sex-unknown",)


@given(raw=st.binary(max_size=300), delta=st.booleans())
def test_random_bytes_never_raise(raw: bytes, *, delta: bool) -> None:
    """Whatever the bytes, a line gives a fault with its number."""
    found = parse_line(raw, 9, ANY_MEMBER, delta=delta)
    assert isinstance(found, LineFault)
    assert found.line == 9
    assert isinstance(read_header(raw), FileFault)


@settings(max_examples=300)
@given(st.data())
def test_mutated_lines_never_raise_and_never_echo(data: st.DataObject) -> None:
    """A good line with bytes changed, cut or doubled is read or refused, and a fault holds nothing of it."""
    raw = bytearray(format_line(LINE, delta=True))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    found = parse_line(bytes(raw), 9, ANY_MEMBER, delta=True)
    if isinstance(found, LineFault):
        assert not any(value in repr(found) for value in ("12345", "1850575100042", "850512", "REF-1"))


@pytest.mark.parametrize(
    "raw",
    [
        b'{"1850575100042":1}',
        b'{"ref":"A","keys":[{"1850575100042":"x"}],"coverage":{}}',
        b'{"ref":"A","keys":[],"coverage":{"rank":1,"product":"1850575100042 at `$.x1850575100042`"}}',
        b'{"op":"1850575100042","ref":"A"}',
        b'{"op":"x - at `$.dupont`","ref":"A"}',
        (
            b'{"ref":"A","keys":[{"member":"1","nir":null,"birth":"850512","rank":"1"}],"coverage":{"rank":1,"product":"P",'
            b'"level":"","kind":"Object missing required field `dupont` - at `$.dupont`","periods":[]}}'
        ),
        b"[" * 16_000,
        b'{"ref":"A","keys":[],"coverage":' + b"[" * 15_000,
        b'{"ref":"A","keys":[],"coverage":"\xff\xfe"}',
        b'{"ref":"\xff","keys":[],"coverage":1}',
        b'{"ref":"\\ud800","keys":[],"coverage":1}',
        b'{"ref":"A","keys":[],"coverage":{"rank":1e400}}',
        b'\xef\xbb\xbf{"ref":"A"}',
    ],
)
@pytest.mark.parametrize("delta", [False, True])
def test_hostile_lines_are_refused_without_an_echo(raw: bytes, *, delta: bool) -> None:
    """Field names, tags, nesting and broken UTF-8 that carry a NIR do not carry it into the report."""
    found = parse_line(raw, 9, ANY_MEMBER, delta=delta)
    assert isinstance(found, LineFault)
    assert "1850575100042" not in repr(found)
    assert "dupont" not in repr(found)


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("step", [777, CHUNK - 1, 10 * CHUNK])
def test_a_body_of_several_chunks_comes_out_as_it_went_in(compression: Compression, step: int) -> None:
    """Whatever the size of the pieces that arrive, the lines are the same, cut lines included."""
    raw = [
        b"%07d %s" % (number, zlib.crc32(b"%d" % number).to_bytes(4, "big").hex().encode() * 4)
        for number in range(60_000)
    ]
    header, body = made(raw, compression)
    assert len(header.chunks) >= 2 or compression != "none"
    assert drained(header, body, step) == (raw, None)


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_nothing_of_a_chunk_is_seen_before_its_hash_is_right(compression: Compression) -> None:
    """One byte changed in the last chunk stops there, after the lines of the chunks before."""
    raw = [hashlib.sha256(b"%d" % number).hexdigest().encode() for number in range(50_000)]
    header, body = made(raw, compression)
    assert len(header.chunks) >= 2
    altered = body[:-1] + bytes([body[-1] ^ 1])
    found, fault = drained(header, altered, 65_536)
    assert fault == FileFault("chunk-differs", chunk=len(header.chunks) - 1)
    assert len(found) < len(raw)
    assert found == raw[: len(found)]


def test_a_body_cut_between_two_chunks_is_missing_one() -> None:
    """The header says how many chunks there are, so a clean cut is seen too."""
    header, body = made([b"x" * 999] * 3000)
    assert drained(header, body[:CHUNK], 65_536)[1] == FileFault("chunk-missing", chunk=1)


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_the_last_line_may_lack_its_end(end: bytes) -> None:
    """A last line without a line end counts; carriage returns are white space to JSON."""
    header, body = made([format_line(LINE)])
    bare = body.rstrip(b"\n") + end
    (found,), fault = drained(rehashed(header, bare), bare, 100)
    assert fault is None
    assert parse_line(found, 2, ANY_MEMBER) == LINE


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
@pytest.mark.parametrize("content", [b"\0", b"\n", b" "])
def test_a_bomb_is_stopped_in_little_memory(compression: Compression, content: bytes) -> None:
    """A body of 100 MB in a few kilobytes is refused after a small part of it, and memory stays small."""
    block = content * (1 << 20)
    if compression == "gzip":
        deflate = zlib.compressobj(9, wbits=31)
        bomb = b"".join(map(deflate.compress, repeat(block, 100))) + deflate.flush()
    else:
        packer = zstandard.ZstdCompressor(level=3).compressobj()
        bomb = b"".join(map(packer.compress, repeat(block, 100))) + packer.flush()
    header, _ = made([b"{}"], compression)
    header = msgspec.structs.replace(rehashed(header, bomb), count=500_000_000)
    tracemalloc.start()
    found, fault = drained(header, bomb, CHUNK)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fault == FileFault("compression-ratio", chunk=0)
    assert len(found) <= 2 * (1 << 20)
    assert peak < 120 * (1 << 20)


def test_a_line_without_end_is_cut_and_refused_alone() -> None:
    """A line of 5 MB is refused as too long; the lines around it are kept, and it is never held whole."""
    header, body = made([b"{}", b"x" * 5_000_000, b"{}"])
    found, fault = drained(header, body, 65_536)
    assert fault is None
    assert (found[0], found[2]) == (b"{}", b"{}")
    assert parse_line(found[1], 3, ANY_MEMBER) == LineFault(3, "", "line-too-long")


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["none", "gzip", "zstd"]), st.data())
def test_a_signed_but_broken_body_never_raises(compression: Compression, data: st.DataObject) -> None:
    """Even when the insurer itself signs rubbish, reading it ends in a fault or in lines, never in an error."""
    header, body = made([format_line(LINE)] * 50, compression)
    place = data.draw(st.integers(0, len(body) - 1))
    broken = body[:place] + data.draw(st.binary(max_size=8)) + body[place + data.draw(st.integers(0, 8)) :]
    if broken:
        found, fault = drained(rehashed(header, broken), broken, 333)
        assert fault is not None or len(found) == header.count


def test_finish_before_rest_is_a_mistake_of_the_program() -> None:
    """Forgetting the last chunk must not look like a short file."""
    header, body = made([b"{}"])
    reader = Body(header)
    list(reader.feed(body))
    with pytest.raises(RuntimeError, match="rest"):
        reader.finish()


def test_memory_stays_flat_over_a_long_body() -> None:
    """Ten times the lines take no more memory."""
    peaks = []
    for count in (15_000, 150_000):
        header, body = made([format_line(LINE)] * count, "gzip")
        tracemalloc.start()
        reader = Body(header)
        for start in range(0, len(body), 65_536):
            for block in reader.feed(body[start : start + 65_536]):
                del block
        for block in reader.rest():
            del block
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert reader.finish() is None
        assert reader.lines == count
    assert peaks[1] < 1.5 * peaks[0] + (1 << 20)


FIELDS = ("insurer", "kind", "sequence", "created", "count", "expected", "compression", "chunks", "key_id", "signature")


@pytest.mark.parametrize("field", FIELDS)
def test_no_field_of_a_header_can_be_changed_after_signing(field: str) -> None:
    """The signature covers every field, and the field order or spaces of the JSON do not matter to it."""
    header, _ = made([b"{}"])
    assert verify(header, PUBLIC)
    fields = json.loads(msgspec.json.encode(header))
    shuffled = json.dumps(dict(reversed(fields.items())), indent=1).encode()
    assert read_header(shuffled) == header
    changed = {
        "insurer": "0000000124",
        "kind": "delta",
        "sequence": 2,
        "created": "2026-01-02T03:04:06Z",
        "count": 2,
        "expected": {"opened": 0, "closed": 0, "changed": 0},
        "compression": "zstd",
        "chunks": ["0" * 64],
        "key_id": "0" * 16,
        "signature": fields["signature"][:-4] + "AA==",
    }
    forged = read_header(json.dumps({**fields, field: changed[field]}).encode())
    assert isinstance(forged, Header)
    assert not verify(forged, PUBLIC)


@pytest.mark.parametrize("signature", ["", "%%%%", "AAAA", "é"])
def test_a_signature_that_is_none_does_not_verify(signature: str) -> None:
    """Broken base64 or a wrong length is simply not a signature."""
    header, _ = made([b"{}"])
    assert not verify(msgspec.structs.replace(header, signature=signature), PUBLIC)


def test_a_header_from_another_key_does_not_verify() -> None:
    """The key id alone is not believed."""
    header, _ = made([b"{}"])
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    assert not verify(header, other)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"created": "2026-13-02T03:04:05Z"}, FileFault("header-field-invalid", "created")),
        ({"created": "2026-01-02T03:04:05Z\n"}, FileFault("header-field-invalid", "created")),
        ({"chunks": []}, FileFault("header-field-invalid", "count")),
        ({"count": 0}, FileFault("header-field-invalid", "chunks")),
        ({"count": -1}, FileFault("header-field-invalid", "count")),
        ({"sequence": 0}, FileFault("header-field-invalid", "sequence")),
        ({"kind": "partial"}, FileFault("header-field-invalid", "kind")),
        ({"format": "x"}, FileFault("format-unknown", "format")),
    ],
)
def test_a_header_with_an_impossible_field_is_refused(change: dict[str, object], fault: FileFault) -> None:
    """Each is named by its field and code."""
    header, _ = made([b"{}"])
    assert read_header(json.dumps({**json.loads(msgspec.json.encode(header)), **change}).encode()) == fault


@pytest.mark.parametrize("field", ["format", *FIELDS])
def test_a_header_lacks_no_field(field: str) -> None:
    """What has a default for writers must still be written."""
    header, _ = made([b"{}"])
    fields = json.loads(msgspec.json.encode(header))
    del fields[field]
    assert read_header(json.dumps(fields).encode()) == FileFault("header-field-missing", field)


def test_a_header_beyond_its_limit_is_not_parsed() -> None:
    """16 MiB is room enough for any insurer."""
    assert read_header(b" " * (16 * CHUNK + 1)) == FileFault("header-too-long")
    assert MAX_LINE == 16 * 1024


def test_an_instant_is_microseconds_utc() -> None:
    """The header's time is read without the machine's time zone."""
    header, _ = made([b"{}"])
    assert header.instant == 1_767_323_045_000_000


@pytest.mark.parametrize("shown", [LINE, LINE.keys[0], ClosedLine("R1", date(2026, 1, 31))])
def test_no_repr_shows_a_person(shown: object) -> None:
    """A log that prints a line by mistake prints nothing of it."""
    assert not any(value in repr(shown) for value in ("R1", "REF-1", "12345", "850512"))
