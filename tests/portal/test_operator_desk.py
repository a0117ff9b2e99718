"""The operator's desk: sites, accounts, a signed invitation, closing by one and opening by two."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import Any

import pytest

from rempart.sealing import actions
from rempart.wire.operator_desk import DeskInviteRequest, DeskOpenRequest, DeskShutRequest
from support.fake_account import account
from support.operator_desk import CLOSING, CODE, MANAGER, NEW, PORTAL, SECOND, STAFF, FakeDesk, at_desk
from support.portals import ONE, OTHER_SITE, SITE, Asker, Clock, doors

SIGNED = {"credential": "Y3JlZC0x", "client_data": "e30", "authenticator_data": "AA", "signature": "AA"}
DAYS = {"first": "2026-11-18", "last": "2027-11-18"}


def seat(role: str = "agent", **others: Any) -> tuple[Asker, FakeDesk]:
    made, desk = doors(clock=Clock(), **others), FakeDesk()
    at_desk(made.people, ONE, role)
    made.desks += [account(), desk]
    asker = Asker(made)
    asker.signed_in(ONE)
    return asker, desk


def raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_desk_is_led_to_its_own_places_and_a_site_to_its_own() -> None:
    """No counter, no site to choose; what the header offers is the role's; signing in leads to the first of it."""
    asker, _ = seat()
    for path in ("/", "/bureau", "/patient", "/factures", "/paiements", "/site-et-equipe", "/prises-en-charge"):
        assert asker.get(path).headers["location"] == "/bureau/sites", path
    page = asker.get("/bureau/sites").text
    for path in ("/bureau/sites", "/bureau/comptes", "/bureau/fermetures", "/assistance", "/compte"):
        assert f'<a href="{path}"' in page
    assert '<a href="/patient"' not in page
    assert asker.get("/compte").status_code == 200
    guard, _ = seat("security")
    assert guard.get("/").headers["location"] == "/bureau/fermetures"
    assert "/bureau/sites" not in guard.get("/bureau/fermetures").text
    assert guard.get("/bureau/sites").status_code == 403


@pytest.mark.parametrize("path", ["/bureau/sites", f"/bureau/sites/{SITE}", "/bureau/comptes", "/bureau/fermetures"])
def test_nobody_of_a_site_sees_the_desk_and_stays_signed_in(path: str) -> None:
    """A pharmacist who types the address is told no, and works on."""
    made = doors(clock=Clock())
    made.desks.append(FakeDesk())
    asker = Asker(made)
    asker.signed_in(ONE)
    assert asker.get(path).status_code == 403
    assert asker.held() is not None
    assert asker.get("/patient").status_code == 200


def test_sites_are_found_by_how_their_number_begins() -> None:
    """All, some, none, and what is no number; each shows standing and accounts, never a name."""
    asker, _ = seat()
    page = asker.get("/bureau/sites").text
    assert "2 sites" in page
    assert "Suspendu" in page
    assert OTHER_SITE[:3] in page
    assert "Aucun site sous ce numéro" in asker.get("/bureau/sites?numero=99").text
    assert SITE[:2] in asker.get(f"/bureau/sites?numero={SITE[:4]}").text
    wrong = asker.get("/bureau/sites?numero=Dupont")
    assert (wrong.status_code, "le début suffit" in wrong.text) == (422, True)


def test_a_site_shows_its_accounts_by_their_last_four_characters() -> None:
    """Passkeys, the last day, a code that waits; another operator's site, or no number at all, is not found."""
    asker, _ = seat()
    page = asker.get(f"/bureau/sites/{SITE}").text
    for text in (MANAGER[-4:].upper(), "vue le 17/11/2026", "code valable jusqu’au", "Suspendre ce site"):
        assert text in page
    assert asker.get("/bureau/sites/990000002").status_code == 404
    assert asker.get("/bureau/sites/x").status_code == asker.get("/bureau/comptes/x").status_code == 404
    assert "qui seule le remet en service" in asker.get(f"/bureau/sites/{OTHER_SITE}").text


@pytest.mark.parametrize(("kind", "name"), [("sites", SITE), ("comptes", MANAGER)])
def test_what_a_desk_suspends_it_takes_back(kind: str, name: str) -> None:
    """Each answer is a redirect, and the page shows what there is."""
    asker, desk = seat()
    here = f"/bureau/{kind}/{name}"
    done = asker.post(here + "/etat", {"standing": "suspended"})
    assert (done.status_code, done.headers["location"]) == (303, here)
    assert "Remettre en service" in asker.get(here).text
    asker.post(here + "/etat", {"standing": "good"})
    assert "Remettre en service" not in asker.get(here).text
    assert desk.told == [("standing", name)] * 2
    desk.refusal = "done-elsewhere"
    refused = asker.post(here + "/etat", {"standing": "good"})
    assert (refused.status_code, "ligne de commande" in refused.text) == (422, True)


