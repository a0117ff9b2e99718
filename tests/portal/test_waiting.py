"""Before a closed portal: what is told, what is checked without the patient, what is left; and turns in waves."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.client.doors import SignedIn
from rempart.client.waiting_room import room_key
from rempart.portal.pages.waiting_forms import IDENTITY
from rempart.sealing.waiting_jwe import Left, opened, parse, seal, signed
from rempart.wire.invoices import InvoiceRequest
from rempart.wire.problem import ClosureTold, Problem, TurnTold
from rempart.wire.waiting_room import LeftState, OpenRoom
from support.portals import CARD, ONE, SITE, Asker, Clock, doors, settings
from support.waiting_desk import ROOM, WaitingDesk

ORIGIN = "https://portail.horizon.test"
INVOICE = {
    "key": "k", "number": "41", "care_date": "18/11/2026", "site_reference": "", "accreditation": "",
    "code-1": "PH7", "quantity-1": "1", "spent-1": "12,40", "base-1": "12,40", "rate-1": "65",
}  # fmt: skip


@pytest.fixture
def desk() -> WaitingDesk:
    return WaitingDesk()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def asker(desk: WaitingDesk, clock: Clock) -> Asker:
    """Signed in, before a closed portal."""
    pinned = msgspec.structs.replace(settings(), keeper=desk.pin)
    made = Asker(doors(rp_id="portail.horizon.test", origin=ORIGIN, clock=clock), pinned)
    made.doors.desks.append(desk)
    made.signed_in(ONE)
    return made


def test_the_closed_page_says_why_until_when_and_what_helps(asker: Asker) -> None:
    """Sentence, hour, alternatives in order, both forms, the operator's number; nothing left yet."""
    text = asker.get("/salle").text
    for told in ("Fermé pour un exercice.", "18/11/2026 13:00", "Votre logiciel continue.", "01 99 00 12 34",
                 'href="/salle/facture"', "0 sur 20", "Rien pour le moment"):  # fmt: skip
        assert told in text


def test_the_status_page_is_linked_where_there_is_one(desk: WaitingDesk, clock: Clock) -> None:
    """On a host of its own, by https only."""
    known = settings(status_page="https://etat.horizon.test")
    asker = Asker(doors(clock=clock), msgspec.structs.replace(known, keeper=desk.pin))
    asker.doors.desks.append(desk)
    asker.signed_in(ONE)
    assert 'href="https://etat.horizon.test"' in asker.get("/salle").text
    with pytest.raises(AssertionError, match=r"operator\.status_page"):
        settings(status_page="javascript:alert(1)")


def test_a_profession_without_a_form_leaves_invoices_alone(asker: Asker, desk: WaitingDesk) -> None:
    """No button leads to a form that is not there; its address leads back."""
    assert 'href="/salle/prise-en-charge"' not in asker.get("/salle").text
    assert asker.get("/salle/prise-en-charge").headers["location"] == "/salle"
    desk.room = None
    assert asker.get("/salle/facture").headers["location"] == "/salle"
    assert "Tout est ouvert" in asker.get("/salle").text


def test_the_form_has_the_keepers_key_and_none_of_the_hubs(asker: Asker, desk: WaitingDesk) -> None:
    """A key that the pinned keeper did not sign is shown to nobody."""
    text = asker.get("/salle/facture").text
    assert f'data-kid="{desk.public.kid}"' in text
    assert f'data-account="{ONE}"' in text
    desk.log_key = Ed25519PrivateKey.generate()
    answer = asker.get("/salle/facture")
    assert (answer.status_code, desk.public.kid in answer.text) == (503, False)


def test_the_rest_is_checked_without_the_patient(asker: Asker) -> None:
    """What comes back is the request as the hub takes it, but who it is about; who sends the card is refused."""
    answer = asker.post("/salle/facture/verifier", dict(INVOICE))
    request = json.loads(answer.text)["request"]
    assert not set(IDENTITY) & request.keys()
    whole = {**request, "amc_number": "0099000000", "member": "1", "birth_date": "1985-04-12", "nir": None}
    invoice = msgspec.convert(whole, InvoiceRequest)
    assert (invoice.number, invoice.lines[0].spent, invoice.lines[0].care_date) == ("000000041", 1240, "2026-11-18")
    wrong = asker.post("/salle/facture/verifier", {**INVOICE, "spent-1": "x", "number": "0"})
    assert (wrong.status_code, json.loads(wrong.text)["wrong"]) == (422, ["number", "spent-1"])
    assert asker.post("/salle/facture/verifier", {**INVOICE, **CARD}).status_code == 400


def left(asker: Asker, desk: WaitingDesk, **changed: str) -> Any:
    jwe = seal(Left(ONE, SITE, "invoice", msgspec.Raw(b"{}")), desk.public)
    return asker.post("/salle", {"kind": "invoice", "room": ROOM, "mark": str(uuid4()), "sealed": jwe} | changed)


