"""The replay of 2024 with the real programs: what a stolen key is worth, and what honest people feel of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from rempart.bench.replay import ATTACKS, Report, Wanted, replay, run, stage
from rempart.bench.theft import ReplayError, learned
from rempart.bench.world import World
from rempart.cli.replay import as_object, shown
from rempart.ground.settings import Settings
from rempart.simulation.attack import Attempt, Plan, attempts, whose
from rempart.simulation.clients import registration_of
from rempart.simulation.country import Country
from rempart.simulation.portal_2024 import LEARNED
from rempart.wire.eligibility import DomainAnswer, EligibilityAnswer

pytestmark = pytest.mark.postgres

PEOPLE, TYPED, MACHINE = 1_500, 8, 40
OPTIONS = {"budgets.pharmacy": {"typed": TYPED, "machine": MACHINE}}
WANTED = Wanted(hours=8, seed=3, every=45.0)
HARMLESS = {"covered", "formula", "dates", "accreditation", "kind of contract"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with stage(tmp_path_factory.mktemp("replay") / "house", PEOPLE, seed=3, options=OPTIONS) as made:
        yield made


@pytest.fixture(scope="module")
def report(world: World) -> Report:
    return replay(world, WANTED)


def test_guessing_exposes_nobody(report: Report) -> None:
    """Hundreds of plausible guesses confirm nothing, and the budget ends them."""
    found = report.of("guessing", "rempart")
    assert found.attempts > 500
    assert found.exposed <= 2
    assert found.learned == ()
    assert found.refused > found.attempts - TYPED - MACHINE - 1


def test_a_complete_list_is_worth_the_days_budgets_and_no_more(report: Report) -> None:
    """Strangers stop at the caps, whatever evidence is claimed; only people the site knows anyway are free."""
    found, portal = report.of("leaked-list", "rempart"), report.of("leaked-list", "portal-2024")
    known = report.victim["guessing"].asked + report.victim["leaked-list"].asked
    assert MACHINE // 2 < found.exposed <= TYPED + MACHINE + known
    assert found.refused > found.attempts // 2
    assert found.first_refusal is not None
    assert portal.exposed > 5 * found.exposed
    assert portal.first_refusal is None


def test_what_is_learned_never_holds_an_identity(report: Report) -> None:
    """The portal tells who it is; here an answer tells periods and formula."""
    assert set(report.of("leaked-list", "portal-2024").learned) == set(LEARNED)
    assert set(report.of("leaked-list", "rempart").learned) <= HARMLESS
    assert "formula" in report.of("leaked-list", "rempart").learned


def test_honest_people_elsewhere_notice_nothing(report: Report) -> None:
    """Every honest question at the other sites is answered, and answered rightly."""
    for attacker in ATTACKS:
        assert report.honest[attacker].asked > 5
        assert report.honest[attacker].refused == 0
        assert report.honest[attacker].surprises == 0
        assert report.victim[attacker].surprises == 0
        assert report.victim[attacker].asked > 0


def test_the_log_has_everybody_who_was_exposed(world: World, report: Report) -> None:
    """Distinct people shown by the disclosures of the robbed site on that day: the exposed and its own patients."""
    site = max(n for n in range(world.country.sites) if world.country.profession(n) == "pharmacy")
    with psycopg.connect(world.house.settings.database.worker_url) as connection:
        row = connection.execute(
            """select count(distinct tag) from rempart.disclosure
               where site = %s and outcome = 'covered'
                 and instant / 86400000000 = (select max(instant) / 86400000000 from rempart.disclosure)""",
            (registration_of(world.country, site).sites[0],),
        ).fetchone()
    assert row is not None
    exposed = report.of("leaked-list", "rempart").exposed
    assert exposed <= row[0] <= exposed + report.victim["leaked-list"].asked


def test_the_table_and_the_object_hold_the_same_figures(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    """What a person reads and what a program reads come from one report."""
    from rempart.cli._output import console

    found = json.loads(json.dumps(as_object(report)))
    leaked = next(a for a in found["attacks"] if (a["attacker"], a["target"]) == ("leaked-list", "rempart"))
    assert leaked["refused"] == sum(leaked["refused_by_code"].values())
    console().print(shown(report))
    text = capsys.readouterr().out
    assert str(leaked["people_exposed"]) in text
    assert "0 refused" in text


def test_a_house_on_the_real_clock_is_refused(world: World) -> None:
    """Twenty-four hours cannot pass in seconds there; the sentence says what to do."""
    settings = Settings()
    assert not settings.demo.demo_simulated_clock
    real = type(world.house)(world.house.folder)
    real.settings = settings
    with pytest.raises(ReplayError, match="real clock"):
        replay(World(real, world.country), WANTED)


def test_a_theft_longer_than_a_day_is_refused(world: World) -> None:
    """A day of the budgets is what is measured."""
    with pytest.raises(ReplayError, match="24 hours"):
        replay(world, Wanted(hours=25))


def test_ground_truth_knows_whose_a_card_is() -> None:
    """Every way of presenting leads to its person; a changed digit to nobody."""
    country = Country(3, 400)
    for attempt in attempts(country, "leaked-list", Plan(0)):
        assert whose(country, attempt.presented) == attempt.person
    guess: Attempt = next(attempts(country, "guessing", Plan(0)))
    assert whose(country, guess.presented) is None


def test_an_answer_about_nobody_teaches_nothing_else() -> None:
    """What is learned is read off the answer's own fields."""
    shown_domains = (DomainAnswer("PHAR", open=True, start="2026-01-01", end="2026-12-31", formula="100"),)
    told = learned(EligibilityAnswer("covered", "Q", shown_domains, "A", "2026-01-01", "2026-01-01", "responsible"))
    assert set(told) == HARMLESS
    assert learned(EligibilityAnswer("closed", "Q", ended="2026-01-01")) == ("closed", "end of rights")


@pytest.mark.soak
def test_the_same_seed_gives_the_same_figures(tmp_path: Path) -> None:
    """Two houses, two runs, one report."""
    first, second = (run(tmp_path / name, 300, Wanted(hours=6, seed=5)) for name in ("one", "two"))
    assert as_object(first) == as_object(second)
