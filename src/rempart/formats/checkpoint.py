"""Checkpoints of the log as C2SP signed notes: what the log signs, what witnesses cosign, and how both are checked.

Sources: c2sp.org/signed-note@v1.0.0, c2sp.org/tlog-checkpoint@v1.0.0, c2sp.org/tlog-cosignature (`cosignature/v1`).
Left out: ML-DSA-44 cosignatures, ECDSA, RFC 6962 tree head signatures; lines of unknown keys are kept and ignored.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAX_NOTE = 64 * 1024  # bytes; a longer note is refused unread
MAX_SIGNATURES = 32
ED25519 = 0x01
COSIGNATURE = 0x04
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class NoteFault:
    """Why a note or a key was refused: a stable code and a sentence."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: `size` leaves with this `root` (32 bytes) in the log named by `origin`."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def body(self) -> bytes:
        """The note text that is signed, with its final newline."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        return "".join(line + "\n" for line in lines).encode()


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: key name, key id (4 bytes), and what follows the id."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> bytes:
        """The line as it stands in a note."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n".encode()


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note; nothing in it may be believed before a signature was verified."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]

    def serialise(self) -> bytes:
        """The note's bytes; exactly those it was parsed from."""
        return self.checkpoint.body() + b"\n" + b"".join(item.line() for item in self.signatures)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named public key (32 bytes, Ed25519) of kind `ED25519` (a log) or `COSIGNATURE` (a witness)."""

    name: str
    public: bytes
    kind: int = ED25519

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ newline ‖ kind ‖ public key)[:4]."""
        return sha256(self.name.encode() + b"\n" + bytes((self.kind,)) + self.public).digest()[:4]

    def text(self) -> str:
        """The key as a `vkey`: name+hash+base64(kind ‖ public key)."""
        material = base64.b64encode(bytes((self.kind,)) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"


def parse_key(text: str) -> VerifierKey | NoteFault:
    """Reads a `vkey`; the hash must be that of its name and key."""
    parts = text.strip().split("+", 2)
    material = _unbase64(parts[2]) if len(parts) == 3 else None
    if material is None or len(material) != 33 or not _NAME.fullmatch(parts[0]):
        return NoteFault("bad-key", "a verifier key reads name+hash+base64 of one kind byte and 32 bytes")
    key = VerifierKey(parts[0], material[1:], material[0])
    if key.kind not in (ED25519, COSIGNATURE):
        return NoteFault("unknown-key-kind", "the key is neither an Ed25519 log key nor a witness key")
    if key.key_id.hex() != parts[1]:
        return NoteFault("bad-key-hash", "the hash in the verifier key does not belong to its name and key")
    return key


def parse(content: bytes) -> Note | NoteFault:
    """Reads a signed checkpoint; verifies nothing."""
    if len(content) > MAX_NOTE:
        return NoteFault("note-too-long", f"a note has at most {MAX_NOTE} bytes")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return NoteFault("note-not-text", "a note is UTF-8 text")
    if any(ord(sign) < 0x20 and sign != "\n" for sign in text):
        return NoteFault("note-not-text", "a note holds no control character but the newline")
    body, blank, tail = text.rpartition("\n\n")
    signatures = _signatures(tail) if blank else None
    if signatures is None:
        return NoteFault("bad-signature-lines", "after a blank line a note has 1 to 32 signature lines")
    checkpoint = _checkpoint(body)
    return checkpoint if isinstance(checkpoint, NoteFault) else Note(checkpoint, signatures)


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> Note:
    """Signs as the log: the key's name is the origin."""
    verifier = VerifierKey(checkpoint.origin, key.public_key().public_bytes_raw())
    return Note(checkpoint, (Signature(verifier.name, verifier.key_id, key.sign(checkpoint.body())),))


def verify(note: Note, public: bytes) -> NoteFault | None:
    """Whether the log whose Ed25519 key is `public` (32 bytes) signed the note, under its origin as the key's name."""
    verifier = VerifierKey(note.checkpoint.origin, public)
    lines = [item for item in note.signatures if (item.name, item.key_id) == (verifier.name, verifier.key_id)]
    if not lines:
        return NoteFault("not-signed", "the checkpoint is not signed by the log's key")
    if not all(_holds(public, item.signature, note.checkpoint.body()) for item in lines):
        return NoteFault("bad-signature", "the log's signature on the checkpoint does not verify")
    return None


def cosign(note: Note, name: str, key: Ed25519PrivateKey, *, seconds: int) -> Note:
    """Adds a witness's `cosignature/v1` made at `seconds` since 1970, in place of an older one of the same key."""
    verifier = VerifierKey(name, key.public_key().public_bytes_raw(), COSIGNATURE)
    stamped = seconds.to_bytes(8, "big") + key.sign(_cosigned(note, seconds))
    others = (item for item in note.signatures if (item.name, item.key_id) != (name, verifier.key_id))
    return Note(note.checkpoint, (*others, Signature(name, verifier.key_id, stamped)))


def cosigned_at(note: Note, witness: VerifierKey) -> int | NoteFault:
    """When (seconds since 1970) the witness cosigned the note, or why that cannot be said."""
    lines = [item for item in note.signatures if (item.name, item.key_id) == (witness.name, witness.key_id)]
    if not lines or witness.kind != COSIGNATURE:
        return NoteFault("not-cosigned", "the witness has not cosigned this checkpoint")
    stamps = [int.from_bytes(item.signature[:8], "big") for item in lines]
    for item, stamp in zip(lines, stamps, strict=True):
        if stamp >= 1 << 63 or not _holds(witness.public, item.signature[8:], _cosigned(note, stamp)):
            return NoteFault("bad-cosignature", "the witness's cosignature does not verify")
    return max(stamps)


def _cosigned(note: Note, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n".encode() + note.checkpoint.body()


def _holds(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _checkpoint(body: str) -> Checkpoint | NoteFault:
    lines = body.split("\n")
    if len(lines) < 3 or not all(lines):
        return NoteFault("bad-checkpoint", "a checkpoint has an origin, a size and a root, and no empty line")
    root = _unbase64(lines[2])
    if not _NAME.fullmatch(lines[0]):
        return NoteFault("bad-origin", "an origin has neither a space nor a plus sign")
    if not _SIZE.fullmatch(lines[1]):
        return NoteFault("bad-size", "a size is a decimal number without leading zero")
    if root is None or len(root) != 32:
        return NoteFault("bad-root", "a root is the base64 of 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:]))


def _signatures(tail: str) -> tuple[Signature, ...] | None:
    lines = tail.split("\n")
    if lines.pop() != "" or not 1 <= len(lines) <= MAX_SIGNATURES:
        return None
    found = [_signature(line) for line in lines]
    return None if None in found else tuple(item for item in found if item is not None)


def _signature(line: str) -> Signature | None:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    content = _unbase64(encoded)
    if not line.startswith(_DASH) or not space or not _NAME.fullmatch(name) or content is None or len(content) < 5:
        return None
    return Signature(name, content[:4], content[4:])


def _unbase64(text: str) -> bytes | None:
    """Strict standard base64: what does not encode back to the same text is refused."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if base64.b64encode(content).decode() == text else None
