"""`rempart-disclosure-proof/1`: one JSON file that proves one disclosure is in the log, with chosen fields shown.

It holds the signed checkpoint, the leaf number, the inclusion path and each field, shown (value and salt) or hidden
(commitment). Reading it needs nothing but the log's public key. Described in `docs/formats/disclosure-log.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from rempart.domain.disclosure import FIELDS
from rempart.domain.leaf import Hidden, Revealed, Shown, leaf_of
from rempart.domain.merkle import leaf_hash, verify_inclusion

MAX_PROOF = 256 * 1024  # bytes
_BYTES = ("grant", "tag")


class _Field(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, frozen=True):
    name: str
    value: str | int | None = None
    salt: str = ""
    commitment: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    format: Literal["rempart-disclosure-proof/1"]
    number: int
    size: int
    fields: list[_Field]
    path: list[str]
    checkpoint: str


@dataclass(frozen=True, slots=True)
class Proof:
    """Leaf `number` of the tree of `size` leaves whose head `note` signs; `path` lowest neighbour first."""

    number: int
    size: int
    revealed: Revealed
    path: tuple[bytes, ...]
    note: bytes

    def holds(self, root: bytes) -> bool:
        """Whether fields and path lead to the root, which the caller takes from the verified checkpoint of `size`."""
        data = leaf_of(self.revealed)
        return data is not None and verify_inclusion(
            leaf_hash(data), self.number, self.size, proof=self.path, root=root
        )

    def shown(self) -> dict[str, str | int]:
        """The shown fields as readable values: instants as integers, bytes as hexadecimal."""
        pairs = zip(FIELDS, self.revealed.fields, strict=True)
        return {name: _readable(name, field.value) for name, field in pairs if isinstance(field, Shown)}


@dataclass(frozen=True, slots=True)
class ProofFault:
    """Why a proof file was refused."""

    code: str
    reason: str


def write(proof: Proof) -> bytes:
    """The proof as indented JSON."""
    content = _File(
        "rempart-disclosure-proof/1",
        proof.number,
        proof.size,
        [_write_field(name, field) for name, field in zip(FIELDS, proof.revealed.fields, strict=True)],
        [item.hex() for item in proof.path],
        proof.note.decode(),
    )
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def read(content: bytes) -> Proof | ProofFault:
    """Reads a proof file; verifies nothing."""
    if len(content) > MAX_PROOF:
        return ProofFault("proof-too-long", f"a proof file has at most {MAX_PROOF} bytes")
    try:
        file = msgspec.json.decode(content, type=_File)
        names = tuple(field.name for field in file.fields)
        if names != FIELDS:
            return ProofFault("bad-proof-fields", "a proof lists the twelve fields of a disclosure, in order")
        fields = tuple(_read_field(field) for field in file.fields)
        path = tuple(bytes.fromhex(item) for item in file.path)
    except (msgspec.DecodeError, ValueError, OverflowError):
        return ProofFault("bad-proof", "this is not a disclosure proof of format 1")
    return Proof(file.number, file.size, Revealed(fields), path, file.checkpoint.encode())


def _write_field(name: str, field: Shown | Hidden) -> _Field:
    if isinstance(field, Hidden):
        return _Field(name, commitment=field.commitment.hex())
    return _Field(name, value=_readable(name, field.value), salt=field.salt.hex())


def _read_field(field: _Field) -> Shown | Hidden:
    if field.value is None:
        return Hidden(bytes.fromhex(field.commitment))
    return Shown(_encoded(field.name, field.value), bytes.fromhex(field.salt))


def _readable(name: str, value: bytes) -> str | int:
    if name == "instant":
        return int.from_bytes(value, "big", signed=True)
    return value.hex() if name in _BYTES else value.decode()


def _encoded(name: str, value: str | int) -> bytes:
    if isinstance(value, int) != (name == "instant"):
        raise ValueError("a field has the wrong kind of value")
    if isinstance(value, int):
        return value.to_bytes(8, "big", signed=True)
    return bytes.fromhex(value) if name in _BYTES else value.encode()
