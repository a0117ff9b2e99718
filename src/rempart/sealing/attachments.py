"""Attachments of an authorization, sealed by the site's software to the insurer: the hub carries what it cannot read.

HPKE as in `envelope`, under one fresh key each. Bound to insurer, site, planned day and kind, so that one does not open
as part of another request. Layout: docs/formats/identity-jwe.md, "Attachments".
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from .envelope import EnvelopeFault, open_by_insurer, seal_for_insurer

MAGIC = b"rempart-attachment/1\n"
PURPOSE = "attachment"


def bound_to(insurer: str, site: str, planned: str, kind: str) -> bytes:
    """What an attachment belongs to: 10 digits, 9 characters, AAAA-MM-JJ, and prescription, quote or letter."""
    return f"{insurer}\n{site}\n{planned}\n{kind}".encode("ascii")


def seal_attachment(content: bytes, reader: bytes, bound: bytes) -> bytes:
    """For the insurer's X25519 public key of 32 bytes, else ValueError."""
    return MAGIC + seal_for_insurer(reader, PURPOSE, [(content, bound)])[0]


def open_attachment(sealed: bytes, key: X25519PrivateKey, bound: bytes) -> bytes | EnvelopeFault:
    """The insurer's side; what does not begin as one is clear, and comes back as it is."""
    if not sealed.startswith(MAGIC):
        return sealed
    return open_by_insurer(sealed[len(MAGIC) :], key, PURPOSE, bound=bound)
