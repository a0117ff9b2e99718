"""The country: repeatable, valid in every number, in the proportions that were asked for."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban, luhn

from rempart.domain.identifiers import parse_amc, parse_birth, parse_nir, parse_rank, parse_site
from rempart.domain.member import canonical_member
from rempart.domain.rights import pack, unpack
from rempart.simulation.country import Country
from rempart.simulation.people import indexes_of_nir

COUNTRY = Country(7, 20_000)
PEOPLE = tuple(COUNTRY.everyone())


def test_the_same_seed_and_size_give_the_same_people() -> None:
    """Two countries of one seed agree on everybody, another seed on almost nobody."""
    again, other = Country(7, 20_000), Country(8, 20_000)
    assert all(again.person(index) == PEOPLE[index] for index in range(0, 20_000, 97))
    assert sum(other.person(index) == PEOPLE[index] for index in range(0, 20_000, 97)) == 0


def test_the_seed_fixes_the_bytes() -> None:
    """The first person of seed 7 stays who it is from version to version, so that published figures can be repeated."""
    person = COUNTRY.person(0)
    assert (person.nir, person.birth, COUNTRY.insurer_of(person).number) == ("1010601920001", "20010609", "0099000000")


@given(st.integers(1, 5_000), st.data())
def test_any_person_is_found_by_number_as_in_order(people: int, data: st.DataObject) -> None:
    """Random access and the walk through all families give the same person, whatever the size."""
    country = Country(3, people)
    index = data.draw(st.integers(0, people - 1))
    person = country.person(index)
    assert person.number == index
    assert person in country.household(person.family.number)
    assert person.family.number < country.families


def test_everybody_is_walked_once() -> None:
    """The walk gives each index once, in order."""
    assert [person.number for person in PEOPLE] == list(range(20_000))


@pytest.mark.parametrize("index", [-1, 20_000])
def test_nobody_is_outside_the_country(index: int) -> None:
    """An index outside raises IndexError."""
    with pytest.raises(IndexError):
        COUNTRY.person(index)


def test_every_way_of_presenting_is_sound() -> None:
    """NIRs have no warning, birth dates and ranks parse, member numbers are canonical and come back from the print."""
    for person in PEOPLE:
        insurer = COUNTRY.insurer_of(person)
        for member, nir, birth, rank in person.ways:
            assert nir is None or parse_nir(nir) == (nir, ())
            assert parse_birth(birth) == birth
            assert parse_rank(rank) == rank
            assert canonical_member(insurer.printed_member(member), insurer.rule) == member


def test_no_two_people_are_the_same_canonical_identity() -> None:
    """Insurer, member, NIR, birth and rank never point at two people, twins included."""
    seen: dict[tuple[object, ...], int] = {}
    for person in PEOPLE:
        for way in person.ways:
            assert seen.setdefault((person.insurer, *way), person.number) == person.number
    nirs = [person.nir for person in PEOPLE if person.nir is not None]
    assert len(set(nirs)) == len(nirs)


def test_a_nir_leads_back_to_its_person() -> None:
    """The inverse of the numbering finds each own NIR, and nothing for a number of elsewhere."""
    for person in PEOPLE[::50]:
        if person.nir is not None:
            assert next(indexes_of_nir(person.nir)) == person.number
    assert list(indexes_of_nir("1990175056001")) == []


def test_the_quirks_of_real_families_are_all_there() -> None:
    """About 1.5 keys a person; twins, newborns, Corsica, lunar dates, waiting numbers, letters without a NIR."""
    ways = sum(len(person.ways) for person in PEOPLE) / len(PEOPLE)
    assert 1.4 < ways < 1.6
    twins = [person for person in PEOPLE if person.rank == "2"]
    assert twins
    assert all(COUNTRY.person(twin.number - 1).birth == twin.birth for twin in twins)
    assert any(person.birth.endswith(("0000", "99")) for person in PEOPLE)
    assert any(person.nir is None for person in PEOPLE)
    nirs = [way[1] for person in PEOPLE for way in person.ways]
    assert None in nirs
    assert {"2A", "2B"} <= {nir[5:7] for nir in nirs if nir}
    assert {"1", "2", "7", "8"} == {nir[0] for nir in nirs if nir}
    assert any(len({way[1] for way in person.ways}) == 3 for person in PEOPLE if person.relation == "child")
    assert any(len({way[0] for way in person.ways}) == 2 for person in PEOPLE)


def test_insurers_differ_and_their_shares_are_skewed() -> None:
    """84 numbers, all shaped right; the biggest insurer has many times the smallest's people."""
    numbers = [insurer.number for insurer in COUNTRY.insurers]
    assert len(set(numbers)) == 84
    assert all(parse_amc(number) == number for number in numbers)
    counts = Counter(person.insurer for person in PEOPLE)
    assert len(counts) == 84
    assert max(counts.values()) > 10 * min(counts.values())
    keys = {insurer.signing_public for insurer in COUNTRY.insurers} | {i.box_public for i in COUNTRY.insurers}
    assert len(keys) == 168


def test_coverages_fit_a_record_and_stand_as_told() -> None:
    """Each packs and unpacks; open ones hold today, closed ones end before, future ones start after."""
    today = date(2026, 11, 22)
    for person in PEOPLE[::7]:
        coverage = COUNTRY.coverage(person)
        assert unpack(pack(coverage)) == coverage
        holds = {period.start <= today <= period.end for period in coverage.periods}
        assert holds == {person.family.standing in ("open", "second")}


def test_sites_have_right_numbers_and_accounts_of_no_bank() -> None:
    """Luhn digits and IBAN keys are right, billing numbers differ, the bank code is the one that no bank has."""
    country = Country(7, 200_000)
    sites = tuple(country.all_sites())
    assert len({site.number for site in sites}) == len(sites)
    for site in sites:
        assert parse_site(site.number) == site.number
        assert site.number[:2] in ("2A", "2B") or luhn.is_valid(site.number)
        assert iban.is_valid(site.iban)
        assert site.iban[4:9] == "99999"
    professions = Counter(site.profession for site in sites)
    assert len(professions) == 17
    assert professions["doctor"] > professions["pharmacy"] > professions["hearing"]
    assert {"2A", "2B"} <= {site.number[:2] for site in sites}


def test_nothing_of_a_person_is_in_a_repr() -> None:
    """Families, people, insurers and sites show numbers of the simulation only."""
    person = COUNTRY.person(3)
    shown = repr(person) + repr(person.family) + repr(COUNTRY.insurer_of(person)) + repr(COUNTRY.site(0))
    assert person.family_name not in shown
    assert str(person.nir) not in shown
    assert person.ways[0][0] not in shown


@pytest.mark.parametrize("day", [date(2027, 1, 1), date(2027, 1, 31), date(2026, 12, 31), date(2028, 2, 29)])
def test_any_day_of_the_year_will_do(day: date) -> None:
    """Nobody is born after the day, newborns are of the last months, and the next day's care is covered."""
    country = Country(4, 5_000, day=day)
    tomorrow = date.fromordinal(day.toordinal() + 1)
    for person in country.everyone():
        assert person.birth[:6] <= f"{day:%Y%m}"
        assert person.nir is not None or person.birth[:6] >= f"{date.fromordinal(day.toordinal() - 124):%Y%m}"
        if person.family.standing == "open":
            assert all(period.start <= day and tomorrow <= period.end for period in country.coverage(person).periods)
    assert any(person.nir is None for person in country.everyone())
