"""What the keeper opened against what was disclosed: nothing is lost, nothing is invented, whatever the order."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from rempart.application.reconcile import (
    DISCLOSED_UNJOURNALLED,
    DISCLOSURE,
    JOURNAL,
    OPENED_UNDISCLOSED,
    Matching,
    Sighting,
    alarms,
    judge,
    must_freeze,
    overdue,
)

SIGHTINGS = st.lists(
    st.builds(
        Sighting,
        side=st.sampled_from((JOURNAL, DISCLOSURE)),
        grant=st.sampled_from((b"a" * 16, b"b" * 16)),
        tag=st.sampled_from((b"1" * 32, b"2" * 32, b"3" * 32)),
        purpose=st.sampled_from(("eligibility", "invoice")),
        minute=st.integers(0, 5),
        since=st.integers(0, 9),
    ),
    max_size=40,
)


def _left(*parts: list[Sighting]) -> Counter[tuple[str, bytes, bytes]]:
    matching = Matching()
    for part in parts:
        matching.add(part)
    return Counter((sighting.side, *sighting.pair) for sighting in matching.waiting())


@given(SIGHTINGS)
def test_what_is_left_is_the_difference_of_the_two_sides(sightings: list[Sighting]) -> None:
    """Each opening cancels one disclosure of its pair; the surplus of either side stays, exactly."""
    opened = Counter(sighting.pair for sighting in sightings if sighting.side == JOURNAL)
    disclosed = Counter(sighting.pair for sighting in sightings if sighting.side == DISCLOSURE)
    expected = Counter({(JOURNAL, *pair): count for pair, count in (opened - disclosed).items()})
    expected += Counter({(DISCLOSURE, *pair): count for pair, count in (disclosed - opened).items()})
    assert _left(sightings) == expected


@given(SIGHTINGS, st.integers(0, 40), st.randoms(use_true_random=False))
def test_pieces_and_order_change_nothing(sightings: list[Sighting], cut: int, chance: random.Random) -> None:
    """Read in two rounds, the second starting with what the first left, or in any order, the result is the same."""
    first = Matching()
    first.add(sightings[:cut])
    assert _left(list(first.waiting()), sightings[cut:]) == _left(sightings)
    shuffled = list(sightings)
    chance.shuffle(shuffled)
    assert _left(shuffled) == _left(sightings)


@given(SIGHTINGS, st.integers(0, 9))
def test_every_overdue_sighting_is_judged_once(sightings: list[Sighting], before: int) -> None:
    """Old ones are judged, young ones wait; none is in two places and none is lost."""
    old, young = overdue(sightings, before)
    disclosed = frozenset({(b"a" * 16, b"1" * 32)})
    judgement = judge(old, young, disclosed)
    judged = judgement.undisclosed + judgement.again + judgement.unjournalled
    assert Counter(judged + judgement.waiting) == Counter(sightings)
    assert all(sighting.since <= before for sighting in judged)
    assert all(sighting.since > before for sighting in judgement.waiting)
    assert not {sighting.pair for sighting in judgement.undisclosed} & disclosed


@given(SIGHTINGS)
def test_an_alarm_counts_and_names_nobody(sightings: list[Sighting]) -> None:
    """One alarm a kind of surplus, with counts and minutes; neither a tag nor a grant is in it."""
    judgement = judge(sightings, (), frozenset())
    raised = {alarm.code: alarm for alarm in alarms(judgement)}
    assert (OPENED_UNDISCLOSED in raised) == bool(judgement.undisclosed)
    assert (DISCLOSED_UNJOURNALLED in raised) == bool(judgement.unjournalled)
    if judgement.undisclosed:
        counts = raised[OPENED_UNDISCLOSED].counts
        assert counts["items"] == len(judgement.undisclosed) >= counts["people"]
        assert counts["first_minute"] <= counts["last_minute"]
    assert all(set(alarm.context) <= {"purposes"} for alarm in raised.values())


def test_the_figure_itself_does_not_freeze() -> None:
    """The hub closes above the configured figure, not at it."""
    assert not must_freeze(20, 20)
    assert must_freeze(21, 20)
