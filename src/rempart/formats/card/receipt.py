"""The signed receipt of a card check without network, `rempart-card-receipt/1`: docs/formats/card.md.

A COSE_Sign1 by the site's own program (Ed25519 or P-256, as its key is registered) or by a browser's key (P-256), as
text that an invoice cites. Left out: the card's own signature, which would not leave room for a text to copy.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Annotated, Final

import cbor2
import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Meta

from rempart.domain.card import HANDLE_BYTES
from rempart.domain.card_receipt import SIGNATURE, UNREADABLE, Receipt
from rempart.domain.rights import DOMAINS
from rempart.formats.card import cose
from rempart.formats.card.payload import MAX_SERIAL

USE: Final = b"rempart-card-receipt/1"
PREFIX: Final = "RPR1."
MOST: Final = 310  # characters of the text
KEY_ID: Final = 16  # bytes
POINT, RAW = 65, 32  # bytes of a public key: an uncompressed P-256 point, or Ed25519
_EPOCH = date(1970, 1, 1).toordinal()
_LAST_DAY = date(2099, 12, 31).toordinal() - _EPOCH

Private = Ed25519PrivateKey | ec.EllipticCurvePrivateKey
Day = Annotated[int, Meta(ge=0, le=_LAST_DAY)]
Seconds = Annotated[int, Meta(ge=0, lt=1 << 40)]


class _Content(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    site: Annotated[str, Meta(pattern=r"\A[0-9A-Z]{9}\Z")]
    insurer: Annotated[int, Meta(ge=1, le=9_999_999_999)]
    serial: Annotated[int, Meta(ge=1, le=MAX_SERIAL)]
    handle: Annotated[bytes, Meta(min_length=HANDLE_BYTES, max_length=HANDLE_BYTES)]
    seconds: Seconds
    care: Day
    last: Day
    domains: Annotated[int, Meta(ge=1, lt=1 << len(DOMAINS))]
    keys: Seconds
    base: Day  # 0: no list of revoked cards was at hand
    known: Day
    result: Annotated[int, Meta(ge=1, le=2)]  # 1: covered; 2: covered, and a phone signed the minute


def key_id(public: bytes) -> bytes:
    """What names a signer: 16 bytes of SHA-256 of its public key (32 bytes of Ed25519, or a P-256 point of 65)."""
    return sha256(public).digest()[:KEY_ID]


def public_of(key: Private) -> bytes:
    """The public half, as `key_id` takes it."""
    if isinstance(key, Ed25519PrivateKey):
        return key.public_key().public_bytes_raw()
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def sign(receipt: Receipt, key: Private) -> str:
    """The text of a receipt; ValueError when its fields cannot stand in one."""
    content = _encoded(receipt)
    if _read(content) != receipt:
        raise ValueError("these are not fields of a receipt")
    ours = isinstance(key, Ed25519PrivateKey)
    protected = cose.headers(cose.EDDSA if ours else cose.ES256, key_id(public_of(key)))
    said = cose.to_be_signed(protected, USE, content)
    signature = key.sign(said) if isinstance(key, Ed25519PrivateKey) else _es256(key, said)
    return PREFIX + urlsafe_b64encode(cose.write(protected, content, signature)).rstrip(b"=").decode()


def claimed(text: str) -> Receipt | None:
    """What a receipt says, **not verified**: good for finding the keys. None when the text is none."""
    message = _message(text)
    return None if message is None else _read(message.payload)


def read(text: str, keys: Mapping[bytes, bytes]) -> Receipt | str:
    """The receipt that one of these public keys (by `key_id`) signed, or `receipt-unreadable`, `receipt-signature`."""
    message = _message(text)
    found = None if message is None else _read(message.payload)
    if message is None or found is None:
        return UNREADABLE
    public = keys.get(message.kid)
    return found if public is not None and _verified(message, public) else SIGNATURE


def _message(text: str) -> cose.Sign1 | None:
    """The message in its one form: no padding, no other alphabet, no stray bits."""
    body = text.strip()
    if len(body) > MOST or not body.startswith(PREFIX):
        return None
    body = body.removeprefix(PREFIX)
    try:
        content = urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except ValueError:
        return None
    if urlsafe_b64encode(content).rstrip(b"=").decode() != body:
        return None
    found = cose.read(content)
    return None if isinstance(found, str) or len(found.kid) != KEY_ID else found


def _verified(message: cose.Sign1, public: bytes) -> bool:
    said = message.signed(USE)
    try:
        if message.algorithm == cose.EDDSA and len(public) == RAW:
            Ed25519PublicKey.from_public_bytes(public).verify(message.signature, said)
            return True
        if message.algorithm == cose.ES256 and len(public) == POINT:
            r, s = int.from_bytes(message.signature[:32], "big"), int.from_bytes(message.signature[32:], "big")
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
            key.verify(encode_dss_signature(r, s), said, ec.ECDSA(SHA256()))
            return True
    except (InvalidSignature, ValueError):
        return False
    return False


def _es256(key: ec.EllipticCurvePrivateKey, said: bytes) -> bytes:
    r, s = decode_dss_signature(key.sign(said, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _read(content: bytes) -> Receipt | None:
    elements = cose.parse(content)
    try:
        told = msgspec.convert(elements, _Content)
    except msgspec.ValidationError:
        return None
    if (told.base == 0) != (told.known == 0):
        return None
    found = Receipt(
        told.site, f"{told.insurer:010d}", told.serial, told.handle, told.seconds, _date(told.care), _date(told.last),
        tuple(name for place, name in enumerate(DOMAINS) if told.domains >> place & 1), told.keys,
        _date(told.base) if told.base else None, _date(told.known) if told.known else None, told.result == 2,
    )  # fmt: skip
    return found if _encoded(found) == content else None


def _encoded(receipt: Receipt) -> bytes:
    bits = sum(1 << DOMAINS.index(one) for one in set(receipt.domains))
    elements = [
        receipt.site, int(receipt.insurer), receipt.serial, receipt.handle, receipt.seconds, _day(receipt.care),
        _day(receipt.last), bits, receipt.keys, _day(receipt.base), _day(receipt.known), 2 if receipt.live else 1,
    ]  # fmt: skip
    return cbor2.dumps(elements, canonical=True)


def _day(day: date | None) -> int:
    return 0 if day is None else day.toordinal() - _EPOCH


def _date(day: int) -> date:
    return date.fromordinal(day + _EPOCH)
