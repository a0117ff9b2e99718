"""The encoding of identities: no two share one, and nothing that is not canonical gets one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.sealing.identity import encode_identity

ASCII = st.characters(min_codepoint=32, max_codepoint=126)
WHO = st.tuples(
    st.text(ASCII, min_size=10, max_size=10),
    st.text(ASCII, min_size=1, max_size=64),
    st.none() | st.text(ASCII, min_size=13, max_size=13),
    st.text(ASCII, min_size=6, max_size=6),
    st.text(ASCII, min_size=1, max_size=1),
)


@given(one=WHO, other=WHO)
def test_two_identities_never_share_an_encoding(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    """Equal bytes exactly when every field is equal, a missing NIR included."""
    first = encode_identity(*one[:4], rank=one[4])
    second = encode_identity(*other[:4], rank=other[4])
    assert first is not None
    assert second is not None
    assert (first == second) == (one == other)


@given(one=WHO, cut=st.integers(1, 12))
def test_shifting_characters_between_fields_changes_the_encoding(one: tuple[str, ...], cut: int) -> None:
    """A member number that swallows the beginning of the NIR is another identity, or none."""
    insurer, member, nir, birth, rank = one
    if nir is None or len(member) + cut > 64:
        return
    shifted = encode_identity(insurer, member + nir[:cut], nir[cut:], birth, rank=rank)
    assert shifted is None or shifted != encode_identity(insurer, member, nir, birth, rank=rank)


@pytest.mark.parametrize(
    "who",
    [
        ("123", "1", None, "850512", "1"),
        ("0000401166", "", None, "850512", "1"),
        ("0000401166", "1" * 65, None, "850512", "1"),
        ("0000401166", "é", None, "850512", "1"),
        ("0000401166", "1", "185", "850512", "1"),
        ("0000401166", "1", "１" * 13, "850512", "1"),
        ("0000401166", "1", None, "19850512", "1"),
        ("0000401166", "1", None, "850512", ""),
    ],
)
def test_what_is_not_canonical_has_no_encoding(who: tuple[str, str, str | None, str, str]) -> None:
    """None, rather than an encoding that another identity could share."""
    insurer, member, nir, birth, rank = who
    assert encode_identity(insurer, member, nir, birth, rank=rank) is None
