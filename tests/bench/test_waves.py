"""The simulated reopening: the same seed gives the same curve, everybody comes in, waves keep under the capacity."""

from __future__ import annotations

import json
from collections import Counter
from itertools import accumulate
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from rempart.bench.waves import SHARES, START, Assumed, at_once, by_waves, chart, svg
from rempart.cli.bench import app
from rempart.domain.waves import MINUTE, Plan, Window, turn

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


@pytest.mark.soak
def test_a_country_comes_back_and_no_window_lets_more_in_than_its_rate() -> None:
    """200,000 sites by the command: all in, none before its minute nor beyond what is served, nobody counted twice."""
    sites, minutes, capacity = 200_000, 20, 125
    done = CliRunner().invoke(app, ["waves", "--sites", str(sites), "--capacity", str(capacity), "--json"])
    assert done.exit_code == 0, done.output
    curves = {curve["name"]: curve for curve in json.loads(done.output)["curves"]}
    for curve in curves.values():
        assert sum(curve["signed_in"]) == sites
        assert sum(curve["arrivals"]) == sites + sum(curve["given_up"])
        assert max(curve["signed_in"]) <= capacity * 60
    windows = tuple(Window(START + at * minutes * MINUTE, minutes, share) for at, share in enumerate(SHARES))
    plan = Plan("simulated", START, windows)
    opened = Counter((turn(plan, f"{100_000_000 + one}", sites).opens - START) // MINUTE for one in range(sites))
    for at, share in enumerate(SHARES):
        rate = sites * share / 100 / minutes  # a minute, on the average of a drawn order
        for minute in range(at * minutes, (at + 1) * minutes):
            assert abs(opened[minute] - rate) <= 6 * rate**0.5
    let_in = list(accumulate(opened[minute] for minute in range(len(curves["in waves"]["signed_in"]))))
    signed_in = accumulate(curves["in waves"]["signed_in"])
    assert all(there <= may for there, may in zip(signed_in, let_in, strict=True))
    assert let_in[-1] == sites
