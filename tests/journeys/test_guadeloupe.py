"""An evening and a night overseas: today is the site's own civil day, also while it is another month in Paris."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rempart.domain.rights import RightsLine
from rempart.formats.rights_file import Expected, format_line
from rempart.ground.instants import MICROSECONDS, from_datetime, start_of_day
from rempart.simulation.authorizations import presented
from rempart.simulation.caller import Caller, presented_request
from rempart.wire.problem import Problem
from support.houses import FIRST_DAY
from support.journey import Journey, act, journey_in

pytestmark = pytest.mark.postgres
LAST, NEXT = date(2027, 1, 31), date(2027, 2, 1)
NIGHT = 21 * 3_600 * MICROSECONDS  # after midnight UTC: 01:00 at La Réunion, 22:00 of the day before in Paris
EVENING = datetime(2027, 2, 1, 0, 30, tzinfo=UTC)  # 20:30 of the 31st in Guadeloupe; in Paris it is 1 February, 01:30


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("guadeloupe") / "h") as made:
        yield made


def test_after_midnight_at_la_reunion(journey: Journey) -> None:
    """Care of this morning is of today there, though in Paris it is tomorrow's."""
    town, site = journey.town, journey.site("pharmacy", 1)
    assert town.clock is not None
    person, morning = next(journey.people("PHAR", "TM")), FIRST_DAY + timedelta(days=1)
    town.sql("update rempart.site set zone = 'Indian/Reunion' where site = %s", town.country.site(site).number)
    town.clock.move_to(start_of_day(FIRST_DAY, "UTC") + NIGHT)
    time.sleep(1.5)  # hub and worker look every second
    billed = act("PH7", "pharmacy", 10_00, 65, 3_50, care=morning)
    state = journey.send(site, journey.invoice(person, (billed,), issued=morning.isoformat()))
    assert (state.state, state.reason) == ("accepted", "")


def test_the_last_evening_of_january_in_guadeloupe(journey: Journey) -> None:
    """Rights that end on the 31st are open that evening, and its act is accepted; of Paris's day both are closed."""
    town, site = journey.town, journey.site("pharmacy")
    assert town.clock is not None
    person = next(journey.people("PHAR", "TM"))
    coverage = town.country.coverage(person)
    until = replace(coverage, periods=tuple(each._replace(end=LAST) for each in coverage.periods))
    line = format_line(RightsLine(person.reference, person.keys, until), delta=True)
    assert journey.file(person.insurer, [line], expected=Expected(1, 0, 0)).state == "applied"
    town.sql("update rempart.site set zone = 'America/Guadeloupe' where site = %s", town.country.site(site).number)
    town.clock.move_to(from_datetime(EVENING))
    time.sleep(1.5)  # the hub looks every second

    def answered(day: date) -> str:
        request = presented_request(
            presented(town.country, person), care_date=day.isoformat(), domains=("PHAR",), evidence="machine"
        )

        async def work(caller: Caller) -> str:
            answer = await caller.eligibility(request)
            assert not isinstance(answer, Problem), answer
            return answer.answer

        return journey.at(site, work)

    def billed(day: date) -> tuple[str, str]:
        line = act("PH7", "pharmacy", 10_00, 65, 3_50, care=day)
        state = journey.send(site, journey.invoice(person, (line,), issued=day.isoformat()))
        return state.state, state.reason or state.lines[0].reason

    assert answered(LAST) == "covered"
    assert billed(LAST) == ("accepted", "")
    assert answered(NEXT) == "closed"  # the site knows the person by now
    assert billed(NEXT) == ("rejected", "future-care")  # though in Paris it has begun
