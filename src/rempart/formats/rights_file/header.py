"""The first line of a rights file: who sends what, how much of it, and the insurer's signature over all of that.

The signature is Ed25519 (RFC 8032) over `CONTEXT` and the header's canonical JSON (RFC 8785) without its `signature`.
Because the header lists the SHA-256 of every chunk of the body, it covers the body too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from rempart.formats.rights_file.faults import MAX_HEADER, FileFault, explain

CONTEXT = b"rempart-rights/1 header\n"

Insurer = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{10}\Z")]
Instant = Annotated[
    str,
    msgspec.Meta(pattern=r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z"),
]
KeyId = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{16}\Z")]
Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Sequence = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many people the insurer expects this file to open, close and change; a load near it is not quarantined."""

    opened: Count
    closed: Count
    changed: Count


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A header as read. `count` is the number of lines after the header, `chunks` SHA-256 in hexadecimal, in order."""

    format: Literal["rempart-rights/1"] = "rempart-rights/1"
    insurer: Insurer
    kind: Literal["full", "delta"]
    sequence: Sequence
    created: Instant
    count: Count
    expected: Expected | None
    compression: Literal["none", "gzip", "zstd"]
    chunks: tuple[Digest, ...]
    key_id: KeyId
    signature: Annotated[str, msgspec.Meta(max_length=88)] = ""

    @property
    def instant(self) -> int:
        """`created` in microseconds UTC."""
        return int(datetime.fromisoformat(self.created[:-1]).replace(tzinfo=UTC).timestamp()) * 1_000_000


_DECODER = msgspec.json.Decoder(Header)
_ENCODER = msgspec.json.Encoder(order="sorted")
_REQUIRED = (
    "format",
    "signature",
)  # have defaults for writers, must be written in a file


def read_header(line: bytes) -> Header | FileFault:
    """A header from the first line of a file, with or without its line end. Its signature is not checked here."""
    if len(line) > MAX_HEADER:
        return FileFault("header-too-long")
    try:
        header = _DECODER.decode(line)
        present = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        field, code = explain(error)
        return FileFault("format-unknown" if field == "format" else f"header-{code}", field)
    for name in _REQUIRED:
        if name not in present:
            return FileFault("header-field-missing", name)
    try:
        _ = header.instant
    except ValueError:
        return FileFault("header-field-invalid", "created")
    if (header.count == 0) != (not header.chunks):
        return FileFault("header-field-invalid", "chunks" if header.count == 0 else "count")
    return header


def canonical(header: Header) -> bytes:
    """The bytes that are signed: canonical JSON (RFC 8785; all texts are ASCII) without the signature."""
    fields = msgspec.structs.asdict(header)
    del fields["signature"]
    return CONTEXT + _ENCODER.encode(fields)


def verify(header: Header, public_key: bytes) -> bool:
    """Whether `public_key` (32 raw bytes of Ed25519) signed this header."""
    if header.key_id != fingerprint(public_key):
        return False
    try:
        signature = base64.b64decode(header.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, canonical(header))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def sign(header: Header, key: Ed25519PrivateKey) -> Header:
    """The same header with the insurer's signature and key id."""
    named = msgspec.structs.replace(header, key_id=fingerprint(key.public_key().public_bytes_raw()), signature="")
    signature = base64.b64encode(key.sign(canonical(named))).decode()
    return msgspec.structs.replace(named, signature=signature)


def header_line(header: Header) -> bytes:
    """The header as the first line of a file, with its line end."""
    return msgspec.json.encode(header) + b"\n"


def fingerprint(public_key: bytes) -> str:
    """A public key's id: the first 16 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:16]
