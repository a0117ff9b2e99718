"""A closed portal opens: everybody within minutes, or in waves. A simulation, seeded, in steps of a second.

Assumed, and said with the result: how soon people come once they may, how long they wait before they give up, when they
try again, how many come before their turn. Counted exactly: who may come when, by `domain.waves`. A sign-in that is
given up while it waits has cost nothing; one who comes early is told the hour and costs no keeper.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import Final

from rempart.domain.waves import MINUTE, Plan, Window, turn

SECOND: Final = 1_000_000  # microseconds
START: Final = 1_800_000_000_000_000
SECONDS_OF_A_DAY: Final = 6 * 3600
BARS: Final = 60  # characters of the longest bar
SHARES: Final = (1, 4, 15, 30, 50)


@dataclass(frozen=True, slots=True)
class Assumed:
    """What nobody measured: a mean of seconds until somebody comes who may, patience, and when one tries again."""

    capacity: int = 125  # sign-ins a second: one hub process as measured, docs/measurements.md
    mean_seconds: float = 360.0
    patience_seconds: int = 20
    again_seconds: int = 60
    early_percent: int = 20  # come when it opens, whatever their turn


@dataclass(slots=True)
class Curve:
    """One run. Lists are by minute from the opening."""

    name: str
    arrivals: list[int] = field(default_factory=list)
    signed_in: list[int] = field(default_factory=list)
    given_up: list[int] = field(default_factory=list)
    told_early: list[int] = field(default_factory=list)
    longest_queue: int = 0
    all_in_minute: int = 0

    @property
    def busiest_second(self) -> float:
        """Arrivals a second in the busiest minute."""
        return max(self.arrivals, default=0) / 60


def at_once(sites: int, assumed: Assumed, seed: int) -> Curve:
    """Everybody may come from the first second."""
    chance = Random(seed)
    return _run(Curve("at once"), [_soon(chance, assumed) for _ in range(sites)], assumed, chance)


def by_waves(sites: int, windows: tuple[tuple[int, int], ...], assumed: Assumed, seed: int) -> Curve:
    """`windows`: minutes and percent of each, one after the other."""
    chance = Random(seed)
    starts, planned = START, []
    for minutes, share in windows:
        planned.append(Window(starts, minutes, share))
        starts += minutes * MINUTE
    plan = Plan("simulated", START, tuple(planned))
    come, early = [], []
    for number in range(sites):
        opens = (turn(plan, f"{100_000_000 + number}", sites).opens - START) // SECOND
        if opens and chance.random() * 100 < assumed.early_percent:
            early.append(_soon(chance, assumed))
        come.append(opens + _soon(chance, assumed))
    curve = Curve("in waves")
    for second, many in enumerate(_by_second(early)):
        _count(curve.told_early, second, many)
    return _run(curve, come, assumed, chance)


def _soon(chance: Random, assumed: Assumed) -> int:
    return int(chance.expovariate(1 / assumed.mean_seconds))


def _run(curve: Curve, come: list[int], assumed: Assumed, chance: Random) -> Curve:
    """A queue that is served in its order, `capacity` a second; who waits too long gives up and tries again."""
    arriving = _by_second(come)
    queue: deque[tuple[int, int]] = deque()  # (second of arrival, how many)
    second, waiting, left = 0, 0, len(come)
    while left and second < SECONDS_OF_A_DAY:
        new = arriving[second] if second < len(arriving) else 0
        waiting += new
        queue.append((second, new))
        while queue and second - queue[0][0] >= assumed.patience_seconds:
            gone = queue.popleft()[1]
            waiting -= gone
            _count(curve.given_up, second, gone)
            for _ in range(gone):
                _later(arriving, second + assumed.again_seconds + int(chance.random() * assumed.again_seconds))
        served = _serve(queue, assumed.capacity)
        waiting -= served
        left -= served
        curve.longest_queue = max(curve.longest_queue, waiting)
        _count(curve.arrivals, second, new)
        _count(curve.signed_in, second, served)
        second += 1
    curve.all_in_minute = -(-second // 60)
    return curve


def _serve(queue: deque[tuple[int, int]], capacity: int) -> int:
    served = 0
    while queue and served < capacity:
        since, many = queue.popleft()
        taken = min(many, capacity - served)
        served += taken
        if taken < many:
            queue.appendleft((since, many - taken))
    return served


def _by_second(instants: list[int]) -> list[int]:
    made = [0] * (max(instants, default=-1) + 1)
    for each in instants:
        made[each] += 1
    return made


def _later(arriving: list[int], second: int) -> None:
    if second >= len(arriving):
        arriving.extend([0] * (second + 1 - len(arriving)))
    arriving[second] += 1


def _count(minutes: list[int], second: int, many: int) -> None:
    minute = second // 60
    if minute >= len(minutes):
        minutes.extend([0] * (minute + 1 - len(minutes)))
    minutes[minute] += many


def chart(curve: Curve, capacity: int, *, every: int = 5) -> str:
    """Arrivals by `every` minutes as bars, with those that gave up; `|` is the capacity."""
    rows = [
        (minute, sum(curve.arrivals[minute : minute + every]), sum(curve.given_up[minute : minute + every]))
        for minute in range(0, len(curve.arrivals), every)
    ]
    most = max([arrived for _, arrived, _ in rows] + [capacity * 60 * every])
    lines = [f"{curve.name}: arrivals in {every} minutes (| is what can be served)"]
    for minute, arrived, gone in rows:
        bar = "█" * round(BARS * arrived / most)
        limit = round(BARS * capacity * 60 * every / most)
        bar = bar.ljust(limit) + "|" if len(bar) <= limit else bar
        lines.append(f"{minute:4d} min {arrived:8,d} {bar}{f'  {gone:,d} gave up' if gone else ''}")
    return "\n".join(lines)


def svg(curves: tuple[Curve, ...], capacity: int) -> str:
    """Both curves as one picture, 720 × 320: arrivals a second by minute, the capacity as a line."""
    wide, high, left, top = 640, 240, 60, 20
    minutes = max(len(curve.arrivals) for curve in curves)
    most = max(*(curve.busiest_second for curve in curves), capacity) * 1.05
    colours = ("#b3261e", "#0b5c55")

    def x(minute: float) -> float:
        return left + wide * minute / max(minutes - 1, 1)

    def y(value: float) -> float:
        return top + high * (1 - value / most)

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 320" role="img" font-family="sans-serif">',
        "<title>Arrivals a second after a reopening: at once, and in waves</title>",
        '<rect width="720" height="320" fill="#fff"/>',
        f'<line x1="{left}" x2="{left + wide}" y1="{y(capacity):.1f}" y2="{y(capacity):.1f}" stroke="#bbb"/>',
        f'<text x="{left + wide}" y="{y(capacity) - 5:.1f}" text-anchor="end">served: {capacity} a second</text>',
        f'<line x1="{left}" x2="{left + wide}" y1="{y(0):.1f}" y2="{y(0):.1f}" stroke="#555"/>',
    ]
    parts += [
        f'<text x="{x(minute):.1f}" y="{top + high + 16}" text-anchor="middle">{minute}</text>'
        for minute in range(0, minutes, max(minutes // 8 // 10 * 10, 10))
    ]
    parts += [f'<text x="{left - 6}" y="{y(step * most / 4):.1f}" text-anchor="end">{step * most / 4:.0f}</text>'
              for step in range(5)]  # fmt: skip
    for place, (curve, colour) in enumerate(zip(curves, colours, strict=False)):
        points = " ".join(f"{x(minute):.1f},{y(many / 60):.1f}" for minute, many in enumerate(curve.arrivals))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{left + 10 + 130 * place}" y="310" fill="{colour}">{curve.name}</text>')
    parts.append(f'<text x="{left + wide}" y="310" text-anchor="end">minutes since the opening</text></svg>')
    return "\n".join(parts) + "\n"
