"""The judge of a month, on leaves in memory: each fault has its code and the leaf where it begins."""

from __future__ import annotations

import dataclasses

import pytest

from rempart.domain.leaf import leaf
from rempart.domain.log_audit import Anchor, Finding, StoredLeaf, audit
from rempart.domain.merkle import EMPTY, Frontier, climb, leaf_hash
from support.log_world import disclosure

SALT = bytes(16)
ROWS = tuple(
    StoredLeaf(number, (7, number), disclosure(number), SALT, leaf_hash(leaf(disclosure(number), SALT)))
    for number in range(300)
)
HASHES = [row.hash for row in ROWS]
HEADS = tuple(
    Anchor(size, Frontier().extend(HASHES[:size]).root(), "the checkpoint you kept") for size in (0, 100, 256, 300)
)
TILE = (b"".join(HASHES[:256]), climb(HASHES[:256]))


def tile(level: int, index: int) -> tuple[bytes, bytes] | None:
    return TILE if (level, index) == (0, 0) else None


def test_an_honest_month_gives_its_frontier() -> None:
    """Every anchor holds, the empty one too, and the frontier is that of all leaves."""
    outcome = audit(ROWS, HEADS, tile)
    assert isinstance(outcome, Frontier)
    assert (outcome.size, outcome.root()) == (300, HEADS[-1].root)
    assert audit((), (Anchor(0, EMPTY, "x"),), tile) == Frontier()


EDITED = dataclasses.replace(ROWS[150], disclosure=disclosure(9_999))
REWRITTEN = dataclasses.replace(EDITED, hash=leaf_hash(leaf(disclosure(9_999), SALT)))
FAULTS = (
    ("leaf-missing", 150, (*ROWS[:150], *ROWS[151:])),
    ("leaf-twice", 150, (*ROWS[:151], *ROWS[150:])),
    ("leaf-order", 150, (*ROWS[:150], dataclasses.replace(ROWS[150], order=(7, 149)), *ROWS[151:])),
    ("disclosure-missing", 150, (*ROWS[:150], dataclasses.replace(ROWS[150], disclosure=None), *ROWS[151:])),
    ("salt-changed", 150, (*ROWS[:150], dataclasses.replace(ROWS[150], salt=SALT[:15]), *ROWS[151:])),
    ("leaf-differs", 150, (*ROWS[:150], EDITED, *ROWS[151:])),
    ("root-differs", 100, (*ROWS[:150], REWRITTEN, *ROWS[151:256])),
    ("log-cut", 299, ROWS[:299]),
    ("log-cut", 0, ()),
)


@pytest.mark.parametrize(("code", "number", "rows"), FAULTS, ids=[f"{code}-{number}" for code, number, _ in FAULTS])
def test_each_fault_has_its_code_and_its_first_leaf(code: str, number: int, rows: tuple[StoredLeaf, ...]) -> None:
    """The report names where the fault begins, or the stretch since the last anchor that held."""
    honest_tile = code != "root-differs"
    finding = audit(
        rows, HEADS, tile if honest_tile else lambda *_: (b"".join(r.hash for r in rows), climb([r.hash for r in rows]))
    )
    assert isinstance(finding, Finding)
    assert (finding.code, finding.number) == (code, number)


@pytest.mark.parametrize("stored", [None, (TILE[0], bytes(32)), (bytes(8192), TILE[1])])
def test_a_tile_that_is_gone_or_another_is_found(stored: tuple[bytes, bytes] | None) -> None:
    """Proofs are made from tiles, so a wrong one is a fault even when every leaf is right."""
    finding = audit(ROWS, (), lambda *_: stored)
    assert isinstance(finding, Finding)
    assert (finding.code, finding.number) == ("tile-differs", 0)
