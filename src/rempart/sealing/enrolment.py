"""What somebody who joins sends to the operator: a bank document and the account it names, sealed to its key.

HPKE as in `envelope`, bound to operator and enrolment, so that one does not open as another's. The hub carries what it
cannot read. Layout: docs/formats/enrolment.md.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from .envelope import EnvelopeFault, open_by_insurer, seal_for_insurer

MAGIC = b"rempart-enrolment/1\n"
PURPOSE = "enrolment"
KINDS = {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpeg", b"\x89PNG\r\n\x1a\n": "png"}
"""What a document may be, by its first bytes."""
Kind = Literal["pdf", "jpeg", "png"]


class Package(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to pay, on which account, and the document that shows it."""

    holder: str
    iban: str
    kind: Kind
    document: bytes

    def __repr__(self) -> str:
        return f"Package({self.kind})"


def bound_to(operator: str, enrolment: str) -> bytes:
    """What a package belongs to."""
    return f"{operator}\n{enrolment}".encode("ascii")


def kind_of(document: bytes) -> str:
    """`pdf`, `jpeg` or `png`; "" for anything else."""
    return next((kind for start, kind in KINDS.items() if document.startswith(start)), "")


def seal_package(package: Package, reader: bytes, bound: bytes) -> bytes:
    """For the operator's X25519 public key of 32 bytes, else ValueError."""
    return MAGIC + seal_for_insurer(reader, PURPOSE, [(msgspec.msgpack.encode(package), bound)])[0]


def open_package(sealed: bytes, key: X25519PrivateKey, bound: bytes) -> Package | EnvelopeFault:
    """The operator's side."""
    if not sealed.startswith(MAGIC):
        return EnvelopeFault("envelope-shape")
    found = open_by_insurer(sealed[len(MAGIC) :], key, PURPOSE, bound=bound)
    if isinstance(found, EnvelopeFault):
        return found
    try:
        return msgspec.msgpack.decode(found, type=Package)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return EnvelopeFault("envelope-shape")
