"""The JOSE a client needs to sign: private JWK (RFC 7517, 8037) to key, compact JWS (RFC 7515), ES256 and EdDSA."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

if TYPE_CHECKING:
    from collections.abc import Mapping

Signer = ec.EllipticCurvePrivateKey | Ed25519PrivateKey


def encode(content: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def generate(algorithm: str) -> dict[str, str]:
    """A new private JWK for `ES256` or `EdDSA`, with its RFC 7638 thumbprint as `kid`."""
    if algorithm == "ES256":
        jwk = _ec_jwk(ec.generate_private_key(ec.SECP256R1()))
    elif algorithm == "EdDSA":
        private = Ed25519PrivateKey.generate()
        jwk = {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": encode(private.public_key().public_bytes_raw()),
            "d": encode(private.private_bytes_raw()),
        }
    else:
        raise ValueError("algorithm is ES256 or EdDSA")
    return {**jwk, "kid": thumbprint(jwk)}


def public(jwk: Mapping[str, str]) -> dict[str, str]:
    """The public members of a JWK: what is registered, or carried in a proof."""
    return {member: jwk[member] for member in ("kty", "crv", "x", "y", "kid") if member in jwk}


def thumbprint(jwk: Mapping[str, str]) -> str:
    """RFC 7638 SHA-256 thumbprint, base64url."""
    members = ("crv", "kty", "x", "y") if jwk["kty"] == "EC" else ("crv", "kty", "x")
    return encode(hashlib.sha256(msgspec.json.encode({member: jwk[member] for member in members})).digest())


def signer(jwk: Mapping[str, str]) -> tuple[str, Signer]:
    """`(alg, key)` of a private JWK on P-256 or Ed25519; `ValueError` for anything else."""
    kind = (jwk.get("kty"), jwk.get("crv"))
    if kind == ("EC", "P-256"):
        return "ES256", ec.derive_private_key(int.from_bytes(decode(jwk["d"])), ec.SECP256R1())
    if kind == ("OKP", "Ed25519"):
        return "EdDSA", Ed25519PrivateKey.from_private_bytes(decode(jwk["d"]))
    raise ValueError("a private JWK on P-256 or Ed25519 is needed")


def sign(header: Mapping[str, Any], claims: Mapping[str, Any], key: Signer) -> str:
    """The compact JWS of `claims` under `header`."""
    signing_input = f"{encode(msgspec.json.encode(header))}.{encode(msgspec.json.encode(claims))}"
    return f"{signing_input}.{encode(_signature(signing_input.encode(), key))}"


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _signature(content: bytes, key: Signer) -> bytes:
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(content)
    r, s = decode_dss_signature(key.sign(content, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32) + s.to_bytes(32)


def _ec_jwk(private: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = private.private_numbers()
    point = numbers.public_numbers
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": encode(point.x.to_bytes(32)),
        "y": encode(point.y.to_bytes(32)),
        "d": encode(numbers.private_value.to_bytes(32)),
    }
