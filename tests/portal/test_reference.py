"""The site's own reference of a question: sent with it whichever way the patient is presented, and kept nowhere."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.identifiers import Fault, parse_site_reference
from rempart.portal import reference
from rempart.wire.problem import FieldError, Problem
from support.card_samples import CARD as SIGNED
from support.card_samples import INSURER, INSURER_KEY, paper_text
from support.portals import CARD, Asker, Clock, doors
from support.quote_desk import QuoteDesk

GOOD, CODE, OWN = paper_text(SIGNED, INSURER, INSURER_KEY), "AB2J04W9", "T2-0041"
REST = {"care_date": "18/11/2026", "domains": ["PHAR"]}
WAYS = {"typed": {**CARD, **REST}, "scanned": {"scanned": GOOD, **REST}, "code": {"presence": CODE, **REST}}


@pytest.fixture
def desk() -> QuoteDesk:
    return QuoteDesk()


@pytest.fixture
def asker(desk: QuoteDesk) -> Asker:
    """Somebody signed in, whose hub knows one card, one code, and prices."""
    made = Asker(doors(clock=Clock(), codes={GOOD: "covered", CODE: "covered"}))
    made.doors.desks[:] = [desk]
    made.signed_in()
    return made


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_asking_takes_it_along(asker: Asker, desk: QuoteDesk, way: str) -> None:
    """With the question and its estimate, trimmed; the page that answers has it nowhere, nor has the form after."""
    page = asker.post("/patient", {**WAYS[way], "site_reference": f" {OWN} ", "item_1": "PH7", "price_1": "13,40"})
    assert (page.status_code, "Couvert" in page.text) == (200, True)
    (asked,) = [*asker.doors.asked, *asker.doors.scanned, *asker.doors.presented]
    assert asked.site_reference == OWN
    assert [each.site_reference for each in desk.estimated] == [OWN] * (way != "code")
    assert OWN not in page.text
    assert OWN not in asker.get("/patient").text


def test_none_is_asked_for(asker: Asker) -> None:
    """The field is optional, and says what never goes into it."""
    page = asker.get("/patient").text
    (field,) = re.findall(r'<input id="site_reference"[^>]*>', page)
    assert 'maxlength="20"' in field
    assert "required" not in field
    assert "Jamais un nom ni un numéro de sécurité sociale" in page
    asker.post("/patient", WAYS["typed"])
    assert asker.doors.asked[0].site_reference == ""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "wrong", ["Éloïse", "MARTIN 41", "sans-chiffre", "2 85 04 75 925 123 45", "2850475925123", "41" * 11]
)
def test_what_looks_like_a_person_never_leaves(asker: Asker, way: str, wrong: str) -> None:
    """Told at its field, in both languages; nothing was asked, a code is not used up, and it is not said back."""
    answer = asker.post("/patient", {**WAYS[way], "site_reference": wrong})
    assert answer.status_code == 422
    assert 'href="#site_reference"' in answer.text
    assert not [*asker.doors.asked, *asker.doors.scanned, *asker.doors.presented]
    assert wrong not in answer.text
    english = asker.post("/patient", {**WAYS[way], "site_reference": wrong}, **{"accept-language": "en"})
    assert "Your reference has at most 20 characters" in english.text


def test_what_only_the_hub_refuses_is_told_at_the_field_too(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A birth date, which it alone judges."""

    async def no(*_: object) -> Problem:
        return Problem("No", 422, "invalid-fields", errors=(FieldError("site_reference", "site-reference-birth"),))

    monkeypatch.setattr(asker.doors, "perform", no)
    answer = asker.post("/patient", {**WAYS["typed"], "site_reference": "D 12-04-1985"})
    assert answer.status_code == 422
    assert 'id="site_reference-error" hidden' not in answer.text
    assert 'aria-invalid="true"' in answer.text.split('id="site_reference"')[1].split(">")[0]


@given(st.text("ABCDEabcde0123456789 ./_-", max_size=22))
def test_what_passes_here_has_the_hub_s_shape(text: str) -> None:
    """Of what this field lets through the hub refuses only dates, and longer looks at a NIR."""
    told = reference.read(text)
    found = parse_site_reference(told) if told is not None else None
    assert not isinstance(found, Fault) or found.code in {"site-reference-birth", "site-reference-nir"}
