"""My account in a real browser: each page sound, a passkey added with another one's signature, a recovery signed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from playwright.sync_api import CDPSession, expect

from rempart.ground.instants import iso, now
from rempart.sealing import actions
from rempart.sealing.enrolment import Package, bound_to, seal_package
from rempart.wire.account import AddPasskeyRequest, RecoveryRequest
from rempart.wire.bank_details import BankDetailsState
from support.desk_gaps import DONE, JOIN, QUESTION, FakeGaps
from support.fake_account import CODE, COLLEAGUE, FakeAccount, account
from support.fake_bank import CHANGE, FakeBank
from support.fake_bank import OTHER as PROPOSER
from support.fake_doors import Person
from support.fake_programs import NEAR, FakePrograms
from support.money import iban
from support.operator_desk import SECOND, STAFF, FakeDesk, at_desk
from support.portals import ONE, SITE, doors, served
from support.seats import LANGUAGES, SIZES, Seat, World, browser, seat

__all__ = ["browser", "seat"]
pytestmark = [pytest.mark.browser]
BANK, PROGRAMS = "/site-et-equipe/compte", "/site-et-equipe/logiciels"
SENT = """() => {
  const form = document.querySelector("form[data-webauthn]");
  for (const name of ["challenge", "credential", "client_data", "authenticator_data", "signature"])
    form.elements[name].value = "AA";
  form.submit();
}"""
"""Posts a page's form as its script does once a passkey has signed."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A portal whose person is a site's manager with an account."""
    made = doors()
    made.people[ONE] = replace(made.people[ONE], role="manager")
    with served(made) as base:
        yield World(made, base)


@pytest.fixture
def own(world: World) -> Iterator[FakeAccount]:
    """The account behind the doors, fresh for each test."""
    made = account()
    world.doors.desks[:] = [made]
    yield made
    world.doors.desks.clear()


@pytest.mark.soak
@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_every_page_is_sound(seat: Seat, own: FakeAccount) -> None:
    """Full, with its questions open, on probation, with one passkey, colleagues, what is signed, signed out."""
    page = seat.page
    seat.signed_in(ONE)
    page.set_viewport_size({"width": SIZES[1][0], "height": SIZES[1][1]})
    seat.open("/compte")
    for each in range(page.locator("details.account-sure").count()):
        page.locator("details.account-sure summary").nth(each).click()
    seat.sound()
    for path in ("/compte/secours", f"/compte/secours/{COLLEAGUE}"):
        seat.open(path)
        seat.sound()
    del own.passkeys[1], own.members[1:]
    own.probation, own.recovered = "2026-11-21T09:26:00Z", (iso(now()), "colleague")
    for path in ("/compte", "/compte/secours"):
        seat.open(path)
        seat.sound()
    own.probation = ""
    seat.open("/compte")
    page.click(".account-head details summary")
    page.click(".account-head details button")
    page.wait_for_url("**/compte/partout")
    seat.sound()
    assert own.told == [("sessions", "sessions")]


@pytest.mark.soak
@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_every_page_of_the_operators_desk_is_sound(seat: Seat, own: FakeAccount) -> None:
    """Sites, one, none; desks, an account; an invitation up to its code; closing, closed, what is signed to open."""
    desk, page, before = FakeDesk(), seat.page, seat.world.doors.people[ONE]
    seat.world.doors.desks.append(desk)
    at_desk(seat.world.doors.people, ONE)
    seat.signed_in(ONE)
    page.set_viewport_size({"width": SIZES[1][0], "height": SIZES[1][1]})
    for path in ("sites", "sites?numero=99", f"sites/{SITE}", "comptes", f"comptes/{STAFF}", "fermetures"):
        seat.open("/bureau/" + path)
        for each in range(page.locator("details.account-sure").count()):
            page.locator("details.account-sure > summary").nth(each).click()
        seat.sound()
    seat.open(f"/bureau/invitations?site={SITE}")
    seat.sound()
    seat.press()
    page.wait_for_selector(".signed-lines")
    seat.sound()
    page.evaluate(SENT)
    page.wait_for_selector(".account-code")
    seat.sound()
    desk.closed(SECOND)
    for path in ("fermetures", "fermetures/portail/ouvrir"):
        seat.open("/bureau/" + path)
        seat.sound()
    seat.world.doors.people[ONE] = before
    assert [kind for kind, _ in desk.told] == ["invite"]


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_every_further_page_of_the_desks_is_sound(seat: Seat, own: FakeAccount) -> None:
    """Who joins, with the document opened by a key in the page; recovery; the log; rejections; a locum's code."""
    gaps, people, page = FakeGaps(), seat.world.doors.people, seat.page
    before, key = people[ONE], X25519PrivateKey.generate()
    package = Package("CABINET INVENTE", iban(77), "pdf", b"%PDF-1.7 a bank document of nobody")
    gaps.sealed = seal_package(package, key.public_key().public_bytes_raw(), bound_to("horizon", JOIN))
    seat.world.doors.desks += [gaps, FakeDesk()]

    def look(role: str, *paths: str) -> None:
        insurer = "0099000137" if role == "case-worker" else ""
        people[ONE] = replace(before, role=role, insurer=insurer, sites=before.sites if role == "manager" else ())
        seat.signed_in(ONE)
        for path in paths:
            seat.open(path)
            seat.sound()

    look("agent", "/bureau/adhesions", f"/bureau/adhesions/{DONE}", f"/bureau/adhesions/{JOIN}")
    for raw, told in ((bytes(31), " "), (key.private_bytes_raw(), iban(77)[:4])):
        page.set_input_files("#key", {"name": "k.key", "mimeType": "text/plain", "buffer": urlsafe_b64encode(raw)})
        expect(page.locator("#sealed-document")).to_contain_text(told)
    expect(page.locator("[data-holder]")).to_have_text("CABINET INVENTE")
    seat.sound()
    page.fill("#reached", "le standard")
    page.click("form[action$=relire] button")
    page.wait_for_selector(".signed-lines")
    seat.sound()
    look("agent", f"/bureau/comptes/{STAFF}/secours")
    seat.press()
    expect(page.locator("#document[aria-invalid]")).to_be_visible()
    seat.sound()
    page.fill("#reached", "le numéro connu")
    page.fill("#document", "un RIB de ce mois, titulaire vérifié")
    seat.press()
    page.wait_for_selector(".signed-lines")
    seat.sound()
    page.evaluate(SENT)
    page.wait_for_selector(".account-code")
    seat.sound()
    log = "/bureau/journal?du=2026-11-12&au=2026-11-18&par="
    look("data-protection", "/bureau/journal", log + "account", log + "outcome")
    page.fill("#question", QUESTION)
    page.click("form[action$=question] button")
    page.wait_for_selector(".desk-leaf")
    seat.sound()
    look("case-worker", "/assureur/rejets", "/assureur/rejets/rights-closed")
    look("manager", "/site-et-equipe/remplacements", "/compte/remplacement", "/site-et-equipe/remplacements/code")
    page.fill("#last", page.input_value("#first"))
    page.evaluate(SENT)
    page.wait_for_selector(".account-code")
    seat.sound()
    people[ONE] = before


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_a_locums_code_that_was_taken_is_sound(seat: Seat, own: FakeAccount) -> None:
    """The site and the days that it opens, once typed."""
    seat.world.doors.desks.append(FakeGaps())
    seat.signed_in(ONE)
    seat.open("/compte/remplacement")
    seat.page.fill("#code", "7K2M-9X4C")
    seat.press()
    seat.page.wait_for_selector(".stamp")
    seat.sound()


