"""What each passkey's authenticator counted last, on disk: a copy of a passkey betrays itself by a counter gone back.

Most passkeys do not count (always 0) and never come here. Apart from the registry, which would grow by a line for every
sign-in; so it has no MAC: who may write here hides a copied passkey from this check, and gains nothing else.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_ENTRY = struct.Struct(">16sI")
_COMPACT = 100_000  # entries in the file before it is written anew


class PasskeyCounters:
    """`path` holds (digest of the passkey, counter), the last one of each counts; a torn last entry is dropped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: dict[bytes, int] = {}
        if path.exists():
            content = path.read_bytes()
            whole = len(content) - len(content) % _ENTRY.size
            self._last = dict(_ENTRY.iter_unpack(content[:whole]))
        self._file = -1
        self._rewrite()

    def close(self) -> None:
        os.close(self._file)

    def last(self, passkey: bytes) -> int:
        """0 when it never counted."""
        return self._last.get(passkey, 0)

    def seen(self, passkey: bytes, counter: int) -> None:
        """Keeps a counter that was signed; 0 is not kept. Raises OSError."""
        if not counter:
            return
        if self._written >= max(_COMPACT, 2 * len(self._last)):
            self._rewrite()
        start = os.lseek(self._file, 0, os.SEEK_CUR)
        if os.write(self._file, _ENTRY.pack(passkey, counter)) != _ENTRY.size:
            os.ftruncate(self._file, start)  # half an entry would put every later one out of place
            os.lseek(self._file, start, os.SEEK_SET)
            raise OSError("passkey counters: short write")
        self._last[passkey] = counter
        self._written += 1

    def _rewrite(self) -> None:
        aside = self._path.with_name(self._path.name + ".aside")
        file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        os.write(file, b"".join(_ENTRY.pack(*each) for each in self._last.items()))
        os.fsync(file)
        aside.replace(self._path)
        if self._file >= 0:
            os.close(self._file)
        self._file, self._written = file, len(self._last)
