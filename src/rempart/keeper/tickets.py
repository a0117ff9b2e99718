"""Tickets: what `derive` found out, sealed under a key of this boot, good for `open` and `keep` within 10 seconds.

Stateless: the keeper remembers nothing between the two calls. Format: docs/formats/sealed-record.md § 5.
"""

from __future__ import annotations

import secrets
import struct
from itertools import count

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HEAD = struct.Struct(">QI16s10s9sBB")
"""Expiry (monotonic nanoseconds), day, grant digest, insurer, site, purpose, way; then KEYS for each live version."""
KEYS = struct.Struct(">I16s32s")
ONE = struct.Struct(HEAD.format + KEYS.format[1:])
_ZEROS = bytes(4)

Keys = tuple[tuple[int, bytes, bytes], ...]
Opened = tuple[int, bytes, bytes, bytes, int, int, Keys]
"""(day, grant digest, insurer, site, purpose, way, keys newest first)."""


class Tickets:
    """Seals and opens tickets; `ask` and `box` of one keeper share it."""

    def __init__(self, *, seconds: float) -> None:
        # A counter is a safe nonce: the key is of this process alone and dies with it.
        cipher = AESGCM(secrets.token_bytes(32))
        self._encrypt, self._decrypt = cipher.encrypt, cipher.decrypt
        self._next = count(1).__next__
        self.life = int(seconds * 1e9)

    def seal(self, plain: bytes) -> bytes:
        """`plain` is HEAD and KEYS, packed."""
        nonce = self._next().to_bytes(12, "big")  # four zeros, then the counter, which alone is told
        return nonce[4:] + self._encrypt(nonce, plain, None)

    def open(self, ticket: bytes, now: int) -> Opened | str:
        """What was sealed, or `bad-ticket`, `ticket-expired`; `now` in monotonic nanoseconds."""
        try:
            plain = self._decrypt(_ZEROS + ticket[:8], ticket[8:], None)
        except (InvalidTag, ValueError):
            return "bad-ticket"
        if len(plain) == ONE.size:
            expires, day, digest, insurer, site, purpose, way, version, record, key = ONE.unpack(plain)
            keys: Keys = ((version, record, key),)
        else:
            expires, day, digest, insurer, site, purpose, way = HEAD.unpack_from(plain)
            keys = tuple(KEYS.iter_unpack(plain[HEAD.size :]))
        if expires < now:
            return "ticket-expired"
        return day, digest, insurer, site, purpose, way, keys
