"""The keyed functions everything else is built from, with their key schedules computed once.

HMAC-SHA-512 (RFC 2104, FIPS 180-4) by its two hash states, and keyed BLAKE2b (RFC 7693) as the short PRF: both from the
standard library, about half the time of `hmac.new` a call.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = 128  # bytes, SHA-512
_INNER = bytes(x ^ 0x36 for x in range(256))
_OUTER = bytes(x ^ 0x5C for x in range(256))


def hmac_sha512(key: bytes) -> Callable[[bytes], bytes]:
    """A function message → HMAC-SHA-512(key, message), 64 bytes; `key` at most 128 bytes."""
    if len(key) > _BLOCK:
        raise ValueError("key longer than a block")
    block = key.ljust(_BLOCK, b"\0")
    inner = hashlib.sha512(block.translate(_INNER)).copy
    outer = hashlib.sha512(block.translate(_OUTER)).copy

    def mac(message: bytes) -> bytes:
        first = inner()
        first.update(message)
        second = outer()
        second.update(first.digest())
        return second.digest()

    return mac


def short_prf(key: bytes, label: str, *, size: int) -> Callable[[bytes], bytes]:
    """A function message → keyed BLAKE2b of `size` bytes over length-prefixed label and message.

    `key` at most 64 bytes.
    """
    start = hashlib.blake2b(prefixed(label.encode()), key=key, digest_size=size).copy

    def prf(message: bytes) -> bytes:
        state = start()
        state.update(message)
        return state.digest()

    return prf


def prefixed(*fields: bytes) -> bytes:
    """Each field after its length in one byte; no two tuples of fields share a result."""
    return b"".join(bytes((len(field),)) + field for field in fields)
