"""The meter counts distinct people exactly, refuses beyond, and a restart gives nothing."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rempart.keeper.clock import HOUR
from rempart.keeper.meter import Limits, Quota
from rempart.keeper.reservations import Reservations, ReservationsDamagedError
from support.keepers import World, make_world

if TYPE_CHECKING:
    from pathlib import Path

WIDE = 10**6
ROOMY = Quota(WIDE, WIDE, WIDE, WIDE, WIDE, WIDE)


def limited(folder: Path, block: int = 8, **quota: int) -> World:
    return make_world(folder, limits=Limits(asking=replace(ROOMY, **quota), invoice=ROOMY, block=block))


def asked(world: World, first: int, count: int, purpose: str = "eligibility") -> list[str]:
    grant = world.sign_in().grant
    return [world.derive(grant, number, purpose=purpose).refusal for number in range(first, first + count)]


@pytest.mark.parametrize(
    ("scope", "refusal"),
    [
        ("grant", "meter-grant"),
        ("actor", "meter-actor"),
        ("site", "meter-site"),
        ("vendor", "meter-vendor"),
        ("total_floor", "meter-total"),
        ("hour", "meter-hour"),
    ],
)
def test_a_scope_refuses_exactly_beyond_its_limit(tmp_path: Path, scope: str, refusal: str) -> None:
    """The limit passes, one more is refused with the name of its scope, and people met before stay free."""
    world = limited(tmp_path, **{scope: 5})
    grant = world.sign_in().grant
    assert [world.derive(grant, number).refusal for number in range(8)] == [""] * 5 + [refusal] * 3
    assert world.derive(grant, 0).refusal == ""
    world.parts.close()


def test_a_refused_question_counts_nowhere(tmp_path: Path) -> None:
    """What the site's limit refuses is not taken from the total."""
    world = limited(tmp_path, site=3)
    asked(world, 0, 10)
    assert world.parts.meter.figures()["total asking"] == 3
    world.parts.close()


def test_the_meter_is_exact_across_a_clean_restart(tmp_path: Path) -> None:
    """37 of 100 used: after a restart exactly 63 more new people are allowed."""
    world = limited(tmp_path, site=100)
    assert asked(world, 0, 37) == [""] * 37
    world.parts.close()
    world.start()
    assert asked(world, 1000, 64) == [""] * 63 + ["meter-site"]
    world.parts.close()


def test_a_kill_gives_nothing(tmp_path: Path) -> None:
    """After a crash what was reserved counts as used: never more than the limit in all, at most 5 % less."""
    world = limited(tmp_path, site=100)
    allowed = asked(world, 0, 37).count("")
    for _ in range(5):
        crash(world)
        world.start()
        allowed += asked(world, 10_000 + allowed, 7).count("")
    allowed += asked(world, 50_000, 200).count("")
    assert 100 - 6 * 5 <= allowed <= 100
    world.parts.close()


def crash(world: World) -> None:
    """What `kill -9` leaves: no farewell, the lock let go by the system."""
    os.close(world.parts.lock)


def test_invoices_have_their_own_quota(tmp_path: Path) -> None:
    """A site that has asked its fill still has its invoices' people derived."""
    world = limited(tmp_path, site=3)
    assert asked(world, 0, 4)[-1] == "meter-site"
    assert asked(world, 0, 20, "invoice") == [""] * 20
    world.parts.close()


def test_each_of_n_keepers_has_its_share(tmp_path: Path) -> None:
    """With 4 keepers a limit of 40 is 10 here."""
    world = make_world(tmp_path, limits=Limits(asking=replace(ROOMY, site=40), invoice=ROOMY, keepers=4))
    assert asked(world, 0, 12).count("") == 10
    world.parts.close()


def test_the_total_is_twice_the_busiest_of_two_weeks(tmp_path: Path) -> None:
    """The floor holds until a busier day was seen; that day counts for 14 days."""
    path = tmp_path / "meter"
    store = Reservations(path)
    store.begin_day(100, keep=14)
    store.write([("total asking", 700), ("site 1 asking", 5)])
    store.begin_day(114, keep=14)
    assert store.busiest("total asking") == 700
    assert store.reserved("total asking") == 0
    store.begin_day(115, keep=14)
    assert store.busiest("total asking") == 0
    store.close()


def test_a_day_never_comes_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wall clock set back at a restart does not bring back yesterday's quota, nor a new one."""
    world = limited(tmp_path, site=5)
    assert asked(world, 0, 5) == [""] * 5
    world.parts.close()
    monkeypatch.setattr("rempart.keeper.clock.time.time_ns", lambda: 1_000_000_000 * 86_400 * 10_000)
    world.start()
    assert world.derive(world.sign_in().grant, 77).refusal == "meter-site"
    world.parts.close()


def test_a_torn_reservation_is_dropped_and_a_damaged_one_is_found(tmp_path: Path) -> None:
    """A crash in the middle of a write loses that entry alone; anything else stops the keeper."""
    path = tmp_path / "meter"
    store = Reservations(path)
    store.begin_day(100, keep=14)
    store.write([("a", 1), ("b", 2), ("c", 3)])
    store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    torn = Reservations(path)
    assert (torn.reserved("a"), torn.reserved("b"), torn.reserved("c")) == (1, 2, 0)
    torn.close()
    path.write_bytes(whole[:5] + b"\xff" + whole[6:])
    with pytest.raises(ReservationsDamagedError):
        Reservations(path)


def test_the_rate_is_of_all_items(tmp_path: Path) -> None:
    """Beyond a second's worth, items are refused until time has passed, repeated ones too."""
    world = make_world(tmp_path, limits=Limits(asking=ROOMY, invoice=ROOMY, rate=10))
    grant = world.sign_in().grant
    refusals = [world.derive(grant, 1).refusal for _ in range(30)]
    assert refusals[:10] == [""] * 10
    assert "meter-rate" in refusals
    world.parts.close()


def test_people_of_expired_grants_are_let_go(tmp_path: Path) -> None:
    """An hour after, a grant's people are in no memory; those of its site still are."""
    world = limited(tmp_path)
    asked(world, 0, 5)
    for _ in range(2):
        world.parts.clock._base += HOUR
        world.parts.meter.roll()
    kept = sorted(key.split(" ")[0] for key in world.parts.meter._counts)
    assert kept in (["actor", "hour", "site", "total", "vendor"], [])  # nothing when a new day began in between
    world.parts.close()
