"""One attacker with one stolen site key during one simulated day, beside everybody else at work; and what it brought.

Attempts and honest questions go through the real API in order of their instants, one after the other: the same seed
gives the same figures. Who is exposed is judged by the ground truth of the country, not by what the attacker believes.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from rempart.domain.rights import DOMAINS
from rempart.ground.instants import DAY, MICROSECONDS, SharedClock, civil_date
from rempart.simulation.attack import Attempt, Knowledge, Plan, Tally, against_portal, attempts, whose
from rempart.simulation.caller import Caller, presented_request
from rempart.simulation.clients import registration_of
from rempart.simulation.country import Country
from rempart.simulation.day import events
from rempart.simulation.events import Ask
from rempart.wire.eligibility import EligibilityAnswer
from rempart.wire.problem import Problem

EVERY = 90.0  # seconds between attempts, on average: 960 in 24 hours, twice what the day's budgets let pass
STOLEN = "pharmacy"
HOUR = 3600 * MICROSECONDS
MINUTE = HOUR // 60
OPENING = 7  # hour UTC at which sites open: a theft shorter than a day begins then
NO_LOOK = frozenset({"invalid-fields", "handled-elsewhere", "unknown-amc-number", "nir-required"})
"""Codes that need no record and are no refusal: the caller corrects what it typed and asks again."""


class ReplayError(RuntimeError):
    """The replay cannot be run, or the house and the ground truth differ; the sentence says why."""


@dataclass(slots=True)
class Honest:
    """Questions of other people: asked, refused by code; `surprises` were answered otherwise than the truth has it."""

    asked: int = 0
    surprises: int = 0
    codes: Counter[str] = field(default_factory=Counter)

    @property
    def refused(self) -> int:
        """How many the door turned away."""
        return self.codes.total()


@dataclass(slots=True)
class Figures:
    """What one attacker got out of one target. `codes` are refusals; `first_refusal` in minutes since the theft.

    `exposed`: distinct people about whom something true was learned; `learned`: the names of what was.
    """

    attacker: Knowledge
    target: str
    attempts: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    exposed: int = 0
    learned: tuple[str, ...] = ()
    first_refusal: int | None = None

    @property
    def refused(self) -> int:
        """How many attempts the door turned away."""
        return self.codes.total()


@dataclass(frozen=True, slots=True)
class Wanted:
    """For how many hours (1 to 24, of one UTC day, as budgets count) and how often the key is used; the seed."""

    hours: int = 24
    seed: int = 1
    every: float = EVERY


class Theft:
    """One attacker's day, beginning at `midnight` (UTC, microseconds), against the hub at `base` on the clock given."""

    def __init__(
        self, country: Country, base: str, attacker: Knowledge, *, clock: SharedClock, midnight: int, wanted: Wanted
    ) -> None:
        self._country, self._base, self._clock = country, base, clock
        self._attacker, self._midnight, self._wanted = attacker, midnight, wanted
        self.site = max(n for n in range(country.sites) if country.profession(n) == STOLEN)
        self._start = midnight + min(OPENING, 24 - wanted.hours) * HOUR
        self._day = civil_date(midnight, "UTC")
        self._evidence = "machine"
        self._tally = Tally()
        self._codes: Counter[str] = Counter()
        self._first: int | None = None
        self._callers: dict[int, Caller] = {}
        self.honest, self.victim = Honest(), Honest()

    def attempts(self, every: float | None = None) -> Iterator[Attempt]:
        """The attacker's questions, the same for both targets; `every` seconds instead of what is wanted."""
        plan = Plan(self._start, hours=self._wanted.hours, every=every or self._wanted.every)
        return attempts(self._country, self._attacker, plan, seed=self._wanted.seed)

    async def run(self, done: Callable[[int], None]) -> None:
        """The whole day through the API; `done` gets percent. Raises ReplayError, and what `Caller` raises."""
        thief = self._caller(self.site)
        merged: Iterator[Ask | Attempt] = heapq.merge(self._questions(), self.attempts(), key=_instant)
        try:
            for event in merged:
                self._clock.move_to(max(event.instant, self._clock.now()))
                if isinstance(event, Attempt):
                    await self._attempt(thief, event)
                else:
                    await self._ask(event)
                done((event.instant - self._midnight) * 100 // DAY)
        finally:
            for caller in (thief, *self._callers.values()):
                await caller.close()

    def figures(self) -> Figures:
        """What it brought here."""
        tally = self._tally
        exposed, told = len(tally.exposed), tuple(sorted(tally.learned))
        return Figures(self._attacker, "rempart", tally.questions, self._codes, exposed, told, self._first)

    def against_portal(self, every: float | None = None) -> Figures:
        """The same attempts against the model."""
        tally = against_portal(self._country, self.attempts(every))
        found = Figures(self._attacker, "portal-2024", tally.questions, exposed=len(tally.exposed))
        found.learned = tuple(sorted(tally.learned))
        return found

    def _questions(self) -> Iterator[Ask]:
        """What everybody else asks on that day; late returns overseas, after midnight at UTC, are left out."""
        for event in events(self._country, self._day):
            if isinstance(event, Ask) and self._midnight <= event.instant < self._midnight + DAY:
                yield event

    def _caller(self, site: int) -> Caller:
        registration = registration_of(self._country, site)
        return Caller(self._base, registration, registration.sites[0], now=self._clock.now)

    async def _attempt(self, thief: Caller, attempt: Attempt) -> None:
        """One attempt, for every domain at once; after a refusal the next one claims the other evidence."""
        care, evidence = self._day.isoformat(), self._evidence
        request = presented_request(attempt.presented, care_date=care, domains=DOMAINS, evidence=evidence)
        answer = await thief.eligibility(request)
        if isinstance(answer, Problem):
            self._tally.denied(refused=True)
            self._codes[answer.code] += 1
            self._evidence = "typed" if evidence == "machine" else "machine"
            if self._first is None:
                self._first = (attempt.instant - self._start) // MINUTE
        elif answer.answer == "not-confirmed":
            self._tally.denied(refused=False)  # unknown, closed and decoy look alike: nothing is learned
        else:
            person = whose(self._country, attempt.presented)
            if person is None:
                raise ReplayError("the hub confirmed a card that is nobody's: the house holds another country")
            self._tally.confirmed(replace(attempt, person=person), learned(answer))

    async def _ask(self, ask: Ask) -> None:
        caller = self._callers.get(ask.site)
        if caller is None:
            caller = self._callers[ask.site] = self._caller(ask.site)
        answer = await caller.ask(ask)
        await caller.close()  # an idle connection is cut by the server after some seconds; the token is kept
        counted = self.victim if ask.site == self.site else self.honest
        counted.asked += 1
        got = answer.code if isinstance(answer, Problem) else answer.answer
        if isinstance(answer, Problem) and got not in NO_LOOK:
            counted.codes[got] += 1
        elif got != ask.expected:
            counted.surprises += 1


_NAMES = {
    "start": "dates",
    "end": "dates",
    "formula": "formula",
    "accreditation": "accreditation",
    "accreditation_from": "accreditation",
    "accreditation_to": "accreditation",
    "kind": "kind of contract",
    "ended": "end of rights",
}
"""Field of an answer → what somebody who reads it has learned. Question id and padding tell nothing of a person."""


def learned(answer: EligibilityAnswer) -> tuple[str, ...]:
    """What a confirming answer tells about the person: that it is insured, and every field that holds something."""
    parts = [answer, *answer.domains]
    told = {name for field, name in _NAMES.items() for part in parts if getattr(part, field, "")}
    return tuple(sorted({"covered" if answer.answer == "covered" else answer.answer, *told}))


def _instant(event: Ask | Attempt) -> int:
    return event.instant
