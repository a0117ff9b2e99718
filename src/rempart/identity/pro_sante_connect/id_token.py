"""The id_token, verified: OpenID Connect Core 1.0 § 3.1.3.7, and stricter where it leaves a choice.

Held to: RS256, PS256 or ES256, by a key that was registered; one issuer; our client id as audience, and as `azp` where
there is one; our nonce; an `acr` of a closed list, which must be there; `exp`, `iat`. Who it is: PS_IdNat.
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

MAX_ID_TOKEN = 8192  # bytes
SKEW = 30  # seconds the provider's clock may run ahead of ours
KEY_TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
"""What may sign, and with which kind of key. Not `none`, and no HMAC: a client secret signs nothing."""

Jwk = Mapping[str, Any]
_NATIONAL_ID = re.compile(r"[0-9A-Za-z/]{3,64}")


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` is stable, kebab-case, and says nothing of the value that was presented."""

    code: str


@dataclass(frozen=True, slots=True)
class Expected:
    """What an id_token must name. `nonce` as it was sent; `acr`: the levels that are enough."""

    issuer: str
    client_id: str
    nonce: str
    acr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """Who signed in: the provider's `subject`, and PS_IdNat: `8` and the RPPS number for who has one."""

    subject: str = field(repr=False)
    national_id: str = field(repr=False)


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Any other member (jwk, jku, x5u, crit…) is a refusal: keys come from registration, not from messages."""

    alg: str
    kid: str
    typ: str | None = None


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    aud: str | tuple[str, ...]
    exp: int
    iat: int
    nonce: str = ""
    acr: str = ""
    azp: str = ""
    name_id: str = msgspec.field(default="", name="SubjectNameID")


def verify(id_token: bytes, keys: Mapping[str, Jwk], expected: Expected, instant: int) -> Verified | Refused:
    """Who an id_token names; `keys` are the provider's by `kid`, `instant` in seconds UTC.

    Codes: oversized-id-token, malformed-id-token, unsupported-algorithm, provider-key-unknown, provider-signature,
    provider-issuer, provider-audience, provider-nonce, provider-acr, provider-expired, provider-identity (no
    PS_IdNat, or two that differ).
    """
    content = content_of(id_token, keys)
    if isinstance(content, Refused):
        return content
    if code := claims_fault(content, expected.issuer, expected.client_id, expected.nonce, instant=instant):
        return Refused(code)
    claims = msgspec.json.decode(content, type=_Claims)
    return Refused("provider-acr") if claims.acr not in expected.acr else _identified(claims)


def content_of(id_token: bytes, keys: Mapping[str, Jwk]) -> bytes | Refused:
    """What a registered key signed. Codes: as of `verify`, up to provider-signature."""
    header = _header(id_token)
    if isinstance(header, Refused):
        return header
    jwk = keys.get(header.kid)
    if jwk is None:
        return Refused("provider-key-unknown")
    if not _signed(id_token, header.alg, jwk):
        return Refused("provider-signature")
    try:
        return _decode(id_token.split(b".")[1])
    except (binascii.Error, ValueError):
        return Refused("malformed-id-token")


def nonce_of(challenge: bytes) -> str:
    """How a challenge stands in the request as `nonce`: base64url without padding."""
    return urlsafe_b64encode(challenge).rstrip(b"=").decode()


def claimed_kid(id_token: bytes) -> str:
    """Which key it names, **not verified**: good for knowing whether keys must be read again. "" when unreadable."""
    header = _header(id_token)
    return "" if isinstance(header, Refused) else header.kid


def key_of(jwk: Jwk) -> RSAKey | ECKey | None:
    """The public key of a JWK; None for anything but RSA of 2048 to 4096 bits, or P-256."""
    members = {"RSA": ("kty", "n", "e"), "EC": ("kty", "crv", "x", "y")}.get(str(jwk.get("kty")), ())
    public: dict[str, str | list[str]] = {name: str(jwk[name]) for name in members if name in jwk}
    if not members or len(public) != len(members):
        return None
    try:
        if public["kty"] == "RSA":
            modulus = int.from_bytes(_decode(str(public["n"]).encode("ascii")))
            return RSAKey.import_key(public) if 2048 <= modulus.bit_length() <= 4096 else None
        return ECKey.import_key(public) if public["crv"] == "P-256" else None
    except (JoseError, binascii.Error, ValueError, TypeError, KeyError):
        return None


def _header(id_token: bytes) -> _Header | Refused:
    if len(id_token) > MAX_ID_TOKEN:
        return Refused("oversized-id-token")
    parts = id_token.split(b".")
    if len(parts) != 3:
        return Refused("malformed-id-token")
    try:
        said = _decode(parts[0])
        if msgspec.json.decode(said, type=dict[str, Any]).get("alg") not in KEY_TYPES:
            return Refused("unsupported-algorithm")
        header = msgspec.json.decode(said, type=_Header)
    except (msgspec.MsgspecError, binascii.Error, TypeError, ValueError):
        return Refused("malformed-id-token")
    return header if header.typ in (None, "JWT") else Refused("malformed-id-token")


def _signed(id_token: bytes, algorithm: str, jwk: Jwk) -> bool:
    """Whether a registered key signed it, by an algorithm that fits that key, and that key alone."""
    key = key_of(jwk)
    if key is None or jwk.get("kty") != KEY_TYPES[algorithm] or jwk.get("alg", algorithm) != algorithm:
        return False
    content, _, signature = id_token.rpartition(b".")
    try:
        # The algorithm object itself, not `deserialize_compact`: one parser of the header, and no second opinion.
        return bool(JWSRegistry.algorithms[algorithm].verify(content, _decode(signature), key))
    except (JoseError, binascii.Error, ValueError):
        return False


def claims_fault(content: bytes, issuer: str, client_id: str, nonce: str, *, instant: int) -> str:
    """What is wrong with the claims that every id_token has, "" when nothing is. `instant` in seconds UTC."""
    try:
        claims = msgspec.json.decode(content, type=_Claims)
    except (msgspec.MsgspecError, ValueError):
        return "malformed-id-token"
    audiences = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
    azp = claims.azp or (client_id if len(audiences) == 1 else "")
    if claims.iss != issuer:
        return "provider-issuer"
    if client_id not in audiences or azp != client_id:
        return "provider-audience"
    if not nonce or claims.nonce != nonce:
        return "provider-nonce"
    if claims.exp <= instant or claims.iat > instant + SKEW or claims.iat > claims.exp:
        return "provider-expired"
    return ""


def _identified(claims: _Claims) -> Verified | Refused:
    """PS_IdNat stands in SubjectNameID, and at the end of a subject that the provider writes `f:uuid:id`."""
    parts = claims.sub.split(":")
    told = {claims.name_id, parts[2] if len(parts) == 3 and parts[0] == "f" else ""} - {""}
    if len(told) != 1 or not _NATIONAL_ID.fullmatch(next(iter(told))):
        return Refused("provider-identity")
    return Verified(claims.sub, told.pop())


def _decode(part: bytes) -> bytes:
    """base64url without padding, in its canonical form (RFC 7515 § 2): no other alphabet, no stray bits at the end."""
    if b"+" in part or b"/" in part or b"=" in part or part[-1:] not in _LAST[len(part) % 4]:
        raise binascii.Error("not base64url")
    return binascii.a2b_base64(part.translate(_URL_SAFE) + b"=" * (-len(part) % 4), strict_mode=True)


_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LAST = (_ALPHABET, b"", _ALPHABET[::16], _ALPHABET[::4])  # how a part may end, by its length modulo 4
