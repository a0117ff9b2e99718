"""A quote's lines as typed: amounts, dioptres, teeth, days; what cannot be right is named by its field."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain import acts, money
from rempart.domain.particulars import BASKETS, ITEMS, SIDES
from rempart.portal import quote
from rempart.portal.quote_kinds import (
    BY_DOMAIN,
    COVERS,
    DENTAL,
    HEARING,
    HOSPITAL,
    KINDS,
    OPTICS,
    estimated_kind,
    kind_of,
)

LENS = {"item": "right", "sphere": "-2,25", "cylinder": "", "lens": "single", "basket": "B", "price": "120"}


def told(fields: dict[str, str], number: int = 1) -> dict[str, str]:
    return {f"{name}_{number}": value for name, value in fields.items()}


@given(st.integers(0, quote.MOST_CENTS))
def test_amounts_are_read_as_they_are_written(amount: int) -> None:
    """With a comma, a dot, grouped, with the sign of euro: the same cents; and the hub's own reading agrees."""
    text = quote.euros(amount)
    spelled = (text, text.replace(",", "."), f"{text}\u00a0€", f"{amount // 100:,}".replace(",", "\u202f") + text[-3:])
    assert {quote.cents(each) for each in spelled} == {amount}
    assert money.parse_euros(text) == amount


@pytest.mark.parametrize("text", ["", "-1", "1,234", "1.234,5", "12O", "1e3", "１", "1,2,3", "99999999,99"])
def test_what_is_no_amount_is_none(text: str) -> None:
    """Nothing is guessed, and nothing beyond what the hub takes."""
    assert quote.cents(text) is None


@given(st.integers(0, 10_000_000), st.integers(0, 100))
def test_the_compulsory_share_is_rounded_as_the_hub_rounds_it(amount: int, rate: int) -> None:
    """Half up, to the cent."""
    assert quote.percent(amount, rate) == money.percent(amount, rate)


@pytest.mark.parametrize(
    ("sphere", "cylinder", "found"),
    [
        ("-2,25", "0,50", (-225, 50)), ("+2.25", "", (225, 0)), ("−2,25", "-0,50", (-275, 50)),
        ("0", "-1", (-100, 100)),
    ],
)  # fmt: skip
def test_a_lens_written_either_way_is_the_same_lens(sphere: str, cylinder: str, found: tuple[int, int]) -> None:
    """A negative cylinder is turned: the hub knows positive ones."""
    (line,) = quote.read(told({**LENS, "sphere": sphere, "cylinder": cylinder}), OPTICS).lines
    assert line.particulars is not None
    assert line.particulars.correction is not None
    assert (line.particulars.correction.sphere, line.particulars.correction.cylinder) == found


def test_each_fault_is_named_with_its_line() -> None:
    """In the order of the form; a sound line beside it is still read."""
    bad = {**LENS, "item": "left", "sphere": "x", "price": "", "lpp": "12"}
    found = quote.read({**told(LENS), **told(bad, 3)}, OPTICS)
    assert found.wrong == ("sphere_3", "price_3", "lpp_3")
    assert len(found.lines) == 1
    assert quote.read(told({**LENS, "item": "nobody"}), OPTICS).wrong == ("item_1",)
    assert quote.read({}, OPTICS).wrong == ("lines",)


def test_only_a_basket_of_limited_prices_asks_for_its_limit() -> None:
    """Class A lenses and moderated teeth; a frame of class A and class 1 ears have their limit by law."""
    assert quote.read(told({**LENS, "basket": "A", "base": "30"}), OPTICS).wrong == ("limit_1",)
    assert quote.read(told({**LENS, "item": "frame", "basket": "A", "base": "9", "sphere": ""}), OPTICS).wrong == ()
    ear = {"item": "left", "basket": "1", "price": "950", "base": "400"}
    assert quote.read(told(ear), HEARING).wrong == ()
    crown = {"item": "prosthesis", "act": "HBLD490", "price": "500", "base": "120", "basket": "moderated"}
    assert quote.read(told(crown), DENTAL).wrong == ("limit_1",)
    lenses = {"item": "contacts", "basket": "A", "price": "90", "base": "39,48"}
    (line,) = quote.read(told(lenses), OPTICS).lines
    assert line.particulars is not None
    assert (line.particulars.item, line.particulars.basket) == ("contact-lenses", "")


def test_days_multiply_and_teeth_are_two_digits() -> None:
    """A stay's price is that of its days."""
    (line,) = quote.read(told({"item": "fee", "days": "4", "price": "23"}), HOSPITAL).lines
    assert (line.spent, line.quantity, line.rate) == (92_00, 4, 0)
    assert quote.read(told({"item": "fee", "days": "401", "price": "23"}), HOSPITAL).wrong == ("days_1",)
    crown = {"item": "care", "act": "SC", "price": "50", "base": "50", "basket": "free", "teeth": "19"}
    assert quote.read(told(crown), DENTAL).wrong == ("teeth_1",)


def test_what_is_carried_is_numbered_as_the_hub_numbers_lines() -> None:
    """Rows left empty between two lines are no lines."""
    carried = quote.read({**told(LENS, 2), **told({**LENS, "item": "left"}, 5)}, OPTICS).carried()
    assert (carried["item_1"], carried["item_2"]) == ("right", "left")
    assert "item_5" not in carried


def test_words_of_the_tables_are_the_hub_s() -> None:
    """Families, items, sides, baskets and domains: everything that the hub does not know would be refused."""
    assert {item.family for kind in KINDS.values() for item in kind.items.values()} <= set(acts.FAMILIES)
    assert {item.item for kind in KINDS.values() for item in kind.items.values()} - {""} <= set(ITEMS)
    assert {item.side for kind in KINDS.values() for item in kind.items.values()} - {""} <= set(SIDES)
    assert {basket for kind in KINDS.values() for basket in kind.baskets} <= set(BASKETS)
    assert set(COVERS) == {"general", "local", "full"}
    day = date(2026, 11, 22)
    for profession in acts.PROFESSIONS:
        kind = kind_of(profession)
        for item in kind.items.values() if kind else ():
            domain = acts.domain_of(profession, item.family, "", day)
            assert domain is not None
            assert BY_DOMAIN[domain] is kind
        offered = estimated_kind(profession)
        assert offered is not None
        assert all(acts.domain_of(profession, item.family, "", day) for item in offered.items.values())
    assert estimated_kind("of-tomorrow") is None
