"""The presence code of a patient without a card: asked on the patient page, once, and never said back."""

from __future__ import annotations

import pytest

from support.portals import CARD as TYPED
from support.portals import Asker, Clock, doors

CODE = "AB2J04W9"
FORM = {"presence": "ab2j-04w9", "care_date": "18/11/2026", "domains": ["PHAR"]}


@pytest.fixture
def asker() -> Asker:
    """Somebody signed in, whose hub knows one code."""
    made = Asker(doors(clock=Clock(), codes={CODE: "covered"}))
    made.signed_in()
    return made


def test_a_code_is_answered_on_the_same_screen(asker: Asker) -> None:
    """Written as people write it; the hub gets the eight characters, and the page does not repeat them."""
    answer = asker.post("/patient", FORM)
    assert (answer.status_code, "Couvert" in answer.text, "data-answered" in answer.text) == (200, True, True)
    (asked,) = asker.doors.presented
    assert (asked.code, asked.care_date, asked.domains, asked.evidence) == (CODE, "2026-11-18", ("PHAR",), "code")
    assert not asker.doors.asked
    assert CODE not in answer.text.upper()


def test_the_code_wins_over_what_is_typed(asker: Asker) -> None:
    """Both at once ask once, by the code."""
    asker.post("/patient", {**TYPED, **FORM})
    assert (len(asker.doors.presented), len(asker.doors.asked)) == (1, 0)


def test_a_code_that_finds_nobody_says_how_to_go_on(asker: Asker) -> None:
    """Used before or never given: one sentence, and what to do."""
    asker.post("/patient", FORM)
    again = asker.post("/patient", FORM)
    other = asker.post("/patient", {**FORM, "presence": "00000000"})
    assert "Un code sert une seule fois" in again.text
    assert again.text == other.text
    assert "demandez-lui un nouveau code" in again.text


@pytest.mark.parametrize("wrong", ["AB2J04W", "AB2J04W9X", "AB2J04WU", "AB2J04W!", "1850575000001"])
def test_what_is_no_code_never_reaches_the_hub(asker: Asker, wrong: str) -> None:
    """Said on the page, and it costs no attempt."""
    answer = asker.post("/patient", {**FORM, "presence": wrong})
    assert answer.status_code == 422
    assert 'href="#presence"' in answer.text
    assert "<details" in answer.text.split('id="presence"')[0]
    assert " open>" in answer.text.split('class="other-way"')[1][:10]
    assert not asker.doors.presented


def test_too_many_wrong_codes_are_told_calmly(asker: Asker) -> None:
    """With the way that is left, in the user's language."""
    asker.doors.codes[CODE] = "presence-attempts"
    answer = asker.post("/patient", FORM)
    assert answer.status_code == 429
    assert "Trop de codes de présence inexacts" in answer.text
    asker.doors.codes[CODE] = "presence-attempts"
    english = asker.post("/patient", FORM, **{"accept-language": "en"})
    assert "Too many wrong presence codes today" in english.text
