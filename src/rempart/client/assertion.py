"""How a client proves who it is: a private_key_jwt assertion (RFC 7523), signed with its key, good for one token."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING

from rempart.client import _jose

if TYPE_CHECKING:
    from collections.abc import Mapping

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
AGENT_TYPE = "rempart-agent+jwt"
LIFE = 120  # seconds; the hub takes up to 300, the margin is for a clock that runs fast


def generate_key(algorithm: str = "ES256") -> dict[str, str]:
    """A new private JWK (`ES256` or `EdDSA`); register `public_key` of it, keep it in a 0600 file."""
    return _jose.generate(algorithm)


def public_key(private_jwk: Mapping[str, str]) -> dict[str, str]:
    """What is handed to the operator: the public members and the `kid`."""
    return _jose.public(private_jwk)


def signing_key(private_jwk: Mapping[str, str]) -> _jose.Signer:
    """The key itself, for what else the client signs; `ValueError` unless it is on P-256 or Ed25519."""
    return _jose.signer(private_jwk)[1]


def sign(
    private_jwk: Mapping[str, str],
    client: str,
    audience: str,
    instant: int,
    *,
    site: str = "",
    behalf: Mapping[str, str] | None = None,
) -> str:
    """The assertion of `client` to `audience` (the hub's token URL), signed at `instant` (seconds UTC).

    `site`, 9 characters, narrows the assertion to that site; a JWK without `kid` is named by its thumbprint. A gateway
    signs `behalf` as well: the client it saw (`behalf`) and the fingerprint of its key (`ssh_key`).
    """
    algorithm, key = _jose.signer(private_jwk)
    header = {
        "alg": algorithm,
        "typ": "JWT",
        "kid": private_jwk.get("kid") or _jose.thumbprint(private_jwk),
    }
    claims: dict[str, str | int] = {
        "iss": client,
        "sub": client,
        "aud": audience,
        "iat": instant,
        "exp": instant + LIFE,
        "jti": secrets.token_urlsafe(16),
    }
    return _jose.sign(header, claims | ({"site": site} if site else {}) | dict(behalf or {}), key)


def sign_agent(private_jwk: Mapping[str, str], agent: str, token: str, instant: int) -> str:
    """The `Rempart-Agent` header: who sits at the program, in the site's own word, for this token alone.

    At most 20 characters with a digit, like `u17`: the hub refuses what looks like a person. `instant` in seconds UTC.
    """
    algorithm, key = _jose.signer(private_jwk)
    header = {"alg": algorithm, "typ": AGENT_TYPE, "kid": private_jwk.get("kid") or _jose.thumbprint(private_jwk)}
    digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    return _jose.sign(header, {"agent": agent, "iat": instant, "ath": digest}, key)
