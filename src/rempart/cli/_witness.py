"""A witness's work: compare a fresh checkpoint with the last one cosigned, refuse forks and rollbacks, cosign."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from rempart.domain.merkle import verify_consistency
from rempart.formats.checkpoint import MAX_NOTE, Note, NoteFault, cosign, parse, verify
from rempart.ground.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SECONDS = 20.0  # for one answer of the log


@dataclass(frozen=True, slots=True)
class Refused:
    """Why the witness did not cosign: stable code and a sentence."""

    code: str
    reason: str


class Source(Protocol):
    """Where a log's checkpoint and proofs come from."""

    def checkpoint(self) -> bytes | Refused:
        """The newest signed note."""

    def proof(self, old: int, new: int) -> bytes | Refused:
        """The consistency proof, one base64 hash a line."""


@dataclass(frozen=True, slots=True)
class FromUrl:
    """A log over HTTP: `base` ends before `/log/…`, `month` is `2026-11` or `months`."""

    base: str
    month: str

    def checkpoint(self) -> bytes | Refused:
        """GET /log/{month}/checkpoint."""
        return self._get("checkpoint")

    def proof(self, old: int, new: int) -> bytes | Refused:
        """GET /log/{month}/proof?from=&to=."""
        return self._get(f"proof?from={old}&to={new}")

    def _get(self, what: str) -> bytes | Refused:
        url = f"{self.base.rstrip('/')}/log/{self.month}/{what}"
        if urlsplit(url).scheme not in ("http", "https"):
            return Refused("bad-address", "the log's address must begin with http:// or https://")
        request = Request(url, headers={"Accept": "text/plain"})  # noqa: S310 - the scheme was checked above
        try:
            with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - same
                content: bytes = answer.read(MAX_NOTE + 1)
        except (URLError, TimeoutError, ConnectionError) as error:
            return Refused("log-unreachable", f"the log did not answer for {what}: {error}")
        return content


@dataclass(frozen=True, slots=True)
class FromFiles:
    """A checkpoint and a proof that came another way, e.g. in an insurer's daily files."""

    note: Path
    path: Path | None

    def checkpoint(self) -> bytes | Refused:
        """The note's file."""
        return _read(self.note)

    def proof(self, old: int, new: int) -> bytes | Refused:
        """The proof's file; it must be the one from `old` to `new`."""
        if self.path is None:
            return Refused("proof-absent", f"a proof from size {old} to size {new} is needed: give --proof")
        return _read(self.path)


@dataclass(frozen=True, slots=True)
class Witness:
    """Who cosigns: `name` and Ed25519 key. `log_key`: the log's public key (32 bytes). `origin`: the tree followed."""

    name: str
    key: Ed25519PrivateKey
    log_key: bytes
    origin: str

    def visit(self, source: Source, state: Path, *, seconds: int) -> Note | Refused:
        """Fetches, compares with `state` (the last cosigned note), cosigns at `seconds` since 1970 and stores.

        A refusal leaves `state` as it was; a checkpoint the log signed that contradicts it is kept beside it as proof.
        """
        last = self._last(state)
        if isinstance(last, Refused):
            return last
        content = source.checkpoint()
        fresh = content if isinstance(content, Refused) else self._believe(content)
        if isinstance(fresh, Refused):
            return fresh
        refusal = _compare(last, fresh, source) if last is not None else None
        if refusal is not None:
            if refusal.code in ("rollback", "fork"):
                write_whole(state.with_name(state.name + ".contradiction"), fresh.serialise())
            return refusal
        note = cosign(fresh, self.name, self.key, seconds=seconds)
        write_whole(state, note.serialise())
        return note

    def _last(self, state: Path) -> Note | Refused | None:
        try:
            content = state.read_bytes()
        except FileNotFoundError:
            return None
        known = self._believe(content)
        if isinstance(known, Refused):
            return Refused("bad-state", f"the witness's own file cannot be believed: {known.reason}")
        return known

    def _believe(self, content: bytes) -> Note | Refused:
        note = parse(content)
        if isinstance(note, NoteFault):
            return Refused(note.code, note.reason)
        if note.checkpoint.origin != self.origin:
            return Refused("wrong-origin", f"the checkpoint is of another log: {note.checkpoint.origin}")
        fault = verify(note, self.log_key)
        return note if fault is None else Refused(fault.code, fault.reason)


def _compare(last: Note, fresh: Note, source: Source) -> Refused | None:
    old, new = last.checkpoint, fresh.checkpoint
    if new.size < old.size:
        return Refused("rollback", f"ROLLBACK: the log shows {new.size} leaves; it had already shown {old.size}")
    if new.size == old.size:
        if new.root == old.root:
            return None
        return Refused("fork", f"FORK: the log shows two different trees of {new.size} leaves")
    content = source.proof(old.size, new.size)
    if isinstance(content, Refused):
        return content
    proof = read_proof_lines(content)
    if proof is None:
        return Refused("bad-proof", "the consistency proof is not a list of base64 hashes")
    if verify_consistency(old.size, new.size, proof=proof, old_root=old.root, new_root=new.root):
        return None
    return Refused(
        "fork",
        f"FORK: nothing shows that the tree of {new.size} leaves begins with the tree of {old.size} leaves seen before",
    )


def read_proof_lines(content: bytes) -> tuple[bytes, ...] | None:
    """The hashes of a proof as the log shows it; None when a line is not the base64 of 32 bytes."""
    try:
        proof = tuple(base64.b64decode(line, validate=True) for line in content.splitlines())
    except (binascii.Error, ValueError):
        return None
    return proof if all(len(item) == 32 for item in proof) else None


def _read(path: Path) -> bytes | Refused:
    try:
        with path.open("rb") as handle:
            return handle.read(MAX_NOTE + 1)
    except OSError:
        return Refused("file-unreadable", f"{path} cannot be read")
