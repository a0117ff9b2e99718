"""DPoP proofs (RFC 9449), the client's side: a key of its own, a proof a request, the server's nonce remembered."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING

from rempart.client import _jose

if TYPE_CHECKING:
    from collections.abc import Mapping


class DpopKey:
    """Signs proofs with one private JWK (P-256 or Ed25519); keep one for as long as a token lives.

    `nonce` is what the hub last sent as `DPoP-Nonce`: set it from every answer that carries one, and repeat a request
    that was refused with `use_dpop_nonce` once.
    """

    def __init__(self, private_jwk: Mapping[str, str], nonce: str = "") -> None:
        algorithm, self._key = _jose.signer(private_jwk)
        shown = {member: value for member, value in _jose.public(private_jwk).items() if member != "kid"}
        self._header = {"typ": "dpop+jwt", "alg": algorithm, "jwk": shown}
        self.thumbprint = _jose.thumbprint(private_jwk)
        self.nonce = nonce

    @classmethod
    def generate(cls, algorithm: str = "ES256") -> DpopKey:
        """A fresh key, `ES256` or `EdDSA`, that lives in this process only."""
        return cls(_jose.generate(algorithm))

    def proof(self, method: str, url: str, instant: int, *, token: str = "") -> str:
        """The `DPoP` header of one request at `instant` (seconds UTC); `token` is empty at the token endpoint only."""
        claims: dict[str, str | int] = {
            "jti": secrets.token_urlsafe(16),
            "htm": method,
            "htu": url,
            "iat": instant,
        }
        if token:
            digest = hashlib.sha256(token.encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if self.nonce:
            claims["nonce"] = self.nonce
        return _jose.sign(self._header, claims, self._key)
