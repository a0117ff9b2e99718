"""Member numbers: one canonical form for each insurer's declared rule."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.identifiers import Fault
from rempart.domain.member import ANY_MEMBER, MemberRule, canonical_member

PADDED = MemberRule(zeros="pad", max_length=8, alphabet="digits")
rules = st.builds(
    lambda case, spaces, zeros, lengths, alphabet: MemberRule(
        case, spaces, zeros, min(lengths), max(lengths), alphabet
    ),
    st.sampled_from(["upper", "lower", "keep"]),
    st.sampled_from(["drop", "keep"]),
    st.sampled_from(["keep", "strip", "pad"]),
    st.tuples(st.integers(1, 15), st.integers(1, 15)),
    st.sampled_from(["digits", "alnum"]),
)


@pytest.mark.parametrize(
    ("written", "rule", "found"),
    [
        ("ab 12", ANY_MEMBER, "AB12"),
        ("00012", ANY_MEMBER, "00012"),
        ("Ab12", MemberRule(case="keep"), "Ab12"),
        ("AB12", MemberRule(case="lower"), "ab12"),
        (" A 12 ", MemberRule(spaces="keep"), "A 12"),
        ("00012", MemberRule(zeros="strip"), "12"),
        ("000", MemberRule(zeros="strip"), "0"),
        ("0 0 12", MemberRule(zeros="strip", spaces="keep"), "12"),
        ("12", PADDED, "00000012"),
        ("1 234\u00a0567", PADDED, "01234567"),
        ("12A", PADDED, "member-alphabet"),
        ("123456789", PADDED, "member-length"),
        ("12", MemberRule(min_length=3), "member-length"),
        ("", ANY_MEMBER, "member-length"),
        ("   ", ANY_MEMBER, "member-length"),
        ("1234567890123456", ANY_MEMBER, "member-length"),
        ("12/3", ANY_MEMBER, "member-alphabet"),
        ("é12", ANY_MEMBER, "member-alphabet"),
        ("²2", PADDED, "member-alphabet"),
        ("12\n", ANY_MEMBER, "member-alphabet"),
    ],
)
def test_a_member_number_follows_its_insurers_rule(written: str, rule: MemberRule, found: str) -> None:
    """Case, spaces, zeros, length and alphabet are applied as declared."""
    expected = Fault("member", found) if found.startswith("member-") else found
    assert canonical_member(written, rule) == expected


@given(st.one_of(st.text(max_size=18), st.text("0aZ 19", max_size=18)), rules)
def test_a_canonical_member_number_stays_as_it_is(text: str, rule: MemberRule) -> None:
    """Applying the rule again changes nothing, so every channel reaches the same record."""
    once = canonical_member(text, rule)
    if isinstance(once, str):
        assert canonical_member(once, rule) == once
        assert 1 <= len(once) <= rule.max_length


@pytest.mark.parametrize(("shortest", "longest"), [(0, 5), (6, 5), (1, 16)])
def test_a_rule_whose_lengths_contradict_each_other_is_an_error(shortest: int, longest: int) -> None:
    """A declaration nobody could satisfy is refused when it is made."""
    with pytest.raises(ValueError, match="lengths"):
        MemberRule(min_length=shortest, max_length=longest)


@pytest.mark.parametrize("zeros", ["strip", "pad"])
def test_leading_zeros_do_not_tell_two_writings_apart(zeros: Literal["strip", "pad"]) -> None:
    """A card that prints zeros and a letter that does not lead to one record."""
    rule = MemberRule(zeros=zeros, max_length=10)
    assert canonical_member("0012A", rule) == canonical_member("12a", rule)
