"""A sealed record: keys from the presented identity, AES-256-GCM with a synthetic nonce, one size per insurer.

Format: docs/formats/sealed-record.md §§ 2-4. Pure functions of bytes and keys, shared by the keeper and the loader.
Equal content under equal keys gives equal bytes, so that a file loaded twice changes nothing.
"""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from .prf import hmac_sha512, prefixed, short_prf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FORMAT = 1
DEFAULT_SIZE = 192  # bytes, padded coverage of every record of an insurer
OVERHEAD = 1 + 12 + 16  # format, nonce, tag around the padded coverage

_LENGTH = struct.Struct(">H")
_VERSION = struct.Struct(">I")
_DAY = struct.Struct(">I")
_FORMAT = bytes((FORMAT,))


class IndexKey:
    """One version of an insurer's index key, ready for use; its bytes never show."""

    __slots__ = ("_aad", "digest", "insurer", "nonce", "version")

    digest: Callable[[bytes], bytes]
    nonce: Callable[[bytes], bytes]

    def __init__(self, insurer: str, version: int, key: bytes) -> None:
        self.insurer = insurer
        self.version = version
        self.digest = hmac_sha512(key)
        nonce_key = self.digest(prefixed(b"rempart/1/nonce"))[:32]
        self.nonce = short_prf(nonce_key, "rempart/1/nonce", size=12)
        self._aad = _FORMAT + insurer.encode("ascii") + _VERSION.pack(version)

    def keys(self, identity: bytes) -> tuple[bytes, bytes]:
        """(record key 16 bytes, payload key 32 bytes) of an encoded identity.

        The last 16 bytes of the digest are spare.
        """
        digest = self.digest(identity)
        return digest[:16], digest[16:48]

    def aad(self, record: bytes, person: bytes) -> bytes:
        """What a payload is bound to: format ‖ insurer ‖ key version ‖ record key ‖ person."""
        return self._aad + record + person

    def seal(self, identity: bytes, person: bytes, padded: bytes) -> tuple[bytes, bytes]:
        """(record key, payload) for one way of presenting; `padded` from `pad`, `person` 16 bytes."""
        digest = self.digest(identity)
        record = digest[:16]
        nonce = self.nonce(record + person + padded)
        return record, _FORMAT + nonce + AESGCM(digest[16:48]).encrypt(nonce, padded, self._aad + record + person)

    def open(self, record: bytes, payload_key: bytes, person: bytes, *, payload: bytes) -> bytes | None:
        """The padded coverage, or None when the payload is not this record's."""
        if payload[:1] != _FORMAT:
            return None
        try:
            return AESGCM(payload_key).decrypt(payload[1:13], payload[13:], self._aad + record + person)
        except InvalidTag:
            return None

    def __repr__(self) -> str:
        return f"IndexKey(insurer={self.insurer}, version={self.version})"


def pad(packed: bytes, size: int = DEFAULT_SIZE) -> bytes | None:
    """Two bytes of length, the content, zeros up to `size` bytes; None when it does not fit."""
    if len(packed) > size - 2:
        return None
    return (_LENGTH.pack(len(packed)) + packed).ljust(size, b"\0")


def unpad(padded: bytes) -> bytes:
    """What `pad` was given."""
    return padded[2 : 2 + (padded[0] << 8 | padded[1])]


def person_handle(key: bytes) -> Callable[[bytes], bytes]:
    """A function insurer's reference (UTF-8) → person, 16 bytes.

    Stable across corrections, generations and index keys.
    """
    return short_prf(key, "rempart/1/person", size=16)


def meeting(key: bytes) -> Callable[[bytes], bytes]:
    """A function site (9 bytes) ‖ person (16 bytes) → 32 bytes: meeting key, then accreditor, 16 bytes each."""
    return short_prf(key, "rempart/1/met", size=32)


def weigher(key: bytes) -> Callable[[Sequence[str]], bytes]:
    """A function (product, level, kind, domain, formula, …) without dates → 8 bytes, to weigh changes in SQL."""
    prf = short_prf(key, "rempart/1/weigh", size=8)

    def weigh(parts: Sequence[str]) -> bytes:
        return prf(b"".join(_LENGTH.pack(len(part)) + part for part in (text.encode() for text in parts)))

    return weigh


def log_key(month_key: bytes, insurer_log_key: bytes, insurer: str, month: int) -> AESSIV:
    """K_log[insurer, month]: destroying either key forgets. `month` is year * 12 + month - 1."""
    message = prefixed(b"rempart/1/log", insurer.encode("ascii"), _DAY.pack(month), insurer_log_key)
    return AESSIV(hmac_sha512(month_key)(message))


def day_tag(key: AESSIV, insurer: bytes, day: int, subject: bytes) -> bytes:
    """32 bytes; `subject` is the person, or on a miss the record key (16 bytes); `day` since 1970."""
    return key.encrypt(subject, [insurer + _DAY.pack(day)])


def subject_of_tag(key: AESSIV, insurer: bytes, day: int, tag: bytes) -> bytes:
    """The inverse of `day_tag`; raises InvalidTag when the tag is not of that insurer and day."""
    return key.decrypt(tag, [insurer + _DAY.pack(day)])


def grant_digest(grant: bytes) -> bytes:
    """How a grant is named in journal and disclosures: the first 16 bytes of its SHA-256."""
    return hashlib.sha256(grant).digest()[:16]
