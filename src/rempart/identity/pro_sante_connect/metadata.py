"""The provider's discovery document and its keys: OpenID Connect Discovery 1.0 § 3 and 4.3, RFC 7517, RFC 8414 § 2.

Pro Santé Connect publishes its document under a name of its own, and its authorize page is on another host than its
issuer: so that address is pinned, and compared with what the document says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from .id_token import Jwk, Refused, key_of

DISCOVERY = "/.well-known/wallet-openid-configuration"
MOST_KEYS = 20
PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses at the issuer's own origin; `names_itself`: its answers carry `iss` (RFC 9207)."""

    token: str
    userinfo: str
    keys: str
    names_itself: bool


class _Document(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    code_challenge_methods_supported: tuple[str, ...] = ("S256",)
    authorization_response_iss_parameter_supported: bool = False


class _KeySet(msgspec.Struct, frozen=True):
    keys: tuple[dict[str, Any], ...]


def discovery_address(issuer: str) -> str:
    """Where Pro Santé Connect publishes its document."""
    return issuer + DISCOVERY


def read_discovery(content: bytes, issuer: str, authorize: str) -> Endpoints | Refused:
    """Its endpoints. Codes: malformed-discovery, provider-issuer, provider-moved (an address is not where pinned)."""
    try:
        told = msgspec.json.decode(content, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Refused("malformed-discovery")
    if told.issuer != issuer:
        return Refused("provider-issuer")
    own = (told.token_endpoint, told.userinfo_endpoint, told.jwks_uri)
    if told.authorization_endpoint != authorize or any(_origin(each) != _origin(issuer) for each in own):
        return Refused("provider-moved")
    if "S256" not in told.code_challenge_methods_supported:
        return Refused("provider-moved")
    return Endpoints(*own, told.authorization_response_iss_parameter_supported)


def read_keys(content: bytes) -> dict[str, Jwk] | Refused:
    """Its keys that may sign, public members only, by `kid`. Code: malformed-keys."""
    try:
        told = msgspec.json.decode(content, type=_KeySet)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Refused("malformed-keys")
    signing = [each for each in told.keys if each.get("use", "sig") == "sig" and not public_key_fault(each)]
    if not signing or len(told.keys) > MOST_KEYS or len({each["kid"] for each in signing}) != len(signing):
        return Refused("malformed-keys")
    kept = ("kty", "n", "e", "crv", "x", "y", "alg")
    return {each["kid"]: {name: str(each[name]) for name in kept if name in each} for each in signing}


def public_key_fault(jwk: Mapping[str, Any]) -> str:
    """What is wrong with a provider's key: private-key-presented, unsupported-key; "" when it may be registered."""
    if any(member in jwk for member in PRIVATE):
        return "private-key-presented"
    kid = jwk.get("kid", "-")
    named = isinstance(kid, str) and 0 < len(kid) <= 128
    return "" if named and "kid" in jwk and key_of(jwk) is not None else "unsupported-key"


def _origin(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", address
    return parts.scheme, parts.netloc
