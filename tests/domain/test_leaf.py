"""A leaf commits to each field on its own: what is shown cannot be changed, what is hidden cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.disclosure import FIELDS, Disclosure
from rempart.domain.leaf import SALT, Hidden, Revealed, Shown, leaf, leaf_of, month_leaf, reveal, verify_reveal
from rempart.domain.merkle import leaf_hash

VECTORS = json.loads(
    (Path(__file__).parents[2] / "docs" / "formats" / "disclosure-log-vectors.json").read_text("utf-8")
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
disclosures = st.builds(
    Disclosure,
    instant=st.integers(-(1 << 63), (1 << 63) - 1),
    grant=st.binary(min_size=16, max_size=16),
    tag=st.binary(min_size=32, max_size=32),
    **dict.fromkeys(set(FIELDS) - {"instant", "grant", "tag"}, texts),
)
salts = st.binary(min_size=SALT, max_size=SALT)
subsets = st.sets(st.sampled_from(FIELDS)).map(frozenset)


@pytest.mark.parametrize("vector", VECTORS["leaves"], ids=lambda vector: vector["name"])
def test_leaves_are_those_of_the_published_vectors(vector: dict[str, Any]) -> None:
    """Another implementation that follows the page finds the same leaf data and hash."""
    fields = dict(vector["disclosure"])
    grant, tag = bytes.fromhex(fields.pop("grant")), bytes.fromhex(fields.pop("tag"))
    row = Disclosure(grant=grant, tag=tag, **fields)
    data = leaf(row, bytes.fromhex(vector["salt"]))
    assert data.hex() == vector["leaf_data"]
    assert leaf_hash(data).hex() == vector["leaf_hash"]


def test_a_closed_month_has_its_published_leaf() -> None:
    """The log of months commits to month, size and root in a fixed layout."""
    vector = VECTORS["month"]
    data = month_leaf(vector["month"], vector["size"], bytes.fromhex(vector["root"]))
    assert data.hex() == vector["leaf_data"]


@given(disclosures, salts, subsets)
def test_any_choice_of_fields_leads_to_the_leaf(row: Disclosure, salt: bytes, fields: frozenset[str]) -> None:
    """Whatever is shown or hidden, the parts make up the same leaf data; hidden fields carry no value."""
    shown = reveal(row, salt, fields)
    assert verify_reveal(shown, leaf(row, salt))
    for name, part in zip(FIELDS, shown.fields, strict=True):
        assert isinstance(part, Shown if name in fields else Hidden)


@given(disclosures, salts, st.sampled_from(FIELDS), st.data())
def test_a_shown_field_cannot_be_changed(row: Disclosure, salt: bytes, name: str, data: st.DataObject) -> None:
    """Another value or another field's salt under the same leaf is refused."""
    place = FIELDS.index(name)
    honest = reveal(row, salt, frozenset((name,)))
    part = honest.fields[place]
    assert isinstance(part, Shown)
    value = data.draw(st.binary(max_size=40).filter(lambda value: value != part.value))
    for forged in (Shown(value, part.salt), Shown(part.value, bytes(SALT)), Shown(part.value, part.salt[:-1])):
        changed = Revealed((*honest.fields[:place], forged, *honest.fields[place + 1 :]))
        assert not verify_reveal(changed, leaf(row, salt))


@given(disclosures, salts, st.sampled_from([name for name in FIELDS if name not in {"instant", "grant", "tag"}]))
def test_every_field_and_the_salt_change_the_leaf(row: Disclosure, salt: bytes, name: str) -> None:
    """No field is left out, and the same row under another salt has another leaf."""
    changed = row._replace(**{name: getattr(row, name) + "x"})
    assert leaf(changed, salt) != leaf(row, salt)
    assert leaf(row, bytes(b ^ 1 for b in salt)) != leaf(row, salt)


def test_equal_values_in_two_fields_have_different_commitments() -> None:
    """Account and operator with one text are not seen to be equal."""
    row = Disclosure(0, bytes(16), "same", "same", "", "same", "", "", "", "", "", bytes(32))
    parts = [part.commitment for part in reveal(row, bytes(16), frozenset()).fields if isinstance(part, Hidden)]
    assert len(set(parts)) == len(FIELDS)


def test_the_order_of_fields_is_fixed() -> None:
    """The fields' order is part of the format."""
    assert VECTORS["fields"] == list(FIELDS)


@pytest.mark.parametrize("length", [0, 15, 17])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    """Sixteen bytes, neither cut nor lengthened."""
    row = Disclosure(0, bytes(16), "", "", "", "", "", "", "", "", "", bytes(32))
    with pytest.raises(ValueError, match="16 bytes"):
        leaf(row, bytes(length))


def test_a_proof_with_a_field_too_few_or_unknown_is_refused() -> None:
    """Twelve fields, no other number, no other name."""
    row = Disclosure(0, bytes(16), "", "", "", "", "", "", "", "", "", bytes(32))
    assert leaf_of(Revealed(reveal(row, bytes(16), frozenset()).fields[:-1])) is None
    with pytest.raises(ValueError, match="unknown field"):
        reveal(row, bytes(16), frozenset(("name",)))
