"""Where the marks of a small chart go: columns over time and bars of a list, drawn on the server as SVG without script.

Lengths are units of the view box, which the style sheet scales. Beside each chart a page gives its numbers as a table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 320
HEIGHT: Final = 180
LEFT: Final = 58  # room for the numbers of the scale
RIGHT: Final = 10  # room for half of the last label
TOP: Final = 12
FOOT: Final = 26  # room for what stands below the columns
FILLED: Final = 0.64  # of a column's place
EVERY: Final = 3  # so many columns have one label among them
STEPS: Final = (1, 2, 5, 10)
MARKS: Final = 4  # lines of the scale above its base, at most


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its upper left corner and size; `told` is shown to whoever points at it."""

    x: float
    y: float
    width: float
    height: float
    told: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A text of an axis, at its anchor; one of the scale stands before a line across the chart."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of columns; nothing to see when there is no column."""

    columns: tuple[Column, ...]
    scale: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - FOOT


def columns(
    values: Sequence[int | None], labels: Sequence[str], written: Callable[[int], str], *, unit: int = 1
) -> Columns:
    """One column a value above 0, None for none; `written` writes a value, `unit` is the least step of the scale."""
    step, most = _scale(max((value or 0 for value in values), default=0), unit)
    room = HEIGHT - FOOT - TOP
    place = (WIDTH - LEFT - RIGHT) / max(1, len(values))
    made = []
    for number, value in enumerate(values):
        if value and value > 0:
            height = round(room * value / most, 2)
            x = round(LEFT + place * number + place * (1 - FILLED) / 2, 2)
            told = f"{labels[number]} : {written(value)}"
            made.append(Column(x, round(HEIGHT - FOOT - height, 2), round(place * FILLED, 2), height, told))
    scale = [
        Mark(LEFT - 8, round(HEIGHT - FOOT - room * value / most, 2), written(value))
        for value in range(0, most + 1, step)
    ]
    below = [
        Mark(round(LEFT + place * (number + 0.5), 2), HEIGHT - 6, label)
        for number, label in enumerate(labels) if (len(labels) - 1 - number) % EVERY == 0
    ]  # fmt: skip
    return Columns(tuple(made), tuple(scale), tuple(below))


def shares(values: Sequence[int]) -> tuple[int, ...]:
    """Each value in hundredths of the greatest, at least 1 where there is any: lengths of bars."""
    most = max(values, default=0)
    return tuple(max(1, round(100 * value / most)) if value > 0 else 0 for value in values)


def _scale(most: int, unit: int) -> tuple[int, int]:
    """The step of the scale and its end: at most `MARKS` steps of 1, 2 or 5 times a power of ten times `unit`."""
    power = unit
    while True:
        for step in (power * each for each in STEPS):
            if step * MARKS >= most:
                return step, step * max(1, -(-most // step))
        power *= 10