@pytest.mark.soak
@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_every_page_of_the_sites_account_is_sound(seat: Seat, own: FakeAccount) -> None:
    """What is paid, a wrong account, the lines that one signs, a change at each step, and who may not."""
    bank, page, account = FakeBank(), seat.page, iban(77)
    seat.world.doors.desks.append(bank)
    seat.signed_in(ONE)
    seat.open(BANK)
    seat.sound()
    for again in (iban(78), account):
        for name, value in (("name", "Cabinet Dupré"), ("iban", account), ("again", again)):
            page.fill(f"#{name}", value)
        seat.press()
        page.wait_for_load_state()
        seat.sound()
    expect(page.locator(".signed-lines .iban")).to_have_text(account)
    bank.waits("7765", PROPOSER)
    for path in (BANK, f"{BANK}/{CHANGE}"):
        seat.open(path)
        seat.sound()
    bank.waits("7765", ONE, second="operator")
    seat.open(BANK)
    seat.sound()
    bank.approved()
    seat.open(BANK)
    seat.sound()
    page.click(".bank-acts button.second")
    expect(page.locator(".bank-steps")).to_have_count(0)
    bank.state = BankDetailsState("", "", proposes=False, why_not="manager-signs")
    seat.open(BANK)
    seat.sound()
    assert own.told == []


@pytest.mark.soak
@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_every_page_of_the_sites_programs_is_sound(seat: Seat, own: FakeAccount) -> None:
    """Listed, none at all, the lines of a code and of a renewal."""
    programs = FakePrograms()
    seat.world.doors.desks.insert(0, programs)
    seat.signed_in(ONE)
    for path in (PROGRAMS, f"{PROGRAMS}/renouveler?logiciel={NEAR}", f"{PROGRAMS}/nouveau"):
        seat.open(path)
        seat.sound()
    page = seat.page
    page.evaluate(SENT)
    page.wait_for_selector("output")
    seat.sound()
    programs.members.clear()
    seat.open(PROGRAMS)
    seat.sound()
    assert own.told == []


