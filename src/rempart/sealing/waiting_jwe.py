"""What a page leaves in the waiting room: a compact JWE to the keeper's key of one closure, and that key, signed.

RFC 7516 (May 2015), one fixed choice that every browser's WebCrypto has: ECDH-ES directly (RFC 7518 § 4.6) on P-256
with A256GCM. The key comes as a JWS by EdDSA (RFC 8037). Left out: every other algorithm, compression, `apu` and `apv`.
Format: docs/formats/waiting-room.md.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import Literal, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .identity_jwe import unweb, web
from .keeper_keys import Pinned

MOST = 24_000  # characters of one JWE
BLOCK = 1_024  # bytes: a payload is padded with spaces to a multiple, so that its length tells little
TYPE: Literal["rempart-waiting/1"] = "rempart-waiting/1"
KEY_TYPE: Literal["rempart-waiting-key/1"] = "rempart-waiting-key/1"
ROOM = re.compile(r"[a-z:_A-Z0-9-]{3,80}@[0-9]{1,19}")
_KEY_DATA = b"\0\0\0\x01", b"\0\0\0\x07A256GCM" + bytes(8) + b"\0\0\x01\0"


class WaitingKey(msgspec.Struct, frozen=True):
    """The public key of a room as a JWK; `kid` is its RFC 7638 thumbprint."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str = ""


class _Document(msgspec.Struct, frozen=True):
    room: str
    key: WaitingKey


class _KeyHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alg: Literal["EdDSA"]
    typ: Literal["rempart-waiting-key/1"]


class _Ephemeral(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alg: Literal["ECDH-ES"]
    enc: Literal["A256GCM"]
    typ: Literal["rempart-waiting/1"]
    kid: str
    epk: _Ephemeral


class Left(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The payload: who leaves it, for which site, what it is, and the request itself as the API takes it."""

    client: str
    site: str
    kind: Literal["invoice", "authorization"]
    request: msgspec.Raw

    def __repr__(self) -> str:
        return "Left(…)"


class Parsed(NamedTuple):
    """A JWE taken apart."""

    kid: str
    ephemeral: EllipticCurvePublicKey
    nonce: bytes
    sealed: bytes
    header: bytes

    def __repr__(self) -> str:
        return f"Parsed({self.kid})"


def public_of(key: EllipticCurvePublicKey) -> WaitingKey:
    """The JWK of a public key."""
    numbers = key.public_numbers()
    x, y = (web(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    kid = web(hashlib.sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode()).digest())
    return WaitingKey("EC", "P-256", x, y, kid)


def signed(room: str, public: EllipticCurvePublicKey, key: Ed25519PrivateKey) -> bytes:
    """The document in which the keeper says which key a room has."""
    header = web(msgspec.json.encode(_KeyHeader("EdDSA", KEY_TYPE)))
    text = f"{header}.{web(msgspec.json.encode(_Document(room, public_of(public))))}"
    return f"{text}.{web(key.sign(text.encode()))}".encode()


def verified(document: bytes, room: str, key: Pinned | None) -> WaitingKey | None:
    """The key of that room, None when the document is none. `key` None: nobody pinned the keeper's."""
    parts = document.split(b".")
    if len(parts) != 3:
        return None
    try:
        msgspec.json.decode(unweb(parts[0]), type=_KeyHeader)
        if key is not None:
            signature = unweb(parts[2])
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature, parts[0] + b"." + parts[1])
        found = msgspec.json.decode(unweb(parts[1]), type=_Document)
    except (InvalidSignature, ValueError):
        return None
    return found.key if found.room == room else None


def seal(left: Left, key: WaitingKey) -> str:
    """The JWE, as a page makes it: for programs and tests."""
    own = generate_private_key(SECP256R1())
    public = public_of(own.public_key())
    epk = _Ephemeral("EC", "P-256", public.x, public.y)
    header = web(msgspec.json.encode(_Header("ECDH-ES", "A256GCM", TYPE, key.kid, epk)))
    content = msgspec.json.encode(left)
    content += b" " * (-len(content) % BLOCK)
    nonce = os.urandom(12)
    secret = own.exchange(ECDH(), _point(key.x, key.y))
    sealed = AESGCM(_key(secret)).encrypt(nonce, content, header.encode())
    return f"{header}..{web(nonce)}.{web(sealed[:-16])}.{web(sealed[-16:])}"


def parse(jwe: str) -> Parsed | None:
    """The parts of a JWE of exactly this format, None for anything else; nothing is decrypted."""
    if len(jwe) > MOST or not jwe.isascii():
        return None
    parts = jwe.encode("ascii").split(b".")
    if len(parts) != 5 or parts[1]:
        return None
    try:
        header = msgspec.json.decode(unweb(parts[0]), type=_Header)
        ephemeral = _point(header.epk.x, header.epk.y)
        nonce, sealed, tag = map(unweb, parts[2:])
    except ValueError:  # of base64, of JSON, of the header's shape, of a point that is not on the curve
        return None
    if (len(nonce), len(tag)) != (12, 16):
        return None
    return Parsed(header.kid, ephemeral, nonce, sealed + tag, parts[0])


def opened(parsed: Parsed, private: EllipticCurvePrivateKey) -> Left | None:
    """The payload; None when it does not open or is not what the format says."""
    try:
        secret = private.exchange(ECDH(), parsed.ephemeral)
        content = AESGCM(_key(secret)).decrypt(parsed.nonce, parsed.sealed, parsed.header)
        return msgspec.json.decode(content, type=Left)
    except (InvalidTag, ValueError, RecursionError):
        return None


def _point(x: str, y: str) -> EllipticCurvePublicKey:
    """ValueError when it is not on the curve."""
    raw = unweb(x.encode()), unweb(y.encode())
    if any(len(each) != 32 for each in raw):
        raise ValueError("a coordinate of P-256 has 32 bytes")
    wide, high = (int.from_bytes(each, "big") for each in raw)
    return EllipticCurvePublicNumbers(wide, high, SECP256R1()).public_key()


def _key(shared: bytes) -> bytes:
    """The Concat KDF of RFC 7518 § 4.6.2, of which 256 bits need one round."""
    return hashlib.sha256(_KEY_DATA[0] + shared + _KEY_DATA[1]).digest()
