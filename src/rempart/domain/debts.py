"""What a site owes when there is nothing to deduct a claw-back from: asked for, reminded, paid back or given up.

A claim that stands is a debt until it is wholly deducted, paid back or written off. It is asked for when nothing was
taken of it for a while, then reminded, then told a last time; each step is taken once. The days are a dated table,
figures of the trade's practice (unsourced, likely). Left out: interest, set-off between operators, courts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

DEMANDED, REMINDED, FINAL = "demanded", "reminded", "final-notice"
STEPS = (DEMANDED, REMINDED, FINAL)
"""In this order."""


class Patience(NamedTuple):
    """From `starts` on: days in which nothing was taken before each of `STEPS`, counted from what happened last."""

    starts: date
    days: tuple[int, int, int]
    source: str


PATIENCE: tuple[Patience, ...] = (Patience(date.min, (30, 30, 30), "unsourced, likely"),)
"""The latest that has started holds."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A claim that is due: cents `left`; `moved` the day it became due or something was taken; steps and their days."""

    claw_back: UUID
    site: str
    left: int
    moved: date
    steps: tuple[tuple[str, date], ...] = ()


def next_step(standing: Standing, day: date, table: tuple[Patience, ...] = PATIENCE) -> str:
    """The step that is to be taken on `day`, "" when none: something is taken, it is too early, or all were taken."""
    taken = dict(standing.steps)
    step = next((one for one in STEPS if one not in taken), "")
    if not step or standing.left <= 0:
        return ""
    patience = max((row for row in table if row.starts <= day), key=lambda row: row.starts)
    last = max([standing.moved, *taken.values()])
    return step if (day - last).days >= patience.days[STEPS.index(step)] else ""