def test_what_is_left_goes_on_sealed_and_its_receipt_is_shown(asker: Asker, desk: WaitingDesk) -> None:
    """Nothing of it stays in an address; the list tells where each stands and why one was not sent."""
    assert left(asker, desk).headers["location"] == "/salle"
    parsed = parse(desk.asked[0].sealed)
    assert parsed is not None
    assert opened(parsed, desk.private) == Left(ONE, SITE, "invoice", msgspec.Raw(b"{}"))
    desk.left = (
        LeftState("7K2M9X4C1V", "invoice", "2026-11-18T09:30:00Z", "waiting"),
        LeftState("8K2M9X4C1V", "invoice", "2026-11-18T09:20:00Z", "sent", subject=str(uuid4())),
        LeftState("9K2M9X4C1V", "invoice", "2026-11-18T09:10:00Z", "refused", "site-budget"),
    )
    text = asker.get("/salle").text
    for told in (
        "7K2M9 X4C1V",
        "En attente",
        f"/factures/{desk.left[1].subject}",
        "limite de patients inconnus du site",
    ):
        assert told in text


def test_what_is_no_seal_is_not_passed_on(asker: Asker, desk: WaitingDesk) -> None:
    """A clear request, another word, no mark: refused here already."""
    for lie in ({"sealed": '{"nir":"1"}'}, {"kind": "eligibility"}, {"mark": "x"}, {"sealed": ""}):
        assert left(asker, desk, **lie).status_code == 400
    assert not desk.asked


@pytest.mark.parametrize(("code", "title"), [
    ("not-closed", "Le service vient de rouvrir"), ("waiting-room-full", "tout ce qu’un compte peut laisser"),
])  # fmt: skip
def test_a_no_says_what_to_do(asker: Asker, desk: WaitingDesk, code: str, title: str) -> None:
    """Opened meanwhile, or full: both have a way on."""
    desk.refusal = code
    answer = left(asker, desk)
    assert (answer.status_code, title in answer.text) == (422 if code == "not-closed" else 429, True)


def test_the_stand_in_rule_is_shown_for_this_counter(asker: Asker, desk: WaitingDesk) -> None:
    """Of this profession alone; an insurer without one, a number that cannot be."""
    text = asker.post("/salle/regle", {"amc_number": "00 99 00 00 00"}).text
    assert "jusqu’à 150,00" in text
    assert "jusqu’à 77,00" not in text, "of another profession"
    assert "pas publié de règle" in asker.post("/salle/regle", {"amc_number": "11111111"}).text
    answer = asker.post("/salle/regle", {"amc_number": "x"})
    assert (answer.status_code, "recopiez-le de la carte" in answer.text) == (422, True)


def test_a_closed_answer_leads_to_the_waiting_room(asker: Asker) -> None:
    """From wherever somebody met the closure."""
    closed = ClosureTold("portal:horizon", "closed", "", "Fermé.", "Closed.")
    asker.doors.desks.insert(0, lambda *_: Problem("Closed", 503, "compartment", closure=closed))
    assert 'href="/salle"' in asker.get("/paiements").text


def turns(site: str) -> Problem | None:
    if not site:
        return Problem("Waves", 409, "turn-site")
    if site == SITE:
        return Problem("Not yet", 503, "turn", turn=TurnTold(4_211, 200_000, "2026-11-18T09:20:00Z", 60))
    return None


def test_in_waves_one_sees_ones_place_and_hour(asker: Asker) -> None:
    """The sign-in page leads there; whose turn it is comes in; what is no site is said."""
    asker.cookies.clear()
    asker.doors.turns = turns
    answer = asker.post("/session/challenge", {})
    assert (answer.status_code, json.loads(answer.text)["go"]) == (503, "/tour")
    assert "Numéro de facturation du site" in asker.get("/tour").text
    text = asker.post("/tour", {"site": "12 3456 782"}).text
    assert "4\u202f211 sur 200\u202f000" in text
    assert "18/11/2026 10:20" in text
    text = asker.post("/tour", {"site": "750000014"}).text
    assert 'name="site" value="750000014"' in text
    assert asker.post("/tour", {"site": "x"}).status_code == 422


def test_a_session_from_before_waits_as_well(asker: Asker, clock: Clock) -> None:
    """Its renewal is refused until the turn comes: the page says so, and the session is kept."""

    async def renew(session: SignedIn, site: str = "") -> SignedIn | Problem:
        return Problem("Not yet", 503, "turn", turn=TurnTold(1, 2, "2026-11-18T09:20:00Z", 60))

    asker.doors.renew = renew  # type: ignore[method-assign]  # the hub's answer during the waves
    held = asker.held()
    assert held is not None
    clock.now = held.expires - 1
    answer = asker.get("/patient")
    assert (answer.status_code, answer.headers["location"]) == (303, "/tour")


def test_a_room_key_must_be_of_that_room_and_of_that_keeper() -> None:
    """Another room's document, another signer, no document: nothing is sealed to it."""
    desk = WaitingDesk()
    good = desk.told().rooms[0]
    assert room_key(good, desk.pin) == desk.public
    assert room_key(msgspec.structs.replace(good, room="portal:azur@1"), desk.pin) is None
    assert room_key(msgspec.structs.replace(good, key="a.b.c"), desk.pin) is None
    other = signed(ROOM, derive_private_key(8, SECP256R1()).public_key(), Ed25519PrivateKey.generate()).decode()
    assert room_key(OpenRoom("invoice", ROOM, other), desk.pin) is None
