"""A client's signed assertion, verified: private_key_jwt of OpenID Connect Core 1.0 § 9 (RFC 7521, 7523, 7515).

Held to here: ES256 and EdDSA (Ed25519, by either of its names, RFC 9864) only; `iss` = `sub` = the client's id;
`aud` one exact string (rfc7523bis); `exp` at most 300 s ahead; `iat` and `jti` present. Left to the caller: that a
`jti` is not used twice, and whether the client may act for `site`.

The same keys sign who sits at the program (`verify_agent`): a statement of another type, good for one token alone.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import JWSRegistry

MAX_ASSERTION = 4096  # bytes
MAX_AHEAD = 300  # seconds `exp` may lie ahead
SKEW = 30  # seconds a client's clock may run ahead of ours
MAX_JTI = 128  # characters
SSH = "ssh"
"""`use` of a key that opens an SSH connection to a gateway for files, and signs no assertion."""

_CURVES = {
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
_TYPES = (None, "JWT", "client-authentication+jwt")
AGENT_TYPE = "rempart-agent+jwt"
AGENT_LIFE = 1000  # seconds: a token's longest life, and the skew allowed
MAX_AGENT = 1024  # bytes of a signed word

Jwk = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verified:
    """Who signed, and for which site ("" when none was named); `jti` unique per client, `expires` in seconds UTC.

    A gateway's names the client whose SSH key it saw, `behalf`, and that key's fingerprint.
    """

    client: str
    kid: str
    jti: str
    site: str
    expires: int
    behalf: str = ""
    ssh_key: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` is stable, kebab-case, and says nothing of the value that was presented."""

    code: str


@dataclass(frozen=True, slots=True)
class AgentSigned:
    """The program's word for who sits at it, signed for one token."""

    agent: str


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Any other member (jwk, jku, x5u, crit, b64…) is a refusal: keys come from registration, not from messages."""

    alg: str
    kid: str
    typ: str | None = None


class _Claims(msgspec.Struct, frozen=True):
    iss: str
    sub: str
    aud: str
    exp: int
    iat: int
    jti: str
    nbf: int = 0
    site: str = ""
    behalf: str = ""
    ssh_key: str = ""


class _AgentClaims(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    agent: str
    iat: int
    ath: str


@dataclass(frozen=True, slots=True)
class _Parsed:
    header: _Header
    claims: _Claims


def verify(assertion: bytes, keys: Mapping[str, Jwk], audience: str, instant: int) -> Verified | Refused:
    """Checks a compact JWS against `keys`, the registered public JWKs **of the client it names** by `kid`.

    `instant` in seconds UTC. See `claimed_client` for whose keys to bring, or `verify_registered` to have it done.
    """
    parsed = _parse(assertion)
    if isinstance(parsed, Refused):
        return parsed
    jwk = keys.get(parsed.header.kid)
    if jwk is None or jwk.get("use") == SSH:
        return Refused("unknown-key")
    refusal = _check_signature(assertion, parsed.header, jwk) or _check_claims(parsed.claims, audience, instant)
    if refusal is not None:
        return refusal
    claims = parsed.claims
    return Verified(claims.sub, parsed.header.kid, claims.jti, claims.site, claims.exp, claims.behalf, claims.ssh_key)


def verify_registered(
    assertion: bytes,
    registered: Callable[[str], Mapping[str, Jwk] | None],
    audience: str,
    instant: int,
) -> Verified | Refused:
    """As `verify`; `registered` gives a client's keys, None for a client nobody knows."""
    client = claimed_client(assertion)
    if client is None:
        return Refused("malformed-assertion")
    keys = registered(client)
    if keys is None:
        return Refused("unknown-client")
    return verify(assertion, keys, audience, instant)


def claimed_client(assertion: bytes) -> str | None:
    """Whom the assertion names, **not verified**: good for finding the keys, for nothing else. None when unreadable."""
    parsed = _parse(assertion)
    return None if isinstance(parsed, Refused) else parsed.claims.sub


def public_jwk_fault(jwk: Jwk) -> str | None:
    """The code of what is wrong with a key offered for registration; None when it is a public P-256 or Ed25519 key."""
    if any(member in jwk for member in ("d", "k", "p", "q", "dp", "dq", "qi", "oth")):
        return "private-key-presented"
    if (jwk.get("kty"), jwk.get("crv")) not in _CURVES.values():
        return "unsupported-key"
    return None if _import(jwk) is not None else "malformed-key"


