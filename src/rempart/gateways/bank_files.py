"""The folder from which the bank's channel takes payment files: a file is there whole and once, or not at all.

With a `seal` the clear content never touches the disk: what is staged, hashed and handed over is already sealed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from rempart.ground.files import SECRET_MODE, private_folder, sync_folder

Seal = Callable[[str, bytes], Iterable[bytes]]
"""(file name, clear content) → the pieces that are written."""
SEALED_SUFFIX = ".sealed"


class BankOutbox:
    """The `Outbox` port over one folder, made when absent; files are 0600."""

    def __init__(self, folder: Path, seal: Seal | None) -> None:
        self._folder = private_folder(folder)
        self._seal = seal

    def path(self, name: str) -> Path:
        """Where a file is handed over."""
        return self._folder / (name + SEALED_SUFFIX if self._seal else name)

    def stage(self, name: str, content: bytes) -> bytes:
        """Writes the file aside, durably, its name included; SHA-256 of what was written."""
        digest = hashlib.sha256()
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(self._aside(name), flags, SECRET_MODE), "wb") as handle:
            for piece in self._seal(name, content) if self._seal else (content,):
                digest.update(piece)
                handle.write(piece)
            handle.flush()
            os.fsync(handle.fileno())
        sync_folder(self._folder)
        return digest.digest()

    def deliver(self, name: str, sha256: bytes) -> str:
        """`delivered`: what lay aside is handed over now; `absent`: nothing did; `altered`: it is another."""
        aside = self._aside(name)
        try:
            with aside.open("rb") as handle:
                found = hashlib.file_digest(handle, "sha256").digest()
        except FileNotFoundError:
            return "absent"
        if found != sha256:
            return "altered"
        aside.replace(self.path(name))
        sync_folder(self._folder)
        return "delivered"

    def _aside(self, name: str) -> Path:
        return self._folder / f".{name}.aside"
