"""The key-encryption key behind one interface: asked at start and at rotation only, it wraps the ring's data key.

Here the 0600 file; `pkcs11.py` has the token. A store keeps exactly the key that the ring names: whatever else a crash
left behind is destroyed at the next start.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rempart.ground.files import SecretRefused, read_secret, sync_folder, write_whole

if TYPE_CHECKING:
    from pathlib import Path


class KekMissingError(Exception):
    """The key-encryption key the ring names is not there, or does not open it: the ring cannot be read."""


class Kek(Protocol):
    """One key-encryption key; `id` names it in the ring and tells nothing about it."""

    @property
    def id(self) -> str: ...

    def wrap(self, key: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes) -> bytes: ...


class KekStore(Protocol):
    """Where key-encryption keys live."""

    def find(self, name: str) -> Kek: ...

    def create(self) -> Kek: ...

    def destroy_others(self, name: str) -> None: ...


class FileKek:
    """A key held in memory for a moment, from a 0600 file."""

    def __init__(self, key: bytes) -> None:
        self.id = hashlib.blake2b(key, digest_size=8, person=b"rempart/kek").hexdigest()
        self._cipher = AESGCM(key)

    def wrap(self, key: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + self._cipher.encrypt(nonce, key, self.id.encode())

    def unwrap(self, wrapped: bytes) -> bytes:
        try:
            return self._cipher.decrypt(wrapped[:12], wrapped[12:], self.id.encode())
        except InvalidTag as error:
            raise KekMissingError("the key-encryption key does not open this ring") from error


class FileKekStore:
    """`path` holds the key in force; `path` + `.next` exists only while a rotation is under way."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = path.with_name(path.name + ".next")

    def find(self, name: str) -> Kek:
        """The key of that name. Raises KekMissingError, with what to do, when no readable file holds it."""
        reasons = []
        for path in (self._path, self._next):
            found = read_secret(path)
            if isinstance(found, SecretRefused):
                reasons.append(found.reason)
                continue
            kek = FileKek(found) if len(found) == 32 else None
            if kek is not None and kek.id == name:
                return kek
            reasons.append(f"{path} holds another key")
        raise KekMissingError("; ".join(reasons))

    def create(self) -> Kek:
        """A new random key, on disk before it is used."""
        key = secrets.token_bytes(32)
        write_whole(self._next if self._path.exists() else self._path, key)
        return FileKek(key)

    def destroy_others(self, name: str) -> None:
        """Overwrites and removes every key but that one, which ends up at `path`."""
        following = read_secret(self._next)
        if isinstance(following, SecretRefused):
            return
        if len(following) == 32 and FileKek(following).id == name:
            _overwrite(self._path)
            self._next.replace(self._path)
        else:
            _overwrite(self._next)
            self._next.unlink()
        sync_folder(self._path.parent)


def _overwrite(path: Path) -> None:
    """Best effort on file systems that write in place; the rename that follows removes it in any case."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        os.write(descriptor, bytes(os.fstat(descriptor).st_size))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
