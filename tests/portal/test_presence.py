"""The presence code of a patient without a card: asked on the patient page, once, and never said back."""

from __future__ import annotations

import re

import pytest

from support.fake_doors import Person
from support.portals import CARD as TYPED
from support.portals import ONE, SITE, Asker, Clock, doors

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


# ---- what the answer leads on to --------------------------------------------------------------------------------

HIDDEN = re.compile(r'name="([^"]+)" value="([^"]*)"')


def leads_on(page: str) -> dict[str, dict[str, str]]:
    """The forms that follow an answer, by their address."""
    (after,) = re.findall(r'<div class="leads-on">(.*?)</div>', page, re.DOTALL)
    forms = re.findall(r'<form method="post" action="([^"]+)">(.*?)</form>', after, re.DOTALL)
    return {address: dict(HIDDEN.findall(inner)) for address, inner in forms}


def test_the_answer_leads_to_the_invoice_with_its_accreditation_and_day(asker: Asker) -> None:
    """Nothing of it is typed again; nothing is sent by opening the form, and no code is in it."""
    answer = asker.post("/patient", {**FORM, "price_1": "13,40", "item_1": "PH7", "cover": "general"})
    assert "Le reste au patient n’est pas estimé" in answer.text
    (address,) = forms = leads_on(answer.text)
    assert address == "/factures/nouvelle"
    page = asker.post(address, forms[address])
    assert page.status_code == 200
    for name, value in (("accreditation", "A1B2C 3D4E5 F6G7H 8J9K0"), ("care_date", "18/11/2026"), ("code-1", "PH7"),
                        ("spent-1", "13,40"), ("rate-1", "65")):  # fmt: skip
        assert re.search(rf'<input id="{name}"[^>]* value="{value}"', page.text), name
    assert CODE not in page.text


def test_an_optician_goes_on_to_the_request_with_the_line_that_was_asked_about(asker: Asker) -> None:
    """The day of care is the day planned; the card is typed once more, for it is never sent back."""
    asker.doors.people[ONE] = Person(ONE, (SITE,), profession="optician")
    asker.signed_in()
    price = {"item_1": "right", "basket_1": "B", "lens_1": "single", "sphere_1": "-2,25", "price_1": "120"}
    answer = asker.post("/patient", {**TYPED, "care_date": "18/11/2026", "domains": ["OPTI"], **price})
    forms = leads_on(answer.text)
    assert set(forms) == {"/factures/nouvelle", "/prises-en-charge/nouvelle"}
    page = asker.post("/prises-en-charge/nouvelle", forms["/prises-en-charge/nouvelle"]).text
    for name, value in (("planned", "18/11/2026"), ("sphere_1", "-2,25"), ("price_1", "120")):
        assert re.search(rf'<input id="{name}"[^>]* value="{value}"', page), name
    assert not [one for one in (TYPED["member"], TYPED["nir"], "285047592512345") if one in answer.text + page]


def test_care_to_come_and_a_no_lead_to_no_invoice(asker: Asker) -> None:
    """What is not given yet is not invoiced; who is not covered is not either."""
    later = asker.post("/patient", {**FORM, "care_date": "20/11/2026"}).text
    assert "Couvert" in later
    assert 'action="/factures/nouvelle"' not in later
    assert "leads-on" not in asker.post("/patient", FORM).text
