"""A large file leads to a page that says what to sign; who else must sign finds it; then it downloads."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from rempart.sealing import actions
from rempart.wire.exports import ExportAsked
from support.fake_account import account
from support.fake_exports import ASKED, UNTIL, FakeExports
from support.insurer_desk import INSURER, MANAGER, SETTLEMENT, WORKER, insurer_asker
from support.payment_desk import COLLEAGUE, INVOICES, PAID, PaymentDesk
from support.portals import ONE, SITE, Asker, Clock, doors

SIGN = f"/paiements/{PAID}/signer"
FILES = [f"/paiements/{PAID}/releve/{kind}" for kind in ("pdf", "noemie", "json")]
SIGNED = {"credential": "Y3JlZC0x", "client_data": "e30", "authenticator_data": "AA", "signature": "AA"}
ASKED_OF_ME = ExportAsked(7, "remittance", PAID, 640, COLLEAGUE, ASKED, UNTIL)


def seat(role: str = "professional", **others: Any) -> tuple[Asker, FakeExports]:
    """Somebody of a site whose advice tells five invoices."""
    made, exports = doors(clock=Clock()), FakeExports(**others)
    made.people[ONE] = replace(made.people[ONE], role=role)
    made.desks += [PaymentDesk(ONE, exports=exports), account()]
    asker = Asker(made)
    asker.signed_in(ONE)
    return asker, exports


def digest(told: dict[str, Any]) -> bytes:
    """What the challenge says that is signed."""
    text = told["challenge"]
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))[actions.CHALLENGE_BYTES :]


def test_a_large_advice_is_signed_for_and_then_every_form_downloads() -> None:
    """Each link leads to the page; its hash is of what it shows; afterwards it has the files."""
    asker, exports = seat(signed_above=4)
    assert {asker.get(path).headers["location"] for path in FILES} == {SIGN}
    page = asker.get(SIGN).text
    assert f"Télécharger {INVOICES} factures\u00a0: signez" in page
    assert "deuxième personne" not in page
    told = asker.post(f"{SIGN}/defi").json()
    wanted = actions.written("export", "horizon", SITE, "remittance", PAID, str(INVOICES), ONE)
    assert wanted is not None
    assert digest(told) == wanted.digest()
    assert re.findall(r"<dd[^>]*>(.*?)</dd>", page, re.DOTALL) == list(wanted.fields)
    assert asker.post(SIGN, {"challenge": told["challenge"], **SIGNED}).headers["location"] == SIGN
    (asked,) = exports.told
    assert (asked.document, asked.invoices, asked.taker, asked.challenge) == (PAID, INVOICES, ONE, told["challenge"])
    signed = asker.get(SIGN).text
    assert "C’est signé" in signed
    assert "data-webauthn" not in signed
    assert re.findall(r'href="(/paiements/[^"]*/releve/\w+)"', signed) == FILES
    assert [asker.get(path).status_code for path in FILES] == [200, 200, 200]


def test_a_small_advice_downloads_and_has_no_page_to_sign() -> None:
    """Its page to sign leads back to it."""
    asker, _ = seat(signed_above=INVOICES)
    assert [asker.get(path).status_code for path in FILES] == [200, 200, 200]
    assert asker.get(SIGN).headers["location"] == f"/paiements/{PAID}"


def test_the_largest_wait_for_a_colleague_and_the_page_says_who() -> None:
    """Before and after one's own signature; with the colleague's it downloads."""
    asker, exports = seat("staff", signed_above=3, second_above=4)
    assert "un professionnel ou un responsable du site" in asker.get(SIGN).text
    told = asker.post(f"{SIGN}/defi").json()
    asker.post(SIGN, {"challenge": told["challenge"], **SIGNED})
    page = asker.get(SIGN).text
    assert "Il manque une deuxième signature" in page
    assert "Votre logiciel reçoit ce relevé sans signature" in page
    assert asker.get(FILES[0]).headers["location"] == SIGN
    exports.asked = [replaced(exports.asked[0], second_until="2026-11-19T09:26:00Z")]
    assert "C’est signé" in asker.get(SIGN).text
    assert asker.get(FILES[0]).status_code == 200


def test_a_signature_that_is_over_is_asked_for_again() -> None:
    """The colleague's still stands: only one's own is missing."""
    over = ExportAsked(3, "remittance", PAID, 640, ONE, ASKED, "2026-11-18T08:00:00Z", "2026-11-19T09:26:00Z")
    asker, _ = seat(signed_above=3, second_above=4, asked=[over])
    page = asker.get(SIGN).text
    assert "il ne manque que vous" in page
    assert "data-webauthn" in page


def test_what_waits_for_ones_signature_is_on_the_page_of_payments() -> None:
    """Listed, opened, signed with the taker's account in it, gone from the list."""
    asker, exports = seat(signed_above=3, second_above=4, asked=[ASKED_OF_ME])
    assert "Votre signature est attendue" in asker.get("/paiements").text
    here = "/paiements/signatures/7"
    assert f'href="{here}"' in asker.get("/paiements").text
    page = asker.get(here).text
    assert "Un collègue veut télécharger 640 factures" in page
    told = asker.post(f"{here}/defi").json()
    wanted = actions.written("export-second", "horizon", SITE, "remittance", PAID, "640", COLLEAGUE)
    assert wanted is not None
    assert digest(told) == wanted.digest()
    assert asker.post(here, {"challenge": told["challenge"], **SIGNED}).headers["location"] == "/paiements"
    assert [one.taker for one in exports.told] == [COLLEAGUE]
    assert "Votre signature est attendue" not in asker.get("/paiements").text
    assert asker.get(here).status_code == 404


