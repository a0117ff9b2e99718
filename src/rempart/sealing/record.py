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

from .prf import hmac_sha512, hmac_start, prefixed, short_prf, short_start

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
    """One version of an insurer's index key, ready for use; its bytes never show.

    `seal` and `open` are functions made once with everything they need at hand: a load calls one 50 million times.
    """

    __slots__ = ("digest", "insurer", "open", "seal", "version")

    digest: Callable[[bytes], bytes]
    """Encoded identity → 64 bytes: record key (16), payload key (32), spare (16)."""
    seal: Callable[[bytes, bytes, bytes], tuple[bytes, bytes]]
    """(encoded identity, person of 16 bytes, coverage from `pad`) → (record key, payload)."""
    open: Callable[[bytes, bytes, bytes, bytes], bytes | None]
    """(record key, payload key, person, payload) → padded coverage, or None when the payload is not this record's."""

    def __init__(self, insurer: str, version: int, key: bytes) -> None:
        self.insurer = insurer
        self.version = version
        self.digest = hmac_sha512(key)
        aad = _FORMAT + insurer.encode("ascii") + _VERSION.pack(version)
        self.seal = _sealer(key, aad)
        self.open = _opener(aad)

    def keys(self, identity: bytes) -> tuple[bytes, bytes]:
        """(record key 16 bytes, payload key 32 bytes) of an encoded identity."""
        digest = self.digest(identity)
        return digest[:16], digest[16:48]

    def __repr__(self) -> str:
        return f"IndexKey(insurer={self.insurer}, version={self.version})"


def _sealer(key: bytes, aad: bytes) -> Callable[[bytes, bytes, bytes], tuple[bytes, bytes]]:
    """`aad` is format ‖ insurer ‖ key version; a payload is bound to it and to record key and person.

    Both keyed functions are spelled out here, not called: a fifth of a row's time goes into calls otherwise.
    """
    start = hmac_start(key)
    nonce_key = hmac_sha512(key)(prefixed(b"rempart/1/nonce"))[:32]
    start_nonce = short_start(nonce_key, "rempart/1/nonce", size=12)

    def seal(identity: bytes, person: bytes, padded: bytes) -> tuple[bytes, bytes]:
        state = start()
        state.update(identity)
        digest = state.finalize()
        record = digest[:16]
        row = record + person
        prf = start_nonce()
        prf.update(row + padded)
        nonce = prf.digest()
        return record, _FORMAT + nonce + AESGCM(digest[16:48]).encrypt(nonce, padded, aad + row)

    return seal


def _opener(aad: bytes) -> Callable[[bytes, bytes, bytes, bytes], bytes | None]:
    def open_payload(record: bytes, payload_key: bytes, person: bytes, payload: bytes) -> bytes | None:
        if payload[:1] != _FORMAT:
            return None
        try:
            return AESGCM(payload_key).decrypt(payload[1:13], payload[13:], aad + record + person)
        except InvalidTag:
            return None

    return open_payload


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


def newborn_handle(key: bytes) -> Callable[[bytes], bytes]:
    """A function `identity.encode_child` → 16 bytes: the name under which a child counts before it has a person."""
    return short_prf(key, "rempart/1/newborn", size=16)


def meeting(key: bytes) -> Callable[[bytes], bytes]:
    """A function site (9 bytes) ‖ person (16 bytes) → 32 bytes: meeting key, then accreditor, 16 bytes each."""
    return short_prf(key, "rempart/1/met", size=32)


def counter_key(key: bytes) -> Callable[[bytes, str, str], bytes]:
    """A function (person, counter, period) → counter key, 16 bytes; `counter` and `period` at most 255 bytes each."""
    prf = short_prf(key, "rempart/1/counter", size=16)

    def of(person: bytes, counter: str, period: str) -> bytes:
        return prf(person + prefixed(counter.encode(), period.encode()))

    return of


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


def day_tagger(key: AESSIV, insurer: bytes, day: int) -> Callable[[bytes], bytes]:
    """A function subject → day tag of 32 bytes, for one insurer and `day` since 1970.

    `subject` is the person, or on a miss the record key (16 bytes).
    """
    encrypt, bound = key.encrypt, [insurer + _DAY.pack(day)]

    def tag(subject: bytes) -> bytes:
        return encrypt(subject, bound)

    return tag


def subject_of_tag(key: AESSIV, insurer: bytes, day: int, tag: bytes) -> bytes:
    """The inverse of `day_tagger`'s function; raises InvalidTag when the tag is not of that insurer and day."""
    return key.decrypt(tag, [insurer + _DAY.pack(day)])


def grant_digest(grant: bytes) -> bytes:
    """How a grant is named in journal and disclosures: the first 16 bytes of its SHA-256."""
    return hashlib.sha256(grant).digest()[:16]
