"""DPoP proofs (RFC 9449, 2023), verified from bytes and keys: the caller holds the key its token is bound to.

Server nonces (§ 8, 9) are stateless: a MAC of the time window. All of § 4.3 is checked; ES256 and EdDSA (Ed25519) only.
Left to the caller: remembering `jti` (passed in as `replay`) and comparing `jkt` with the token's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

MAX_PROOF = 2048  # bytes
MAX_JTI = 128  # characters
WINDOW = 60  # seconds between `iat` and our clock, either way
KEYS_KEPT = 8192  # imported public keys kept, about 1.5 kB each

Replay = Callable[[bytes, int], bool]
"""`replay(key, expires)`: True when `key` (32 bytes) is new, and then held until `expires` (seconds); else False."""


class Verified(NamedTuple):  # tuples: one of each is made for every request
    """`jkt` is the RFC 7638 SHA-256 thumbprint (base64url) of the key that signed; `jti` the proof's own id."""

    jkt: str
    jti: str


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` is stable; `needs_nonce` says the answer must be `use_dpop_nonce` with a fresh nonce."""

    code: str
    needs_nonce: bool = False


class Asked(NamedTuple):
    """The request a proof must fit: `url` as the client sees it, `token` None at the token endpoint, seconds."""

    method: str
    url: str
    token: bytes | None
    instant: int


class Nonces:
    """Server nonces: base64url of window number and MAC. Hubs with one key accept each other's; nothing is stored.

    A nonce is good in its own window and the next: between `window` and `2 * window` seconds.
    """

    def __init__(self, key: bytes, window: int = 60) -> None:
        if len(key) < 32 or window < 1:
            raise ValueError("a nonce key has at least 32 bytes, a window at least one second")
        self._key = key
        self._window = window
        self._made: tuple[int, str, str] = (-1, "", "")

    def current(self, instant: int) -> str:
        """The nonce to hand out at `instant` (seconds)."""
        return self._pair(instant)[1]

    def accepts(self, nonce: str, instant: int) -> bool:
        """Whether `nonce` was handed out in the current window or the one before."""
        presented = nonce.encode("utf-8", "surrogatepass")
        _, now, before = self._pair(instant)
        return hmac.compare_digest(presented, now.encode()) | hmac.compare_digest(presented, before.encode())

    def _pair(self, instant: int) -> tuple[int, str, str]:
        number = instant // self._window
        if self._made[0] != number:
            self._made = (number, self._make(number), self._make(number - 1))
        return self._made

    def _make(self, number: int) -> str:
        counted = number.to_bytes(8, signed=True)
        mac = hmac.digest(self._key, b"rempart dpop nonce\x00" + counted, "sha256")
        return base64.urlsafe_b64encode(counted[2:] + mac[:18]).decode()


class _Jwk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Public members only: a private one (`d`, `k`, …) is an unknown field and the proof is refused."""

    kty: str
    crv: str
    x: str
    y: str = ""
    kid: str = ""
    use: str = ""
    alg: str = ""
    key_ops: tuple[str, ...] = ()


class _Header(msgspec.Struct, frozen=True):
    typ: str
    alg: str
    jwk: _Jwk
    crit: msgspec.Raw | None = None


class _Claims(msgspec.Struct, frozen=True, gc=False):
    jti: str
    htm: str
    htu: str
    iat: int
    ath: str = ""
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class _Key:
    public: ec.EllipticCurvePublicKey | Ed25519PublicKey
    jkt: str


def verify(proof: bytes, asked: Asked, nonces: Nonces | None, replay: Replay) -> Verified | Refused:
    """Checks one `DPoP` header's content against the request. `nonces=None` asks for none.

    Cheap checks come before the signature, the memory of `jti` last: a bad proof costs little and is not remembered.
    """
    if len(proof) > MAX_PROOF:
        return Refused("oversized-proof")
    parts = proof.split(b".")
    if len(parts) != 3:
        return Refused("malformed-proof")
    try:
        claims = _CLAIMS.decode(_decode(parts[1]))
        signature = _decode(parts[2])
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        return Refused("malformed-proof")
    refusal = _check_claims(claims, asked, nonces)
    if refusal is not None:
        return refusal
    key = _key(parts[0])
    if isinstance(key, Refused):
        return key
    if not _signed(key, proof[: -len(parts[2]) - 1], signature):
        return Refused("bad-signature")
    memory = hashlib.sha256(key.jkt.encode() + claims.jti.encode("utf-8", "surrogatepass")).digest()
    if not replay(memory, claims.iat + WINDOW + 1):
        return Refused("replayed-proof")
    return Verified(key.jkt, claims.jti)


def token_hash(token: bytes) -> str:
    """`ath` of an access token: base64url of its SHA-256 (RFC 9449 § 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(token).digest()).rstrip(b"=").decode()


@lru_cache(maxsize=1024)
def normalised(url: str) -> str | None:
    """`htu` as compared: RFC 3986 § 6.2.2-6.2.3, no query, no fragment; None for what is no absolute http(s) URL."""
    try:
        split = urlsplit(url)
        host, port = split.hostname, split.port
    except ValueError:
        return None
    scheme = split.scheme.lower()
    if scheme not in ("http", "https") or not host or split.username is not None:
        return None
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != {"http": 80, "https": 443}[scheme]:
        place = f"{place}:{port}"
    path = re.sub("%[0-9A-Fa-f]{2}", _escape, split.path) or "/"
    return f"{scheme}://{place}{_without_dots(path)}"


def _escape(match: re.Match[str]) -> str:
    character = chr(int(match[0][1:], 16))
    return character if character.isascii() and (character.isalnum() or character in "-._~") else match[0].upper()


def _without_dots(path: str) -> str:
    segments: list[str] = []
    parts = path.split("/")[1:]
    for part in parts:
        if part == ".." and segments:
            segments.pop()
        elif part not in (".", ".."):
            segments.append(part)
    if parts[-1] in (".", ".."):
        segments.append("")
    return "/" + "/".join(segments)


def _check_claims(claims: _Claims, asked: Asked, nonces: Nonces | None) -> Refused | None:
    if claims.htm != asked.method:
        return Refused("wrong-method")
    if claims.htu != asked.url:
        wanted = normalised(asked.url)
        if wanted is None or normalised(claims.htu) != wanted:
            return Refused("wrong-url")
    if not -WINDOW <= claims.iat - asked.instant <= WINDOW:
        return Refused("stale-proof")
    if not 0 < len(claims.jti) <= MAX_JTI:
        return Refused("missing-jti")
    if asked.token is not None and claims.ath != token_hash(asked.token):
        return Refused("wrong-token-hash")
    if nonces is not None and not nonces.accepts(claims.nonce, asked.instant):
        return Refused("stale-nonce" if claims.nonce else "missing-nonce", needs_nonce=True)
    return None


_CLAIMS = msgspec.json.Decoder(_Claims)
_HEADER = msgspec.json.Decoder(_Header)
_ALGORITHM = msgspec.json.Decoder(dict[str, Any])
_URL_SAFE = bytes.maketrans(b"-_+/=", b"+/\x00\x00\x00")  # outside the base64url alphabet: refused by strict mode
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LAST = (_ALPHABET, b"", _ALPHABET[::16], _ALPHABET[::4])  # how a part may end, by its length modulo 4
_SHA256 = ec.ECDSA(hashes.SHA256())


def _decode(part: bytes) -> bytes:
    """base64url without padding, in its one canonical form: no other alphabet, no stray bits at the end."""
    if part[-1:] not in _LAST[len(part) % 4]:
        raise binascii.Error("not base64url")
    return binascii.a2b_base64(part.translate(_URL_SAFE) + b"==="[: -len(part) % 4], strict_mode=True)


@lru_cache(maxsize=KEYS_KEPT)
def _key(header: bytes) -> _Key | Refused:
    """The key of a header segment, which never changes for a client: read once for each key, not for each proof."""
    try:
        raw = _decode(header)
        if _ALGORITHM.decode(raw).get("alg") not in ("ES256", "EdDSA", "Ed25519"):
            return Refused("unsupported-algorithm")
        read = _HEADER.decode(raw)
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        return Refused("malformed-proof")
    if read.typ != "dpop+jwt" or read.crit is not None:
        return Refused("malformed-proof")
    try:
        return _imported(read)
    except (binascii.Error, ValueError):
        return Refused("unusable-key")


def _imported(header: _Header) -> _Key | Refused:
    jwk = header.jwk
    x = _decode(jwk.x.encode("ascii"))
    if (header.alg, jwk.kty, jwk.crv) == ("ES256", "EC", "P-256"):
        y = _decode(jwk.y.encode("ascii"))
        if (len(x), len(y)) != (32, 32):
            return Refused("unusable-key")
        members = {"crv": jwk.crv, "kty": jwk.kty, "x": jwk.x, "y": jwk.y}
        return _Key(
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y),
            _thumbprint(members),
        )
    if header.alg != "ES256" and (jwk.kty, jwk.crv) == ("OKP", "Ed25519"):
        return _Key(
            Ed25519PublicKey.from_public_bytes(x),
            _thumbprint({"crv": jwk.crv, "kty": jwk.kty, "x": jwk.x}),
        )
    return Refused("unusable-key")


def _thumbprint(members: dict[str, str]) -> str:
    """RFC 7638: SHA-256 of the required members in the order of their names, without spaces."""
    return base64.urlsafe_b64encode(hashlib.sha256(msgspec.json.encode(members)).digest()).rstrip(b"=").decode()


def _signed(key: _Key, content: bytes, signature: bytes) -> bool:
    if len(signature) != 64:
        return False
    try:
        if isinstance(key.public, Ed25519PublicKey):
            key.public.verify(signature, content)
        else:
            r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
            key.public.verify(encode_dss_signature(r, s), content, _SHA256)
    except InvalidSignature:
        return False
    return True
