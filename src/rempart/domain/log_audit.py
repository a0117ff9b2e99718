"""Judges one month of the disclosure log against tree heads that somebody kept: pure, streaming, flat in memory.

It recomputes every leaf from the disclosure and its salt, every tile and the root at every kept size; nothing stored
is believed. The first fault ends the work and is reported in plain words with the leaf where it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rempart.domain.leaf import SALT, leaf
from rempart.domain.merkle import EMPTY, Frontier, climb, leaf_hash

if TYPE_CHECKING:
    from rempart.domain.disclosure import Disclosure

WIDTH = 256  # hashes in a tile
StoredTile = Callable[[int, int], tuple[bytes, bytes] | None]
"""(level, index) → (hashes, root) of a stored full tile, None when it is not there."""


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """A stored leaf beside its disclosure; None when the disclosure is gone. `order`: the disclosure's (tx, id)."""

    number: int
    order: tuple[int, int]
    disclosure: Disclosure | None
    salt: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Anchor:
    """A tree head that the log signed; `whose` says where it comes from, e.g. "the checkpoint you kept"."""

    size: int
    root: bytes
    whose: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong: stable code, first leaf it may concern (None when it concerns none), and a sentence."""

    code: str
    number: int | None
    reason: str


def audit(rows: Iterable[StoredLeaf], anchors: Sequence[Anchor], tile: StoredTile) -> Finding | Frontier:
    """The first fault of the month's leaves (in order of number), or the whole tree's frontier when there is none."""
    due = sorted(anchors, key=lambda anchor: anchor.size)
    frontier, tiling, sound, before = Frontier(), _Tiling(tile), 0, (-1, -1)
    for row in rows:
        while due and due[0].size == frontier.size:
            wrong = _root_fault(due[0], frontier, sound)
            if wrong:
                return wrong
            sound = due.pop(0).size
        hashed = _leaf_fault(row, frontier.size, before)
        if isinstance(hashed, Finding):
            return hashed
        before = row.order
        frontier = frontier.append(hashed)
        wrong = tiling.add(hashed)
        if wrong:
            return wrong
    for anchor in due:
        wrong = _cut(anchor, frontier) or _root_fault(anchor, frontier, sound)
        if wrong:
            return wrong
        sound = anchor.size
    return frontier


def _leaf_fault(row: StoredLeaf, expected: int, before: tuple[int, int]) -> Finding | bytes:
    """What is wrong with one leaf, or its recomputed hash."""
    if row.number > expected:
        return Finding(
            "leaf-missing", expected, f"leaf {expected} is missing: the next one stored is leaf {row.number}"
        )
    if row.number < expected:
        return Finding("leaf-twice", row.number, f"leaf {row.number} is there twice, or two disclosures claim it")
    if row.order <= before:
        return Finding("leaf-order", expected, f"leaf {expected} stands out of the order in which rows are folded")
    if row.disclosure is None:
        return Finding("disclosure-missing", expected, f"the disclosure of leaf {expected} is gone or was moved")
    if len(row.salt) != SALT:
        return Finding("salt-changed", expected, f"the salt of leaf {expected} was cut or lengthened")
    hashed = leaf_hash(leaf(row.disclosure, row.salt))
    if hashed != row.hash:
        return Finding(
            "leaf-differs", expected, f"the disclosure or the salt of leaf {expected} is not what was folded"
        )
    return hashed


def _root_fault(anchor: Anchor, frontier: Frontier, sound: int) -> Finding | None:
    if (frontier.root() if anchor.size else EMPTY) == anchor.root:
        return None
    return Finding(
        "root-differs",
        sound,
        f"the log was rewritten: leaves {sound} to {anchor.size - 1} do not give the root that {anchor.whose}"
        f" has at size {anchor.size}",
    )


def _cut(anchor: Anchor, frontier: Frontier) -> Finding | None:
    if anchor.size <= frontier.size:
        return None
    return Finding(
        "log-cut",
        frontier.size,
        f"the log was rolled back: it ends before leaf {frontier.size}, but {anchor.whose} has {anchor.size} leaves",
    )


class _Tiling:
    """Rebuilds the full tiles as leaves come and compares them with the stored ones."""

    def __init__(self, stored: StoredTile) -> None:
        self._stored = stored
        self._open: list[list[bytes]] = []
        self._done: list[int] = []

    def add(self, hashed: bytes) -> Finding | None:
        """Adds a leaf hash; a Finding when a tile that is now full is not the stored one."""
        level, rising = 0, hashed
        while True:
            if level == len(self._open):
                self._open.append([])
                self._done.append(0)
            self._open[level].append(rising)
            if len(self._open[level]) < WIDTH:
                return None
            hashes, index = self._open[level], self._done[level]
            rising = climb(hashes)
            if self._stored(level, index) != (b"".join(hashes), rising):
                first = index * WIDTH ** (level + 1)
                return Finding(
                    "tile-differs",
                    first,
                    f"tile {level}/{index} (leaves from {first}) is gone or is not that of its leaves",
                )
            self._open[level], self._done[level] = [], index + 1
            level += 1
