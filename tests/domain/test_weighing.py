"""What one rights file may do by itself, and which may come next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.weighing import Announced, Limits, Weights, over_limit, sequence_fault, too_many_rejects

LIMITS = Limits()
COUNTS = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("weights", "over"),
    [
        (Weights(1000, 0, 20, 0, 0), ()),
        (Weights(1000, 0, 21, 0, 0), ("closed",)),
        (Weights(1000, 100, 0, 200, 1000), ()),
        (Weights(1000, 101, 0, 201, 0), ("opened", "changed")),
        (Weights(0, 5000, 0, 0, 0), ()),
    ],
)
def test_each_kind_has_its_own_limit(weights: Weights, over: tuple[str, ...]) -> None:
    """A kind of change passes at its limit and waits just above; a first file has nothing to be weighed against."""
    assert over_limit(weights, LIMITS, None) == over


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_extension_never_weighs(base: int, opened: int, closed: int, changed: int, extended: int) -> None:
    """How many people are extended changes nothing."""
    with_, without = Weights(base, opened, closed, changed, extended), Weights(base, opened, closed, changed, 0)
    assert over_limit(with_, LIMITS, None) == over_limit(without, LIMITS, None)


@pytest.mark.parametrize(("closed", "over"), [(89, ("closed",)), (90, ()), (110, ()), (111, ("closed",))])
def test_announcement_holds_within_ten_percent(closed: int, over: tuple[str, ...]) -> None:
    """A kind within 10 % of its announcement passes, on both sides."""
    assert over_limit(Weights(1000, 0, closed, 0, 0), LIMITS, Announced(0, 100, 0)) == over


@pytest.mark.parametrize(
    ("lines", "rejects", "refused"),
    [(1000, 5, False), (1000, 6, True), (10**7, 1000, False), (10**7, 1001, True), (10, 1, True)],
)  # fmt: skip
def test_the_smaller_threshold_of_rejects_holds(lines: int, rejects: int, refused: bool) -> None:  # noqa: FBT001 - a table of cases
    """Rejects are held by a share of the lines and by a number."""
    assert too_many_rejects(lines, rejects, LIMITS) is refused


@pytest.mark.parametrize(
    ("kind", "sequence", "last", "restore", "code"),
    [
        ("full", 7, 0, False, ""),
        ("full", 8, 7, False, ""),
        ("full", 9, 7, False, "sequence-gap"),
        ("delta", 7, 7, False, "sequence-back"),
        ("delta", 1, 0, False, "delta-before-full"),
        ("full", 3, 7, True, ""),
        ("delta", 3, 7, True, "restore-not-older-full"),
        ("full", 8, 7, True, "restore-not-older-full"),
    ],
)
def test_files_come_in_order(kind: str, sequence: int, last: int, restore: bool, code: str) -> None:  # noqa: FBT001 - a table of cases
    """Only the next sequence number comes next; a restore takes an older full file."""
    assert sequence_fault(kind, sequence, last, restore=restore) == code
