"""Plain figures: exact, cheap, and never more labels than a fault may make."""

from __future__ import annotations

import time
import timeit

from hypothesis import given
from hypothesis import strategies as st

from rempart.ground.figures import MOST_LABELS, Spread, Tally


@given(st.lists(st.floats(0, 10)))
def test_each_value_is_counted_at_its_bound(values: list[float]) -> None:
    """A value falls in the first bucket whose bound is not below it; none is lost."""
    spread = Spread("x", "x", (1.0, 5.0))
    for value in values:
        spread.saw(value)
    low, middle = sum(value <= 1 for value in values), sum(1 < value <= 5 for value in values)
    assert spread.counts == [low, middle, len(values) - low - middle]


def test_a_fault_that_makes_labels_does_not_fill_the_memory() -> None:
    """Beyond a thousand values of a label, the rest is counted together."""
    tally = Tally("x", "x", "code")
    for number in range(MOST_LABELS + 50):
        tally.add((str(number),))
    assert len(tally.counts) == MOST_LABELS + 1
    assert tally.counts["other",] == 50


def test_counting_costs_less_than_a_microsecond() -> None:
    """A request counts its route and status and one answer; processor time of the best of many runs."""
    requests, answers = Tally("r", "r", "route", "status"), Tally("a", "a", "outcome")

    def count() -> None:
        requests.add(("/v1/eligibility", 200))
        answers.add("covered")

    assert min(timeit.repeat(count, timer=time.thread_time, number=1_000, repeat=200)) / 1_000 < 1e-6
