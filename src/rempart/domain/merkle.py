"""Merkle trees of RFC 9162 § 2.1 (December 2021; hashing of RFC 6962), pure: roots, inclusion and consistency proofs.

A tree is given by its *nodes*: `nodes(height, index)` is the hash of the perfect subtree over leaves
`[index << height, (index + 1) << height)`, so the same code proves from memory and from stored tiles.
Left out: signed tree heads of RFC 9162 § 4 (the log signs C2SP checkpoints instead).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH = 32  # bytes
EMPTY = sha256(b"").digest()
"""Root of the tree without leaves (§ 2.1.1)."""

Nodes = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Hash of one entry: SHA-256(0x00 ‖ data), § 2.1.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two neighbours: SHA-256(0x01 ‖ left ‖ right), § 2.1.1."""
    return sha256(b"\x01" + left + right).digest()


def climb(hashes: Sequence[bytes]) -> bytes:
    """Root of a perfect subtree from its lowest hashes; their number is a power of two."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def nodes_of(leaves: Sequence[bytes]) -> Nodes:
    """The nodes of a tree held in memory, from its leaf hashes."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return lambda height, index: levels[height][index]


def _split(size: int) -> int:
    """Largest power of two smaller than `size` (size > 1), § 2.1.1."""
    return 1 << (size - 1).bit_length() - 1


def range_root(nodes: Nodes, start: int, end: int) -> bytes:
    """MTH(D[start:end]) for the ranges RFC 9162 speaks of: `start` is a multiple of every perfect subtree inside."""
    size = end - start
    if size == 0:
        return EMPTY
    if size & (size - 1) == 0:
        height = size.bit_length() - 1
        return nodes(height, start >> height)
    middle = start + _split(size)
    return node_hash(range_root(nodes, start, middle), range_root(nodes, middle, end))


def root(nodes: Nodes, size: int) -> bytes:
    """Root of the tree's first `size` leaves."""
    return range_root(nodes, 0, size)


def inclusion_proof(nodes: Nodes, number: int, size: int) -> tuple[bytes, ...]:
    """PATH(number, D[size]), § 2.1.3.1, lowest neighbour first. ValueError outside 0 <= number < size."""
    if not 0 <= number < size:
        raise ValueError("leaf outside the tree")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if number < middle:
            path.append(range_root(nodes, middle, end))
            end = middle
        else:
            path.append(range_root(nodes, start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_proof(nodes: Nodes, old: int, new: int) -> tuple[bytes, ...]:
    """PROOF(old, D[new]), § 2.1.4.1; empty from size 0 or between equal sizes. ValueError when old > new."""
    if not 0 <= old <= new:
        raise ValueError("a tree does not shrink")
    if old in (0, new):
        return ()
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_root(nodes, middle, end))
            end = middle
        else:
            path.append(range_root(nodes, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(range_root(nodes, start, end))
    return tuple(reversed(path))


def verify_inclusion(leaf: bytes, number: int, size: int, *, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that leaf hash `leaf` stands at `number` in the tree of `size` leaves, § 2.1.3.2."""
    if not 0 <= number < size or any(len(item) != HASH for item in proof):
        return False
    fn, sn, reached = number, size - 1, leaf
    for item in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            reached = node_hash(item, reached)
            fn, sn = _skip(fn, sn)
        else:
            reached = node_hash(reached, item)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and reached == root


def verify_consistency(old: int, new: int, *, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether `proof` shows that the tree of `new` leaves begins with the tree of `old` leaves, § 2.1.4.2."""
    if not 0 <= old <= new or any(len(item) != HASH for item in proof):
        return False
    if old == 0:
        return not proof and old_root == EMPTY and (new > 0 or new_root == EMPTY)
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    before = after = path[0]
    for item in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            before, after = node_hash(item, before), node_hash(item, after)
            fn, sn = _skip(fn, sn)
        else:
            after = node_hash(after, item)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and before == old_root and after == new_root


def _skip(fn: int, sn: int) -> tuple[int, int]:
    """Right-shifts both until the lowest bit of `fn` is set or `fn` is 0."""
    while fn and not fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return fn, sn


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a growing tree: the roots of its perfect subtrees, largest first; it can only grow."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> Frontier:
        """The frontier after one more leaf hash."""
        peaks, carry = list(self.peaks), leaf
        for _ in range((self.size & ~(self.size + 1)).bit_length()):
            carry = node_hash(peaks.pop(), carry)
        return Frontier(self.size + 1, (*peaks, carry))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier after all these leaf hashes."""
        grown = self
        for leaf in leaves:
            grown = grown.append(leaf)
        return grown

    def root(self) -> bytes:
        """Root of the whole tree so far."""
        if not self.peaks:
            return EMPTY
        reached = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            reached = node_hash(peak, reached)
        return reached