def test_a_code_that_waits_is_cancelled() -> None:
    """The page then offers no end of it; the own account has no button that suspends it."""
    asker, desk = seat()
    assert "Annuler ce code" in asker.get(f"/bureau/comptes/{STAFF}").text
    assert asker.post(f"/bureau/comptes/{STAFF}/codes").status_code == 303
    assert "Annuler ce code" not in asker.get(f"/bureau/comptes/{STAFF}").text
    assert desk.told == [("codes/end", STAFF)]
    assert "Suspendre ce compte" in asker.get(f"/bureau/comptes/{SECOND}").text


def test_an_invitation_is_read_again_signed_and_its_code_shown_once() -> None:
    """What is signed is what the page shows; the code is in the answer and in no address."""
    asker, desk = seat()
    form = {"role": "staff", "site": f"{SITE[:2]} {SITE[2:]}", "answers": MANAGER[-4:].upper(), **DAYS}
    page = asker.post("/bureau/invitations/relire", form)
    for text in ("Relisez, puis signez", SITE, "2026-11-18", "staff", "Répond de cette personne", MANAGER):
        assert text in page.text
    told = {"role": "staff", "place": SITE, **DAYS, "account": "", "accountable": MANAGER}
    made = asker.post("/bureau/invitations/defi", told).json()
    wanted = actions.written("desk-invite", "horizon", "horizon", "staff", SITE, *DAYS.values(), "", MANAGER)
    assert wanted is not None
    assert raw(made["challenge"])[40:] == wanted.digest()
    done = asker.post("/bureau/invitations", {**told, **SIGNED, "challenge": made["challenge"]})
    assert (done.status_code, CODE[:9].replace("-", " ") in done.text, CODE[10:] in done.text) == (200, True, False)
    ((kind, asked),) = desk.told
    assert isinstance(asked, DeskInviteRequest)
    assert (kind, asked.role, asked.place, asked.challenge) == ("invite", "staff", SITE, made["challenge"])
    assert asked.accountable == MANAGER
    assert NEW[-4:].upper() in asker.get(f"/bureau/sites/{SITE}").text


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, "travaille sous quelqu’un du site"), ({"answers": STAFF[-4:]}, "ne finissent ainsi"),
        ({"answers": "zzzz"}, "ne finissent ainsi"), ({"answers": "Anne Dupont"}, "ne finissent ainsi"),
    ],
)  # fmt: skip
def test_staff_are_not_signed_for_while_nobody_answers(answers: dict[str, str], said: str) -> None:
    """Nobody, another of the staff, an ending of nobody's: the page says what is missing, and nothing is signed."""
    asker, desk = seat()
    form = {"role": "staff", "site": SITE, **DAYS, **answers}
    page = asker.post("/bureau/invitations/relire", form)
    assert (page.status_code, said in page.text) == (422, True)
    assert asker.post("/bureau/invitations", {**form, **SIGNED, "challenge": "AA"}).status_code == 422
    assert desk.told == []


def test_staff_with_a_number_of_their_own_answer_for_themselves() -> None:
    """The page that is signed says so; of another role nobody is asked."""
    asker, _ = seat()
    page = asker.post("/bureau/invitations/relire", {"role": "staff", "site": SITE, "number": "yes", **DAYS})
    assert (page.status_code, "has-number" in page.text) == (200, True)
    page = asker.post("/bureau/invitations/relire", {"role": "manager", "site": SITE, "number": "yes", **DAYS})
    assert (page.status_code, "has-number" in page.text) == (200, False)


def test_support_is_invited_without_site_and_days() -> None:
    """The operator is the place, as it is signed."""
    asker, desk = seat()
    assert asker.post("/bureau/invitations/relire", {"role": "support", **DAYS}).status_code == 200
    asker.post("/bureau/invitations", {"role": "support", "challenge": "AA", **SIGNED})
    ((_, asked),) = desk.told
    assert isinstance(asked, DeskInviteRequest)
    assert (asked.place, asked.first, asked.last) == ("horizon", "", "")


