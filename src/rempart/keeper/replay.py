"""Assertions are taken once: a memory of their `jti` on disk, so that a restart forgets none before it expires."""

from __future__ import annotations

import hashlib
import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ENTRY = struct.Struct(">16sQ")
_COMPACT = 100_000  # entries in the file before it is written anew


class Replays:
    """`path` holds (hash of client and jti, expiry in seconds UTC); a torn last entry is dropped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[bytes, int] = {}
        if path.exists():
            content = path.read_bytes()
            whole = len(content) - len(content) % _ENTRY.size
            self._seen = dict(_ENTRY.iter_unpack(content[:whole]))
        self._file = -1
        self._rewrite(0)

    def close(self) -> None:
        os.close(self._file)

    def first(self, client: str, jti: str, expires: int, now: int) -> bool:
        """Whether this assertion was not seen before; it now was. Instants in seconds UTC."""
        if self._written >= _COMPACT:
            self._rewrite(now)
        name = _name(client, jti)
        if name in self._seen:
            return False
        os.write(self._file, _ENTRY.pack(name, expires))
        self._seen[name] = expires
        self._written += 1
        return True

    def seen(self, client: str, jti: str) -> bool:
        """Whether it was taken before; nothing is kept of asking."""
        return _name(client, jti) in self._seen

    def _rewrite(self, now: int) -> None:
        self._seen = {name: expires for name, expires in self._seen.items() if expires > now}
        aside = self._path.with_name(self._path.name + ".aside")
        file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        os.write(file, b"".join(_ENTRY.pack(name, expires) for name, expires in self._seen.items()))
        os.fsync(file)
        aside.replace(self._path)
        if self._file >= 0:
            os.close(self._file)
        self._file, self._written = file, len(self._seen)


def _name(client: str, jti: str) -> bytes:
    return hashlib.blake2b(f"{len(client)}:{client}{jti}".encode(), digest_size=16).digest()
