"""The renewal of January: a full file that renews, closes and changes more than any limit passes because announced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import pytest

from rempart.domain.rights import Coverage, Period, RightsLine
from rempart.formats.rights_file import Expected, format_line
from rempart.simulation.people import Person
from support.houses import FIRST_DAY
from support.journey import Journey, act, journey_in

pytestmark = pytest.mark.postgres
LAST = date(2027, 12, 31)
INSURER, SILENT = 0, 1  # the two biggest; one forgets to announce


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("january") / "h", 1_500) as made:
        yield made


def _open(journey: Journey, person: Person) -> bool:
    coverage = journey.town.country.coverage(person)
    return any(p.start <= FIRST_DAY <= p.end for p in coverage.periods)


def _medicine(journey: Journey, person: Person) -> str:
    """The formula of the person's medicine."""
    return next((p.formula for p in journey.town.country.coverage(person).periods if p.domain == "PHAR"), "")


def _renewed(coverage: Coverage, *, better: bool) -> Coverage:
    """A year more; the better formula pays medicine in full."""
    periods = tuple(
        Period(p.domain, p.start, LAST, "100" if better and p.domain == "PHAR" else p.formula)
        for p in coverage.periods
    )  # fmt: skip
    return replace(coverage, periods=periods)


@dataclass(frozen=True)
class Renewal:
    """An insurer's people at the end of the year, and the lines of its full file for the next."""

    leaving: list[Person]
    staying: list[Person]
    better: list[Person]
    lines: list[bytes]


def _renewal(journey: Journey, insurer: int) -> Renewal:
    """One family in ten leaves; of the others many change formula, and all are renewed for a year."""
    country = journey.town.country
    insured = [p for p in country.everyone() if p.insurer == insurer and _open(journey, p)]
    leaving = [p for p in insured if p.family.number % 10 == 3]
    staying = [p for p in insured if p.family.number % 10 != 3]
    better = [p for p in staying if p.family.number % 2 and _medicine(journey, p) == "TM"]
    assert len(leaving) * 100 > 2 * len(insured), "more than the limit of closings"
    assert len(better) * 100 > 20 * len(insured), "more than the limit of changed formulas"
    lines = [
        format_line(RightsLine(p.reference, p.keys, _renewed(country.coverage(p), better=p in better)))
        for p in staying
    ]  # fmt: skip
    return Renewal(leaving, staying, better, lines)


def test_a_renewal_that_is_announced_passes_and_another_waits_for_two_people(journey: Journey) -> None:
    """On 29 December two insurers send theirs; on 3 January old cards have ended and renewed ones answer."""
    journey.later(35)
    silent, told = _renewal(journey, SILENT), _renewal(journey, INSURER)
    waiting = journey.file(SILENT, silent.lines, kind="full")
    assert (waiting.state, set(waiting.over)) == ("quarantined", {"closed", "changed"}), waiting
    expected = Expected(0, len(told.leaving), len(told.better))
    passed = journey.file(INSURER, told.lines, kind="full", expected=expected)
    assert (passed.state, passed.over) == ("applied", ()), passed
    journey.later(5)
    assert journey.today.year == 2027
    gone, kept = told.leaving[0], next(p for p in told.staying if p.ways[0][1] and p not in told.better)
    journey.met += [gone, kept]
    pharmacy = journey.site("pharmacy")
    assert journey.ask(pharmacy, gone, "PHAR") == "not-confirmed"
    assert len(journey.ask(pharmacy, kept, "PHAR")) == 20
    box = act("PH7", "pharmacy", 10_00, 65, 3_50, care=journey.today)
    state = journey.send(pharmacy, journey.invoice(kept, (box,)))
    assert (state.state, state.amc) == ("accepted", 3_50), state
    journey.sound()
