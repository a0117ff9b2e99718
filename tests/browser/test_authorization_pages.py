"""Prises en charge in a real browser: lines come and go, the total, the answer, the invoice; both widths and languages.

No violation of axe on any page, nothing of the card in an address or left behind.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import FilePayload, expect

from support.card_samples import CARD as SIGNED
from support.card_samples import INSURER, INSURER_KEY, paper_text
from support.insurer_desk import CASE, MANAGER, PAPER, QUARANTINED, REFERENCE, InsurerDesk, insurers_people
from support.insurer_papers import InsurerPapers
from support.portals import CARD, ONE, SITE, doors, served
from support.quote_desk import QuoteDesk
from support.seats import LANGUAGES, Seat, World, browser, seat

__all__ = ["browser", "seat"]

pytestmark = [pytest.mark.browser]
HERE = "/prises-en-charge"
PAPERS = InsurerPapers()
SCANNED = paper_text(SIGNED, INSURER, INSURER_KEY)
SENT = """() => {
  const form = document.querySelector("form[data-webauthn=get]");
  for (const name of ["challenge", "credential", "client_data", "authenticator_data", "signature"])
    form.elements[name].value = "AA";
  form.submit();
}"""
"""Posts the page's form as its script does once a passkey has signed."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A portal that pins the keeper who signs the insurer's key."""
    made = doors()
    with served(made, keeper=PAPERS.pin) as base:
        yield World(made, base)


def seated(seat: Seat, profession: str = "optician") -> QuoteDesk:
    """A signed-in professional, and what the hub answers about quotes."""
    desk = QuoteDesk(paper_keys=PAPERS.document(time.time()))
    seat.world.doors.desks[:] = [desk]
    seat.world.doors.people[ONE] = replace(seat.world.doors.people[ONE], profession=profession)
    seat.signed_in(ONE, SITE)
    return desk


def file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def quote(seat: Seat, **others: str) -> None:
    """The card, a lens and a frame."""
    lines = {"sphere_1": "-2,25", "cylinder_1": "0,50", "price_1": "120", "price_3": "90,50", "site_reference": "D-41"}
    for name, value in {**CARD, **lines, **others}.items():
        seat.page.fill(f"#{name}", value)


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_from_an_empty_list_to_an_agreed_quote_and_its_invoice(seat: Seat) -> None:
    """A fault keeps what was typed; the answer comes on the same page; its lines are those of the invoice's form."""
    page, desk = seat.page, seated(seat)
    seat.open(HERE)
    seat.sound()
    page.click(".page-head a.main")
    expect(page.locator("[data-line]:visible")).to_have_count(3)
    quote(seat, price_3="9O")
    seat.press()
    expect(page.locator("#price_3-error")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "said"
    assert page.input_value("#member") == CARD["member"]
    seat.sound()
    page.fill("#price_3", "90,50")
    seat.press()
    expect(page.locator("#reference")).to_have_text("PBG2J 04W06 818G1 8010T")
    (found,) = desk.quotes.values()
    assert page.url == f"{seat.world.base}{HERE}/{found.authorization}"
    seat.sound()
    page.click("aside button.main")
    expect(page.locator("#price_1")).to_have_value("120")
    assert page.input_value("#sphere_1") == "-2,25"
    seat.sound()
    for name, value in {**CARD, "number": "77"}.items():
        page.fill(f"#{name}", value)
    seat.press()
    expect(page.locator(".stamp")).to_be_visible()
    seat.sound()
    assert [line.spent for line in desk.invoiced[0].lines] == [120_00, 90_50]
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert not [url for url in seat.asked if "?" in url or CARD["member"] in url]


@pytest.mark.soak
@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_documents_are_sealed_in_the_page_and_the_request_is_changed(seat: Seat) -> None:
    """What is no document is told; a fault keeps them; the insurer alone opens them; no name and no content is sent."""
    page, desk, sent = seat.page, seated(seat), []
    page.on("request", lambda made: sent.append(f"{made.url} {made.post_data or ''}"))
    seat.open(f"{HERE}/nouvelle")
    quote(seat, price_1="1200", price_3="9O", planned="04/12/2026")
    page.set_input_files("#paper", file("secret.txt", b"plain"))
    expect(page.locator("#papers-amiss")).to_be_visible()
    seat.sound()
    page.set_input_files("#paper", [file("secret.pdf", PAPER), file("secret.png", b"\x89PNG an invented quote")])
    expect(page.locator(".papers li")).to_have_count(2)
    page.select_option(".papers li:nth-child(2) select", "quote")
    seat.press()
    expect(page.locator("#price_3-error")).to_be_visible()
    expect(page.locator(".papers li")).to_have_count(2)
    page.fill("#price_3", "90,50")
    seat.press()
    expect(page.locator(".papers-sent li")).to_have_count(2)
    seat.sound()
    first, second = desk.asked[0].attachments
    assert (PAPERS.opened(first, "2026-12-04"), second.kind) == (PAPER, "quote")
    assert PAPERS.opened(second, "2026-12-04").startswith(b"\x89PNG")
    assert not [one for one in sent if "secret" in one or "invented" in one]
    page.click("form.again button")
    expect(page.locator("#price_1")).to_have_value("1200")
    seat.sound()
    quote(seat, price_1="500", price_3="90,50", planned="04/12/2026")
    seat.press()
    expect(page.locator(".state.good")).to_be_visible()
    assert desk.asked[1].attachments == ()


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_every_state_and_every_form_is_sound(seat: Seat) -> None:
    """The list, one that waits, one refused, one without a line left; the other professions' forms."""
    desk = seated(seat)
    for state in ("refused", "cancelled", "invoiced", "agreed"):
        desk.put(state=state, site_reference=f"D-{state[:4]}")
    seat.open(HERE)
    seat.sound()
    nothing = {"valid_from": "", "lines": (), "rest": (), "amc": 0}
    shown = (
        desk.put(state="pending", reason="amount-to-review", **nothing),
        desk.put(state="refused", reason="allowance-held", held_until="2026-12-31", reference="", **nothing),
    )
    for one in shown:
        seat.open(f"{HERE}/{one.authorization}")
        seat.sound()
    seat.open(f"{HERE}/{desk.put(rest=()).authorization}/facture")
    seat.sound()
    seat.open(f"{HERE}/{desk.put().authorization}/modifier")
    seat.sound()
    for profession in ("dentist", "hearing", "hospital", "pharmacy"):
        seated(seat, profession)
        seat.open(f"{HERE}/nouvelle")
        seat.sound()


def test_lines_are_added_and_removed_and_what_is_typed_stays(seat: Seat) -> None:
    """The total follows; a frame has no correction; the row removed is no line."""
    page, desk = seat.page, seated(seat)
    seat.open(f"{HERE}/nouvelle")
    quote(seat)
    expect(page.locator("#total")).to_contain_text("210,50")
    page.click("[data-add]")
    expect(page.locator("[data-line]:visible")).to_have_count(4)
    assert page.evaluate("document.activeElement.id") == "item_4"
    page.select_option("#item_4", "frame")
    expect(page.locator("#sphere_4")).to_be_hidden()
    page.fill("#price_4", "10")
    expect(page.locator("#total")).to_contain_text("220,50")
    page.locator("[data-line]").nth(3).locator("[data-drop]").click()
    expect(page.locator("[data-line]:visible")).to_have_count(3)
    expect(page.locator("#total")).to_contain_text("210,50")
    assert page.input_value("#price_1") == "120"
    seat.press()
    page.wait_for_selector("#reference")
    assert len(desk.asked[0].lines) == 2


def test_a_hub_that_is_away_and_a_session_that_ends_lose_nothing_but_the_session(seat: Seat) -> None:
    """The form stays whole while the hub is away; once the session is over the page says so."""
    page, made = seat.page, seat.world.doors
    seated(seat)
    seat.open(f"{HERE}/nouvelle")
    quote(seat)
    made.down = True
    try:
        seat.press()
        expect(page.locator("#said .notice")).to_be_visible()
    finally:
        made.down = False
    assert page.input_value("#member") == CARD["member"]
    made._live.clear()
    seat.press()
    page.wait_for_selector("main .panel a.main")
    assert page.locator("#quote").count() == 0


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_what_the_patient_pays_stands_beside_the_answer(seat: Seat) -> None:
    """Typed with the question by a typed or a scanned card, told on the same screen and gone from the form.

    By a presence code it is said why there is none.
    """
    page = seat.page
    seated(seat, "pharmacy")
    seat.open("/patient")
    for name, value in {**CARD, "price_1": "13,40"}.items():
        page.fill(f"#{name}", value)
    seat.press()
    expect(page.locator(".pays .rest")).to_contain_text("2")
    assert page.input_value("#price_1") == ""
    seat.sound()
    seat.world.doors.codes = {SCANNED: "covered", "AB2J04W9": "covered"}
    for ways, said in (({"scanned": SCANNED}, ".pays .rest"), ({"presence": "AB2J 04W9"}, "#answer .aside")):
        page.evaluate("document.querySelector('.other-way').open = true")
        for name, value in {**ways, "price_1": "13,40", "site_reference": "T2-0041"}.items():
            page.fill(f"#{name}", value)
        seat.press()
        page.wait_for_function("() => !document.getElementById('price_1').value")
        expect(page.locator(said).first).to_be_visible()
        assert page.input_value("#site_reference") == ""
        seat.sound()


# --- the insurer's side ---


def at_insurer(seat: Seat) -> InsurerDesk:
    """A manager of the insurer, signed in, and what the hub answers."""
    desk = InsurerDesk()
    seat.world.doors.people |= insurers_people()
    seat.world.doors.desks[:] = [desk]
    seat.signed_in(MANAGER)
    return desk


def key_file(content: bytes) -> FilePayload:
    return {"name": "opening.pem", "mimeType": "application/x-pem-file", "buffer": content}


@pytest.mark.soak
@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_every_page_of_the_insurers_desk_is_sound(seat: Seat) -> None:
    """With everything there is, and with nothing; a file agreed to once; a decision not taken, and one that was."""
    desk = at_insurer(seat)
    paths = ("demandes", "droits", f"droits/{QUARANTINED}", "garanties", "fonds", f"demandes/{CASE}")
    for path in paths:
        seat.open(f"/assureur/{path}")
        seat.sound()
    seat.page.click("form[action$=refuser] button")
    expect(seat.page.locator("#said")).to_be_focused()
    seat.sound()
    seat.page.check("input[value=insurer-refused-renewal]")
    seat.page.click("form[action$=refuser] button")
    expect(seat.page.locator(".stamp")).to_be_visible()
    seat.sound()
    seat.open(f"/assureur/droits/{QUARANTINED}")
    seat.page.click("a[href$=accord]")
    expect(seat.page.locator(".signed-lines dd").last).to_have_text("47" * 32)
    seat.sound()
    seat.page.evaluate(SENT)
    expect(seat.page.locator(".history li")).to_have_count(1)
    seat.sound()
    desk.empty = True
    for path in ("demandes", "droits", "garanties", "fonds"):
        seat.open(f"/assureur/{path}")
        seat.sound()


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_a_sealed_case_opens_in_the_page_with_the_insurers_own_key(seat: Seat) -> None:
    """Acts, the insurer's reference, the document; the key is sent and kept nowhere, and another opens nothing."""
    page, desk = seat.page, at_insurer(seat)
    sent: list[str] = []
    page.on("request", lambda made: sent.append(f"{made.method} {made.url} {made.post_data or ''}"))
    seat.open(f"/assureur/demandes/{CASE}")
    said = page.locator("#sealed-said")
    for wrong, why in ((b"no key at all", "data-key"), (InsurerDesk().pem, "data-other")):
        page.set_input_files("#opening-key", key_file(wrong))
        expect(said).to_have_text(str(page.locator("#sealed").get_attribute(why)))
    page.set_input_files("#opening-key", key_file(desk.pem))
    expect(page.locator("[data-opened] dd")).to_have_text(REFERENCE)
    expect(page.locator("[data-line='1'] [data-act]")).to_contain_text("2242457")
    expect(said).to_be_empty()
    seat.sound()
    with page.expect_download() as caught:
        page.click("[data-opened] a")
    assert caught.value.suggested_filename == "1-prescription.pdf"
    assert caught.value.path().read_bytes() == PAPER
    seat.press()
    expect(page.locator(".stamp")).to_be_visible()
    assert [(account, case) for account, case, _ in desk.decided] == [(MANAGER, CASE)]
    secret = desk.pem.decode().splitlines()[1]
    assert not [one for one in sent if secret in one or "PRIVATE" in one or REFERENCE in one]
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
