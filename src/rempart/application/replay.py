"""What must be used once only: a bounded memory of one process, of keys that each die at their own time.

It is one process's: a hub beside it does not know. What must hold across hubs is held in the database.
"""

from __future__ import annotations

BUCKETS = 8


class ReplayMemory:
    """Remembers keys until they expire; when full it refuses, because forgetting a live key would let it in twice.

    `span` is the longest life of a key in seconds, `most` the number of keys held (about 120 bytes each).
    """

    def __init__(self, span: int = 128, most: int = 1_000_000) -> None:
        if span < 1 or most < 1:
            raise ValueError("span and most are at least 1")
        self._width = max(1, -(-span // (BUCKETS - 2)))
        self._most = most
        self._held = 0
        self._buckets: dict[int, set[bytes]] = {}
        self._newest = 0

    def first(self, key: bytes, expires: int) -> bool:
        """True when `key` is new: it is held until `expires` (seconds). False when it was seen, or there is no room."""
        for bucket in self._buckets.values():
            if key in bucket:
                return False
        number = expires // self._width
        if number > self._newest:
            self._forget(number)
        if self._held >= self._most:
            return False
        self._buckets.setdefault(number, set()).add(key)
        self._held += 1
        return True

    def __len__(self) -> int:
        return self._held

    def _forget(self, newest: int) -> None:
        """Drops the buckets no live key can be in: a key dies at most `span` before the newest that may exist."""
        self._newest = newest
        for number in [number for number in self._buckets if number <= newest - BUCKETS]:
            self._held -= len(self._buckets.pop(number))
