"""Attackers who hold one stolen site key for a day: one guesses, one has a complete leaked list. With what it is worth.

The attempts are the same against Rempart and against the 2024 portal. Counting is by ground truth: a person is exposed
when an answer confirmed something true about that person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from typing import Literal

from rempart.domain.invoice import Presented
from rempart.ground.instants import MICROSECONDS
from rempart.simulation.chance import Chance
from rempart.simulation.country import Country
from rempart.simulation.people import BLOCK, HOUSEHOLD_SIZES, indexes_of_nir, own_nir
from rempart.simulation.portal_2024 import LEARNED, Portal2024

Knowledge = Literal["guessing", "leaked-list"]
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Attempt:
    """One question of an attacker. `person` is whom it is about, -1 for a guess; `instant` in microseconds UTC."""

    instant: int
    presented: Presented
    evidence: str
    person: int

    def __repr__(self) -> str:
        return f"Attempt(person={self.person})"


@dataclass(frozen=True, slots=True)
class Plan:
    """How the attacker goes about it: from `start` (microseconds UTC), for `hours`, `every` seconds on average.

    `every` 45 passes for a person at a counter; 1 is a script. `spread` shuffles the gaps from half to one and a half.
    """

    start: int
    hours: int = 24
    every: float = 45.0
    spread: bool = True
    evidence: str = "machine"


HUMAN_EVERY = 45.0
MACHINE_EVERY = 1.0


def attempts(country: Country, knowledge: Knowledge, plan: Plan, *, seed: int = 1) -> Iterator[Attempt]:
    """The attacker's questions in order of time, until the hours are over or the list is used up."""
    chance = Chance(seed * 1_000_003 + country.seed)
    known = _leaked(country, chance) if knowledge == "leaked-list" else _guesses(country, chance)
    passed = 0.0
    for number, (presented, person) in enumerate(known):
        if passed >= plan.hours * 3600:
            return
        yield Attempt(plan.start + int(passed * MICROSECONDS), presented, plan.evidence, person)
        share = 0.5 + chance.number("gap", number, 1000) / 999 if plan.spread else 1.0
        passed += plan.every * share


def _leaked(country: Country, chance: Chance) -> Iterator[tuple[Presented, int]]:
    """Everybody once, in no particular order, exactly as the card has it."""
    start = chance.number("leak-start", 0, country.people)
    steps = range(country.people // 3 + 1, country.people + country.people // 3 + 2)
    stride = next(step for step in steps if gcd(step, country.people) == 1)
    for number in range(country.people):
        person = country.person((start + number * stride) % country.people)
        insurer = country.insurer_of(person)
        member, nir, birth, rank = person.ways[0]
        card = insurer.printed_member(member)
        yield Presented(insurer.number, card, nir, birth, rank, insurer.convention), person.number


def _guesses(country: Country, chance: Chance) -> Iterator[tuple[Presented, int]]:
    """Plausible identities: real insurers and member shapes, NIRs made as they are made, of the right year and key."""
    number = 0
    while True:
        draws = chance.stream("guess", number)
        number += 1
        insurer = country.insurers[draws.below(len(country.insurers))]
        born = country.day.year - 1 - draws.below(90)
        nir = own_nir(draws.below(2**31), "12"[draws.below(2)], born, draws.below(12))
        member = insurer.printed_member(
            insurer.written_member(draws.below(country.people * len(HOUSEHOLD_SIZES) // BLOCK + 1))
        )
        birth = f"{nir[1:5]}{draws.below(28) + 1:02d}"
        yield Presented(insurer.number, member, nir, birth, "1", insurer.convention), -1


def whose(country: Country, shown: Presented) -> int | None:
    """Ground truth: the index of the person whom a card, as printed, belongs to; None when it is nobody's."""
    insurer = next((each for each in country.insurers if each.number == shown.amc_number), None)
    if insurer is None:
        return None
    for index in indexes_of_nir(shown.nir or ""):
        if index >= country.people:
            return None
        for person in country.household(country.family_number(index)):
            for member, nir, birth, rank in person.ways:
                same = (nir, birth, rank) == (shown.nir, shown.birth, shown.rank)
                if same and country.insurer_of(person) is insurer and insurer.printed_member(member) == shown.member:
                    return person.number
    return None


class Tally:
    """What an attack brought: questions, those refused by the door, people about whom something true was learned."""

    def __init__(self) -> None:
        self.questions = 0
        self.refused = 0
        self.exposed: set[int] = set()
        self.learned: set[str] = set()

    def confirmed(self, attempt: Attempt, learned: tuple[str, ...]) -> None:
        """An answer that confirmed the attempt and told `learned` besides."""
        self.questions += 1
        self.exposed.add(attempt.person)
        self.learned.update(learned)

    def denied(self, *, refused: bool) -> None:
        """An answer that confirmed nothing; `refused` when the door refused to look."""
        self.questions += 1
        self.refused += refused


def against_portal(country: Country, known: Iterator[Attempt]) -> Tally:
    """The same attempts against the model of a 2024 portal, which needs the NIR alone."""
    portal, tally = Portal2024(country), Tally()
    for attempt in known:
        pages = portal.look_up(attempt.presented.nir or "")
        if pages:
            tally.learned.update(LEARNED)
    tally.questions, tally.exposed = portal.questions, portal.exposed
    return tally
