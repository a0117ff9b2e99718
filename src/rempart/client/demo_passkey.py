"""A passkey in software, for demonstrations and tools: what a browser and its authenticator together would send.

Whoever reads its file signs in as its owner; a person's passkey never leaves their device. Portals refuse it in
production. Web Authentication, Level 2 (W3C, 8 April 2021), § 5.8.1, 6.1 and 6.5: ES256, attestation "none".
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rempart.client.doors import Assertion, Registration

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class DemoPasskey:
    """One passkey: its id and its private key (PKCS #8, DER), both base64url without padding. It does not count."""

    credential: str
    key: str = field(repr=False)

    @classmethod
    def new(cls) -> DemoPasskey:
        """A fresh one."""
        private = ec.generate_private_key(ec.SECP256R1())
        content = private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(_text(secrets.token_bytes(_ID_BYTES)), _text(content))

    def register(self, challenge: str, rp_id: str, origin: str) -> Registration:
        """What `navigator.credentials.create` would give. ValueError when the key is none."""
        numbers = self._private().public_key().public_numbers()
        point = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        credential = _bytes(self.credential)
        attested = bytes(16) + len(credential).to_bytes(2, "big") + credential + cbor2.dumps(point)
        data = _data(rp_id, _ATTESTED) + attested
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return Registration(_text(_client_data("webauthn.create", challenge, origin)), _text(statement))

    def sign(self, challenge: str, rp_id: str, origin: str) -> Assertion:
        """What `navigator.credentials.get` would give. ValueError when the key is none."""
        told, data = _client_data("webauthn.get", challenge, origin), _data(rp_id, 0)
        signature = self._private().sign(data + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        return Assertion(self.credential, _text(told), _text(data), _text(signature))

    def _private(self) -> ec.EllipticCurvePrivateKey:
        found = serialization.load_der_private_key(_bytes(self.key), None)
        if not isinstance(found, ec.EllipticCurvePrivateKey):
            raise ValueError("expected a private key of P-256")
        return found


def _client_data(kind: str, challenge: str, origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()


def _data(rp_id: str, flags: int) -> bytes:
    return hashlib.sha256(rp_id.encode()).digest() + bytes((_PRESENT | _VERIFIED | flags,)) + bytes(4)


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
