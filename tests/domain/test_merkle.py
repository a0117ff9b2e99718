"""The tree of RFC 9162: known vectors, every proof verifies, every change to one fails."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.merkle import (
    EMPTY,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    nodes_of,
    root,
    verify_consistency,
    verify_inclusion,
)

# Leaves and roots of the Certificate Transparency reference implementation (2013), used by its successors.
DATA = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    bytes.fromhex(text)
    for text in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
LEAVES = [leaf_hash(data) for data in DATA]
sizes = st.integers(1, 300)


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(size)]


def naive(hashes: list[bytes]) -> bytes:
    """§ 2.1.1 word for word."""
    if not hashes:
        return EMPTY
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node_hash(naive(hashes[:k]), naive(hashes[k:]))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_reference_implementation(size: int) -> None:
    """The first eight trees have their published roots, from nodes and from a frontier."""
    assert root(nodes_of(LEAVES[:size]), size) == ROOTS[size]
    assert Frontier().extend(LEAVES[:size]).root() == ROOTS[size]


def test_published_inclusion_proof() -> None:
    """Leaf 5 of 8 has its published path."""
    path = inclusion_proof(nodes_of(LEAVES), 5, 8)
    assert [item.hex() for item in path] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_published_consistency_proofs() -> None:
    """From 6 to 8 and from 2 to 5 leaves, the proofs are the published ones."""
    assert [item.hex() for item in consistency_proof(nodes_of(LEAVES), 6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [item.hex() for item in consistency_proof(nodes_of(LEAVES), 2, 5)] == [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]


@given(sizes)
def test_three_ways_to_a_root_agree(size: int) -> None:
    """Nodes, frontier and the definition give one root."""
    hashes = leaves(size)
    assert root(nodes_of(hashes), size) == Frontier().extend(hashes).root() == naive(hashes)


@given(sizes, st.data())
def test_a_prefix_of_the_nodes_proves_older_trees(size: int, data: st.DataObject) -> None:
    """The nodes of a larger tree give the root of each smaller one."""
    smaller = data.draw(st.integers(0, size))
    assert root(nodes_of(leaves(size)), smaller) == naive(leaves(smaller))


def flipped(proof: tuple[bytes, ...], place: int, bit: int) -> tuple[bytes, ...]:
    item = bytearray(proof[place])
    item[bit // 8] ^= 1 << bit % 8
    return (*proof[:place], bytes(item), *proof[place + 1 :])


@given(sizes, st.data())
def test_every_inclusion_proof_verifies_and_every_change_to_it_fails(size: int, data: st.DataObject) -> None:
    """Another leaf, number, size, root, or a path with a bit, an item or an order changed is refused."""
    number = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    top, proof = naive(hashes), inclusion_proof(nodes_of(hashes), number, size)
    leaf = hashes[number]
    assert verify_inclusion(leaf, number, size, proof=proof, root=top)
    assert not verify_inclusion(leaf_hash(b"another"), number, size, proof=proof, root=top)
    assert not verify_inclusion(leaf, number, size, proof=proof, root=leaf_hash(b"another"))
    assert not verify_inclusion(leaf, number, size, proof=(*proof, top), root=top)
    assert not verify_inclusion(leaf, size, size, proof=proof, root=top)
    assert not verify_inclusion(leaf, -1, size, proof=proof, root=top)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != number)) if size > 1 else size
    assert not verify_inclusion(leaf, other, size, proof=proof, root=top)
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        assert not verify_inclusion(
            leaf, number, size, proof=flipped(proof, place, data.draw(st.integers(0, 255))), root=top
        )
        assert not verify_inclusion(leaf, number, size, proof=proof[:-1], root=top)
        assert not verify_inclusion(leaf, number, size, proof=(proof[0] + b"\0", *proof[1:]), root=top)


@given(sizes, st.data())
def test_every_consistency_proof_verifies_and_every_change_to_it_fails(size: int, data: st.DataObject) -> None:
    """Another root on either side, or a proof with a bit or an item changed, is refused; so is a shrinking tree."""
    old = data.draw(st.integers(1, size))
    hashes = leaves(size)
    before, after = naive(hashes[:old]), naive(hashes)
    proof = consistency_proof(nodes_of(hashes), old, size)
    another = leaf_hash(b"another")
    assert verify_consistency(old, size, proof=proof, old_root=before, new_root=after)
    assert not verify_consistency(old, size, proof=proof, old_root=another, new_root=after)
    assert not verify_consistency(old, size, proof=proof, old_root=before, new_root=another)
    assert not verify_consistency(old, size, proof=(*proof, after), old_root=before, new_root=after)
    assert not verify_consistency(size + 1, size, proof=proof, old_root=before, new_root=after)
    if proof:
        place, bit = data.draw(st.integers(0, len(proof) - 1)), data.draw(st.integers(0, 255))
        changed = flipped(proof, place, bit)
        assert not verify_consistency(old, size, proof=changed, old_root=before, new_root=after)
        assert not verify_consistency(old, size, proof=proof[:-1], old_root=before, new_root=after)
        assert not verify_consistency(old, size, proof=(), old_root=before, new_root=after)
        assert not verify_consistency(old, size, proof=(b"short", *proof[1:]), old_root=before, new_root=after)


@given(st.integers(2, 120), st.data())
def test_a_tree_with_one_leaf_changed_has_no_proof_from_the_old_one(size: int, data: st.DataObject) -> None:
    """When a leaf before `old` changes, no proof built from the new tree leads from the old root."""
    old = data.draw(st.integers(1, size - 1))
    place = data.draw(st.integers(0, old - 1))
    hashes = leaves(size)
    before = naive(hashes[:old])
    hashes[place] = leaf_hash(b"another")
    proof = consistency_proof(nodes_of(hashes), old, size)
    assert not verify_consistency(old, size, proof=proof, old_root=before, new_root=naive(hashes))


def test_the_empty_tree_is_a_beginning_of_every_tree() -> None:
    """From size 0 the proof is empty and the old root is the empty one."""
    assert consistency_proof(nodes_of(LEAVES), 0, 8) == ()
    assert verify_consistency(0, 8, proof=(), old_root=EMPTY, new_root=ROOTS[8])
    assert verify_consistency(0, 0, proof=(), old_root=EMPTY, new_root=EMPTY)
    assert not verify_consistency(0, 0, proof=(), old_root=EMPTY, new_root=ROOTS[8])
    assert not verify_consistency(0, 8, proof=(EMPTY,), old_root=EMPTY, new_root=ROOTS[8])
    assert not verify_consistency(0, 8, proof=(), old_root=ROOTS[1], new_root=ROOTS[8])


def test_no_proof_is_made_outside_the_tree() -> None:
    """A leaf that is not there and a tree that shrinks are errors of the caller."""
    with pytest.raises(ValueError, match="outside"):
        inclusion_proof(nodes_of(LEAVES), 8, 8)
    with pytest.raises(ValueError, match="shrink"):
        consistency_proof(nodes_of(LEAVES), 9, 8)


def test_a_frontier_is_small() -> None:
    """After ten thousand leaves it holds as many peaks as the size has bits set."""
    grown = reduce(lambda frontier, _: frontier.append(LEAVES[0]), range(10_000), Frontier())
    assert len(grown.peaks) == (10_000).bit_count()
