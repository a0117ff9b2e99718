"""Challenges that a passkey signs: made without keeping them, good for five minutes and for one use.

    challenge = 16 random bytes ‖ u64(expiry, µs) ‖ PRF(grant key, "rempart/1/challenge", 16)(…)

The MAC is over purpose, operator, binding, random bytes and expiry, each behind its length: docs/formats/sessions.md.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from rempart.sealing.prf import prefixed, short_prf

from .clock import MINUTE

if TYPE_CHECKING:
    from .clock import KeeperClock
    from .replay import Replays

LIFE = 5 * MINUTE
_SIZE = 40  # bytes
_NOBODY = ""  # a client's id is never empty: what was spent stands beside assertions, in the same file, under no client


class Challenges:
    """Makes and spends them; one that was spent is remembered on disk until it expires."""

    def __init__(self, key: bytes, clock: KeeperClock, replays: Replays) -> None:
        self._mac = short_prf(key, "rempart/1/challenge", size=16)
        self._clock = clock
        self._replays = replays

    def make(self, purpose: str, operator: str, binding: str) -> tuple[bytes, int]:
        """A challenge for one purpose, portal and key of that portal, and when it expires."""
        expires = self._clock.now() + LIFE
        body = secrets.token_bytes(16) + expires.to_bytes(8, "big")
        return body + self._sign(body, purpose, operator, binding), expires

    def spend(self, challenge: bytes, purpose: str, operator: str, binding: str) -> str:
        """Uses a challenge up, whatever comes of it; "" or challenge-invalid, challenge-expired, challenge-spent."""
        body = challenge[:24]
        whole = len(challenge) == _SIZE
        if not whole or not hmac.compare_digest(challenge[24:], self._sign(body, purpose, operator, binding)):
            return "challenge-invalid"
        now, expires = self._clock.now(), int.from_bytes(body[16:], "big")
        if expires <= now:
            return "challenge-expired"
        first = self._replays.first(_NOBODY, challenge.hex(), expires // 1_000_000 + 1, now // 1_000_000)
        return "" if first else "challenge-spent"

    def _sign(self, body: bytes, purpose: str, operator: str, binding: str) -> bytes:
        return self._mac(prefixed(purpose.encode(), operator.encode(), binding.encode(), body[:16], body[16:]))
