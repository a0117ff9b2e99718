"""Pro Santé Connect (OpenID Connect Core 1.0, errata 2, 2023; PKCE, RFC 7636; `iss`, RFC 9207), from values to values.

Sources: ANS, keycloak-prosanteconnect (addresses, `acr`, names of claims; read in 2026), and the standards above. Left
out: CIBA, tokens that are encrypted (JWE), userinfo that is signed (JWT), introspection, logout at the provider, and
delegation to a local provider.
"""

from __future__ import annotations

from .id_token import Expected, Jwk, Refused, Verified, claimed_kid, nonce_of, verify
from .metadata import Endpoints, discovery_address, public_key_fault, read_discovery, read_keys
from .person import Exercice, national_id_of_rpps, read_exercices

__all__ = [
    "Endpoints", "Exercice", "Expected", "Jwk", "Refused", "Verified", "claimed_kid", "discovery_address",
    "national_id_of_rpps", "nonce_of", "public_key_fault", "read_discovery", "read_exercices", "read_keys", "verify",
]  # fmt: skip
