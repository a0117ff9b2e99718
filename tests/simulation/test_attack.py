"""Attackers: what one stolen key brings against a portal that answers any NIR, and that questions are well formed."""

from __future__ import annotations

from itertools import islice

from rempart.domain.identifiers import parse_amc, parse_birth, parse_nir
from rempart.domain.member import canonical_member
from rempart.simulation.attack import HUMAN_EVERY, MACHINE_EVERY, Plan, Tally, against_portal, attempts
from rempart.simulation.country import Country
from rempart.simulation.portal_2024 import LEARNED, Portal2024

COUNTRY = Country(7, 3_000)
START = 1_795_400_000_000_000


def test_a_leaked_list_exposes_everybody_on_a_2024_portal() -> None:
    """One question a second for a day: the whole country, with everything the portal shows."""
    tally = against_portal(COUNTRY, attempts(COUNTRY, "leaked-list", Plan(START, every=MACHINE_EVERY)))
    assert len(tally.exposed) == COUNTRY.people
    assert tally.learned == set(LEARNED)
    assert tally.questions == COUNTRY.people


def test_a_person_at_a_counters_pace_is_enough() -> None:
    """At 45 seconds a question the day exposes more people than were asked about: families are listed together."""
    tally = against_portal(COUNTRY, attempts(COUNTRY, "leaked-list", Plan(START, every=HUMAN_EVERY)))
    assert 1_800 < tally.questions < 2_050
    assert len(tally.exposed) > tally.questions


def test_the_portal_shows_a_childs_page_under_either_parents_nir() -> None:
    """Whoever is listed under a NIR is shown; a number of nobody shows nothing."""
    portal = Portal2024(COUNTRY)
    child = next(person for person in COUNTRY.everyone() if person.relation == "child" and len(person.ways) >= 2)
    for way in child.ways:
        assert child.number in {page.person for page in portal.look_up(way[1] or "")}
    assert portal.look_up("1990175056001") == ()


def test_guesses_are_plausible_and_about_nobody_known() -> None:
    """Every guess passes all checks that need no record, so that only the records can say no."""
    for attempt in islice(attempts(COUNTRY, "guessing", Plan(START)), 500):
        shown = attempt.presented
        insurer = next(each for each in COUNTRY.insurers if each.number == parse_amc(shown.amc_number))
        assert isinstance(canonical_member(shown.member, insurer.rule), str)
        assert parse_nir(shown.nir or "") == (shown.nir, ())
        assert parse_birth(shown.birth) == shown.birth
        assert attempt.person == -1


def test_attempts_are_repeatable_and_keep_to_the_hours() -> None:
    """The same seed gives the same attempts; none lies outside the plan's hours; order is that of time."""
    plan = Plan(START, hours=2, every=HUMAN_EVERY)
    first = list(attempts(COUNTRY, "leaked-list", plan))
    assert first == list(attempts(Country(7, 3_000), "leaked-list", plan))
    instants = [attempt.instant for attempt in first]
    assert instants == sorted(instants)
    assert instants[0] >= START
    assert instants[-1] < START + 2 * 3600 * 1_000_000


def test_a_tally_counts_people_once() -> None:
    """Two confirmations about one person expose one; refusals are counted apart."""
    attempt = next(attempts(COUNTRY, "leaked-list", Plan(START)))
    tally = Tally()
    tally.confirmed(attempt, ("formula",))
    tally.confirmed(attempt, ("formula",))
    tally.denied(refused=True)
    tally.denied(refused=False)
    assert (tally.questions, len(tally.exposed), tally.refused, tally.learned) == (4, 1, 1, {"formula"})
