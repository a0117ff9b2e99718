"""`rempart-card-keys/1`: whose signatures on cards count, signed by the operator, good for seven days.

Two lines: JSON, then the base64 of the operator's Ed25519 signature over `rempart-card-keys/1`, a line feed and the
first line. A key that is withdrawn is left out of the next document, and then all cards it signed go on line.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta

FORMAT: Final = "rempart-card-keys/1"
MAX_BYTES = 1024 * 1024
MOST_AGE = 7 * 86_400  # seconds
AHEAD = 300  # seconds that another machine's clock may be ahead

Insurer = Annotated[str, Meta(pattern=r"\A[0-9]{10}\Z")]


class InsurerKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"public": "key"}):
    """A key of an insurer, and the AMC numbers of which it may sign cards; `public` is 32 bytes, base64 in the file."""

    insurer: Insurer
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    amc_numbers: Annotated[tuple[Insurer, ...], Meta(min_length=1, max_length=200)]
    public: Annotated[bytes, Meta(min_length=32, max_length=32)]


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["rempart-card-keys/1"]
    operator: Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,39}\Z")]
    created: Annotated[str, Meta(pattern=r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")]
    keys: Annotated[tuple[InsurerKey, ...], Meta(max_length=5_000)]


@dataclass(frozen=True, slots=True)
class CardKeys:
    """A verified document; `created` in seconds since 1970; `by_id` maps a card's `kid` to the key."""

    operator: str
    created: int
    by_id: dict[bytes, InsurerKey]

    def name(self, insurer: str) -> str:
        """How the insurer is called; its number when the document has no name for it."""
        return next((key.name for key in self.by_id.values() if key.insurer == insurer), insurer)


@dataclass(frozen=True, slots=True)
class KeysFault:
    """Why a document is not to be gone by: keys-shape, keys-signature-differs, keys-old or keys-ahead."""

    code: str


def sign_keys(operator: str, created: str, keys: tuple[InsurerKey, ...], key: Ed25519PrivateKey) -> bytes:
    """The document of these keys; `created` is `AAAA-MM-JJTHH:MM:SSZ`. ValueError when it could not be read again."""
    line = msgspec.json.encode(_Document(FORMAT, operator, created, keys))
    if isinstance(_read(line), KeysFault):
        raise ValueError("these are not card keys")
    return line + b"\n" + base64.b64encode(key.sign(_signed(line))) + b"\n"


def read_keys(content: bytes, operator_key: bytes, *, seconds: int) -> CardKeys | KeysFault:
    """The keys that the operator (its Ed25519 key, 32 bytes) signed, at `seconds` since 1970."""
    line, _, rest = content.partition(b"\n")
    if len(content) > MAX_BYTES or rest.count(b"\n") > 1:
        return KeysFault("keys-shape")
    try:
        signature = base64.b64decode(rest.strip(), validate=True)
        Ed25519PublicKey.from_public_bytes(operator_key).verify(signature, _signed(line))
    except (InvalidSignature, binascii.Error, ValueError):
        return KeysFault("keys-signature-differs")
    found = _read(line)
    if isinstance(found, CardKeys) and not -AHEAD <= seconds - found.created <= MOST_AGE:
        return KeysFault("keys-old" if seconds > found.created else "keys-ahead")
    return found


def read_entries(content: bytes) -> tuple[InsurerKey, ...] | KeysFault:
    """Keys as the operator writes them down before signing: one JSON array."""
    try:
        return msgspec.json.decode(content, type=tuple[InsurerKey, ...])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return KeysFault("keys-shape")


def key_id(insurer: str, public: bytes) -> bytes:
    """The `kid` of an insurer's key: its 10 digits as 5 bytes, then SHA-256(key)[:4]."""
    return bytes.fromhex(insurer) + sha256(public).digest()[:4]


def _signed(line: bytes) -> bytes:
    return FORMAT.encode() + b"\n" + line


def _read(line: bytes) -> CardKeys | KeysFault:
    try:
        found = msgspec.json.decode(line, type=_Document)
        created = int(datetime.fromisoformat(found.created).timestamp())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return KeysFault("keys-shape")
    by_id = {key_id(key.insurer, key.public): key for key in found.keys}
    return CardKeys(found.operator, created, by_id) if len(by_id) == len(found.keys) else KeysFault("keys-shape")
