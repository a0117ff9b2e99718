"""Newborns in the keeper: the parent's way of presenting a child, and under which name the child is counted.

A ticket of a newborn holds, besides the child's own keys, those of the parent's way (version + `NEWBORN`) and the
child's handle as an entry of version 0. A child's own record carries the same handle as a stamp before its coverage,
so what was counted before its line was loaded counts once. Format: docs/formats/sealed-record.md § 2.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from rempart.domain.newborns import NEWBORN, STAMPED_MONTHS, born, is_newborn
from rempart.domain.parameters import months_before
from rempart.domain.rights import Key
from rempart.sealing.identity import encode_child, encode_newborn
from rempart.sealing.record import newborn_handle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rempart.sealing.frames import DeriveItem

    from .insurer import InsurerKeys
    from .tickets import Keys

HANDLE = 0
"""The version of the entry that holds a child's handle: no index key has it."""

_STAMP = b"\x02"  # a packed coverage starts with 1
_NO_KEY = bytes(32)


def stamped(handle: bytes, packed: bytes) -> bytes:
    """What a child's record holds: the handle before its coverage."""
    return _STAMP + handle + packed


def parted(content: bytes) -> tuple[bytes, bytes]:
    """(packed coverage, handle or b"") of what a record holds."""
    return (content[17:], content[1:17]) if content[:1] == _STAMP else (content, b"")


def parents_keys(insurer: InsurerKeys, item: DeriveItem) -> Keys:
    """The further entries of a newborn's ticket; none when the item presents no newborn."""
    if item.nir is None or item.care is None or not is_newborn(item.birth, item.care):
        return ()
    way = encode_newborn(item.insurer, item.member, item.nir)
    handle = insurer.newborn(encode_child(item.member, item.birth, item.rank))
    return (*((index.version + NEWBORN, *index.keys(way)) for index in insurer.live), (HANDLE, handle, _NO_KEY))


def counted_as(keys: Keys, version: int, content: bytes) -> tuple[bytes, bytes]:
    """(packed coverage, the handle under which the found one counts or b"" for the row's person)."""
    coverage, handle = parted(content)
    if version >= NEWBORN:
        handle = next(record for each, record, _ in keys if each == HANDLE)
    return coverage, handle


class Newborns:
    """What a load makes of families: a parent's ways of presenting a newborn, and the handles of young children."""

    def __init__(self, insurer: str, key: bytes, day: int) -> None:
        self._insurer = insurer
        self._handle = newborn_handle(key)
        made = date.fromordinal(max(day, 1))
        self._made = made
        first = max(made.year - STAMPED_MONTHS // 12 - 1, 1)
        years = range(first, made.year + 1) if day else ()
        self.years = frozenset(f"{year % 100:02}".encode() for year in years)
        """The first two digits that a young child's birth date may have; old people's may too."""

    def handle(self, keys: Sequence[Key]) -> bytes | None:
        """The name under which a young child is counted, None for anybody else: of its first way with a NIR."""
        shown = next((key for key in keys if key.nir is not None), None)
        if shown is None or shown.birth[:2].encode() not in self.years or not shown.birth.isdigit():
            return None
        day = born(shown.birth, self._made)
        if day is None or months_before(self._made, STAMPED_MONTHS) > day:
            return None
        return self._handle(encode_child(shown.member, shown.birth, shown.rank))

    def ways(self, keys: Sequence[Key]) -> list[bytes]:
        """The encoded identities by which this parent presents a newborn, each once."""
        shown = dict.fromkeys((key.member, key.nir) for key in keys if key.nir is not None)
        return [encode_newborn(self._insurer, member, nir) for member, nir in shown]


def keys_of(groups: Sequence[bytes | None]) -> list[Key]:
    """The keys of a usual line, from its groups: member, NIR, birth, rank and card of each way; the card left out."""
    text = [None if each is None else each.decode("ascii") for each in groups]
    return [
        Key(member, text[place + 1], text[place + 2] or "", text[place + 3] or "")
        for place in range(0, len(text), 5)
        if (member := text[place]) is not None
    ]
