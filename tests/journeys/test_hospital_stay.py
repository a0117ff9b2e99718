"""A stay in hospital across 1 March 2026, when the daily fee rose from 20 to 23 €: each day at its own tariff."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from rempart.wire.invoices import LineRequest, ParticularsRequest
from support.journey import Journey, act, journey_in

pytestmark = pytest.mark.postgres
ADMITTED, MARCH = date(2026, 2, 25), date(2026, 3, 1)
BEFORE, AFTER = 4, 4  # days: 25 to 28 February, 1 to 4 March
FEES = BEFORE * 20_00 + AFTER * 23_00
ROOMS = (BEFORE + AFTER) * 45_00  # what the table pays of 60 € a day


def fee(first: date, days: int, cents: int) -> LineRequest:
    told = ParticularsRequest("daily-fee", days=days)
    return act("FJ", "hospital-stay", 0, 0, cents, care=first, spent=cents, quantity=days, particulars=told)


def room(first: date, days: int) -> LineRequest:
    told = ParticularsRequest("private-room", days=days)
    spent = days * 60_00
    return act("CHB", "hospital-stay", 0, 0, spent, care=first, spent=spent, quantity=days, particulars=told)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("stay") / "h", 600) as made:
        yield made


def test_one_line_for_the_whole_stay_counts_each_day_at_its_tariff(journey: Journey) -> None:
    """Eight days on one line: four at 20 €, four at 23 €, and eight rooms at what the contract gives."""
    person, hospital = next(journey.people("HOSP")), journey.site("hospital")
    stay = (fee(ADMITTED, BEFORE + AFTER, FEES), room(ADMITTED, BEFORE + AFTER))
    state = journey.send(hospital, journey.invoice(person, stay))
    assert (state.state, state.amc, state.patient) == ("accepted", FEES + ROOMS, (BEFORE + AFTER) * 15_00), state


def test_two_lines_split_at_the_first_of_march_are_owed_the_same(journey: Journey) -> None:
    """The way most software bills it: one line for each tariff."""
    people = journey.people("HOSP")
    next(people)
    stay = (fee(ADMITTED, BEFORE, BEFORE * 20_00), fee(MARCH, AFTER, AFTER * 23_00))
    state = journey.send(journey.site("hospital"), journey.invoice(next(people), stay))
    assert (state.state, [line.amc for line in state.lines]) == ("accepted", [80_00, 92_00]), state


@pytest.mark.parametrize(("first", "days", "cents"), [(ADMITTED, 8, FEES + 1), (ADMITTED, 4, 4 * 23_00)])
def test_the_new_fee_is_not_owed_for_the_old_days(journey: Journey, first: date, days: int, cents: int) -> None:
    """A cent above what the days come to, or February at March's fee, is over the tariff."""
    people = list(journey.people("HOSP"))
    state = journey.send(journey.site("hospital"), journey.invoice(people[2 + days], (fee(first, days, cents),)))
    assert (state.state, state.reason) == ("rejected", "fee-over-tariff"), state


def test_what_was_decided_is_paid_once_and_nobody_is_named(journey: Journey) -> None:
    """Both stays are in the day's payment; the refused ones are not."""
    assert journey.pay() == FEES + ROOMS + 172_00
    journey.sound()
