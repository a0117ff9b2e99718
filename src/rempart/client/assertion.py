"""How a client proves who it is: a private_key_jwt assertion (RFC 7523), signed with its key, good for one token."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from rempart.client import _jose

if TYPE_CHECKING:
    from collections.abc import Mapping

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFE = 120  # seconds; the hub takes up to 300, the margin is for a clock that runs fast


def generate_key(algorithm: str = "ES256") -> dict[str, str]:
    """A new private JWK (`ES256` or `EdDSA`); register `public_key` of it, keep it in a 0600 file."""
    return _jose.generate(algorithm)


def public_key(private_jwk: Mapping[str, str]) -> dict[str, str]:
    """What is handed to the operator: the public members and the `kid`."""
    return _jose.public(private_jwk)


def sign(
    private_jwk: Mapping[str, str],
    client: str,
    audience: str,
    instant: int,
    *,
    site: str = "",
) -> str:
    """The assertion of `client` to `audience` (the hub's token URL), signed at `instant` (seconds UTC).

    `site`, 9 characters, narrows the assertion to that site; a JWK without `kid` is named by its thumbprint.
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
    return _jose.sign(header, {**claims, "site": site} if site else claims, key)
