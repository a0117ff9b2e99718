"""Who is presented, sealed to the keeper: `identity_jwe`, a compact JWE that only the keeper opens.

RFC 7516 (May 2015) compact serialization, one fixed choice: ECDH-ES directly (RFC 7518 § 4.6) on X25519 (RFC 8037) with
A256GCM. Left out: every other algorithm, compression, `apu` and `apv`, several recipients; what names them is refused.
Format: docs/formats/identity-jwe.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from typing import Literal, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MOST = 8_000  # characters of one JWE
BLOCK = 512  # bytes: a payload is padded with spaces to a multiple, so that its length tells nothing
WINDOW = 600  # seconds that a JWE may be away from the keeper's clock
DATES_MOST = 256
TYPE: Literal["rempart-identity/1"] = "rempart-identity/1"
UNREADABLE = "identity-unreadable"
_KEY_DATA = b"\0\0\0\x01", b"\0\0\0\x07A256GCM" + bytes(8) + b"\0\0\x01\0"
"""Around the shared secret, RFC 7518 § 4.6.2: round 1; then algorithm, empty apu and apv, 256 bits."""
_WEB = bytes.maketrans(b"-_", b"+/")


class _Ephemeral(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kty: Literal["OKP"]
    crv: Literal["X25519"]
    x: str


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alg: Literal["ECDH-ES"]
    enc: Literal["A256GCM"]
    typ: Literal["rempart-identity/1"]
    kid: str
    epk: _Ephemeral


class Presented(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The payload: for whom it is good, and what the card says, as printed.

    `made` seconds since 1970; `id` 16 to 64 characters that never come twice. `care_dates`: AAAA-MM-JJ, or
    AAAA-MM-JJ/AAAA-MM-JJ for all days from the first to the last. `purpose`: eligibility, estimate, authorization or
    invoice. `amc_number`, `convention` and `csr` repeat what the request says in clear.
    """

    client: str
    site: str
    purpose: str
    made: int
    id: str
    amc_number: str
    member: str
    birth_date: str
    care_dates: tuple[str, ...]
    convention: str = ""
    csr: str = ""
    nir: str | None = None
    rank: str | None = None

    def __repr__(self) -> str:
        return "Presented(…)"


class PresentedCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The payload when a signed card was scanned: `card` is its text, in place of what a card prints."""

    client: str
    site: str
    purpose: str
    made: int
    id: str
    amc_number: str
    card: str
    care_dates: tuple[str, ...]
    convention: str = ""
    csr: str = ""

    def __repr__(self) -> str:
        return "PresentedCard(…)"


class Parsed(NamedTuple):
    """A JWE taken apart: which key opens it, the sender's ephemeral key, and the parts of A256GCM."""

    kid: str
    ephemeral: bytes
    nonce: bytes
    sealed: bytes
    header: bytes

    def __repr__(self) -> str:
        return f"Parsed({self.kid})"


_decode_header = msgspec.json.Decoder(_Header).decode
_decode = msgspec.json.Decoder(Presented).decode
_decode_card = msgspec.json.Decoder(PresentedCard).decode
_CARD = re.compile(rb'"card"\s*:')
"""A name, never a value: JSON writes the quotes of a text with backslashes."""


def web(content: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def unweb(text: bytes) -> bytes:
    """The bytes of base64url without padding; ValueError for anything else."""
    if b"+" in text or b"/" in text or b"=" in text:
        raise ValueError("not base64url")
    return binascii.a2b_base64(text.translate(_WEB) + b"=" * (-len(text) % 4), strict_mode=True)


def kid_of(public: bytes) -> str:
    """RFC 7638 thumbprint of an X25519 public key of 32 bytes."""
    return web(hashlib.sha256(b'{"crv":"X25519","kty":"OKP","x":"' + web(public).encode() + b'"}').digest())


def seal(presented: Presented | PresentedCard, public: bytes, *, ephemeral: bytes = b"", nonce: bytes = b"") -> str:
    """The JWE for the keeper's key of 32 bytes. `ephemeral` (32 bytes) and `nonce` (12) are for test vectors alone."""
    own = X25519PrivateKey.from_private_bytes(ephemeral) if ephemeral else X25519PrivateKey.generate()
    epk = _Ephemeral("OKP", "X25519", web(own.public_key().public_bytes_raw()))
    header = web(msgspec.json.encode(_Header("ECDH-ES", "A256GCM", TYPE, kid_of(public), epk)))
    content = msgspec.json.encode(presented)
    content += b" " * (-len(content) % BLOCK)
    nonce = nonce or os.urandom(12)
    cipher = AESGCM(_key(own.exchange(X25519PublicKey.from_public_bytes(public))))
    sealed = cipher.encrypt(nonce, content, header.encode())
    return f"{header}..{web(nonce)}.{web(sealed[:-16])}.{web(sealed[-16:])}"


def parse(jwe: str) -> Parsed | None:
    """The parts of a JWE of exactly this format, None for anything else; nothing is decrypted."""
    if len(jwe) > MOST or not jwe.isascii():
        return None
    parts = jwe.encode("ascii").split(b".")
    if len(parts) != 5 or parts[1]:
        return None
    try:
        header = _decode_header(unweb(parts[0]))
        ephemeral, nonce, sealed, tag = unweb(header.epk.x.encode()), *map(unweb, parts[2:])
    except ValueError:  # of base64, of JSON, of the header's shape, of a text that is no ASCII
        return None
    if (len(ephemeral), len(nonce), len(tag)) != (32, 12, 16):
        return None
    return Parsed(header.kid, ephemeral, nonce, sealed + tag, parts[0])


def opened(parsed: Parsed, private: X25519PrivateKey) -> Presented | PresentedCard | None:
    """The payload; None when it does not open or is not what the format says."""
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(parsed.ephemeral))
        content = AESGCM(_key(shared)).decrypt(parsed.nonce, parsed.sealed, parsed.header)
        return _decode_card(content) if _CARD.search(content) else _decode(content)
    except (InvalidTag, ValueError):  # ValueError: a point of small order, no JSON, other fields
        return None


def _key(shared: bytes) -> bytes:
    """The Concat KDF of RFC 7518 § 4.6.2, of which 256 bits need one round."""
    return hashlib.sha256(_KEY_DATA[0] + shared + _KEY_DATA[1]).digest()
