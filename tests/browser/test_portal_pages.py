"""The portal in a real browser, with a virtual authenticator: a passkey, a question, an answer.

At two widths and in both languages: no violation of axe on any page, no other host asked, nothing left behind.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from rempart.portal import session
from support.fake_doors import Person
from support.portals import CARD, CODE, ONE, OTHER_SITE, SITE, TWO
from support.seats import COOKIE, LANGUAGES, Seat, World, browser, seat, world

__all__ = ["browser", "seat", "world"]

pytestmark = [pytest.mark.browser]
KEPT = """caches.keys().then((all) =>
  [history.length, history.state, sessionStorage.length, localStorage.length, all.length])"""
"""What a browser could keep of a page: its history with a state, both storages, caches of a worker."""


def authenticator(seat: Seat, *, verified: bool = True) -> None:
    """A platform authenticator that keeps passkeys and says that it verified its user."""
    devtools = seat.context.new_cdp_session(seat.page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": verified, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_from_invitation_to_answer_and_out(seat: Seat) -> None:
    """Passkey, sign-in, site, question, answer, out: every page is sound, and nothing typed remains."""
    page, account = seat.page, f"a{seat.language}".ljust(16, "0")
    code = ("F" if seat.language == "fr" else "E") * 16
    seat.world.doors.people[account] = Person(account, (SITE, OTHER_SITE))
    seat.world.doors.invitations[code] = (account, SITE)
    authenticator(seat)
    seat.open("/")
    seat.sound()
    page.click("main .after a")
    seat.press()  # empty: the fields say so, and no passkey is made
    expect(page.locator("#code-error")).to_be_visible()
    seat.sound()
    page.fill("#code", f"{code[:4]} {code[4:8]}-{code[8:]}".lower())
    page.fill("#site", "12 3456 782")
    seat.press()
    page.wait_for_selector(".stamp")
    seat.sound()
    page.click("main a.main")
    seat.press()
    page.wait_for_url("**/site")
    seat.sound()
    page.click(f"button.choice[value='{SITE}']")
    page.wait_for_url("**/patient")
    seat.sound()
    seat.fill(site_reference="T2-0041")
    page.check("input[value=OPTI]")
    seat.press()
    expect(page.locator("#accreditation")).to_have_text("A1B2 C3D4 E5F6 G7H8 J9K0")
    seat.sound()
    assert page.evaluate("document.activeElement.id") == "answer"
    assert [page.input_value(f"#{name}") for name in (*CARD, "site_reference")] == ["", "", "", "", "", "", "1", ""]
    assert page.url == seat.world.base + "/patient"
    kept = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert kept == [0, 0, ""]
    assert not [url for url in seat.asked if "?" in url or CARD["member"] in url]
    page.click("header .session button")
    page.wait_for_url("**/session/ended")
    seat.sound()
    page.go_back()
    page.wait_for_url(seat.world.base + "/")  # nothing was stored: the page is asked for again, and signs in anew
    assert page.locator("#card").count() == 0


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_what_is_not_well_is_sound_too(seat: Seat) -> None:
    """Faults, no, closed, away, over, absent: each is accessible; what was typed stays until it is answered."""
    page, made = seat.page, seat.world.doors
    seat.signed_in(ONE)
    seat.open("/patient")
    seat.fill(nir="285047592512399", site_reference="MARTIN 41")
    seat.press()
    expect(page.locator(".faults a")).to_have_count(2)
    page.fill("#site_reference", "")
    assert page.input_value("#member") == CARD["member"]
    assert page.get_attribute("#nir", "aria-invalid") == "true"
    seat.sound()
    seat.fill(member="99999999")
    seat.press()
    expect(page.locator(".next li")).to_have_count(3)
    assert page.input_value("#member") == ""
    seat.sound()
    for refusal in ("compartment", "site-budget"):
        made.refusal = refusal
        try:
            seat.fill()
            seat.press()
            expect(page.locator("#answer .code code")).to_have_text(refusal)
        finally:
            made.refusal = ""
        assert page.input_value("#member") == CARD["member"]
        seat.sound()
    made.down = True
    try:
        seat.press()
        expect(page.locator("#answer .code code")).to_have_text("no-answer")
        seat.sound()
    finally:
        made.down = False
    seat.press()
    page.wait_for_selector("#accreditation")  # the hub is back: what was typed was still there
    made._live.clear()
    seat.fill()
    seat.press()
    page.wait_for_selector("main .panel a.main")
    assert page.locator("#card").count() == 0
    seat.sound()
    for path in ("/nowhere", "/session/over"):
        seat.open(path)
        seat.sound()


def test_a_passkey_without_user_verification_signs_nobody_in(seat: Seat) -> None:
    """The browser itself gives none when its user is not verified; the page says so and stays usable."""
    authenticator(seat, verified=False)
    seat.open("/")
    seat.press()
    expect(seat.page.locator("#said")).to_be_visible()
    seat.sound()
    expect(seat.page.locator("button.main")).to_be_enabled()
    assert seat.page.url == seat.world.base + "/"


def test_a_code_that_is_not_known_is_told_on_the_page(seat: Seat) -> None:
    """The passkey was made, the invitation was not good: one sentence, and nothing of what was typed."""
    authenticator(seat)
    seat.open("/invitation")
    seat.page.fill("#code", CODE[::-1])
    seat.page.fill("#site", SITE)
    seat.press()
    seat.page.wait_for_selector("main .notice:not([hidden])")
    assert seat.page.input_value("#code") == ""
    seat.sound()


def held_back(page: Page) -> list[Route]:
    """Questions that are asked, each waiting to be let through or lost."""
    found: list[Route] = []
    page.route("**/patient", lambda one: found.append(one) if one.request.method == "POST" else one.fallback())
    return found


def test_a_question_is_sent_once_and_its_loss_loses_nothing(seat: Seat) -> None:
    """The button waits; a second press sends nothing; no answer is told calmly, and what was typed is asked again."""
    page = seat.page
    seat.signed_in(ONE)
    seat.open("/patient")
    before = page.evaluate(KEPT)
    waiting, button = held_back(page), page.locator("main button.main")
    seat.fill()
    seat.press()
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(button).to_have_text("La réponse arrive…")
    page.press("#nir", "Enter")
    waiting.pop().abort()
    expect(page.locator("#answer-title")).to_have_text(re.compile("n’est pas arrivée"))
    expect(page.locator("#answer")).to_be_focused()
    expect(button).not_to_have_attribute("aria-disabled", "true")
    assert page.input_value("#member") == CARD["member"]
    page.unroute("**/patient")
    seat.said.clear()  # Chromium's own word for the answer that was lost
    seat.press()
    page.wait_for_selector("#accreditation")
    assert [url for url in seat.asked if url.endswith("/patient")] == [seat.world.base + "/patient"] * 3
    assert page.evaluate(KEPT) == before == [2, None, 0, 0, 0]
    seat.sound()


HOSTILE = """<!DOCTYPE html><html><head><title>Hostile</title></head><body><header class="bar"></header>
<main id="content" tabindex="-1"><h1>Page</h1><section id="answer" tabindex="-1"><h2 id="answer-title">Hostile</h2>
<script>window.hacked = "inline"</script><script src="/static/evil.js"></script>
<img src="x" onerror="window.hacked = 'image'"><p hx-get="https://evil.test/" hx-trigger="load"></p>
<p hx-on:htmx:load="window.hacked = 'on'" hx-get="/patient" hx-trigger="load[window.hacked = 'filter']"
  hx-vals="js:{a: window.hacked = 'values'}"
  hx-select="h1"></p></section></main></body></html>"""


def test_a_hostile_answer_runs_nothing_and_asks_nobody(seat: Seat) -> None:
    """Scripts, handlers, expressions and another host in what is swapped in: none has its way, and nothing is kept."""
    page = seat.page
    seat.signed_in(ONE)
    seat.open("/patient")
    page.route(
        "**/static/evil.js", lambda one: one.fulfill(body="window.hacked = 'script'", content_type="text/javascript")
    )
    page.route(
        "**/patient",
        lambda one: (
            one.fulfill(body=HOSTILE, content_type="text/html", headers={})
            if one.request.method == "POST"
            else one.fallback()
        ),
    )
    seat.fill()
    seat.press()
    page.wait_for_selector("#answer h1")  # what htmx does at once in a new part was done
    assert page.evaluate("window.hacked") is None
    assert page.locator("#answer script").count() == 0
    assert not [url for url in seat.asked if "evil" in url]
    assert page.evaluate(KEPT) == [2, None, 0, 0, 0]


def test_the_form_is_used_by_keyboard_alone(seat: Seat) -> None:
    """The first tab skips to the content; fields come in the order of the card; Enter asks."""
    page = seat.page
    seat.signed_in(ONE)
    seat.open("/patient")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#amc_number")
    order = []
    for name in ("amc_number", "convention", "csr", "member", "nir", "birth_date", "rank", "care_date"):
        order.append(page.evaluate("document.activeElement.id"))
        if CARD.get(name):
            page.keyboard.insert_text(CARD[name])
        page.keyboard.press("Tab")
    assert order == ["amc_number", "convention", "csr", "member", "nir", "birth_date", "rank", "care_date"]
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.focus("#care_date")
    page.keyboard.press("Enter")
    page.wait_for_selector("#accreditation")


def test_what_is_typed_is_grouped_as_people_read_it(seat: Seat) -> None:
    """NIR in its groups, dates with slashes, today's civil day at the counter; the clear button empties."""
    page = seat.page
    seat.signed_in(ONE)
    seat.open("/patient")
    page.fill("#nir", "285047592512345")
    page.fill("#birth_date", "12041985")
    page.focus("#rank")
    assert page.input_value("#nir") == "2 85 04 75 925 123 45"
    assert page.input_value("#birth_date") == "12/04/1985"
    page.click("button[type=reset]")
    expect(page.locator("#nir")).to_have_value("")
    expect(page.locator("#care_date")).not_to_have_value("")


def test_the_counter_s_own_day_is_proposed(browser: Browser, world: World) -> None:
    """Guadeloupe, 31 January at 20:30: at the site it is not February yet, whatever the machine's own zone says."""
    away = "a00000000000away"
    world.doors.people[away] = Person(away, (SITE,), zone="America/Guadeloupe")
    context = browser.new_context(timezone_id="Europe/Paris", locale="fr-FR")
    page = context.new_page()
    page.clock.install(time="2027-02-01T00:30:00Z")
    found = world.doors.sign_in_as(away)
    assert not isinstance(found, session.Problem)
    context.add_cookies([{"name": COOKIE, "value": session.write(found), "url": world.base}])
    page.goto(world.base + "/patient")
    assert page.input_value("#care_date") == "31/01/2027"
    context.close()


def test_the_language_is_switched_in_place(seat: Seat) -> None:
    """One press, the same page in the other language, kept for the next."""
    seat.signed_in(TWO, SITE)
    seat.open("/patient")
    seat.page.click("button.language")
    seat.page.wait_for_selector("html[lang=en]")
    assert seat.page.url == seat.world.base + "/patient"
    assert seat.page.inner_text("h1") == "Is this patient covered?"
