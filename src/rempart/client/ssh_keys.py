"""SSH public keys as they are registered: one OpenSSH line (RFC 4253 § 6.6, RFC 8709) as a JWK for the registry.

Ed25519 and ECDSA on P-256 only. The `kid` is the fingerprint that `ssh-keygen -l` prints; `use` tells that the key
opens an SSH connection and signs no assertion. Certificates and hardware-bound kinds (`sk-…`) are not taken.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from rempart.client._jose import encode

KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256")
USE = "ssh"


def is_line(content: bytes) -> bool:
    """Whether a file looks like an OpenSSH public key, taken or not."""
    return content.startswith((b"ssh-", b"ecdsa-", b"sk-"))


def fingerprint(blob: bytes) -> str:
    """Of a key as SSH carries it: `SHA256:` and base64 without padding."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).rstrip(b"=").decode()


def jwk_of(line: bytes) -> dict[str, str] | None:
    """The public JWK of one OpenSSH line; None for any other kind of key, or none at all."""
    parts = line.split(None, 2)
    if len(parts) < 2 or parts[0].decode("latin-1") not in KINDS:
        return None
    try:
        key = load_ssh_public_key(parts[0] + b" " + parts[1])
        named = {"kid": fingerprint(base64.b64decode(parts[1], validate=True)), "use": USE}
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        return None
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": encode(key.public_bytes_raw())} | named
    if isinstance(key, ec.EllipticCurvePublicKey):
        numbers = key.public_numbers()
        x, y = (encode(part.to_bytes(32)) for part in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y} | named
    return None
