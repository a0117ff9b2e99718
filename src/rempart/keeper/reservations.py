"""What the meter has promised away, on disk: an append-only file of (day, scope, reserved), checked line by line.

Scopes are stored as 8-byte hashes; the days' totals of the last two weeks are kept in clear, to know the busiest.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_ENTRY = struct.Struct(">I8sII")  # day, scope, reserved, CRC-32 of the three
_COMPACT = 1_000_000  # entries in the file before it is written anew


def _scope(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=8, person=b"rempart/meter").digest()


_TOTALS = {_scope(f"total {family}"): f"total {family}" for family in ("asking", "invoice")}


class ReservationsDamagedError(Exception):
    """An entry before the last one is not what was written; `entry` counts from 0."""

    def __init__(self, entry: int) -> None:
        super().__init__(f"meter entry {entry} is damaged")
        self.entry = entry


class Reservations:
    """Reads `path` (made if absent), drops a torn end, raises ReservationsDamagedError for anything else."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reserved: dict[tuple[int, bytes], int] = {}
        self._busiest: dict[str, int] = {}
        self.day = 0
        self._file = -1
        if path.exists():
            self._read(path.read_bytes())
        self._rewrite()

    def close(self) -> None:
        os.close(self._file)

    def begin_day(self, day: int, *, keep: int) -> None:
        """Forgets older days but their totals, those of the last `keep` days."""
        self.day = max(self.day, day)
        self._reserved = {
            (when, scope): value
            for (when, scope), value in self._reserved.items()
            if when >= self.day or (scope in _TOTALS and when >= self.day - keep)
        }
        self._busiest = {
            key: max(
                (value for (when, name), value in self._reserved.items() if name == scope and when < self.day),
                default=0,
            )
            for scope, key in _TOTALS.items()
        }
        self._rewrite()

    def forget(self, keys: Iterable[str]) -> None:
        """Lets go of scopes that can no longer be asked for; the file does at its next writing."""
        for key in keys:
            self._reserved.pop((self.day, _scope(key)), None)

    def reserved(self, key: str) -> int:
        """What was reserved today for a scope."""
        return self._reserved.get((self.day, _scope(key)), 0)

    def busiest(self, key: str) -> int:
        """The most reserved on one of the days kept, today left out."""
        return self._busiest.get(key, 0)

    def write(self, entries: Sequence[tuple[str, int]]) -> None:
        """Appends and syncs. Raises OSError: nothing then may be taken as reserved."""
        packed = [(_scope(key), value) for key, value in entries]
        content = b"".join(self._pack(self.day, scope, value) for scope, value in packed)
        start = os.lseek(self._file, 0, os.SEEK_CUR)
        try:
            if os.write(self._file, content) != len(content):
                raise OSError("meter: short write")
            os.fdatasync(self._file)
        except OSError:
            os.ftruncate(self._file, start)
            os.lseek(self._file, start, os.SEEK_SET)
            raise
        for scope, value in packed:
            self._reserved[self.day, scope] = value
        self._written += len(packed)
        if self._written > _COMPACT + 2 * len(self._reserved):
            self._rewrite()

    @staticmethod
    def _pack(day: int, scope: bytes, value: int) -> bytes:
        crc = zlib.crc32(struct.pack(">I8sI", day, scope, value))
        return _ENTRY.pack(day, scope, value, crc)

    def _read(self, content: bytes) -> None:
        whole = len(content) - len(content) % _ENTRY.size
        last = whole // _ENTRY.size - 1
        for number, (day, scope, value, crc) in enumerate(_ENTRY.iter_unpack(content[:whole])):
            if crc != zlib.crc32(struct.pack(">I8sI", day, scope, value)):
                if number == last:
                    break
                raise ReservationsDamagedError(number)
            self._reserved[day, scope] = value
            self.day = max(self.day, day)

    def _rewrite(self) -> None:
        aside = self._path.with_name(self._path.name + ".aside")
        file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        content = b"".join(self._pack(day, scope, value) for (day, scope), value in self._reserved.items())
        if os.write(file, content) != len(content):
            os.close(file)
            raise OSError("meter: short write")
        os.fsync(file)
        aside.replace(self._path)
        if self._file >= 0:
            os.close(self._file)
        self._file, self._written = file, len(self._reserved)
