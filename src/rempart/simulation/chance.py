"""Repeatable chance: a keyed function of (what, which) gives bytes, so anything is drawn in any order, without a table.

Nothing here is a secret and nothing here protects anything: whoever knows the seed knows every draw.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Draws of one seed. `bytes_of(label, index)` is the same for ever, whatever was drawn before."""

    __slots__ = ("_key", "_states")

    def __init__(self, seed: int) -> None:
        self._key = blake2b(seed.to_bytes(16, "big", signed=True), digest_size=32, person=b"rempart-sim").digest()
        self._states: dict[str, blake2b] = {}

    def bytes_of(self, label: str, index: int) -> bytes:
        """64 bytes for the `index`th thing called `label`."""
        state = self._states.get(label)
        if state is None:
            state = self._states[label] = blake2b(label.encode() + b"\0", digest_size=64, key=self._key)
        draw = state.copy()
        draw.update(index.to_bytes(8, "big"))
        return draw.digest()

    def number(self, label: str, index: int, below: int) -> int:
        """An integer in [0, below)."""
        return int.from_bytes(self.bytes_of(label, index)[:8], "big") % below

    def stream(self, label: str, index: int) -> Draws:
        """A small generator of its own for the `index`th thing called `label`."""
        return Draws(self.bytes_of(label, index))


class Draws:
    """A short sequence of draws from 64 bytes, extended by hashing on."""

    __slots__ = ("_at", "_pool")

    def __init__(self, pool: bytes) -> None:
        self._pool = pool
        self._at = 0

    def below(self, limit: int) -> int:
        """An integer in [0, limit); limit up to 2^32, the bias of the remainder does not matter here."""
        if self._at + 4 > len(self._pool):
            self._pool = blake2b(self._pool, digest_size=64).digest()
            self._at = 0
        value = int.from_bytes(self._pool[self._at : self._at + 4], "big")
        self._at += 4
        return value % limit

    def happens(self, per_mille: int) -> bool:
        """True `per_mille` times in a thousand."""
        return self.below(1000) < per_mille

    def of(self, choices: Sequence[T]) -> T:
        """One of `choices`, all alike."""
        return choices[self.below(len(choices))]


class Weighted:
    """Draws an index by weight from 16 bits, by a table: constant time, the same on every machine."""

    __slots__ = ("_table",)

    def __init__(self, weights: Sequence[int]) -> None:
        bounds = [total * 65536 // sum(weights) for total in accumulate(weights)]
        self._table = [bisect_right(bounds, value) for value in range(65536)]

    def pick(self, bits: int) -> int:
        """The index for any integer; only its low 16 bits count."""
        return self._table[bits & 0xFFFF]
