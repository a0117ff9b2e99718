"""The clock a program runs on: the machine's, or in a demonstration the one that a replay moves for all programs."""

from __future__ import annotations

from pathlib import Path

from rempart.ground.instants import Clock, RealClock, SharedClock
from rempart.ground.settings import Settings


def clock_file(settings: Settings) -> Path:
    """Where the simulated clock lies; whoever simulates the day makes it first (`SharedClock.create`)."""
    return settings.paths.data / "simulated-clock"


def clock_of(settings: Settings) -> Clock:
    """By `demo.demo_simulated_clock`, which production refuses. Raises OSError and ValueError as `SharedClock` does."""
    return SharedClock(clock_file(settings)) if settings.demo.demo_simulated_clock else RealClock()
