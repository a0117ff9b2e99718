"""The simulated reopening: the same seed gives the same curve, everybody comes in, waves keep under the capacity."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from rempart.bench.waves import Assumed, at_once, by_waves, chart, svg

SITES = 20_000
ASSUMED = Assumed(capacity=20)
WINDOWS = ((20, 1), (20, 4), (20, 15), (20, 30), (30, 50))


def test_waves_spread_what_would_come_at_once() -> None:
    """Everybody is in either way; in waves fewer come in the busiest minute, fewer wait and fewer give up."""
    crowd, waves = at_once(SITES, ASSUMED, 1), by_waves(SITES, WINDOWS, ASSUMED, 1)
    assert sum(crowd.signed_in) == sum(waves.signed_in) == SITES
    assert waves.busiest_second < crowd.busiest_second / 3
    assert waves.longest_queue < crowd.longest_queue / 5
    assert sum(waves.given_up) < sum(crowd.given_up) / 10
    assert sum(crowd.arrivals) == SITES + sum(crowd.given_up)
    assert sum(waves.told_early) > 0


def test_the_same_seed_gives_the_same_curve() -> None:
    """And another one another curve."""
    assert by_waves(2_000, WINDOWS, ASSUMED, 1) == by_waves(2_000, WINDOWS, ASSUMED, 1)
    assert by_waves(2_000, WINDOWS, ASSUMED, 1) != by_waves(2_000, WINDOWS, ASSUMED, 2)


def test_the_curve_is_shown_as_text_and_as_a_picture() -> None:
    """One bar for each five minutes; a picture that is well-formed and holds both curves."""
    curves = at_once(2_000, ASSUMED, 1), by_waves(2_000, WINDOWS, ASSUMED, 1)
    assert len(chart(curves[0], ASSUMED.capacity).splitlines()) == 1 + -(-len(curves[0].arrivals) // 5)
    drawn = ET.fromstring(svg(curves, ASSUMED.capacity))  # noqa: S314 - our own text, made just now
    assert len(drawn.findall("{http://www.w3.org/2000/svg}polyline")) == 2
