"""Writing a rights file, as insurers and the simulation do: lines in, a signed file out, the same bytes each time."""

from __future__ import annotations

import base64
import hashlib
import tempfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol

import msgspec
import zstandard

from rempart.formats.rights_file.faults import CHUNK
from rempart.formats.rights_file.header import Expected, Header, header_line, sign

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from rempart.domain.rights import Coverage, Key, RightsLine


@dataclass(frozen=True, slots=True)
class Draft:
    """What the insurer decides about a file; the rest of the header follows from the lines.

    `created` is `AAAA-MM-JJTHH:MM:SSZ`. Lengths and shapes are those of `Header`.
    """

    insurer: str
    kind: Literal["full", "delta"]
    sequence: int
    created: str
    compression: Literal["none", "gzip", "zstd"] = "zstd"
    expected: Expected | None = None


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


class _Plain:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


class _Chunks:
    """Writes a body and remembers the SHA-256 of each chunk of it."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._waiting = bytearray()
        self.digests: list[str] = []

    def add(self, data: bytes) -> None:
        self._out.write(data)
        self._waiting += data
        while len(self._waiting) >= CHUNK:
            self._close(CHUNK)

    def end(self) -> None:
        if self._waiting:
            self._close(len(self._waiting))

    def _close(self, size: int) -> None:
        self.digests.append(hashlib.sha256(self._waiting[:size]).hexdigest())
        del self._waiting[:size]


def write(out: BinaryIO, draft: Draft, lines: Iterable[bytes], key: Ed25519PrivateKey) -> Header:
    """Writes a whole signed file to `out` and returns its header. `lines` are JSON texts without their line ends.

    The body waits in an unnamed temporary file, because the header that comes first needs its hashes.
    """
    with tempfile.TemporaryFile() as body:
        header = sign(write_body(body, draft, lines), key)
        out.write(header_line(header))
        body.seek(0)
        while piece := body.read(CHUNK):
            out.write(piece)
    return header


def write_body(out: BinaryIO, draft: Draft, lines: Iterable[bytes]) -> Header:
    """Writes the body alone to `out` and returns the header that describes it, not yet signed."""
    chunks = _Chunks(out)
    compressor = _compressor(draft.compression)
    count = 0
    for line in lines:
        chunks.add(compressor.compress(line + b"\n"))
        count += 1
    if count:
        chunks.add(compressor.flush())
    chunks.end()
    return Header(
        insurer=draft.insurer,
        kind=draft.kind,
        sequence=draft.sequence,
        created=draft.created,
        count=count,
        expected=draft.expected,
        compression=draft.compression,
        chunks=tuple(chunks.digests),
        key_id="0" * 16,
    )


def _compressor(compression: str) -> _Compressor:
    if compression == "gzip":
        return zlib.compressobj(level=6, wbits=31)
    if compression == "zstd":
        return zstandard.ZstdCompressor(level=3).compressobj()
    return _Plain()


def format_line(line: RightsLine, *, delta: bool = False) -> bytes:
    """One line as JSON without its line end; in a delta it says `put`. Equal coverages give equal bytes."""
    start = b'{"op":"put","ref":' if delta else b'{"ref":'
    keys = msgspec.json.encode([_key(key) for key in line.keys])
    reference = msgspec.json.encode(line.reference)
    return b"".join(
        (
            start,
            reference,
            b',"keys":',
            keys,
            b',"coverage":',
            _coverage(line.coverage),
            b"}",
        )
    )


def format_closure(reference: str, day: date) -> bytes:
    """A delta's line that ends every right of `reference` on `day`, the last day covered."""
    return msgspec.json.encode({"op": "close", "ref": reference, "date": day})


def _key(key: Key) -> dict[str, object]:
    fields: dict[str, object] = {
        "member": key.member,
        "nir": key.nir,
        "birth": key.birth,
        "rank": key.rank,
    }
    if key.start is not None:
        fields["from"] = key.start
    if key.end is not None:
        fields["to"] = key.end
    if key.card:
        fields["card"] = base64.urlsafe_b64encode(key.card).rstrip(b"=").decode()
    return fields


def _coverage(coverage: Coverage) -> bytes:
    spans: dict[tuple[date, date], dict[str, str]] = {}
    for period in coverage.periods:
        spans.setdefault((period.start, period.end), {})[period.domain] = period.formula
    fields: dict[str, object] = {
        "rank": coverage.rank,
        "product": coverage.product,
        "level": coverage.level,
        "kind": coverage.kind,
        "periods": [{"from": start, "to": end, "domains": domains} for (start, end), domains in spans.items()],
    }
    if coverage.last_equipment:
        fields["last_equipment"] = [{"equipment": code, "date": day} for code, day in coverage.last_equipment]
    if coverage.newborns:
        fields["newborns"] = True
    return msgspec.json.encode(fields)
