"""Signs the log's checkpoints, only forward: never a smaller size, never the same size with another root.

The note is a C2SP checkpoint (c2sp.org/tlog-checkpoint@v1.0.0, signed-note@v1.0.0) with one Ed25519 signature; the
consistency proof is that of RFC 9162 § 2.1.4. What was signed last is synced to disk before the signature leaves.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.domain.merkle import EMPTY, verify_consistency
from rempart.ground.files import write_whole
from rempart.sealing.frames import CheckpointItem, CheckpointResult

if TYPE_CHECKING:
    from pathlib import Path

_ED25519 = b"\x01"


class _Signed(msgspec.Struct, array_like=True, frozen=True):
    size: int
    root: bytes


class Checkpoints:
    """`origin` names this log; a month's tree is `<origin>/<year>-<month>`, the log of months `<origin>/months`."""

    def __init__(self, seed: bytes, path: Path, *, origin: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._path = path
        self._name = origin
        self._wanted = re.compile(re.escape(origin) + r"(/[0-9]{4}-(0[1-9]|1[0-2])|/months)?")
        self._signed: dict[str, _Signed] = {}
        if path.exists():
            self._signed = msgspec.msgpack.decode(path.read_bytes(), type=dict[str, _Signed])

    @property
    def signing(self) -> Ed25519PrivateKey:
        """The key itself, for what else the keeper publishes."""
        return self._key

    def verifier_key(self, origin: str = "") -> str:
        """The public key as a C2SP `vkey`: name+hash+base64."""
        name = origin or self._name
        public = _ED25519 + self._key.public_key().public_bytes_raw()
        return f"{name}+{self._key_id(name).hex()}+{base64.b64encode(public).decode()}"

    def sign(self, items: list[CheckpointItem]) -> list[CheckpointResult]:
        """Refusals: `origin-unknown`, `root-malformed`, `not-forward`, `not-consistent`."""
        return [self._sign(item) for item in items]

    def _sign(self, item: CheckpointItem) -> CheckpointResult:
        if not self._wanted.fullmatch(item.origin):
            return CheckpointResult("origin-unknown")
        last = self._signed.get(item.origin, _Signed(0, EMPTY))
        if len(item.root) != 32:
            return CheckpointResult("root-malformed", b"", last.size)
        if item.size < last.size:
            return CheckpointResult("not-forward", b"", last.size)
        if not verify_consistency(last.size, item.size, proof=item.proof, old_root=last.root, new_root=item.root):
            return CheckpointResult("not-consistent", b"", last.size)
        self._signed[item.origin] = _Signed(item.size, item.root)
        try:
            write_whole(self._path, msgspec.msgpack.encode(self._signed))
        except OSError:
            self._signed[item.origin] = last
            raise
        return CheckpointResult("", self._note(item), item.size)

    def _note(self, item: CheckpointItem) -> bytes:
        text = f"{item.origin}\n{item.size}\n{base64.b64encode(item.root).decode()}\n".encode()
        line = base64.b64encode(self._key_id(item.origin) + self._key.sign(text)).decode()
        return text + f"\n\N{EM DASH} {item.origin} {line}\n".encode()

    def _key_id(self, name: str) -> bytes:
        public = _ED25519 + self._key.public_key().public_bytes_raw()
        return hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
