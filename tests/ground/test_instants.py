"""Instants, civil days and clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.ground.instants import (
    DAY,
    RealClock,
    SharedClock,
    SimulatedClock,
    civil_date,
    civil_day,
    day_from_number,
    day_number,
    from_datetime,
    iso,
    start_of_day,
)

_ANY = st.integers(min_value=-2_000_000_000_000_000, max_value=4_000_000_000_000_000)


@given(_ANY)
def test_an_instant_survives_its_text(instant: int) -> None:
    """RFC 3339 text keeps every microsecond."""
    assert from_datetime(datetime.fromisoformat(iso(instant))) == instant


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_a_day_survives_its_number(day: date) -> None:
    """Day numbers count from 1970 both ways."""
    assert day_from_number(day_number(day)) == day


def test_the_same_instant_is_two_dates() -> None:
    """At a site overseas the civil date is not that of Paris."""
    instant = from_datetime(datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
    assert civil_date(instant) == date(2026, 3, 2)
    assert civil_date(instant, "America/Martinique") == date(2026, 3, 1)
    assert civil_day(instant) == day_number(date(2026, 3, 2))


def test_days_of_a_clock_change_have_their_own_length() -> None:
    """A day in Paris begins at its midnight, summer time or not."""
    assert start_of_day(date(2026, 3, 30)) - start_of_day(date(2026, 3, 29)) == DAY * 23 // 24
    assert start_of_day(date(2026, 10, 26)) - start_of_day(date(2026, 10, 25)) == DAY * 25 // 24


def test_a_datetime_without_zone_is_refused() -> None:
    """A naive datetime names no instant."""
    with pytest.raises(ValueError, match="zone"):
        from_datetime(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test


def test_a_simulated_clock_moves_only_forward() -> None:
    """It stands still, moves when told, and never back."""
    clock = SimulatedClock(1_000)
    assert (clock.now(), clock.monotonic()) == (1_000, 0.0)
    clock.advance(2_000_000)
    assert (clock.now(), clock.monotonic()) == (2_001_000, 2.0)
    with pytest.raises(ValueError, match="go back"):
        clock.move_to(5)


def test_the_real_clock_is_in_microseconds() -> None:
    """Its instant is of this century, its seconds do not step back."""
    clock = RealClock()
    assert 1_600_000_000_000_000 < clock.now() < 4_000_000_000_000_000
    assert clock.monotonic() <= clock.monotonic()


def test_a_shared_clock_is_moved_by_one_and_read_by_all(tmp_path: Path) -> None:
    """What one program sets, another reads at once; it never goes back, and a clock in use is not made anew."""
    path = tmp_path / "clock"
    mover = SharedClock.create(path, 1_795_000_000_000_000)
    reader = SharedClock(path)
    mover.move_to(1_795_000_000_000_001)
    assert reader.now() == 1_795_000_000_000_001
    assert reader.monotonic() <= reader.monotonic()
    with pytest.raises(ValueError, match="back"):
        reader.move_to(1_795_000_000_000_000)
    with pytest.raises(FileExistsError):
        SharedClock.create(path, 0)


def test_a_shared_clock_needs_its_file(tmp_path: Path) -> None:
    """A program that starts before the replay has made the clock does not invent one."""
    with pytest.raises(FileNotFoundError):
        SharedClock(tmp_path / "absent")
    (tmp_path / "short").write_bytes(b"1234")
    with pytest.raises(ValueError, match="8 bytes"):
        SharedClock(tmp_path / "short")