def test_staff_are_asked_for_nobody_s_file() -> None:
    """Neither listed nor found under its number."""
    asker, _ = seat("staff", signed_above=3, second_above=4, asked=[ASKED_OF_ME])
    assert "Votre signature est attendue" not in asker.get("/paiements").text
    assert asker.get("/paiements/signatures/7").status_code == 404


@pytest.mark.parametrize("refusal", ["on-probation", "passkey-session-required", "passkey-refused", "same-person"])
def test_a_no_is_said_on_the_page(refusal: str) -> None:
    """In plain words, with the lines still there to sign again; what is unsigned reaches no hub."""
    asker, exports = seat(signed_above=3, second_above=4, asked=[ASKED_OF_ME], refusal=refusal)
    for path in (SIGN, "/paiements/signatures/7"):
        page = asker.post(path, {"challenge": "AA", **SIGNED})
        assert page.status_code == 422
        assert 'role="alert"' in page.text
        assert "signed-lines" in page.text
        assert asker.post(path, {"challenge": "AA"}).status_code == 422
    assert exports.told == []


def test_at_an_insurer_s_desk_a_settlement_file_is_signed_for() -> None:
    """A case worker's own signature, then a manager's; another file's page is not there."""
    asker, desk = insurer_asker(WORKER)
    asker.doors.desks.append(account())
    desk.exports = FakeExports(50, 500)
    sign, file = f"/assureur/fonds/{SETTLEMENT}/signer", f"/assureur/fonds/{SETTLEMENT}/fichier"
    assert asker.get(file).headers["location"] == sign
    page = asker.get(sign).text
    assert "Télécharger 3\u202f120 lignes\u00a0: signez" in page
    assert "un responsable de l’organisme" in page
    told = asker.post(f"{sign}/defi").json()
    wanted = actions.written("export", "horizon", INSURER, "settlement", SETTLEMENT, "3120", WORKER)
    assert wanted is not None
    assert digest(told) == wanted.digest()
    asker.post(sign, {"challenge": told["challenge"], **SIGNED})
    assert "Il manque une deuxième signature" in asker.get(sign).text
    desk.exports.asked = [replaced(desk.exports.asked[0], second_until="2026-11-19T09:26:00Z")]
    assert asker.get(file).status_code == 200
    assert asker.get("/assureur/fonds/019caddd-6600-7a1e-8c33-5d2f00000099/signer").status_code == 303


def test_an_insurer_s_manager_finds_what_waits_at_the_funds() -> None:
    """And signs it there."""
    asker, desk = insurer_asker(MANAGER)
    desk.exports = FakeExports(
        50, 500, [ExportAsked(9, "settlement", SETTLEMENT, 3_120, WORKER, ASKED, UNTIL)]
    )  # fmt: skip
    here = "/assureur/fonds/signatures/9"
    assert f'href="{here}"' in asker.get("/assureur/fonds").text
    assert "3\u202f120 lignes" in asker.get(here).text
    assert asker.post(here, {"challenge": "AA", **SIGNED}).headers["location"] == "/assureur/fonds"
    assert [one.taker for one in desk.exports.told] == [WORKER]


def replaced(one: ExportAsked, **changed: Any) -> ExportAsked:
    return msgspec.structs.replace(one, **changed)
