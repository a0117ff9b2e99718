"""Instants as microseconds UTC, civil days in a zone, and the only place where the machine's clock is read.

Whoever decides is given an instant; programs hold a `Clock`, so that a replay runs the real code on a simulated one.
"""

from __future__ import annotations

import mmap
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

MICROSECONDS = 1_000_000
DAY = 86_400 * MICROSECONDS
PARIS = "Europe/Paris"
_CLOCK_BYTES = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def now() -> int:
    """Microseconds since 1970-01-01T00:00Z. The only read of the wall clock in the project."""
    return time.time_ns() // 1000


def monotonic() -> float:
    """Seconds of a clock that never steps back; for deadlines and durations only."""
    return time.monotonic()


@lru_cache(maxsize=32)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def as_datetime(instant: int, zone: str = "UTC") -> datetime:
    """The instant (microseconds UTC) as an aware datetime in `zone`, exact to the microsecond."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(_zone(zone))


def from_datetime(moment: datetime) -> int:
    """Microseconds UTC of an aware datetime; a naive one is a programming error (`ValueError`)."""
    if moment.tzinfo is None:
        raise ValueError("a datetime without a zone is not an instant")
    return (moment - _EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=4096)
def _civil_date_of_minute(minute: int, zone: str) -> date:
    """Every zone's midnight falls on a whole minute, so a minute has one date."""
    return as_datetime(minute * 60_000_000, zone).date()


def civil_date(instant: int, zone: str = PARIS) -> date:
    """The date on the wall calendar of `zone` at this instant."""
    return _civil_date_of_minute(instant // 60_000_000, zone)


def day_number(day: date) -> int:
    """Days since 1970-01-01; negative before."""
    return day.toordinal() - _EPOCH_ORDINAL


def day_from_number(number: int) -> date:
    """Inverse of `day_number`."""
    return date.fromordinal(number + _EPOCH_ORDINAL)


def civil_day(instant: int, zone: str = PARIS) -> int:
    """The day number of the civil date in `zone` at this instant."""
    return day_number(civil_date(instant, zone))


def start_of_day(day: date, zone: str = PARIS) -> int:
    """The instant at which `day` begins in `zone` (its first midnight)."""
    return from_datetime(datetime(day.year, day.month, day.day, tzinfo=_zone(zone)))


def iso(instant: int) -> str:
    """RFC 3339 text in UTC with microseconds, e.g. `2026-03-02T07:00:00.000000Z`."""
    return as_datetime(instant).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Clock(Protocol):
    """What gives a program its instants."""

    def now(self) -> int:
        """Microseconds UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never step back."""
        ...


@dataclass(frozen=True, slots=True)
class RealClock:
    """The machine's clock."""

    def now(self) -> int:
        """Microseconds UTC."""
        return now()

    def monotonic(self) -> float:
        """Seconds that never step back."""
        return monotonic()


@dataclass(slots=True)
class SimulatedClock:
    """A clock that stands still until it is told to move; it never goes back."""

    instant: int
    _elapsed: int = 0

    def now(self) -> int:
        """Microseconds UTC."""
        return self.instant

    def monotonic(self) -> float:
        """Seconds advanced since the clock was made."""
        return self._elapsed / MICROSECONDS

    def advance(self, microseconds: int) -> None:
        """Move forward; a negative step is a programming error (`ValueError`)."""
        if microseconds < 0:
            raise ValueError("a simulated clock does not go back")
        self.instant += microseconds
        self._elapsed += microseconds

    def move_to(self, instant: int) -> None:
        """Move forward to `instant`."""
        self.advance(instant - self.instant)


class SharedClock:
    """One simulated clock for several programs on one machine: 8 bytes in a file, microseconds UTC, mapped into each.

    A replay moves it, the others read it. `monotonic` stays the machine's: deadlines are about real work.
    Raises OSError when the file is absent, ValueError when it is no clock.
    """

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            if path.stat().st_size != _CLOCK_BYTES:
                raise ValueError("a shared clock is a file of 8 bytes")
            self._cell = memoryview(mmap.mmap(file.fileno(), _CLOCK_BYTES)).cast("q")

    @classmethod
    def create(cls, path: Path, instant: int) -> SharedClock:
        """A new clock that stands at `instant`. Raises FileExistsError: a clock in use is not set back."""
        with path.open("xb") as file:
            file.write(bytes(_CLOCK_BYTES))
        clock = cls(path)
        clock.move_to(instant)
        return clock

    def now(self) -> int:
        """Microseconds UTC; an aligned word, so never half of one."""
        return int(self._cell[0])

    def monotonic(self) -> float:
        """Seconds of the machine's own clock, which never steps back."""
        return monotonic()

    def move_to(self, instant: int) -> None:
        """Move forward to `instant`; back is a programming error (`ValueError`)."""
        if instant < self._cell[0]:
            raise ValueError("a simulated clock does not go back")
        self._cell[0] = instant