def verify_agent(signed: bytes, keys: Mapping[str, Jwk], token: bytes, instant: int) -> AgentSigned | Refused:
    """Checks a compact JWS of type `rempart-agent+jwt` against `keys`, those of the client whose `token` came with it.

    `ath` ties it to that token (its SHA-256, as in RFC 9449 § 4.2), which is itself tied to a key or certificate that
    is proved at each request. `instant` in seconds UTC.
    """
    parts = signed.split(b".")
    if len(signed) > MAX_AGENT or len(parts) != 3:
        return Refused("malformed-agent")
    try:
        header = msgspec.json.decode(_decode(parts[0]), type=_Header)
        claims = msgspec.json.decode(_decode(parts[1]), type=_AgentClaims)
    except (msgspec.MsgspecError, binascii.Error, TypeError, ValueError):
        return Refused("malformed-agent")
    jwk = keys.get(header.kid)
    if jwk is None or jwk.get("use") == SSH:
        return Refused("unknown-key")
    if header.typ != AGENT_TYPE or header.alg not in _CURVES:
        return Refused("malformed-agent")
    if not _signed(signed, header, jwk):
        return Refused("bad-signature")
    if claims.ath != urlsafe_b64encode(hashlib.sha256(token).digest()).rstrip(b"=").decode():
        return Refused("wrong-token-hash")
    return AgentSigned(claims.agent) if -AGENT_LIFE <= claims.iat - instant <= SKEW else Refused("stale-agent")


def _parse(assertion: bytes) -> _Parsed | Refused:
    if len(assertion) > MAX_ASSERTION:
        return Refused("oversized-assertion")
    parts = assertion.split(b".")
    if len(parts) != 3:
        return Refused("malformed-assertion")
    try:
        algorithm = msgspec.json.decode(_decode(parts[0]), type=dict[str, Any]).get("alg")
        if algorithm not in _CURVES:
            return Refused("unsupported-algorithm")
        header = msgspec.json.decode(_decode(parts[0]), type=_Header)
        claims = msgspec.json.decode(_decode(parts[1]), type=_Claims)
    except (msgspec.MsgspecError, binascii.Error, TypeError, ValueError):
        return Refused("malformed-assertion")
    return _Parsed(header, claims)


def _decode(part: bytes) -> bytes:
    """base64url without padding, in its canonical form (RFC 7515 § 2): no other alphabet, no stray bits at the end."""
    if b"+" in part or b"/" in part or b"=" in part or part[-1:] not in _LAST[len(part) % 4]:
        raise binascii.Error("not base64url")
    return binascii.a2b_base64(part.translate(_URL_SAFE) + b"=" * (-len(part) % 4), strict_mode=True)


_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LAST = (_ALPHABET, b"", _ALPHABET[::16], _ALPHABET[::4])  # how a part may end, by its length modulo 4


def _import(jwk: Jwk) -> ECKey | OKPKey | None:
    public = {member: jwk[member] for member in ("kty", "crv", "x", "y") if member in jwk}
    try:
        return ECKey.import_key(public) if public.get("kty") == "EC" else OKPKey.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _check_signature(assertion: bytes, header: _Header, jwk: Jwk) -> Refused | None:
    if header.typ not in _TYPES:
        return Refused("malformed-assertion")
    if (jwk.get("kty"), jwk.get("crv")) != _CURVES[header.alg] or "d" in jwk:
        return Refused("unusable-key")
    if _import(jwk) is None:
        return Refused("unusable-key")
    return None if _signed(assertion, header, jwk) else Refused("bad-signature")


def _signed(content: bytes, header: _Header, jwk: Jwk) -> bool:
    key = _import(jwk) if (jwk.get("kty"), jwk.get("crv")) == _CURVES[header.alg] and "d" not in jwk else None
    if key is None:
        return False
    signed, _, signature = content.rpartition(b".")
    try:
        # The algorithm object itself, not `deserialize_compact`: one parser of the header, and no second opinion.
        return bool(JWSRegistry.algorithms[header.alg].verify(signed, _decode(signature), key))
    except (JoseError, binascii.Error, ValueError):
        return False


def _check_claims(claims: _Claims, audience: str, instant: int) -> Refused | None:
    if not claims.sub or claims.iss != claims.sub:
        return Refused("issuer-not-subject")
    if claims.aud != audience:
        return Refused("wrong-audience")
    if claims.exp <= instant:
        return Refused("expired-assertion")
    if claims.exp > instant + MAX_AHEAD:
        return Refused("lives-too-long")
    if max(claims.iat, claims.nbf) > instant + SKEW or claims.iat > claims.exp:
        return Refused("issued-in-the-future")
    if not 0 < len(claims.jti) <= MAX_JTI:
        return Refused("missing-jti")
    return None
