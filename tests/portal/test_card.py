"""What is typed from a card: read as people write it here, refused where it cannot be right."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.acts import PROFESSIONS
from rempart.domain.identifiers import Fault, nir_key, parse_nir
from rempart.domain.rights import DOMAINS as COLUMNS
from rempart.portal import card, words
from rempart.portal.professions import DOMAINS, offered
from support.portals import CARD

TODAY = date(2026, 11, 22)
FORM = {**CARD, "care_date": "22/11/2026"}


def read(**others: str) -> card.Typed:
    return card.read({**FORM, **others}, ("PHAR",), TODAY)


def test_a_card_typed_with_spaces_becomes_the_question() -> None:
    """Spaces go, dates turn round, the NIR keeps its key for the hub to check again."""
    found = read(amc_number="00 9900 0000", convention="sp", member=" 10000001 ").question
    assert found is not None
    assert (found.amc_number, found.convention, found.member) == ("0099000000", "SP", "10000001")
    assert (found.nir, found.birth_date, found.care_date) == ("285047592512345", "1985-04-12", "2026-11-22")
    assert (found.evidence, found.domains) == ("typed", ("PHAR",))


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("amc_number", "123"), ("amc_number", "0000000000"), ("amc_number", "009900000x"), ("convention", "ABCDE"),
        ("csr", "é"), ("member", ""), ("member", "<script>"), ("nir", ""), ("nir", "285047592512399"),
        ("nir", "585047592512345"), ("nir", "28504759251"), ("birth_date", "1985-04-12"), ("birth_date", "12/04/85"),
        ("birth_date", "12/04/2185"), ("rank", "0"), ("rank", "12"), ("rank", ""), ("care_date", "31/02/2026"),
        ("care_date", "22/11/2023"), ("care_date", "22/02/2027"), ("care_date", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_named_by_its_field(field: str, text: str) -> None:
    """One field at fault, one name, no question."""
    found = read(**{field: text})
    assert found.question is None
    assert found.faults == (field,)


def test_lunar_birth_dates_are_kept() -> None:
    """A card may show a day that no calendar has."""
    found = read(birth_date="31/13/1950").question
    assert found is not None
    assert found.birth_date == "1950-13-31"


def test_domains_are_those_of_the_card() -> None:
    """None, or one that no card has, is at fault."""
    assert card.read(FORM, (), TODAY).faults == ("domains",)
    assert card.read(FORM, ("PHAR", "XXXX"), TODAY).faults == ("domains",)
    found = card.read(FORM, ("PHAR", "PHAR", "MED"), TODAY).question
    assert found is not None
    assert found.domains == ("PHAR", "MED")


@given(st.text("0123456789AB \u00a0", max_size=20))
def test_the_portal_takes_no_nir_that_the_hub_refuses(text: str) -> None:
    """What passes here passes there."""
    found = read(nir=text).question
    if found is not None:
        assert not isinstance(parse_nir(found.nir or ""), Fault)


@given(st.from_regex(r"[1278][0-9]{2}(0[1-9]|1[0-2])(2[AB]|7[0-9])[0-9]{6}", fullmatch=True))
def test_every_usual_nir_passes_with_and_without_its_key(nir: str) -> None:
    """Corsica included."""
    assert read(nir=nir).question is not None
    assert read(nir=nir + nir_key(nir)).question is not None


def test_the_columns_and_professions_are_those_of_the_hub() -> None:
    """The same 13 columns; each profession is offered some of them, the first being its own."""
    assert tuple(DOMAINS) == COLUMNS
    assert all(set(offered(profession)) <= DOMAINS.keys() for profession in PROFESSIONS)
    assert offered("optician") == ("OPTI",)
    assert offered("a profession of tomorrow") == COLUMNS


def test_nothing_typed_is_in_a_repr() -> None:
    """A question that is printed by accident shows nothing."""
    assert "10000001" not in repr(read())


def test_amounts_and_days_are_written_as_people_read_them() -> None:
    """Cents and ISO days on the way in."""
    assert words.euros(150_000, "fr") == "1\u202f500,00\u00a0€"
    assert words.euros(-5, "fr") == "−0,05\u00a0€"
    assert words.euros(150_000, "en") == "€1,500.00"
    assert (words.day("2026-11-22"), words.day("")) == ("22/11/2026", "")
    assert words.grouped("A1B2C 3D4E5 F6G7H 8J9K0", 4) == "A1B2 C3D4 E5F6 G7H8 J9K0"
