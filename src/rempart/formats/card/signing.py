"""Cards made and verified: an insurer's Ed25519 signature over a payload, and the minute that a phone signs around it.

A message's `kid` names the insurer (10 digits as 5 bytes) and its key (the first 4 bytes of SHA-256 of the public key).
The external data of each signature names its use, so that no signature made for one thing passes for another.
"""

from __future__ import annotations

from dataclasses import dataclass

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from rempart.domain.card import Card, Live, minute_fault
from rempart.formats.card import cose, payload, text
from rempart.formats.card.keys import CardKeys, key_id

MAX_CARD = 384  # bytes
MAX_MINUTE = 640
CARD_USE, MINUTE_USE = b"rempart-card/1", b"rempart-card-minute/1"


@dataclass(frozen=True, slots=True)
class Genuine:
    """A card that its insurer (10 digits) signed; `proven` when the phone that shows it signed this minute."""

    card: Card
    insurer: str
    proven: bool = False


@dataclass(frozen=True, slots=True)
class CardFault:
    """Why a card is not to be gone by: a code of `sentences`. It never holds a value."""

    code: str


def sign_card(card: Card, insurer: str, key: Ed25519PrivateKey) -> bytes:
    """The card, signed; ValueError when a field of it cannot stand in a card."""
    content = payload.write(card)
    protected = cose.headers(cose.EDDSA, key_id(insurer, key.public_key().public_bytes_raw()))
    return cose.write(protected, content, key.sign(cose.to_be_signed(protected, CARD_USE, content)))


def sign_minute(card: bytes, key: ec.EllipticCurvePrivateKey, *, seconds: int) -> bytes:
    """What a phone shows at `seconds` (UTC, since 1970): its card inside the minute, signed by the card's key."""
    protected, content = cose.headers(cose.ES256), cbor2.dumps([seconds // 60, card])
    r, s = decode_dss_signature(key.sign(cose.to_be_signed(protected, MINUTE_USE, content), ec.ECDSA(SHA256())))
    return cose.write(protected, content, r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def read_text(scanned: str, keys: CardKeys, *, seconds: int) -> Genuine | CardFault:
    """The card in what a scanner gave, verified; `seconds` since 1970 is when it was scanned."""
    found = text.read(scanned)
    if found is None:
        return CardFault("card-text")
    if found.prefix == text.PAPER:
        return read_card(found.content, keys)
    return read_minute(found.content, keys, seconds=seconds)


def read_card(content: bytes, keys: CardKeys) -> Genuine | CardFault:
    """A card shown without a phone's proof; one that asks for a proof is refused."""
    found = _signed(content, keys)
    if isinstance(found, Genuine) and found.card.live is not None:
        return CardFault("card-proof-missing")
    return found


def read_minute(content: bytes, keys: CardKeys, *, seconds: int) -> Genuine | CardFault:
    """A card inside the minute that a phone signed."""
    if len(content) > MAX_MINUTE:
        return CardFault("card-too-large")
    message = cose.read(content)
    if isinstance(message, str) or message.kid:
        return CardFault(message if isinstance(message, str) else "cose-header")
    if message.algorithm != cose.ES256:
        return CardFault("card-algorithm")
    match cose.parse(message.payload):
        case [int(minute), bytes(inner)] if cbor2.dumps([minute, inner]) == message.payload:
            found = _signed(inner, keys)
        case _:
            return CardFault("card-proof-shape")
    if isinstance(found, CardFault):
        return found
    live = found.card.live
    if live is None:
        return CardFault("card-proof-shape")
    if not _proves(live, message):
        return CardFault("card-proof-differs")
    code = minute_fault(live, minute, seconds)
    return CardFault(code) if code else Genuine(found.card, found.insurer, proven=True)


def _signed(content: bytes, keys: CardKeys) -> Genuine | CardFault:
    if len(content) > MAX_CARD:
        return CardFault("card-too-large")
    message = cose.read(content)
    if isinstance(message, str):
        return CardFault(message)
    if message.algorithm != cose.EDDSA:
        return CardFault("card-algorithm")
    key = keys.by_id.get(message.kid)
    if key is None:
        return CardFault("card-key-unknown")
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(message.signature, message.signed(CARD_USE))
    except (InvalidSignature, ValueError):
        return CardFault("card-signature-differs")
    card = payload.read(message.payload)
    if card is None:
        return CardFault("card-content")
    if card.amc_number not in key.amc_numbers:
        return CardFault("card-other-insurer")
    return Genuine(card, key.insurer)


def _proves(live: Live, message: cose.Sign1) -> bool:
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + live.key)
        r, s = int.from_bytes(message.signature[:32], "big"), int.from_bytes(message.signature[32:], "big")
        key.verify(encode_dss_signature(r, s), message.signed(MINUTE_USE), ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True