@pytest.mark.parametrize(
    "form",
    [
        {"role": "agent", "site": SITE, **DAYS}, {"role": "king", "site": SITE, **DAYS}, {"site": SITE, **DAYS},
        {"role": "staff", "site": "12", **DAYS}, {"role": "staff", "site": SITE, "first": "x", "last": "y"},
        {"role": "staff", "site": SITE, "first": "2027-01-02", "last": "2027-01-01"},
        {"role": "staff", "site": SITE, "first": "2020-01-01", "last": "2020-12-31"},
    ],
)  # fmt: skip
def test_what_cannot_be_invited_is_not_signed(form: dict[str, str]) -> None:
    """The page says which field, no challenge is made, and nothing is sent."""
    asker, desk = seat()
    assert asker.post("/bureau/invitations/relire", form).status_code == 422
    assert "challenge" not in asker.post("/bureau/invitations/defi", form).json()
    asker.post("/bureau/invitations", {**form, **SIGNED, "challenge": "AA"})
    assert desk.told == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("not-found", "n’est pas à votre opérateur"), ("account-has-passkey", "a déjà une clé d’accès"),
        ("on-probation", "Pendant 72 heures"), ("challenge-expired", "trop de temps"),
    ],
)  # fmt: skip
def test_an_invitation_that_is_refused_keeps_what_was_typed(code: str, said: str) -> None:
    """The form again, with why."""
    asker, desk = seat()
    desk.refusal = code
    form = {"role": "staff", "site": SITE, "accountable": MANAGER, **DAYS}
    page = asker.post("/bureau/invitations", {**form, **SIGNED, "challenge": "AA"})
    assert f'value="{MANAGER}"' in page.text
    assert said in page.text
    assert f'value="{SITE}"' in page.text


def test_one_closes_and_another_one_opens() -> None:
    """Closing is one form; a word for opening is signed for that closing; who agreed is not asked again."""
    asker, desk = seat()
    form = {"state": "closed", "reason": "maintenance", "reopens": "2026-11-18T20:00"}
    done = asker.post("/bureau/fermetures/portail/fermer", form)
    assert (done.status_code, done.headers["location"]) == (303, "/bureau/fermetures")
    ((_, (name, asked)),) = [each for each in desk.told if isinstance(each[1], tuple)]
    assert (name, asked) == (PORTAL, DeskShutRequest("closed", "maintenance", "2026-11-18T19:00:00Z"))
    page = asker.get("/bureau/fermetures").text
    assert "Ce service est fermé pour maintenance." in page
    assert "Donner mon accord pour rouvrir" in page
    signing = asker.get("/bureau/fermetures/portail/ouvrir").text
    assert PORTAL in signing
    made = asker.post("/bureau/fermetures/portail/ouvrir/defi", {"closing": str(CLOSING)}).json()
    wanted = actions.written("desk-open", "horizon", "horizon", PORTAL, str(CLOSING))
    assert wanted is not None
    assert raw(made["challenge"])[40:] == wanted.digest()
    form = {"closing": str(CLOSING), "challenge": made["challenge"], **SIGNED}
    assert asker.post("/bureau/fermetures/portail/ouvrir", form).status_code == 303
    assert isinstance(desk.told[-1][1], tuple)
    assert isinstance(desk.told[-1][1][1], DeskOpenRequest)
    assert "Vous avez donné votre accord" in asker.get("/bureau/fermetures").text
    assert asker.get("/bureau/fermetures/portail/ouvrir").headers["location"] == "/bureau/fermetures"


def test_what_the_command_line_closed_offers_no_opening() -> None:
    """It is said; the page for signing leads back."""
    asker, desk = seat("security")
    desk.closed(officer="")
    assert "Fermé par la ligne de commande" in asker.get("/bureau/fermetures").text
    assert asker.get("/bureau/fermetures/portail/ouvrir").headers["location"] == "/bureau/fermetures"


@pytest.mark.parametrize(
    "form",
    [
        {}, {"reason": "because"}, {"reason": "drill", "reopens": "2020-01-01T10:00"},
        {"reason": "drill", "reopens": "soon"}, {"reason": "drill", "french": "Fermé."},
        {"reason": "drill", "french": "x" * 301, "english": "y"},
    ],
)  # fmt: skip
def test_a_closing_that_cannot_be_told_closes_nothing(form: dict[str, str]) -> None:
    """The page says what to look at again; another part than the two is not found."""
    asker, desk = seat()
    assert asker.post("/bureau/fermetures/portail/fermer", form).status_code == 422
    assert asker.post("/bureau/fermetures/hub/fermer", {"reason": "drill"}).status_code == 404
    assert desk.told == []


def test_without_the_hub_the_desk_stays_calm() -> None:
    """A page that says so, and the session is kept."""
    asker, _ = seat()
    asker.doors.down = True
    for path in ("/bureau/sites", "/bureau/comptes", "/bureau/fermetures", f"/bureau/sites/{SITE}"):
        assert asker.get(path).status_code == 503
    assert asker.post("/bureau/fermetures/portail/fermer", {"reason": "drill"}).status_code == 503
    assert asker.held() is not None


def test_an_invitation_of_a_desk_is_taken_with_its_place() -> None:
    """The operator's name as typed, an insurer's ten digits, a site's number; anything else is marked."""
    made = doors(clock=Clock())
    asker = Asker(made)

    def wrong(site: str) -> list[str]:
        told: dict[str, list[str]] = asker.post("/invitation/challenge", {"code": CODE, "site": site}).json()
        return told.get("wrong", [])

    assert wrong("Horizon") == wrong("00990 00137") == wrong(SITE) == []
    assert wrong("azur") == wrong("00990001377") == wrong("") == ["site"]
