"""The keyed functions everything else is built from, with their key schedules computed once.

HMAC-SHA-512 (RFC 2104, FIPS 180-4) and keyed BLAKE2b (RFC 7693) as the short PRF: each is a state that has taken the
key and is copied for a message, which costs a fifth of `hmac.digest` with the key.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.hmac import HMAC

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = 128  # bytes, SHA-512


def hmac_start(key: bytes) -> Callable[[], HMAC]:
    """A function → a fresh HMAC-SHA-512 that waits for its message; `key` at most 128 bytes, else ValueError."""
    if len(key) > _BLOCK:
        raise ValueError("key longer than a block")
    return HMAC(key, SHA512()).copy


def hmac_sha512(key: bytes) -> Callable[[bytes], bytes]:
    """A function message → HMAC-SHA-512(key, message), 64 bytes; `key` at most 128 bytes."""
    start = hmac_start(key)

    def mac(message: bytes) -> bytes:
        state = start()
        state.update(message)
        return state.finalize()

    return mac


def short_start(key: bytes, label: str, *, size: int) -> Callable[[], hashlib.blake2b]:
    """A function → a fresh keyed BLAKE2b of `size` bytes that has taken the length-prefixed label.

    `key` at most 64 bytes.
    """
    return hashlib.blake2b(prefixed(label.encode()), key=key, digest_size=size).copy


def short_prf(key: bytes, label: str, *, size: int) -> Callable[[bytes], bytes]:
    """A function message → keyed BLAKE2b of `size` bytes over length-prefixed label and message.

    `key` at most 64 bytes.
    """
    start = short_start(key, label, size=size)

    def prf(message: bytes) -> bytes:
        state = start()
        state.update(message)
        return state.digest()

    return prf


def prefixed(*fields: bytes) -> bytes:
    """Each field after its length in one byte; no two tuples of fields share a result."""
    return b"".join(bytes((len(field),)) + field for field in fields)
