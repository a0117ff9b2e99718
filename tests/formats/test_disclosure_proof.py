"""`rempart-disclosure-proof/1`: exact round trip, and nothing else is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.disclosure import FIELDS
from rempart.domain.leaf import leaf, reveal
from rempart.domain.merkle import inclusion_proof, leaf_hash, nodes_of, root
from rempart.formats.disclosure_proof import MAX_PROOF, Proof, ProofFault, read, write
from support.log_world import disclosure

SALT = bytes(range(16))
HASHES = [leaf_hash(leaf(disclosure(number), SALT)) for number in range(9)]
NODES = nodes_of(HASHES)
ROOT = root(NODES, 9)


def proof(number: int, fields: frozenset[str]) -> Proof:
    return Proof(number, 9, reveal(disclosure(number), SALT, fields), inclusion_proof(NODES, number, 9), b"a note\n")


@given(st.integers(0, 8), st.sets(st.sampled_from(FIELDS)).map(frozenset))
def test_what_is_written_reads_back_and_holds(number: int, fields: frozenset[str]) -> None:
    """Any choice of fields survives the file, shows exactly what was chosen and leads to the root."""
    made = proof(number, fields)
    back = read(write(made))
    assert back == made
    assert back.holds(ROOT)
    assert not back.holds(bytes(32))
    assert set(back.shown()) == fields


def _without_a_field(content: dict[str, Any]) -> None:
    content["fields"].pop()


def _out_of_order(content: dict[str, Any]) -> None:
    content["fields"].reverse()


def _text_for_instant(content: dict[str, Any]) -> None:
    content["fields"][0] = {"name": "instant", "value": "1", "salt": "00" * 16}


def _number_for_site(content: dict[str, Any]) -> None:
    content["fields"][4] = {"name": "site", "value": 1, "salt": "00" * 16}


def _huge_instant(content: dict[str, Any]) -> None:
    content["fields"][0] = {"name": "instant", "value": 1 << 63, "salt": "00" * 16}


def _odd_hexadecimal(content: dict[str, Any]) -> None:
    content["path"][0] = "abc"


def _extra_key(content: dict[str, Any]) -> None:
    content["note"] = "x"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_without_a_field, "bad-proof-fields"),
        (_out_of_order, "bad-proof-fields"),
        (_text_for_instant, "bad-proof"),
        (_number_for_site, "bad-proof"),
        (_huge_instant, "bad-proof"),
        (_odd_hexadecimal, "bad-proof"),
        (_extra_key, "bad-proof"),
    ],
)
def test_a_file_that_is_not_a_proof_is_refused(change: Any, code: str) -> None:
    """One way to be wrong each."""
    content = json.loads(write(proof(3, frozenset(("site",)))))
    change(content)
    fault = read(json.dumps(content).encode())
    assert isinstance(fault, ProofFault)
    assert fault.code == code


def test_a_file_too_long_is_refused_unread() -> None:
    """A proof is small."""
    fault = read(b" " * (MAX_PROOF + 1))
    assert isinstance(fault, ProofFault)
    assert fault.code == "proof-too-long"
