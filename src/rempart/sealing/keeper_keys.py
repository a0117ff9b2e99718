"""The keeper's public keys as a document that it signs: a hub that hands on other keys is found out.

A compact JWS (RFC 7515) by EdDSA (RFC 8037) whose payload is a JWK set (RFC 7517). It is signed with the key that signs
the log's checkpoints: who pins that key, a C2SP verifier key, pins this. Format: docs/formats/identity-jwe.md.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .identity_jwe import unweb, web

if TYPE_CHECKING:
    from collections.abc import Iterable

TYPE: Literal["rempart-keeper-keys/1"] = "rempart-keeper-keys/1"
LIFE = 86_400  # seconds for which a document may be kept
AHEAD = 300  # seconds by which a document may come from the future: two clocks
MOST = 64 * 1024  # bytes
_ED25519 = b"\x01"
_INSURER = re.compile("[0-9]{10}")


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alg: Literal["EdDSA"]
    typ: Literal["rempart-keeper-keys/1"]


class PublicKey(msgspec.Struct, frozen=True, kw_only=True):
    """One X25519 key as a JWK. `nbf` and `exp` in seconds since 1970: seal with it between the two."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["X25519"] = "X25519"
    use: Literal["enc"] = "enc"
    x: str
    kid: str
    nbf: int
    exp: int

    @property
    def raw(self) -> bytes:
        return unweb(self.x.encode())


class KeySet(msgspec.Struct, frozen=True):
    """`holder`: `keeper`, or the insurer's 10 digits, to which attachments are sealed. The newest key comes first."""

    holder: str
    iat: int
    exp: int
    keys: tuple[PublicKey, ...]


class Pinned(NamedTuple):
    """The keeper's key for signatures, as a client was given it."""

    name: str
    public: bytes


def pinned(text: str) -> Pinned:
    """A C2SP verifier key, as `rempart keeper status` prints the log's: ValueError when it is none of Ed25519."""
    name, mark, rest = text.strip().partition("+")
    number, _, key = rest.partition("+")
    raw = _standard(key)
    whole = hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
    if not mark or not name or len(raw) != 33 or raw[:1] != _ED25519 or number != whole:
        raise ValueError("a verifier key is name+hash+key, as `rempart keeper status` prints the log's")
    return Pinned(name, raw[1:])


def signed(holder: str, keys: Iterable[PublicKey], key: Ed25519PrivateKey, instant: int) -> bytes:
    """The document; `instant` in seconds since 1970."""
    header = web(msgspec.json.encode(_Header("EdDSA", TYPE)))
    payload = web(msgspec.json.encode(KeySet(holder, instant, instant + LIFE, tuple(keys))))
    text = f"{header}.{payload}"
    return f"{text}.{web(key.sign(text.encode()))}".encode()


def verified(document: bytes, key: Pinned, holder: str, instant: int) -> KeySet | str:
    """The keys, or why not: `keys-malformed`, `keys-not-signed`, `keys-of-another`, `keys-stale`.

    `holder`: keeper, an insurer's number, or "" for whichever insurer; `instant` in seconds since 1970.
    """
    parts = document.split(b".")
    if len(document) > MOST or len(parts) != 3:
        return "keys-malformed"
    try:
        signature = unweb(parts[2])
        msgspec.json.decode(unweb(parts[0]), type=_Header)
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, parts[0] + b"." + parts[1])
        found = msgspec.json.decode(unweb(parts[1]), type=KeySet)
    except InvalidSignature:
        return "keys-not-signed"
    except ValueError:
        return "keys-malformed"
    if found.holder != holder and (holder or not _INSURER.fullmatch(found.holder)):
        return "keys-of-another"
    return found if found.iat - AHEAD <= instant < found.exp else "keys-stale"


def _standard(text: str) -> bytes:
    try:
        return unweb(text.replace("+", "-").replace("/", "_").rstrip("=").encode())
    except ValueError:
        return b""
