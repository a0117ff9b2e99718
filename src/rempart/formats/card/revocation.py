"""Which cards are revoked, as a filter: a Golomb-Rice coded set of hashes, signed by the operator (COSE_Sign1).

A base each week, a delta each day that holds all revocations since the base, so that two files are enough. A serial
that is not revoked is hit once in 2^`BITS` times; a hit means "ask on line". The construction is that of BIP 158 with
SHA-256 in place of SipHash. Left out: taking a revocation back (the insurer prints another card).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import NamedTuple

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rempart.domain.card import FILTER_DAYS, Card, Revocation
from rempart.formats.card import cose

USE = b"rempart-card-revocations/1"
BITS = 13  # of a remainder: one good card in 8,192 is sent on line for nothing
MAX_BYTES = 16 * 1024 * 1024
MAX_COUNT = 8_000_000
SALT = 16  # bytes
_EPOCH = date(1970, 1, 1).toordinal()
_LAST_DAY = date(2099, 12, 31).toordinal() - _EPOCH


class Revoked(NamedTuple):
    """One revoked card: the insurer that signed it (10 digits) and its serial."""

    insurer: str
    serial: int


@dataclass(frozen=True, slots=True)
class Filter:
    """A verified filter: revocations known on `day`, since `base` in a delta (where they differ) or ever."""

    base: date
    day: date
    salt: bytes
    hashes: array[int]

    def hit(self, insurer: str, serial: int) -> bool:
        """Whether this card is perhaps revoked."""
        value = _place(self.salt, Revoked(insurer, serial), len(self.hashes))
        at = bisect_left(self.hashes, value)
        return at < len(self.hashes) and self.hashes[at] == value


@dataclass(frozen=True, slots=True)
class FilterFault:
    """Why a filter is not to be gone by: filter-shape, filter-signature-differs or filter-other-base."""

    code: str


def build(revoked: Iterable[Revoked], key: Ed25519PrivateKey, *, day: date, base: date, salt: bytes) -> bytes:
    """A filter of these cards, signed: a base when `base` is `day`, else a delta since `base`. `salt`: 16 bytes."""
    cards = sorted(set(revoked))
    places = sorted(_place(salt, one, len(cards)) for one in cards)
    elements = [base.toordinal() - _EPOCH, day.toordinal() - _EPOCH, salt, len(cards), _packed(places)]
    protected = cose.headers(cose.EDDSA, sha256(key.public_key().public_bytes_raw()).digest()[:8])
    content = cbor2.dumps(elements)
    return cose.write(protected, content, key.sign(cose.to_be_signed(protected, USE, content)))


def read(content: bytes, operator_key: bytes) -> Filter | FilterFault:
    """The filter that the operator (its Ed25519 key, 32 bytes) signed."""
    message = cose.read(content) if len(content) <= MAX_BYTES else "filter-shape"
    if isinstance(message, str) or message.algorithm != cose.EDDSA:
        return FilterFault("filter-shape")
    try:
        Ed25519PublicKey.from_public_bytes(operator_key).verify(message.signature, message.signed(USE))
    except (InvalidSignature, ValueError):
        return FilterFault("filter-signature-differs")
    return _filter(cose.parse(message.payload)) or FilterFault("filter-shape")


def _filter(elements: object) -> Filter | None:
    match elements:
        case [int(base), int(day), bytes(salt), int(count), bytes(packed)] if (
            0 <= base <= day <= _LAST_DAY and len(salt) == SALT and 0 <= count <= MAX_COUNT
        ):
            places = _unpacked(packed, count)
            if places is not None:
                return Filter(date.fromordinal(base + _EPOCH), date.fromordinal(day + _EPOCH), salt, places)
    return None


def standing(card: Card, insurer: str, filters: tuple[Filter, ...], today: date) -> Revocation | FilterFault:
    """What a base, alone or with a delta upon it, says of a card; `today` is when it is asked."""
    if not filters:
        return "unchecked"
    base, *deltas = filters
    if base.base != base.day or any(one.base != base.day or one.day <= base.day for one in deltas):
        return FilterFault("filter-other-base")
    if any(one.hit(insurer, card.serial) for one in filters):
        return "perhaps"
    newest = max(one.day for one in filters)
    return "old" if today - newest > timedelta(days=FILTER_DAYS) else "clear"


def _place(salt: bytes, card: Revoked, count: int) -> int:
    """Where a card falls in a set of `count`: its hash of 64 bits scaled to count · 2^BITS places."""
    digest = sha256(salt + card.insurer.encode() + card.serial.to_bytes(8, "big")).digest()
    return int.from_bytes(digest[:8], "big") * (count << BITS) >> 64


def _packed(places: list[int]) -> bytes:
    """Each step to the next place: its quotient by 2^BITS in ones, a zero, its remainder in BITS bits; zeros to end."""
    words, before = [], 0
    for place in places:
        quotient, rest = divmod(place - before, 1 << BITS)
        words.append("1" * quotient + f"0{rest:0{BITS}b}")
        before = place
    bits = "".join(words)
    size = -(-len(bits) // 8)
    return int(bits.ljust(size * 8, "0") or "0", 2).to_bytes(size, "big")


def _unpacked(packed: bytes, count: int) -> array[int] | None:
    """The places in order; None when the bytes do not hold exactly `count` of them."""
    bits, at, place = f"{int.from_bytes(packed, 'big'):0{len(packed) * 8}b}" if packed else "", 0, 0
    places = array("Q")
    for _ in range(count):
        zero = bits.find("0", at)
        after = zero + 1 + BITS
        if zero < 0 or after > len(bits):
            return None
        place += (zero - at << BITS) + int(bits[zero + 1 : after], 2)
        places.append(place)
        at = after
    return places if len(bits) - at < 8 and "1" not in bits[at:] else None
