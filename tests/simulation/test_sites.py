"""Where the invented sites are: their own days begin at their own hours."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rempart.ground.instants import civil_date
from rempart.simulation.country import Country
from rempart.simulation.sites import day_begun_everywhere


@pytest.mark.parametrize(
    ("hour", "day"),
    [((2026, 11, 22, 12), 22), ((2026, 11, 22, 23, 57), 22), ((2026, 11, 23, 3, 59), 22), ((2026, 11, 23, 4), 23)],
)
def test_no_site_lives_in_a_day_that_has_not_begun_there(hour: tuple[int, ...], day: int) -> None:
    """After midnight in Paris, Martinique is still at yesterday: care of "today" would be refused there as future."""
    instant = int(datetime(*hour, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[misc,arg-type]  # year to minute
    found = day_begun_everywhere(instant)
    assert found == date(2026, 11, day)
    zones = {site.zone for site in Country(1, 10_000, day=found).all_sites()}
    assert len(zones) > 1
    assert all(civil_date(instant, zone) >= found for zone in zones)
