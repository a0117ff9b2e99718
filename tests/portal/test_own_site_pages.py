"""Today's questions and my site: who asked, when, how much; who was asked about is in no page and no address."""

from __future__ import annotations

import pytest

from rempart.portal.pages.questions import day_of
from support.payment_desk import COLLEAGUE, DAY, PaymentDesk
from support.portals import ONE, Asker, Clock, doors


@pytest.fixture
def asker() -> Asker:
    made = Asker(doors(clock=Clock()))
    made.doors.desks.append(PaymentDesk(ONE))
    made.signed_in(ONE)
    return made


def desk(asker: Asker) -> PaymentDesk:
    (found,) = asker.doors.desks
    assert isinstance(found, PaymentDesk)
    return found


def test_questions_show_time_kind_who_reference_and_number(asker: Asker) -> None:
    """One's own are "vous", a colleague's the end of the account; the number is grouped as it is read aloud."""
    page = asker.get("/questions").text
    assert "Les questions d’aujourd’hui" in page
    assert "10:19:41" in page
    assert "<b>Vous</b>" in page
    assert "<code>B3N5</code>" in page
    assert COLLEAGUE not in page
    assert "officine-logiciel" in page
    assert "comptoir 2" in page
    assert "0Q1W 2E3R 4T50" in page


def test_a_reference_is_posted_and_stays_out_of_every_address(asker: Asker) -> None:
    """Found exactly, or not at all; the page is at the same address as before."""
    found = asker.post("/questions", {"jour": DAY, "reference": "T2-0041"}).text
    assert "T2-0041" in found
    assert "comptoir 2" not in found
    absent = asker.post("/questions", {"jour": DAY, "reference": "comptoir 9"}).text
    assert "Aucune question sous cette référence" in absent
    assert "comptoir 9" not in absent


def test_a_reference_that_cannot_be_one_is_told_at_its_field(asker: Asker) -> None:
    """And it does not come back."""
    answer = asker.post("/questions", {"jour": DAY, "reference": "Éloïse Inventée-Sœur"})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "Inventée" not in answer.text


def test_another_day_and_older_questions_are_asked_for(asker: Asker) -> None:
    """A day as people or browsers write it; a place only when it can be one."""
    assert "Les questions du 02/11/2026" in asker.post("/questions", {"jour": "02/11/2026"}).text
    assert f"/questions?jour={DAY}&amp;avant=0Q1W2E3R4T50" in asker.get("/questions").text
    assert "Aucune question ce jour-là" in asker.get(f"/questions?jour={DAY}&avant=0Q1W2E3R4T50").text
    asker.get("/questions?jour=demain&avant=not-a-place")
    assert desk(asker).asked[-1] == "/v1/questions"
    assert [day_of(text) for text in ("2026-02-30", "31/01/2026", "", "hier")] == ["", "2026-01-31", "", ""]


def test_my_site_counts_by_account_and_hour_without_any_patient(asker: Asker) -> None:
    """The most first; a night's work of a colleague is plain to see."""
    page = asker.get("/site-et-equipe").text
    assert page.index("officine-logiciel") < page.index("B3N5") < page.index("<b>Vous</b>")
    assert "<span>21 h</span> <b>40</b>" in page
    assert COLLEAGUE not in page


def test_bank_details_are_a_state_and_dates(asker: Asker) -> None:
    """A change under way says whom to call; no number of an account is there; none at all says what to do."""
    page = asker.get("/site-et-equipe").text
    assert "En vigueur" in page
    assert "En attente de 72 h" in page
    assert "20/11/2026" in page
    assert "01 99 00 12 34" in page
    assert "IBAN" not in page
    desk(asker).bank = ()
    assert "Aucun compte bancaire enregistré" in asker.get("/site-et-equipe").text


def test_who_may_work_here_is_listed_with_role_and_dates(asker: Asker) -> None:
    """People and programs, each with its days."""
    page = asker.get("/site-et-equipe").text
    for word in ("Professionnel de santé", "Équipe", "Programme", "01/11/2026", "30/11/2026"):
        assert word in page


def test_a_quiet_day_is_said(asker: Asker) -> None:
    """Nobody asked: a sentence, no table."""
    desk(asker).references = ()
    assert "Personne n’a posé de question ce jour-là" in asker.get("/site-et-equipe").text
    assert "Aucune question ce jour-là" in asker.get("/questions").text


def test_the_header_leads_to_both_places(asker: Asker) -> None:
    """Payments and my site, the present one marked."""
    page = asker.get("/paiements").text
    assert '<a href="/paiements" aria-current="page">' in page
    assert '<a href="/site-et-equipe">' in page
    assert 'href="/questions"' in asker.get("/site-et-equipe").text
