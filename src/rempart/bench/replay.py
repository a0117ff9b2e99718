"""The theft of 2024 again: one site key stolen for 24 simulated hours, once guessing, once with a complete leaked list.

The attempts go through the real API of a real house with an honest population beside them, and to a small model of a
portal of 2024. A house that lives on the real clock cannot be given 24 hours in seconds, so the replay needs one on the
simulated clock: `stage` makes one of its own, and whoever runs such a house anyway hands it to `replay`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from rempart.bench.theft import HOUR, STOLEN, Figures, Honest, ReplayError, Theft, Wanted
from rempart.bench.world import World
from rempart.bootstrap.clock import clock_file
from rempart.bootstrap.house import House
from rempart.ground.instants import DAY, SharedClock, start_of_day
from rempart.simulation.attack import MACHINE_EVERY, Knowledge
from rempart.simulation.country import Country

__all__ = ["ATTACKS", "Figures", "Honest", "ReplayError", "Report", "Wanted", "replay", "run", "stage"]

ATTACKS: tuple[Knowledge, ...] = ("guessing", "leaked-list")
FIRST_DAY = date(2026, 11, 24)  # of the stage's country: two working days follow, whatever today is

OPTIONS: Mapping[str, Mapping[str, Any]] = {"demo": {"demo_simulated_clock": True, "unsafe_cadence_off": True}}
"""The stage's own: the cadence hides timing, which nobody reads here, and costs 10 ms a question."""


@dataclass(slots=True)
class Report:
    """Everything, by attacker: `honest` is the population at all other sites, `victim` the staff of the robbed one.

    `portal_by_script`: people the portal shows to the same list read at one question a second.
    """

    people: int
    hours: int
    every: float
    seed: int
    profession: str
    budget_typed: int
    budget_machine: int
    figures: list[Figures] = field(default_factory=list)
    honest: dict[str, Honest] = field(default_factory=dict)
    victim: dict[str, Honest] = field(default_factory=dict)
    portal_by_script: int = 0

    def of(self, attacker: Knowledge, target: str) -> Figures:
        """One column of the table."""
        return next(each for each in self.figures if (each.attacker, each.target) == (attacker, target))


@contextmanager
def stage(
    folder: Path, people: int, *, seed: int = 1, options: Mapping[str, Mapping[str, Any]] | None = None,
    database_url: str = "",
) -> Iterator[World]:  # fmt: skip
    """A house of its own in `folder`, on a simulated clock, loaded and serving; stopped at the end of the block.

    Its database is the empty one at `database_url`, else one of its own.
    """
    country = Country(seed, people, day=FIRST_DAY)
    merged = {name: dict(values) for name, values in OPTIONS.items()}
    for name, values in (options or {}).items():
        merged.setdefault(name, {}).update(values)
    # Thrown away afterwards: durability has its own tests.
    with House(folder, merged, {"fsync": "off"}, database_url=database_url) as house:
        house.settings.paths.data.mkdir(parents=True, exist_ok=True)
        clock = SharedClock.create(clock_file(house.settings), start_of_day(FIRST_DAY, "UTC") - 4 * HOUR)
        world = World(house, country, clock.now)
        world.register()
        world.load()
        house.launch("hub")
        yield world


def run(
    folder: Path, people: int, wanted: Wanted, *, done: Callable[[int], None] = lambda _: None, database_url: str = ""
) -> Report:
    """`replay` on a stage of its own; `done` is called with the part of the replay done so far, in percent."""
    with stage(folder, people, seed=wanted.seed, database_url=database_url) as world:
        return replay(world, wanted, done=done)


def replay(world: World, wanted: Wanted, *, done: Callable[[int], None] = lambda _: None) -> Report:
    """Both attackers, one day each, on a running house whose clock is simulated; the clock then stands two days on.

    Raises ReplayError when the house lives on the real clock or the theft does not fit into one day.
    """
    settings, country = world.house.settings, world.country
    if not settings.demo.demo_simulated_clock:
        raise ReplayError("this house lives on the real clock: set demo.demo_simulated_clock, or use `run`")
    if not 1 <= wanted.hours <= 24:
        raise ReplayError("a theft lasts 1 to 24 hours here, within one day of the budgets")
    budget = settings.budgets.of(STOLEN)
    if budget is None:
        raise ReplayError("the configuration has no budget for the robbed site's profession")
    report = Report(
        country.people, wanted.hours, wanted.every, wanted.seed, STOLEN, budget.typed, budget.machine
    )  # fmt: skip
    clock = SharedClock(clock_file(settings))
    for number, attacker in enumerate(ATTACKS):
        midnight = -(-clock.now() // DAY) * DAY  # the next at UTC: each theft has a day of the budgets to itself
        theft = Theft(country, world.house.base, attacker, clock=clock, midnight=midnight, wanted=wanted)
        asyncio.run(theft.run(partial(_half, done, number)))
        report.figures += [theft.against_portal(), theft.figures()]
        report.honest[attacker], report.victim[attacker] = theft.honest, theft.victim
        if attacker == "leaked-list":
            report.portal_by_script = theft.against_portal(MACHINE_EVERY).exposed
        clock.move_to(midnight + DAY)
    done(100)
    return report


def _half(done: Callable[[int], None], number: int, percent: int) -> None:
    done(number * 50 + percent // 2)
