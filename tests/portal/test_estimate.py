"""What the patient pays, beside the answer: asked only of a covered person, and only when a price was typed."""

from __future__ import annotations

import re

import pytest

from rempart.wire.estimates import CardEstimateRequest, EstimateRequest
from support.card_samples import CARD as SIGNED
from support.card_samples import INSURER, INSURER_KEY, paper_text
from support.portals import CARD, Asker
from support.quote_desk import QuoteDesk, seated

GOOD = paper_text(SIGNED, INSURER, INSURER_KEY)
FORM = {**CARD, "care_date": "18/11/2026", "domains": ["PHAR"]}
PRICED = {**FORM, "item_1": "PH7", "price_1": "13,40", "base_1": ""}


@pytest.fixture
def desk() -> QuoteDesk:
    """What the hub answers about prices."""
    return QuoteDesk()


@pytest.fixture
def asker(desk: QuoteDesk) -> Asker:
    """A pharmacist who is signed in."""
    return seated(desk, "pharmacy")


def test_a_price_gives_what_the_patient_pays_on_the_same_screen(asker: Asker, desk: QuoteDesk) -> None:
    """One line at the profession's rate, with the accreditation; the form is emptied, the card is nowhere."""
    page = asker.post("/patient", PRICED)
    assert page.status_code == 200
    assert "Ce que paie le patient" in page.text
    assert "2,50\u00a0€" in page.text
    assert "data-answered" in page.text
    (asked,) = desk.estimated
    assert isinstance(asked, EstimateRequest)
    (line,) = asked.lines
    assert (line.code, line.family, line.base, line.rate, line.spent) == ("PH7", "pharmacy", 13_40, 65, 13_40)
    assert (line.care_date, asked.accreditation, asked.evidence) == ("2026-11-18", "A1B2C 3D4E5 F6G7H 8J9K0", "typed")
    assert not [one for one in ("10000001", "285047592512345", "12/04/1985") if f'value="{one}"' in page.text]
    (form,) = re.findall(r'<form id="card".*?</form>', page.text, re.DOTALL)
    assert 'value="13,40"' not in form


def test_a_scanned_card_is_estimated_by_the_card_itself(asker: Asker, desk: QuoteDesk) -> None:
    """The text that was scanned goes to the hub twice, once for each answer, and to the page not at all."""
    asker.doors.codes = {GOOD: "covered"}
    scanned = {"scanned": GOOD, "care_date": "18/11/2026", "domains": ["PHAR"], "item_1": "PH7", "price_1": "13,40"}
    page = asker.post("/patient", scanned)
    assert page.status_code == 200
    assert "Ce que paie le patient" in page.text
    assert "2,50\u00a0€" in page.text
    (asked,) = desk.estimated
    assert isinstance(asked, CardEstimateRequest)
    (line,) = asked.lines
    assert (asked.card, asked.evidence, asked.accreditation) == (GOOD, "card", "A1B2C 3D4E5 F6G7H 8J9K0")
    assert (line.code, line.base, line.rate, line.spent, line.care_date) == ("PH7", 13_40, 65, 13_40, "2026-11-18")
    assert not [part for part in (GOOD, GOOD[5:40], SIGNED.member, SIGNED.birth) if part in page.text]
    asker.doors.codes = {GOOD: "closed"}
    assert "Ce que paie le patient" not in asker.post("/patient", scanned).text
    assert len(desk.estimated) == 1


def test_a_presence_code_says_why_there_is_no_estimate(asker: Asker, desk: QuoteDesk) -> None:
    """It was used up by the question; nothing more is asked, and the way that is left is told."""
    asker.doors.codes = {"AB2J04W9": "covered"}
    day = {"care_date": "18/11/2026", "domains": ["PHAR"]}
    coded = {"presence": "AB2J 04W9", "item_1": "PH7", "price_1": "13,40", **day}
    page = asker.post("/patient", coded)
    assert "Le reste au patient n’est pas estimé" in page.text
    assert "Recopiez la carte pour l’estimer" in page.text
    assert "Ce que paie le patient</h3>" not in page.text
    assert not desk.estimated


def test_without_a_price_nothing_more_is_asked(asker: Asker, desk: QuoteDesk) -> None:
    """It is optional; a list alone asks for nothing."""
    page = asker.post("/patient", {**FORM, "item_1": "PH7"})
    assert page.status_code == 200
    assert "Ce que paie le patient" not in page.text
    assert not desk.estimated


def test_who_is_not_covered_is_not_estimated(asker: Asker, desk: QuoteDesk) -> None:
    """The answer says what to do; a price would say nothing."""
    asker.doors.cards = dict.fromkeys(asker.doors.cards, "not-confirmed")
    assert "Ce que paie le patient" not in asker.post("/patient", PRICED).text
    assert not desk.estimated


def test_a_price_that_cannot_be_right_stops_the_question_too(asker: Asker, desk: QuoteDesk) -> None:
    """At its field; nothing was asked, so nothing was counted."""
    page = asker.post("/patient", {**PRICED, "price_1": "13,4O"})
    assert page.status_code == 422
    assert 'href="#price_1"' in page.text
    assert not asker.doors.asked
    assert not desk.estimated


def test_an_estimate_that_does_not_come_leaves_the_answer(asker: Asker) -> None:
    """The cover is certain, the price is not told."""
    asker.doors.desks.clear()
    page = asker.post("/patient", PRICED)
    assert page.status_code == 200
    assert "Couvert" in page.text
    assert "n’est pas disponible" in page.text


@pytest.mark.parametrize("profession", ["optician", "hospital", "nurse"])
def test_each_profession_prices_its_own_care(desk: QuoteDesk, profession: str) -> None:
    """The line's fields are those of the profession."""
    page = seated(desk, profession).get("/patient").text
    own = {"optician": "sphere_1", "hospital": "days_1", "nurse": "base_1"}[profession]
    assert f'name="{own}"' in page
    assert ("days_1" in page) == (profession == "hospital")
