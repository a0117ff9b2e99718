"""A passkey in software, as browser and authenticator together make one: attestation "none", ES256.

Every lie that a hostile page or authenticator may tell is one argument of `create` and `get`.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, BACKED, ATTESTED = 0x01, 0x04, 0x18, 0x40


def text(value: bytes) -> str:
    """base64url without padding, as browsers and our wire write bytes."""
    return urlsafe_b64encode(value).rstrip(b"=").decode()


@dataclass(frozen=True)
class Created:
    """What `navigator.credentials.create()` gives."""

    credential: bytes
    client_data: bytes
    attestation: bytes


@dataclass(frozen=True)
class Got:
    """What `navigator.credentials.get()` gives."""

    credential: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes


@dataclass
class Authenticator:
    """One passkey for one relying party; `step` is what its counter goes up by (0: it does not count)."""

    rp_id: str = "portal.horizon.test"
    origin: str = "https://portal.horizon.test"
    step: int = 0
    counter: int = 0
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def cose(self) -> dict[int, Any]:
        """The public key as a COSE_Key (RFC 9053 § 7.1.1)."""
        numbers = self.key.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}

    def create(
        self,
        challenge: bytes,
        /,
        *,
        fmt: str = "none",
        statement: dict[str, Any] | None = None,
        cose: dict[int, Any] | None = None,
        **lies: Any,
    ) -> Created:
        """A registration; `lies` as in `get`."""
        client_data = self._client_data("webauthn.create", challenge, lies)
        key = cbor2.dumps(self.cose() if cose is None else cose)
        attested = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + key
        data = self._data(lies, ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": fmt, "attStmt": statement or {}, "authData": data})
        return Created(self.credential, client_data, attestation)

    def get(self, challenge: bytes, /, **lies: Any) -> Got:
        """An assertion.

        Lies: `rp_id`, `origin`, `kind`, `challenge`, `cross`, `top`, `present`, `verified`, `counter`, `key` (another
        one signs).
        """
        client_data = self._client_data("webauthn.get", challenge, lies)
        data = self._data(lies, 0)
        key: ec.EllipticCurvePrivateKey = lies.get("key", self.key)
        signature = key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return Got(self.credential, client_data, data, signature)

    def _client_data(self, kind: str, challenge: bytes, lies: dict[str, Any]) -> bytes:
        said = {
            "type": lies.get("kind", kind),
            "challenge": text(lies.get("challenge", challenge)),
            "origin": lies.get("origin", self.origin),
            "crossOrigin": lies.get("cross", False),
        }
        return json.dumps(said | ({"topOrigin": lies["top"]} if "top" in lies else {})).encode()

    def _data(self, lies: dict[str, Any], flags: int) -> bytes:
        self.counter += self.step
        flags |= PRESENT * lies.get("present", True) | VERIFIED * lies.get("verified", True) | BACKED
        rp_id: str = lies.get("rp_id", self.rp_id)
        counter: int = lies.get("counter", self.counter)
        return hashlib.sha256(rp_id.encode()).digest() + bytes((flags,)) + counter.to_bytes(4, "big")
