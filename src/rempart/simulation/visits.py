"""Who goes where, when, and what may go wrong: the `number`th visit of a day, found by arithmetic alone.

Proportions: pharmacies about 60 % of visits, with a burst at closing time; the others by how often each bills
(unsourced, likely). Volume: 2.4 % of people on a working day, Mondays × 1.3; a planning figure, the public one being
86.2 million electronic claims in 2024 (GIE SESAM-Vitale).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from math import gcd
from typing import NamedTuple

from rempart.domain.invoice import Presented
from rempart.domain.rights import Coverage
from rempart.ground.instants import MICROSECONDS, start_of_day
from rempart.simulation.chance import Draws, Weighted
from rempart.simulation.country import Country
from rempart.simulation.people import Person
from rempart.simulation.sites import Site

VISITS = (
    ("pharmacy", 600),
    ("nurse", 90),
    ("doctor", 90),
    ("laboratory", 55),
    ("physiotherapist", 50),
    ("dentist", 30),
    ("optician", 22),
    ("radiology", 15),
    ("transport", 14),
    ("speech-therapist", 6),
    ("hearing", 5),
    ("podologist", 5),
    ("hospital", 5),
    ("clinic", 5),
    ("equipment", 4),
    ("midwife", 2),
    ("orthoptist", 2),
)
"""Visits by profession, per thousand."""

HALF_HOURS = (2, 4, 5, 6, 8, 9, 9, 8, 3, 2, 2, 4, 6, 6, 6, 7, 8, 9, 11, 14, 16, 14, 5)
"""Weights of the half hours from 8:00 to 19:30: a morning's peak and the burst before closing time."""

MACHINE = {"pharmacy": 80, "laboratory": 88, "hospital": 85, "clinic": 85, "radiology": 80, "doctor": 65, "nurse": 45}
"""Percent of questions whose data was read from a card or the patient file; 55 for the professions not named."""

MISTAKES = Weighted((880, 30, 20, 20, 50))
KINDS = ("visit", "typing-error", "wrong-member", "foreign-card", "not-asked")
FOREIGN_AMC = "0088000001"
SLIPS = ("none", "wrong-amount", "repeated", "twice-billed", "other-channel", "key-wrong")
"""What goes wrong with a bill; see `day`."""

FORCED: dict[int, tuple[int, str, str]] = {
    **{number: (1 + number % 3, "visit", "none") for number in range(6)},
    6: (0, "typing-error", "none"),
    7: (0, "wrong-member", "none"),
    8: (0, "foreign-card", "none"),
    9: (0, "not-asked", "none"),
    10: (0, "visit", "wrong-amount"),
    11: (0, "visit", "repeated"),
    12: (0, "visit", "twice-billed"),
    13: (17, "visit", "other-channel"),
    14: (17, "visit", "key-wrong"),
    15: (17, "visit", "wrong-amount"),
}
"""Site, kind and slip of the first visits, so that even the smallest day has one of each; 1 to 3: a concentrator's."""
_SLIP_WEIGHTS = Weighted((952, 20, 12, 4, 4, 8))


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: `kind` of `KINDS`; `asks` false when the site bills without asking; `draws` what is left to chance."""

    number: int
    instant: int
    site: Site
    person: Person
    coverage: Coverage
    presented: Presented
    evidence: str
    kind: str
    slip: str


class _Place(NamedTuple):
    """When and where a visit takes place and whose it is; `draws` is what is left to chance."""

    instant: int
    site: int
    person: int
    kind: str
    slip: str
    draws: Draws


class Calendar:
    """The visits of one day of a country, each by its number."""

    def __init__(self, country: Country, day: date, visits: int | None = None) -> None:
        self.country, self.day = country, day
        wanted = country.people * 24 // 1000 if visits is None else visits
        if visits is None and day.weekday() == 0:
            wanted = wanted * 13 // 10
        self.visits = min(max(wanted, len(FORCED)), country.people)
        self._professions = Weighted([weight for _, weight in VISITS])
        self._times = Weighted(HALF_HOURS)
        self._midnights: dict[str, int] = {}
        self._sites: dict[str, list[int]] = {}
        for index in range(country.sites):
            self._sites.setdefault(country.profession(index), []).append(index)
        self._offset = country.chance.number("day-people", day.toordinal(), country.people)
        steps = range(country.people * 5 // 8 + 1, 2 * country.people + 2)
        self._stride = next(step for step in steps if gcd(step, country.people) == 1)

    def visit(self, number: int) -> Visit:
        """The `number`th visit of the day. Nobody goes to two sites on the same day."""
        country = self.country
        place = self._place(number)
        person, site, draws = country.person(place.person), country.site(place.site), place.draws
        evidence = "machine" if draws.below(100) < MACHINE.get(site.profession, 55) else "typed"
        presented = self._presented(person, draws, typed=evidence == "typed")
        return Visit(
            number, place.instant, site, person, country.coverage(person), presented, evidence, place.kind, place.slip
        )

    def in_order(self) -> Iterator[Visit]:
        """All visits by their instant. Only one number is kept for each meanwhile."""
        base = start_of_day(self.day, "UTC")
        order = array("q")
        for number in range(self.visits):
            order.append(((self._place(number).instant - base) // MICROSECONDS + 86_400) << 32 | number)
        for key in sorted(order):
            yield self.visit(key & 0xFFFFFFFF)

    def _place(self, number: int) -> _Place:
        country, draws = self.country, self._draws(number)
        seconds = 8 * 3600 + self._times.pick(draws.below(65536)) * 1800 + draws.below(1800)
        profession = VISITS[self._professions.pick(draws.below(65536))][0]
        person = self.person_at(number)
        where = self._site_of(country.family_number(person), profession, draws)
        kind, slip = KINDS[MISTAKES.pick(draws.below(65536))], SLIPS[_SLIP_WEIGHTS.pick(draws.below(65536))]
        where, kind, slip = FORCED.get(number, (where, kind, slip))
        midnight = self._midnight(country.site(where).zone)
        return _Place(midnight + seconds * MICROSECONDS, where, person, kind, slip, draws)

    def person_at(self, number: int) -> int:
        """Who the `number`th visit is about; beyond `visits`, those whom nobody sees that day."""
        return (self._offset + number * self._stride) % self.country.people

    def _midnight(self, zone: str) -> int:
        if zone not in self._midnights:
            self._midnights[zone] = start_of_day(self.day, zone)
        return self._midnights[zone]

    def _draws(self, number: int) -> Draws:
        return self.country.chance.stream("visit", self.day.toordinal() * 10_000_000 + number)

    def _site_of(self, family: int, profession: str, draws: Draws) -> int:
        """Six times in seven the family's usual one."""
        sites = self._sites[profession]
        if draws.below(7):
            return sites[(family * 2_654_435_761 >> 7) % len(sites)]
        return draws.of(sites)

    def _presented(self, person: Person, draws: Draws, *, typed: bool) -> Presented:
        way = person.ways[draws.below(len(person.ways))] if draws.below(6) == 0 else person.ways[0]
        if way[1] is None and typed:  # typed questions may not leave the NIR out
            way = person.ways[0]
        insurer = self.country.insurer_of(person)
        printed = insurer.printed_member(way[0])
        return Presented(insurer.number, printed, way[1], way[2], way[3], insurer.convention)
