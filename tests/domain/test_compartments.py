"""Compartments: their names, who is within which, which of several counts, and what is told of one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.compartments import (
    CLOSED,
    NAME,
    REASONS,
    RESTRICTED,
    Closure,
    Within,
    around,
    meanwhile,
    of_operator,
    sentence,
    sentence_fault,
    strongest,
)

EVERY = (
    "hub", "channel:api", "channel:files", "channel:portal", "portal:horizon", "operator:horizon",
    "insurer:0000401166", "profession:pharmacy", "region:75", "region:2A", "region:971", "function:authorizations",
    "function:bank-details",
)  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_every_kind_has_a_name_and_tells_what_goes_on(name: str) -> None:
    """In both states and both languages there are sentences that end, and what goes on meanwhile."""
    assert NAME.fullmatch(name)
    for state in ("closed", "restricted"):
        closure = Closure(name, state, "anything", 1)
        told = (sentence(closure), *meanwhile(closure))
        assert len(told) > 1
        assert all(text.endswith(".") for said in told for text in said)


@pytest.mark.parametrize(
    "name",
    ["", "Hub", "channel:mail", "region:99", "region:7", "region:75000", "insurer:12", "function:invoices", "operator:",
     "portal:A b", "hub "],
)  # fmt: skip
def test_what_is_no_name_is_none(name: str) -> None:
    """A name that is nobody's would close nothing and reassure."""
    assert not NAME.fullmatch(name)


def test_around_names_every_part_that_holds_a_question() -> None:
    """Each of what is said of it, the hub always, a function by its purpose; nothing for what is empty."""
    whole = Within("portal", "horizon", ("horizon", "other"), "0000401166", "pharmacy", "75", "authorization")
    assert around(whole) == {
        "hub", "channel:portal", "portal:horizon", "operator:horizon", "operator:other", "insurer:0000401166",
        "profession:pharmacy", "region:75", "function:authorizations",
    }  # fmt: skip
    assert around(Within("api")) == {"hub", "channel:api"}
    assert around(Within("api", operators=("", "x"), purpose="eligibility")) == {"hub", "channel:api", "operator:x"}


@given(st.sets(st.sampled_from(EVERY)), st.sets(st.sampled_from(EVERY)))
def test_who_is_in_none_of_them_is_touched_by_none(closed: set[str], held: set[str]) -> None:
    """A closure counts when, and only when, its very name holds the question."""
    closures = {name: Closure(name, "closed", "drill", 1) for name in closed}
    found = strongest(closures, held)
    assert (found is None) == (not closed & held)
    assert found is None or found.compartment in closed & held


def test_of_several_the_one_that_opens_last_counts() -> None:
    """Closed before restricted; an end that nobody knows is later than any."""
    restricted = Closure("hub", "restricted", "x", 1)
    soon, late = Closure("region:75", "closed", "x", 1, 50), Closure("insurer:1", "closed", "x", 1, 60)
    unknown = Closure("channel:api", "closed", "x", 1)
    for several, last in (((restricted, soon), soon), ((soon, late), late), ((soon, late, unknown), unknown)):
        named = {one.compartment: one for one in several}
        assert strongest(named, frozenset(named)) is last


def test_a_reason_has_sentences_and_its_own_go_first() -> None:
    """Known reasons differ; any other reason gets the usual sentence; one written for the occasion is told instead."""
    told = {sentence(Closure("hub", "closed", reason, 1)) for reason in (*REASONS, "something")}
    assert len(told) == len(REASONS) + 1
    own = Closure("hub", "closed", "drill", 1, None, "Nous revenons à midi.", "We are back at noon.")
    assert sentence(own) == ("Nous revenons à midi.", "We are back at noon.")


@pytest.mark.parametrize(
    ("french", "english", "code"),
    [("", "", ""), ("Oui.", "Yes.", ""), ("Oui.", "", "sentence-in-both-languages"), ("a\nb", "c", "sentence-shape"),
     ("é" * 301, "e", "sentence-shape"), ("é" * 300, "e", "")],
)  # fmt: skip
def test_a_sentence_is_one_line_in_both_languages(french: str, english: str, code: str) -> None:
    """What cannot be shown, or only to some, is refused."""
    assert sentence_fault(french, english) == code


def test_a_public_page_shows_no_other_operators_parts() -> None:
    """Its own and the common parts always; professions, regions and insurers that it serves when they are named."""
    named = ("operator:other", "portal:other", "region:75", "insurer:0000401166", "insurer:0000409999", "hub")
    shown = of_operator("horizon", named, lambda insurer: insurer == "0000401166")
    assert {"hub", "operator:horizon", "portal:horizon", "region:75", "insurer:0000401166"} <= set(shown)
    assert not any("other" in name or name == "insurer:0000409999" for name in shown)
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    "name", ["function:authorizations", "function:bank-details", "portal:horizon", "channel:portal"]
)
def test_what_keeps_no_invoice_waiting_never_says_so(name: str) -> None:
    """Restricted or closed: software's invoices are handled as usual while authorizations or a portal are not."""
    told = {state: meanwhile(Closure(name, state, "attack", 0)) for state in (RESTRICTED, CLOSED)}
    assert told[RESTRICTED] == told[CLOSED]
    assert not [said for said in told[RESTRICTED] if "attend" in said.french]
    assert any("attend" in said.french for said in meanwhile(Closure("region:971", RESTRICTED, "attack", 0)))
