"""A lane's questions have ids of their own: every lane its instants, none twice."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from rempart.application.eligibility import Question
from rempart.storage.batch_records import NOBODY
from rempart.storage.batches import LANES
from rempart.worker.batches import _asked_at

ASKED = Question(0, NOBODY, "", "", "", None, "", "", 0, date.min, (), "", "", 0, 0, 0)
NOW = 1_795_600_000_000_000
INSTANTS = st.integers(NOW, NOW + 1_000)


@given(
    INSTANTS, INSTANTS, st.integers(1, 250), st.lists(st.integers(0, LANES - 1), min_size=2, max_size=2, unique=True)
)
def test_lanes_at_the_same_microsecond_share_no_instant(one: int, other: int, many: int, lanes: list[int]) -> None:
    """Whenever two begin, and however many questions each has; all are asked now."""
    items = [(number, ASKED) for number in range(1, many + 1)]
    taken = [_asked_at(instant, lane, items) for instant, lane in zip((one, other), lanes, strict=True)]
    instants = [question.instant for asked in taken for _, question in asked]
    assert len(set(instants)) == 2 * many
    assert [number for number, _ in taken[0]] == [number for number, _ in items]
    assert all(abs(question.instant - one) <= LANES * (many + 1) for _, question in taken[0])
