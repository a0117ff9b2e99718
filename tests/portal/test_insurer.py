"""The insurer's desk: requests decided by an account, files released by two, tables, funds; nobody else comes in."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode

import msgspec
import pytest

from rempart.sealing import actions
from support.insurer_desk import (
    APPLIED,
    CASE,
    INSURER,
    MANAGER,
    OTHER_CASE,
    QUARANTINED,
    REFERENCE,
    SECOND,
    SETTLEMENT,
    WORKER,
    insurer_asker,
)
from support.portals import ONE

HERE = "/assureur/demandes"
FILE = f"/assureur/droits/{QUARANTINED}"
DIGEST = "47" * 32
SIGNED = {"credential": "Y3JlZC0x", "client_data": "e30", "authenticator_data": "AA", "signature": "AA"}
AGREED = {"amc_1": "180,00", "amc_2": "50"}
PAGES = (HERE, f"{HERE}/{CASE}", "/assureur/droits", FILE, "/assureur/garanties", "/assureur/fonds")


def test_the_list_says_what_waits_why_and_until_when() -> None:
    """The oldest first; what ends soon is marked; delays are a chart with its numbers beside it."""
    asker, _ = insurer_asker()
    assert asker.get("/assureur").headers["location"] == HERE
    page = asker.get(HERE).text
    assert page.index(CASE) < page.index(OTHER_CASE)
    assert "585,00" in page  # what is asked of the insurer: the price without the compulsory share
    assert '<span class="chip warn">24/11/2026</span>' in page
    assert "10/05/2027" in page
    assert 'class="chart"' in page
    assert "2 j" in page  # 2,980 minutes


def test_a_line_is_filled_with_what_the_table_gives_within_the_allowance() -> None:
    """180 € of the first line; 50 € of the second, of whose 60 € an allowance leaves 50."""
    asker, _ = insurer_asker()
    page = asker.get(f"{HERE}/{CASE}").text
    assert re.search(r'id="amc_1"[^>]* value="180,00"', page)
    assert re.search(r'id="amc_2"[^>]* value="50,00"', page)
    assert REFERENCE not in page


def test_what_is_sealed_is_handed_to_the_page_as_it_is() -> None:
    """The portal opens nothing: no act and no reference is in what it gives."""
    asker, _ = insurer_asker()
    answer = asker.get(f"{HERE}/{CASE}/scelle")
    assert [part["kind"] for part in answer.json()["parts"]] == ["request", "prescription"]
    assert REFERENCE not in answer.text


def test_agreeing_sends_every_line_and_names_the_account() -> None:
    """The next request is offered."""
    asker, desk = insurer_asker()
    page = asker.post(f"{HERE}/{CASE}/accorder", AGREED).text
    ((account, case, said),) = desk.decided
    assert (account, case, said.verdict) == (WORKER, CASE, "agreed")
    assert [(line.number, line.amc) for line in said.lines] == [(1, 180_00), (2, 50_00)]
    assert "Votre organisme paie 230,00" in page
    assert f"{HERE}/{OTHER_CASE}" in page


@pytest.mark.parametrize("typed", ["", "beaucoup", "-1", "408,01", "1e3"])
def test_an_amount_beyond_what_is_asked_or_none_is_marked_and_nothing_is_sent(typed: str) -> None:
    """What was typed stays in the form."""
    asker, desk = insurer_asker()
    answer = asker.post(f"{HERE}/{CASE}/accorder", AGREED | {"amc_1": typed})
    assert answer.status_code == 422
    assert re.search(r'id="amc_1"[^>]* aria-invalid="true"', answer.text)
    assert desk.decided == []


def test_a_short_allowance_or_nothing_agreed_is_told_and_the_case_still_waits() -> None:
    """With what to do, and until when it is held."""
    asker, desk = insurer_asker()
    assert "refusez plutôt" in asker.post(f"{HERE}/{CASE}/accorder", {"amc_1": "0", "amc_2": "0"}).text
    desk.short = "allowance-held"
    page = asker.post(f"{HERE}/{CASE}/accorder", AGREED).text
    assert "retient ce forfait" in page
    assert "31/12/2026" in page
    assert desk.waiting == [CASE, OTHER_CASE]


def test_a_refusal_has_a_reason_of_the_closed_list() -> None:
    """Without one, or with another, nothing is sent."""
    asker, desk = insurer_asker()
    for reason in ("", "because"):
        assert asker.post(f"{HERE}/{CASE}/refuser", {"reason": reason}).status_code == 422
    page = asker.post(f"{HERE}/{CASE}/refuser", {"reason": "insurer-refused-quote"}).text
    assert "Le devis ne correspond pas à la prescription" in page
    assert [said.reason for _, _, said in desk.decided] == ["insurer-refused-quote"]


def test_a_case_decided_meanwhile_is_absent() -> None:
    """As is one of another insurer: the same page."""
    asker, desk = insurer_asker()
    desk.waiting.remove(CASE)
    assert asker.get(f"{HERE}/{CASE}").status_code == 404
    assert asker.post(f"{HERE}/{CASE}/accorder", AGREED).status_code == 404


def test_a_file_in_quarantine_shows_what_moves_and_bad_lines_by_number() -> None:
    """Percentages of those who had rights; the kind beyond its limit is marked; reasons in words, never a value."""
    asker, _ = insurer_asker()
    page = asker.get(FILE).text
    assert "5,17 %" in page
    assert page.count("au-delà du seuil") == 1
    assert "La clé du NIR est fausse" in page
    assert "<code>a-code-of-tomorrow</code>" in page
    assert "n° 57" in asker.get("/assureur/droits").text
    assert "0,08 %" in asker.get(f"/assureur/droits/{APPLIED}").text


def test_a_case_worker_reads_and_does_not_release() -> None:
    """No button, and a word sent by hand is refused."""
    asker, desk = insurer_asker(WORKER)
    assert "avis" not in asker.get(FILE).text
    assert "/accord" not in asker.get(FILE).text
    assert asker.get(f"{FILE}/accord").headers["location"] == FILE
    assert asker.post(f"{FILE}/accord", SIGNED).status_code == 403
    assert asker.post(f"{FILE}/accord/defi", {}).status_code != 200
    assert desk.file.voices == ()


def test_two_different_managers_release() -> None:
    """One is not enough, twice the same neither; the page says who is missing."""
    asker, desk = insurer_asker(MANAGER)
    answer = asker.post(f"{FILE}/accord", SIGNED)
    assert (answer.status_code, answer.headers["location"]) == (303, FILE)
    assert "Une autre personne doit le donner aussi" in asker.get(FILE).text
    asker.post(f"{FILE}/accord", SIGNED)
    assert len(desk.file.voices) == 1
    asker.signed_in(SECOND)
    asker.post(f"{FILE}/accord", SIGNED)
    assert "entre en service dans quelques minutes" in asker.get(FILE).text


def test_a_release_is_read_again_and_signed_as_read() -> None:
    """What moves and the lines are shown; the challenge ends with their hash; without a signature nothing goes."""
    asker, desk = insurer_asker(MANAGER)
    assert f"{FILE}/accord" in asker.get(FILE).text
    page = asker.get(f"{FILE}/accord").text.replace("</span><span>", "")
    for shown in ("5,17 %", "au-delà du seuil", DIGEST, INSURER, str(QUARANTINED)):
        assert shown in page
    told = asker.post(f"{FILE}/accord/defi", {}).json()["challenge"]
    action = actions.written("rights-release", "horizon", INSURER, str(QUARANTINED), DIGEST)
    assert action is not None
    assert urlsafe_b64decode(told + "=" * (-len(told) % 4))[40:] == action.digest()
    for unsigned in ({}, {"verdict": "release"}):
        assert asker.post(f"{FILE}/accord", unsigned).status_code == 422
    asker.post(f"{FILE}/avis", {"verdict": "release"})
    assert desk.words == []
    asker.post(f"{FILE}/accord", SIGNED | {"challenge": told})
    assert [(word.verdict, word.challenge) for word in desk.words] == [("release", told)]


@pytest.mark.parametrize("code", ["challenge-invalid", "unknown-passkey", "on-probation", "approval-unproven"])
def test_a_release_that_is_not_taken_says_why(code: str) -> None:
    """On the page or on one of its own, and the session goes on; a file decided meanwhile has nothing to sign."""
    asker, desk = insurer_asker(MANAGER)
    desk.refusal = code
    answer = asker.post(f"{FILE}/accord", SIGNED)
    assert answer.status_code >= 400
    assert 'class="notice' in answer.text
    assert asker.held() is not None
    desk.file = msgspec.structs.replace(desk.file, state="applied")
    assert asker.get(f"{FILE}/accord").headers["location"] == FILE


def test_one_manager_sets_a_file_aside() -> None:
    """And the page says what to send."""
    asker, _ = insurer_asker(MANAGER)
    asker.post(f"{FILE}/avis", {"verdict": "refuse"})
    assert "renvoyez ce numéro, corrigé" in asker.get(FILE).text


def test_tables_are_in_words_and_funds_say_what_waits() -> None:
    """Versions, who is bound by what up to how much, stand-in rules; what is left and called."""
    asker, _ = insurer_asker()
    page = asker.get("/assureur/garanties").text
    assert "version 3" in page
    assert "opticiens" in page
    assert "sans limite" in page
    assert "tous les soins" in page
    funds = asker.get("/assureur/fonds").text
    assert "Des sites attendent d’être payés" in funds
    assert "RP26111700000017" in funds
    answer = asker.get(f"/assureur/fonds/{SETTLEMENT}/fichier")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.content == b'{"sealed":"yes"}\n'
    assert asker.get(f"/assureur/fonds/{CASE}/fichier").status_code == 404


def test_a_new_insurer_finds_empty_pages_that_say_what_comes() -> None:
    """Nothing of them is broken, and none is blank."""
    asker, desk = insurer_asker()
    desk.empty = True
    said = ("Rien n’attend", "Aucun fichier pour le moment", "Aucune table", "non suivi")
    for path, words in zip((HERE, "/assureur/droits", "/assureur/garanties", "/assureur/fonds"), said, strict=True):
        answer = asker.get(path)
        assert (answer.status_code, words in answer.text) == (200, True), path


@pytest.mark.parametrize("path", PAGES)
def test_nobody_else_comes_in_and_the_hub_away_is_a_calm_page(path: str) -> None:
    """A site's person is led home; without a session one signs in; an insurer's person has no site's pages."""
    asker, _ = insurer_asker()
    asker.doors.down = True
    assert asker.get(path).status_code == 503
    asker.doors.down = False
    asker.signed_in(ONE)
    assert asker.get(path).headers["location"] == "/patient"
    asker.cookies.clear()
    assert asker.get(path).headers["location"] == "/"
    asker.signed_in(WORKER)
    assert asker.get("/patient").headers["location"] == HERE


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_said_in_english(path: str) -> None:
    """No word of French is left in what is ours."""
    asker, _ = insurer_asker(MANAGER)
    asker.cookies["rempart-language"] = "en"
    page = asker.get(path, accept_language="en").text
    assert 'lang="en"' in page
    assert not re.search(r"personnes|demande|fichier n°|soins", re.sub(r'"/[^"]*"|<code[^>]*>.*?</code>', "", page))