def test_a_passkey_is_added_with_the_signature_of_another(seat: Seat, own: FakeAccount) -> None:
    """One press: the browser signs with the old one, makes the new one on another device, under one challenge."""
    devtools, name = _authenticator(seat, "internal")
    _enrolled(seat, own)
    (credential,) = devtools.send("WebAuthn.getCredentials", {"authenticatorId": name})["credentials"]
    seat.open("/compte")
    seat.page.evaluate(_WAITS)
    seat.page.click("form[data-webauthn] button")
    seat.page.wait_for_function("window.signedOnce")
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": name})
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": _OPTIONS | {"transport": "usb"}})
    seat.page.evaluate("window.plugged()")
    expect(seat.page.locator("section:first-of-type tbody tr")).to_have_count(2)
    said, wish = own.told[-1]
    assert said == "add"
    assert isinstance(wish, AddPasskeyRequest)
    assert wish.proof is not None
    assert _raw(wish.proof.credential) == _raw_standard(credential["credentialId"])
    made, signed = (json.loads(_raw(each)) for each in (wish.client_data, wish.proof.client_data))
    assert (made["type"], signed["type"]) == ("webauthn.create", "webauthn.get")
    assert made["challenge"] == signed["challenge"] == wish.challenge


def test_a_device_that_has_one_gets_no_other(seat: Seat, own: FakeAccount) -> None:
    """The browser refuses, the page says what to do, and nothing is sent."""
    _authenticator(seat, "internal")
    _enrolled(seat, own)
    seat.open("/compte")
    seat.page.click("form[data-webauthn] button")
    expect(seat.page.locator("#said")).to_contain_text("choisissez votre téléphone")
    assert own.told == []
    seat.sound()


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_a_manager_signs_what_is_shown(seat: Seat, own: FakeAccount) -> None:
    """The passkey signs a challenge with the action's hash in it; the code is shown, and gone after a reload."""
    _authenticator(seat, "internal")
    _enrolled(seat, own)
    seat.open("/compte/secours")
    seat.page.click(f"a[href$='{COLLEAGUE}']")
    seat.page.wait_for_url(f"**/{COLLEAGUE}")
    seat.press()
    expect(seat.page.locator("output")).to_have_text(CODE.replace("-", " "))
    seat.sound()
    said, wish = own.told[-1]
    assert said == "recover"
    assert isinstance(wish, RecoveryRequest)
    signed = json.loads(_raw(wish.signed.client_data))
    assert signed["challenge"] == wish.challenge
    assert _raw(wish.challenge)[actions.CHALLENGE_BYTES :] == actions.recovery("horizon", SITE, COLLEAGUE)
    seat.page.click("main a.main")
    seat.page.wait_for_url("**/compte")
    assert not [url for url in seat.asked if CODE in url]


_WAITS = """() => {
  const made = navigator.credentials.create.bind(navigator.credentials);
  const other = new Promise((done) => { window.plugged = done; });
  navigator.credentials.create = async (options) => { window.signedOnce = true; await other; return made(options); };
}"""
"""The person takes another device in hand between the two: until then nothing is made."""
_OPTIONS = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def _authenticator(seat: Seat, transport: str) -> tuple[CDPSession, str]:
    devtools = seat.context.new_cdp_session(seat.page)
    devtools.send("WebAuthn.enable")
    made = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": _OPTIONS | {"transport": transport}})
    return devtools, made["authenticatorId"]


def _enrolled(seat: Seat, own: FakeAccount) -> None:
    """A manager with a passkey of this browser, signed in by it; the account lists it alone."""
    who, code = "a00000000000two0", "D" * 16
    seat.world.doors.people[who] = Person(who, (SITE,), role="manager")
    seat.world.doors.invitations[code] = (who, SITE)
    seat.open("/invitation")
    seat.page.fill("#code", code)
    seat.page.fill("#site", SITE)
    seat.press()
    seat.page.wait_for_selector(".stamp")
    name = next(name for name, each in seat.world.doors._passkeys.items() if each.account == who)
    own.passkeys[:] = [msgspec.structs.replace(own.passkeys[0], credential=name)]
    seat.page.click("main a.main")
    seat.press()
    seat.page.wait_for_url("**/patient")
    del seat.world.doors._passkeys[name]  # the next test's person has another


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _raw_standard(text: str) -> bytes:
    """Of the browser's tools, which write the other alphabet."""
    return _raw(text.rstrip("=").replace("+", "-").replace("/", "_"))
