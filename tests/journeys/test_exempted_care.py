"""Care that the compulsory scheme pays whole: a long-term condition beside ordinary care, and a work accident."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.journey import Journey, act, journey_in

pytestmark = pytest.mark.postgres
ALD, WORK_ACCIDENT = "4", "41"


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("exempted") / "h", 600) as made:
        yield made


def test_a_long_term_condition_and_ordinary_care_on_one_invoice(journey: Journey) -> None:
    """The nurse's line of the condition is paid whole by the scheme; the insurer owes its part of the other alone."""
    person = next(journey.people("AUXM"))
    lines = (
        act("AMI", "nursing", 12_60, 100, 0, exemption=ALD),
        act("AMI", "nursing", 10_00, 60, 4_00),
    )
    state = journey.send(journey.site("nurse"), journey.invoice(person, lines))
    assert (state.state, [(line.amo, line.amc) for line in state.lines]) == (
        "accepted", [(12_60, 0), (6_00, 4_00)],
    ), state  # fmt: skip


def test_the_whole_rate_without_the_exemption_is_refused_for_its_line_alone(journey: Journey) -> None:
    """100 % is lawful for an exempted line only; the ordinary line beside it is owed all the same."""
    people = list(journey.people("AUXM"))
    lines = (act("AMI", "nursing", 12_60, 100, 0), act("AMI", "nursing", 9_00, 60, 3_60))
    state = journey.send(journey.site("nurse"), journey.invoice(people[3], lines))
    told = [(line.amc, line.reason) for line in state.lines]
    assert (state.state, state.amc, told) == ("accepted", 3_60, [(0, "amo-inconsistent"), (3_60, "")]), state


def test_a_work_accident_leaves_the_insurer_nothing(journey: Journey) -> None:
    """Every line at 100 %: accepted, and no money moves; what the site asks beyond is not covered."""
    people = list(journey.people("PHAR", "TM"))
    pharmacy = journey.site("pharmacy")
    boxes = (act("PH7", "pharmacy", 20_00, 100, 0), act("PH4", "pharmacy", 6_00, 100, 0))
    state = journey.send(pharmacy, journey.invoice(people[0], boxes, nature=WORK_ACCIDENT))
    assert (state.state, state.amo, state.amc, state.patient) == ("accepted", 26_00, 0, 0), state
    care = act("AMI", "nursing", 12_60, 100, 0)
    nursed = next(journey.people("AUXM"))
    state = journey.send(journey.site("nurse"), journey.invoice(nursed, (care,), nature=WORK_ACCIDENT))
    assert (state.state, state.amc) == ("accepted", 0), state


def test_only_ordinary_care_is_paid(journey: Journey) -> None:
    """4.00 € and 3.60 €, once."""
    assert journey.pay() == 7_60
    assert journey.pay() == 0
    journey.sound()
