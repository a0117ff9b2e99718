"""A workstation's key as browsers make it: ECDSA on P-256 with SHA-256, in the forms of the Web Cryptography API.

Web Cryptography API (W3C, 2017) § 23: a public key exported `raw` is the uncompressed point of SEC 1 § 2.3.3, a
signature is r ‖ s, 32 bytes each. Left out: every other curve and hash.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

POINT_BYTES, SIGNATURE_BYTES = 65, 64


def good_key(point: bytes) -> bool:
    """Whether these 65 bytes are a point of the curve."""
    return _key(point) is not None


def signed(point: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key of this point signed exactly that."""
    key = _key(point)
    if key is None or len(signature) != SIGNATURE_BYTES:
        return False
    first, second = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        key.verify(encode_dss_signature(first, second), message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _key(point: bytes) -> EllipticCurvePublicKey | None:
    if len(point) != POINT_BYTES or point[0] != 4:
        return None
    try:
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except ValueError:
        return None
