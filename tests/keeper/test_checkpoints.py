"""Checkpoints are signed forward only, and what was signed is remembered on disk."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.merkle import leaf_hash
from rempart.formats.checkpoint import Note, VerifierKey, parse, parse_key
from rempart.formats.checkpoint import verify as verify_note
from rempart.keeper.checkpoints import Checkpoints
from rempart.sealing.frames import CheckpointItem, CheckpointResult

if TYPE_CHECKING:
    from pathlib import Path

ORIGIN = "rempart.test/log"
MONTH = ORIGIN + "/2026-11"
LEAVES = [leaf_hash(sha256(bytes((number,))).digest()) for number in range(64)]


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def root(leaves: list[bytes]) -> bytes:
    """RFC 9162 § 2.1.1, written out."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:split]), root(leaves[split:]))


def proof(old: int, leaves: list[bytes], *, whole: bool = True) -> tuple[bytes, ...]:
    """RFC 9162 § 2.1.4.1, SUBPROOF."""
    if old == len(leaves):
        return () if whole else (root(leaves),)
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= split:
        return (*proof(old, leaves[:split], whole=whole), root(leaves[split:]))
    return (*proof(old - split, leaves[split:], whole=False), root(leaves[:split]))


def signer(path: Path) -> Checkpoints:
    return Checkpoints(bytes(range(32)), path, origin=ORIGIN)


def sign(signer: Checkpoints, size: int, last: int, origin: str = MONTH) -> CheckpointResult:
    steps = proof(last, LEAVES[:size]) if last else ()
    return signer.sign([CheckpointItem(origin, size, root(LEAVES[:size]), steps)])[0]


def test_the_note_verifies_as_a_c2sp_checkpoint(tmp_path: Path) -> None:
    """The log's own reader of checkpoints accepts the keeper's note under the keeper's key."""
    keeper = signer(tmp_path / "signed")
    note = parse(sign(keeper, 5, 0).note)
    key = parse_key(keeper.verifier_key(MONTH))
    assert isinstance(note, Note)
    assert isinstance(key, VerifierKey)
    assert (note.checkpoint.origin, note.checkpoint.size, note.checkpoint.root) == (MONTH, 5, root(LEAVES[:5]))
    assert verify_note(note, key.public) is None


@given(first=st.integers(1, 63), more=st.integers(0, 40))
def test_a_growing_tree_is_signed(tmp_path_factory: pytest.TempPathFactory, first: int, more: int) -> None:
    """Every larger or equal size with its proof is signed; a smaller one is not."""
    keeper = signer(tmp_path_factory.mktemp("s") / "signed")
    second = min(64, first + more)
    assert sign(keeper, first, 0).refusal == ""
    assert sign(keeper, second, first).refusal == ""
    if second > first:
        assert sign(keeper, first, 0).refusal == "not-forward"


def test_another_tree_is_not_signed(tmp_path: Path) -> None:
    """Same size with another root, a larger tree with another past, a proof left out: refused, with the last size."""
    keeper = signer(tmp_path / "signed")
    sign(keeper, 10, 0)
    other = [*LEAVES[:3], bytes(32), *LEAVES[4:20]]
    for item in (
        CheckpointItem(MONTH, 10, bytes(32), ()),
        CheckpointItem(MONTH, 19, root(other), proof(10, other)),
        CheckpointItem(MONTH, 20, root(LEAVES[:20]), ()),
    ):
        found = keeper.sign([item])[0]
        assert (found.refusal, found.last, found.note) == ("not-consistent", 10, b"")


def test_going_back_is_refused_after_a_restart_too(tmp_path: Path) -> None:
    """What was signed last is on disk before the signature leaves."""
    sign(signer(tmp_path / "signed"), 20, 0)
    again = signer(tmp_path / "signed")
    assert sign(again, 12, 0).refusal == "not-forward"
    assert sign(again, 21, 20).refusal == ""


@pytest.mark.parametrize("origin", ["", "elsewhere/2026-11", MONTH + "/x", ORIGIN + "/2026-13", MONTH + "\n"])
def test_only_origins_of_this_log_are_signed(tmp_path: Path, origin: str) -> None:
    """A second tree under another name would be a second past."""
    assert sign(signer(tmp_path / "signed"), 1, 0, origin).refusal == "origin-unknown"


def test_a_disk_that_refuses_gives_no_signature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No state on disk, no signature; and the size is not taken as signed."""
    keeper = signer(tmp_path / "signed")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rempart.keeper.checkpoints.write_whole", full)
    with pytest.raises(OSError, match="No space"):
        sign(keeper, 3, 0)
    monkeypatch.undo()
    assert sign(keeper, 2, 0).refusal == ""
