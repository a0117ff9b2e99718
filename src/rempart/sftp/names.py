"""Which name became which deposit, so that a report is found by the name of the file it is about.

One line a file, sealed (AES-256-GCM, a key derived from the gateway's own): a name may say more than it should. Nothing
of a file's content is here. A lost line costs no more than the name: the file sent again has the same deposit.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rempart.ground.files import write_whole

_NONCE = 12
_LABEL = b"rempart/1/sftp-names"
MOST = 20_000  # names of one client that are kept in memory
DAY = 86_400


class Named(msgspec.Struct, array_like=True, frozen=True):
    """`file` is the hub's id, `instant` seconds UTC."""

    client: str
    name: str
    file: str
    instant: int


class Names:
    """The names of the last `days`; older ones are dropped at start. Raises OSError when the file cannot be used."""

    def __init__(self, path: Path, secret: bytes, days: int, now: Callable[[], float] = time.time) -> None:
        self._cipher = AESGCM(hashlib.sha256(_LABEL + secret).digest())
        self._life = days * DAY
        self._now = now
        self._held: dict[str, dict[str, Named]] = {}
        kept = [line for line, named in self._read(path) if self._fresh(named) and self._keep(named)]
        write_whole(path, b"".join(kept))
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)

    def close(self) -> None:
        os.close(self._file)

    def add(self, client: str, name: str, file: str) -> None:
        """One more; the same name again stands for the later file."""
        named = Named(client, name, file, int(self._now()))
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, msgspec.msgpack.encode(named), _LABEL)
        os.write(self._file, base64.b64encode(sealed) + b"\n")
        self._keep(named)

    def of(self, client: str) -> tuple[Named, ...]:
        """A client's, the oldest first."""
        return tuple(named for named in self._held.get(client, {}).values() if self._fresh(named))

    def find(self, client: str, name: str) -> Named | None:
        """The last file that this client sent under this name."""
        named = self._held.get(client, {}).get(name)
        return named if named is not None and self._fresh(named) else None

    def _keep(self, named: Named) -> bool:
        held = self._held.setdefault(named.client, {})
        held.pop(named.name, None)
        while len(held) >= MOST:
            del held[next(iter(held))]
        held[named.name] = named
        return True

    def _fresh(self, named: Named) -> bool:
        return named.instant + self._life > self._now()

    def _read(self, path: Path) -> Iterator[tuple[bytes, Named]]:
        """Each line that this key opens; a torn one, or one of another key, is passed over."""
        content = path.read_bytes() if path.exists() else b""
        for line in content.splitlines(keepends=True):
            try:
                sealed = base64.b64decode(line.strip(), validate=True)
                plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _LABEL)
                yield line.rstrip(b"\n") + b"\n", msgspec.msgpack.decode(plain, type=Named)
            except (binascii.Error, InvalidTag, ValueError, msgspec.MsgspecError):
                continue
