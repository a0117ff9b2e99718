"""The canonical identity of a beneficiary as bytes: what every channel can give, written one way only.

Format: docs/formats/sealed-record.md § 1. Each field is preceded by its length, so no two identities share an encoding;
the first field is the label of the way of presenting. Canonicalisation itself (spaces, case, keys) is the domain's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WITH_NIR = "rempart/1/with-nir"
WITHOUT_NIR = "rempart/1/without-nir"
NEWBORN_WAY = "rempart/1/newborn"
CARD_WAY = "rempart/1/card"
WAYS = (WITHOUT_NIR, WITH_NIR)
"""A ticket names the way by its index here: 1 when a NIR was presented."""

MEMBER_MAX = 64  # characters; every length fits one ASCII character below 128

_HEAD_NEWBORN = f"{chr(len(NEWBORN_WAY))}{NEWBORN_WAY}\x0a"
_LENGTHS = tuple(bytes((size,)) for size in range(MEMBER_MAX + 1))
_HEAD_WITH = f"{chr(len(WITH_NIR))}{WITH_NIR}\x0a"
_HEAD_WITHOUT = f"{chr(len(WITHOUT_NIR))}{WITHOUT_NIR}\x0a"


def encode_identity(insurer: str, member: str, nir: str | None, birth: str, *, rank: str) -> bytes | None:
    """Length-prefixed labelled encoding; None when a field has not the canonical shape.

    `insurer` 10 digits, `member` 1 to 64 ASCII characters, `nir` 13 ASCII characters or None, `birth` AAMMJJ, `rank`
    one character.
    """
    size = len(member)
    if len(insurer) != 10 or not 0 < size <= MEMBER_MAX or len(birth) != 6 or len(rank) != 1:
        return None
    if nir is None:
        text = f"{_HEAD_WITHOUT}{insurer}{chr(size)}{member}\x06{birth}\x01{rank}"
    elif len(nir) == 13:
        text = f"{_HEAD_WITH}{insurer}{chr(size)}{member}\x0d{nir}\x06{birth}\x01{rank}"
    else:
        return None
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        return None


def encode_newborn(insurer: str, member: str, nir: str) -> bytes:
    """A parent's way of presenting a child that no file names yet: member number and the parent's NIR, canonical."""
    return f"{_HEAD_NEWBORN}{insurer}{chr(len(member))}{member}\x0d{nir}".encode("ascii")


def encode_card(insurer: str, handle: bytes) -> bytes:
    """A signed card's way: its handle of 16 random bytes, which says nothing of the person."""
    return f"{chr(len(CARD_WAY))}{CARD_WAY}\x0a{insurer}\x10".encode("ascii") + handle


def encode_child(member: str, birth: str, rank: str) -> bytes:
    """What tells children of one contract apart, whichever parent's NIR presents them; canonical."""
    return f"{chr(len(member))}{member}\x06{birth}\x01{rank}".encode("ascii")


def identity_writer(insurer: str) -> Callable[[bytes, bytes | None, bytes, bytes], bytes]:
    """A function (member, NIR or None, birth, rank), canonical and ASCII, → the encoded identity.

    Shapes are the caller's to check, as `encode_identity` does: 10, 1 to 64, 13, 6 and 1 characters.
    """
    with_nir = f"{_HEAD_WITH}{insurer}".encode("ascii")
    without = f"{_HEAD_WITHOUT}{insurer}".encode("ascii")

    def write(member: bytes, nir: bytes | None, birth: bytes, rank: bytes) -> bytes:
        if nir is None:
            return b"".join((without, _LENGTHS[len(member)], member, b"\x06", birth, b"\x01", rank))
        return b"".join((with_nir, _LENGTHS[len(member)], member, b"\x0d", nir, b"\x06", birth, b"\x01", rank))

    return write
