"""What a site's software checks before it believes a webhook: who signed it, and that it is fresh."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FRESH = 300  # seconds


def is_genuine(header: str, body: bytes, public_key: bytes, now: int) -> bool:
    """Whether the header `Rempart-Signature` signs this body with the hub's key (32 raw bytes) near `now` (seconds).

    A webhook only says that something changed: read the authorization itself before acting on it.
    """
    parts = dict(part.strip().partition("=")[::2] for part in header.split(","))
    seconds = parts.get("t", "")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 12) or abs(now - int(seconds)) > FRESH:
        return False
    try:
        signed = base64.b64decode(parts.get("ed25519", ""), validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signed, f"{seconds}.".encode() + body)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True
