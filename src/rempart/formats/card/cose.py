"""COSE_Sign1 (RFC 9052 § 4.2 and 4.4), as narrow as we use it: one encoding, two headers, all of them protected.

Read: an untagged array in deterministic encoding (RFC 8949 § 4.2.1), protected headers exactly `alg` and `kid` (or
`alg` alone), no unprotected header, payload inside. So a message has one form and nothing unknown is passed over;
`crit` is refused with every other header. Left out: tags, detached payloads, countersignatures, other algorithms.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cbor2

ALGORITHM, KID = 1, 4  # labels of headers, RFC 9052 § 3.1
EDDSA = -8  # RFC 9053 § 2.2, here with Ed25519 alone
ES256 = -7  # RFC 9053 § 2.1
_DEPTH = 8


class Sign1(NamedTuple):
    """A message whose signature was not looked at yet; `protected` are the header's bytes as they were signed."""

    protected: bytes
    algorithm: int
    kid: bytes
    payload: bytes
    signature: bytes

    def signed(self, context: bytes) -> bytes:
        """What the signature must cover; `context` is the external data that keeps one use of a key from another."""
        return to_be_signed(self.protected, context, self.payload)


def to_be_signed(protected: bytes, external: bytes, payload: bytes) -> bytes:
    """Sig_structure of RFC 9052 § 4.4 for one signer."""
    return cbor2.dumps(["Signature1", protected, external, payload])


def headers(algorithm: int, kid: bytes = b"") -> bytes:
    """The protected headers' bytes; without `kid` where the message itself brings the key."""
    return cbor2.dumps({ALGORITHM: algorithm, KID: kid} if kid else {ALGORITHM: algorithm}, canonical=True)


def write(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    """The message."""
    return cbor2.dumps([protected, {}, payload, signature])


def read(content: bytes) -> Sign1 | str:
    """The message's parts, or a code: cose-shape, cose-header. Written again, they give exactly these bytes."""
    match parse(content):
        case [bytes(protected), dict(unprotected), bytes(payload), bytes(signature)] if len(signature) == 64:
            pass
        case _:
            return "cose-shape"
    match parse(protected):
        case {1: int(algorithm), 4: bytes(kid)}:
            pass
        case {1: int(algorithm)}:
            kid = b""
        case _:
            return "cose-header"
    if unprotected or headers(algorithm, kid) != protected:
        return "cose-header"
    found = Sign1(protected, algorithm, kid, payload, signature)
    return found if write(protected, payload, signature) == content else "cose-shape"


def parse(content: bytes) -> Any:
    """What these bytes decode to, None when to nothing. Callers know the one form only by writing it again."""
    try:
        return cbor2.loads(content, max_depth=_DEPTH, allow_indefinite=False, allow_duplicate_keys=False)
    except (cbor2.CBORError, ValueError, TypeError, RecursionError):
        return None
