"""Looks for identities in bytes: plain, hexadecimal, base64 at its three alignments, reversed, and as an unkeyed hash.

A needle is found by its first eight bytes, looked up at every offset in a set, then compared whole; that reads some
20 MB/s whatever their number, which is why nothing shorter than eight bytes is a needle. Short values (six-digit birth
dates, eight-digit member numbers and birth dates) would match in long numbers by chance: they are found in plain,
reversed and hexadecimal only where no digit, nor letter from a to f, stands beside them, and six digits alone never;
their hashes are needles like any other. Left out: base64 of the short ones, keyed or salted hashes, compression.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Needle = tuple[bytes, str, bool]  # the bytes, what they are, and whether they must stand alone

ANCHOR = 8
HASHES: tuple[str, ...] = ("md5", "sha1", "sha256", "sha512", "blake2b")
HASHED_LEAST = 6  # characters; what is shorter has too few values to be worth naming
_BESIDE = frozenset(b"0123456789abcdefABCDEF")


def _base64(value: bytes, shift: int) -> bytes:
    """What of the value's base64 does not depend on its neighbours, when it starts `shift` bytes after a group."""
    skip = (3 - shift) % 3
    whole = (len(value) - skip) // 3 * 3
    return base64.b64encode(value[skip : skip + whole])


ENCODINGS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("plain", lambda value: value),
    ("reversed", lambda value: value[::-1]),
    ("hex", lambda value: value.hex().encode()),
    ("hex-upper", lambda value: value.hex().upper().encode()),
    ("base64-0", lambda value: _base64(value, 0)),
    ("base64-1", lambda value: _base64(value, 1)),
    ("base64-2", lambda value: _base64(value, 2)),
)


def needles(value: bytes, what: str, *, alone: bool = False) -> Iterator[Needle]:
    """Every way in which the value may lie there. `alone`: it is short, and counts only where it stands alone."""
    for name, encode in ENCODINGS:
        if alone and name.startswith("base64"):
            continue
        made = encode(value)
        if len(made) >= ANCHOR:
            yield made, f"{what} {name}", alone
            if name.startswith("base64") and any(sign in made for sign in b"+/"):
                yield made.translate(bytes.maketrans(b"+/", b"-_")), f"{what} {name}-url", alone
    if len(value) >= HASHED_LEAST:
        for name in HASHES:
            digest = hashlib.new(name, value, usedforsecurity=False).digest()
            # A hash is often cut, to 16 bytes say: its beginning is enough.
            yield digest[:ANCHOR], f"{what} {name}", False
            yield digest.hex().encode()[: 2 * ANCHOR], f"{what} {name} hex", False
            yield digest.hex().upper().encode()[: 2 * ANCHOR], f"{what} {name} hex-upper", False


@dataclass
class Search:
    """Needles by their anchors."""

    anchors: dict[int, list[Needle]] = field(default_factory=dict)
    count: int = 0

    def add(self, made: Iterable[Needle]) -> None:
        """Adds needles."""
        for needle in made:
            self.anchors.setdefault(int.from_bytes(needle[0][:ANCHOR], "little"), []).append(needle)
            self.count += 1

    def hits(self, data: bytes) -> set[str]:
        """What of it is found, never the value."""
        found: set[str] = set()
        keys = self.anchors.keys()
        for shift in range(min(ANCHOR, len(data))):
            end = shift + (len(data) - shift) // ANCHOR * ANCHOR
            words = memoryview(data)[shift:end].cast("Q")
            if not keys.isdisjoint(words):
                for place, word in enumerate(words):
                    if word in self.anchors:
                        found.update(self._whole(data, shift + place * ANCHOR, word))
        return found

    def _whole(self, data: bytes, place: int, word: int) -> Iterator[str]:
        for needle, what, alone in self.anchors[word]:
            end = place + len(needle)
            if data[place:end] != needle:
                continue
            beside = data[max(0, place - 1) : place] + data[end : end + 1]
            if not alone or not _BESIDE.intersection(beside):
                yield what


def search_of(values: Mapping[str, Iterable[str]], alone: frozenset[str]) -> Search:
    """A search for texts by kind; the kinds in `alone` are short."""
    search = Search()
    for kind, texts in values.items():
        for text in set(texts):
            search.add(needles(text.encode(), kind, alone=kind in alone))
    return search
