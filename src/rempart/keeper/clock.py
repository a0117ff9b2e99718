"""The keeper's own time: wall clock read once at start, then monotonic, so that a clock jump gives no second day.

`demo_clock_of_callers` lets the instants of callers move it (the simulated day of a demo); never in production.
"""

from __future__ import annotations

import time

DAY = 86_400_000_000  # microseconds
HOUR = DAY // 24
MINUTE = HOUR // 60


class KeeperClock:
    """Instants in microseconds UTC; `floor` is the last instant known from disk, so that a restart never steps back."""

    def __init__(self, *, floor: int = 0, demo_clock_of_callers: bool = False, skew_seconds: int = 120) -> None:
        self._demo = demo_clock_of_callers
        self._skew = skew_seconds * 1_000_000
        self._started = time.monotonic_ns()
        self._base = floor if demo_clock_of_callers else max(floor, time.time_ns() // 1000)

    def now(self) -> int:
        """Microseconds UTC; never decreases."""
        if self._demo:
            return self._base
        return self._base + (time.monotonic_ns() - self._started) // 1000

    def hear(self, instant: int) -> bool:
        """Whether a caller's instant may be taken for now; in a demo it moves the clock forward."""
        if self._demo:
            self._base = max(self._base, instant)
            return True
        return abs(instant - self.now()) <= self._skew

    def within(self, instant: int, most: int) -> bool:
        """Whether an instant lies at most `most` microseconds ahead, a caller's clock being a little off.

        A demo's keeper has no time of its own before it is asked something, so there nothing is too far.
        """
        return self._demo or instant <= self.now() + most + self._skew

    def hear_day(self, day: int) -> bool:
        """Whether a caller's civil day can be today somewhere in France (UTC−10 to UTC+12)."""
        if self._demo:
            self._base = max(self._base, day * DAY)
        return -1 <= day - self.now() // DAY <= 1
