"""A leaf of the disclosure log: one salted commitment per field, so that a proof shows some and hides the others.

`rempart-disclosure-leaf/1`, described with test vectors in `docs/formats/disclosure-log.md`; it can never change:

    salts         = SHAKE-256("rempart/disclosure/1/salts" ‖ 0x00 ‖ row salt), 192 bytes; salt[i] its i-th 16 bytes
    commitment[i] = SHA-256("rempart/disclosure/1/" ‖ name of field i ‖ 0x00 ‖ salt[i] ‖ value of field i)
    leaf data     = 0x01 ‖ commitment[0] ‖ … ‖ commitment[11]                       (385 bytes)
    leaf hash     = SHA-256(0x00 ‖ leaf data)                                       (RFC 9162 § 2.1.1)

One SHAKE-256 (FIPS 202) gives all salts because twelve HMACs made up half the cost of folding.
Values: `instant` eight bytes, big endian, signed; `grant` and `tag` as they are; texts in UTF-8.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256, shake_256

from rempart.domain.disclosure import FIELDS, Disclosure
from rempart.domain.merkle import HASH

VERSION = b"\x01"
SALT = 16  # bytes of a row's salt, and of each field's
_LABELS = tuple(b"rempart/disclosure/1/" + name.encode() + b"\x00" for name in FIELDS)
_SALTS = b"rempart/disclosure/1/salts\x00"


@dataclass(frozen=True, slots=True)
class Shown:
    """A revealed field: its value as the leaf encodes it, and its salt (16 bytes)."""

    value: bytes
    salt: bytes


@dataclass(frozen=True, slots=True)
class Hidden:
    """A field kept back: only its commitment (32 bytes)."""

    commitment: bytes


@dataclass(frozen=True, slots=True)
class Revealed:
    """All fields of one disclosure in the order of `FIELDS`, each shown or hidden."""

    fields: tuple[Shown | Hidden, ...]


def leaf(disclosure: Disclosure, salt: bytes) -> bytes:
    """Leaf data of a disclosure under its row salt. ValueError when the salt has not 16 bytes."""
    salts = _salts(salt)
    parts = [
        sha256(label + field_salt + value).digest()
        for label, field_salt, value in zip(_LABELS, salts, encode(disclosure), strict=True)
    ]
    return VERSION + b"".join(parts)


def reveal(disclosure: Disclosure, salt: bytes, fields: frozenset[str]) -> Revealed:
    """Shows the named fields and hides the others. ValueError for a name outside `FIELDS` or a wrong salt length."""
    if not fields <= frozenset(FIELDS):
        raise ValueError("unknown field of a disclosure")
    salts, values = _salts(salt), encode(disclosure)
    return Revealed(
        tuple(
            Shown(values[i], salts[i]) if name in fields else Hidden(_commitment(i, salts[i], values[i]))
            for i, name in enumerate(FIELDS)
        )
    )


def leaf_of(revealed: Revealed) -> bytes | None:
    """Leaf data that the revealed and hidden fields make up; None when their number or a length is wrong."""
    if len(revealed.fields) != len(FIELDS):
        return None
    parts = [_part(place, field) for place, field in enumerate(revealed.fields)]
    return VERSION + b"".join(parts) if all(len(part) == HASH for part in parts) else None


def verify_reveal(revealed: Revealed, data: bytes) -> bool:
    """Whether the revealed fields belong to the leaf with this leaf data."""
    return leaf_of(revealed) == data


def encode(disclosure: Disclosure) -> tuple[bytes, ...]:
    """The fields' values as a leaf commits to them. OverflowError when the instant needs more than eight bytes."""
    return (
        disclosure.instant.to_bytes(8, "big", signed=True),
        disclosure.grant,
        disclosure.account.encode(),
        disclosure.client.encode(),
        disclosure.site.encode(),
        disclosure.operator.encode(),
        disclosure.insurer.encode(),
        disclosure.purpose.encode(),
        disclosure.evidence.encode(),
        disclosure.template.encode(),
        disclosure.outcome.encode(),
        disclosure.tag,
    )


def _salts(salt: bytes) -> list[bytes]:
    if len(salt) != SALT:
        raise ValueError("a row's salt has 16 bytes")
    stream = shake_256(_SALTS + salt).digest(SALT * len(FIELDS))
    return [stream[at : at + SALT] for at in range(0, len(stream), SALT)]


def _commitment(place: int, salt: bytes, value: bytes) -> bytes:
    return sha256(_LABELS[place] + salt + value).digest()


def _part(place: int, field: Shown | Hidden) -> bytes:
    if isinstance(field, Hidden):
        return field.commitment
    return _commitment(place, field.salt, field.value) if len(field.salt) == SALT else b""


def month_leaf(month: int, size: int, root: bytes) -> bytes:
    """Leaf data of a closed month in the log of months: 0x02 ‖ month (4 bytes) ‖ size (8 bytes) ‖ root."""
    return b"\x02" + month.to_bytes(4, "big") + size.to_bytes(8, "big") + root
