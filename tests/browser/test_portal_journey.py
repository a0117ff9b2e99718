"""From an invitation to an answer in a real browser, through the real programs; and when one of them dies meanwhile."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import uuid4

import msgspec
import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from typer.testing import CliRunner

from rempart.bench import doors, sandbox
from rempart.bench.world import OPERATOR
from rempart.bootstrap.bank_details import activate_ripe, changing
from rempart.bootstrap.house import House, free_ports
from rempart.bootstrap.pay import payer, terms
from rempart.cli import payee
from rempart.client.sandbox import CARDS, invoice
from rempart.domain import accounts
from rempart.formats import b2, invoice_json
from rempart.ground.instants import MICROSECONDS, PARIS, civil_date, now
from rempart.simulation.country import Country
from rempart.simulation.insurers import Insurer
from rempart.simulation.sites import invented_iban
from rempart.storage.compartments import Shutting, open_again, shut
from support import insurer_codes
from support.chromium import executable
from support.ready import ready

pytestmark = [pytest.mark.browser, pytest.mark.postgres]
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
SIZES = ((1280, 900), (390, 844))
PORTAL = f"portal-{OPERATOR}"
CARD = next(card for card in CARDS if card.answer == "covered" and card.domain == "PHAR")
PASSKEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@dataclass
class Town:
    """A running sandbox with a portal, and people invited to its pharmacy."""

    house: House
    url: str
    guests: list[doors.Guest]
    nurse: doors.Guest  # of a solo practice
    insurer: Insurer  # of CARD
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def visitor(self, browser: Browser, size: tuple[int, int]) -> Page:
        """Somebody's browser, with an authenticator that asks for a finger and gets it."""
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="fr-FR")
        page = context.new_page()
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        session = context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": PASSKEY})
        return page

    def signed_in(self, browser: Browser, size: tuple[int, int]) -> Page:
        """An invited person, enrolled and in front of the patient's form."""
        guest, page = self.guests.pop(), self.visitor(browser, size)
        page.goto(f"{self.url}/invitation")
        page.fill("[name=code]", guest.code)
        page.fill("[name=site]", guest.site)
        page.click("button.main")
        page.wait_for_selector("a[href='/']")
        time.sleep(2.2)  # the hub looks every second who there is
        page.goto(self.url)
        page.click("button.main")
        page.wait_for_url(f"{self.url}/patient")
        return page


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("p")
    day: date = civil_date(now(), PARIS)
    with House(ready(folder / "h"), sandbox.options(free_ports(1)[0])) as house:
        starts = sandbox.Sandbox(house, day).start(folder / "s")
        site = next(start.site for start in starts if start.profession == "pharmacy")
        nurse = next(start.site for start in starts if start.profession == "nurse")
        url = doors.open_portal(house, doors.Brand(OPERATOR, "Horizon Tiers payant", "#0b5c55"))
        alone = doors.invite(house, OPERATOR, nurse, "nurse")
        country = Country(sandbox.SEED, sandbox.PEOPLE, day=day, insurers=sandbox.INSURERS)
        guests = [doors.invite(house, OPERATOR, site, "pharmacy") for _ in range(8)]
        insurer = next(each for each in country.insurers if each.number == CARD.amc_number)
        insurer_codes.register(house, insurer)
        yield Town(house, url, guests, alone, insurer)


@pytest.fixture(scope="module")
def browser(town: Town) -> Iterator[Browser]:
    """The distribution's Chromium, without a window; after the house, whose start runs an event loop of its own."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        yield opened
        opened.close()


def _typed(page: Page) -> None:
    page.fill("[name=amc_number]", CARD.amc_number)
    page.fill("[name=member]", CARD.member)
    page.fill("[name=nir]", CARD.nir or "")
    page.fill("[name=birth_date]", "/".join(reversed(CARD.birth_date.split("-"))))
    page.fill("[name=rank]", CARD.rank)


def _asked(page: Page) -> None:
    _typed(page)
    page.click("#card button.main")


@pytest.mark.parametrize("size", SIZES)
def test_from_invitation_to_answer_and_out(town: Town, browser: Browser, size: tuple[int, int]) -> None:
    """Covered, with an accreditation; the form is empty again; nothing of the card is where it could be found later."""
    page = town.signed_in(browser, size)
    _asked(page)
    expect(page.locator("#answer-title")).to_have_text("Couvert")
    expect(page.locator("#accreditation")).to_have_text(_NUMBER)
    assert page.input_value("[name=nir]") == page.input_value("[name=member]") == ""
    widths: list[int] = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]
    _told_of_itself(town, page)
    _nothing_of_the_card(town, page)
    page.get_by_role("button", name="Se déconnecter").or_(page.get_by_role("link", name="Se déconnecter")).click()
    page.goto(f"{town.url}/patient")
    expect(page.locator("[name=nir]")).to_have_count(0)
    assert not town.said
    page.context.close()


def _told_of_itself(town: Town, page: Page) -> None:
    """The question just asked is among the site's own, by this person, in this hour; nothing is paid yet."""
    number = page.locator("#answer .code code").inner_text()
    page.goto(f"{town.url}/questions")
    row = page.locator("tbody tr", has=page.get_by_text(number, exact=True))
    expect(row.locator("td").nth(2)).to_have_text("Vous")
    page.goto(f"{town.url}/site-et-equipe")
    mine = page.locator("section").first.locator("tbody tr", has=page.get_by_text("Vous", exact=True))
    expect(mine.locator("td").last).to_have_text("1")
    page.goto(f"{town.url}/paiements")
    expect(page.get_by_text("Aucun virement pour le moment")).to_be_visible()


_NUMBER = re.compile(r"^([0-9A-Z]{4} ){4}[0-9A-Z]{4}$")


def _nothing_of_the_card(town: Town, page: Page) -> None:
    told = [CARD.member, CARD.nir or "", CARD.birth_date]
    held = [page.content(), str(page.context.cookies()), *town.asked, *page.evaluate(_KEPT)]
    held += [(town.house.folder / f"{name}.log").read_text("utf-8") for name in (PORTAL, "hub", "keeper")]
    assert not [word for word in told for text in held if word and word in text]
    with psycopg.connect(town.house.database.url("admin")) as connection:
        (rows,) = connection.execute("select json_agg(d)::text from rempart.disclosure d").fetchall()
    assert not [word for word in told if word and word in rows[0]]


_KEPT = "[JSON.stringify(localStorage), JSON.stringify(sessionStorage), JSON.stringify(history.state), document.title]"


def test_a_signed_card_is_answered_with_its_reason(town: Town, browser: Browser) -> None:
    """A reader at the counter types what it scans: covered, or since when no more, which a typed card is not told."""
    page = town.signed_in(browser, SIZES[0])
    codes = json.loads((town.house.folder.parent / "s" / "codes.json").read_text("utf-8"))
    for name, said in (("covered", "Couvert"), ("closed-typed", "Droits fermés")):
        page.fill("[name=scanned]", codes[name])
        page.press("[name=scanned]", "Enter")
        expect(page.locator("#answer-title")).to_have_text(said)
        expect(page.locator("[name=scanned]")).to_have_value("")
    altered = codes["covered"][:-3] + ("000" if codes["covered"][-3:] != "000" else "100")
    page.fill("[name=scanned]", altered)
    page.press("[name=scanned]", "Enter")
    expect(page.locator("#answer .code code")).to_have_text("card-signature")
    with psycopg.connect(town.house.database.url("admin")) as connection:
        rows = connection.execute(
            "select outcome, template from rempart.disclosure where evidence = 'card' order by instant"
        ).fetchall()
    assert rows[-1:] == [("closed", "eligibility-closed/1")]
    assert not [line for line in town.said if not line.startswith("Failed to load resource")]
    town.said.clear()  # Chromium's own word for the refusal that was provoked
    page.context.close()


def test_a_forgotten_card_is_answered_by_the_member_s_code(town: Town, browser: Browser) -> None:
    """The member reads out what its insurer gave: covered, once; nothing else is typed, and nothing of it stays."""
    born = CARD.birth_date.replace("-", "")[2:]
    code = insurer_codes.code_for(town.house, town.insurer, CARD.member, CARD.nir or "", born, CARD.rank)
    page = town.signed_in(browser, SIZES[1])
    page.click(".other-way summary")
    page.fill("#presence", code.lower())
    page.press("#presence", "Enter")
    expect(page.locator("#answer-title")).to_have_text("Couvert")
    expect(page.locator("#accreditation")).to_have_text(_NUMBER)
    expect(page.locator("#presence")).to_have_value("")
    page.fill("#presence", code)
    page.press("#presence", "Enter")
    expect(page.locator("#answer-title")).to_have_text("Non confirmé")
    expect(page.locator("#answer")).to_contain_text("Un code sert une seule fois")
    _nothing_of_the_card(town, page)
    logs = [(town.house.folder / f"{name}.log").read_text("utf-8") for name in (PORTAL, "hub", "keeper")]
    assert not [text for text in (*logs, *town.asked) if code.replace(" ", "") in text.upper()]
    assert not town.said
    page.context.close()


def test_an_invoice_and_a_file_are_sent_and_seen_decided(town: Town, browser: Browser) -> None:
    """Typed in the portal and sealed to the keeper, then as a B2 file: decided by the worker, listed, cancelled."""
    page = town.signed_in(browser, SIZES[0])
    today = civil_date(now(), PARIS)
    page.goto(f"{town.url}/factures/nouvelle")
    _typed(page)
    line = {"number": "4101", "code-1": "PH7", "spent-1": "21,40", "base-1": "21,40"}
    for name, value in line.items():
        page.fill(f"[id='{name}']", value)
    page.click("#invoice button.main")
    expect(page.locator("#stand-title")).to_have_text("Acceptée", timeout=60_000)
    expect(page.locator(".inv-shares")).to_contain_text("7,49")
    page.goto(f"{town.url}/factures/fichier")
    content = _b2(page.locator(".at b").inner_text().replace("\u00a0", "").replace(" ", ""), today)
    page.set_input_files("#file", {"name": "b2.txt", "mimeType": "text/plain", "buffer": content})
    page.click("#upload button.main")
    expect(page.locator("#stand-title")).to_have_text("Traité, avec des points à revoir", timeout=60_000)
    page.goto(f"{town.url}/factures")
    expect(page.locator(".inv-list .inv-to")).to_have_text(["000004103", "000004102", "000004101"])
    expect(page.locator(".inv-list .chip")).to_have_text(["Rejetée", "Acceptée", "Acceptée"])
    page.click(".inv-list .inv-to >> nth=1")
    page.click(".inv-sure summary")
    page.click(".inv-sure button.main")
    expect(page.locator("#stand-title")).to_contain_text("Annulée")
    _nothing_of_the_card(town, page)
    assert not town.said
    page.context.close()


def _b2(site: str, day: date) -> bytes:
    """A file of two invoices of that site: one sound, one whose shares contradict its rate."""
    body = msgspec.json.encode(
        {"invoices": [invoice(CARD, "000004102", day), invoice(CARD, "000004103", day, contradicts=True)]}
    )
    read = invoice_json.read(body, site)
    assert isinstance(read, tuple)
    taken = [one.invoice for one in read if isinstance(one, invoice_json.Taken)]
    return b"".join(b2.write(b2.Envelope(site, "REMPART", "P1", day), b2.lots_of(taken, day)))


def test_a_portal_that_is_killed_mid_form_keeps_nobody_out(town: Town, browser: Browser) -> None:
    """It holds no session: started again, the same page is sent and answered."""
    page = town.signed_in(browser, SIZES[0])
    _typed(page)
    town.house.kill(PORTAL)
    town.house.launch(PORTAL)
    page.click("#card button.main")
    expect(page.locator("#answer-title")).to_have_text("Couvert")
    page.context.close()


def test_a_closed_portal_says_why_and_until_when_and_opens_again(town: Town, browser: Browser) -> None:
    """The public sentence, the expected opening and the stand-in rule; opened by two people, the same page answers."""
    page = town.signed_in(browser, SIZES[1])
    name, ends = f"portal:{OPERATOR}", now() + 7_200 * MICROSECONDS
    with psycopg.connect(town.house.settings.database.worker_url, autocommit=True) as connection:
        assert shut(connection, Shutting(name, "closed", "attack", "anne", ends), now()) is None
        try:
            _until(page, "attaque")
            expect(page.locator("#answer-title")).to_have_text("Ce service est fermé pour le moment")
            expect(page.get_by_text("Réouverture prévue")).to_be_visible()
            expect(page.get_by_text("règle de remplacement").first).to_be_visible()
            found = Axe().run(page)
            assert found.violations_count == 0, found.generate_report()
        finally:
            for officer in ("anne", "bruno"):
                open_again(connection, name, officer, now())
    _until(page, "Couvert")
    page.context.close()


def _until(page: Page, text: str) -> None:
    """Asks until the answer says so: the hub's memory of what is closed follows the database."""
    end = time.monotonic() + 30
    while True:
        _asked(page)
        page.wait_for_load_state()
        expect(page.locator("#answer-title")).not_to_be_empty()
        if text in page.locator("#answer").inner_text():
            return
        assert time.monotonic() < end, page.locator("#answer").inner_text()


def test_while_the_hub_is_down_the_page_is_calm_and_afterwards_it_answers(town: Town, browser: Browser) -> None:
    """A sentence and what to do, no trace; the person is still signed in when the hub is back."""
    page = town.signed_in(browser, SIZES[0])
    town.house.kill("hub")
    try:
        _asked(page)
        expect(page.locator("body")).to_contain_text("Le service ne répond pas")
        assert "Traceback" not in page.content()
    finally:
        town.house.launch("hub")
    page.goto(f"{town.url}/patient")
    _asked(page)
    expect(page.locator("#answer-title")).to_have_text("Couvert")
    page.context.close()


def test_a_solo_nurse_changes_bank(town: Town, browser: Browser) -> None:
    """She signs it as shown, the operator calls back and approves, 72 hours pass: then it is paid, not before."""
    account, settings = invented_iban(2_000_077), town.house.settings
    town.said.clear()  # of a test in which the hub was down
    town.guests.append(town.nurse)
    page = town.signed_in(browser, SIZES[1])
    page.goto(f"{town.url}/site-et-equipe")
    page.get_by_role("link", name="Voir ou changer le compte").click()
    page.fill("#name", "Cabinet infirmier Dupré")
    for name in ("#iban", "#again"):
        page.fill(name, " ".join(account[start : start + 4] for start in range(0, len(account), 4)))
    page.click("main button.main")
    expect(page.locator(".signed-lines .iban")).to_have_text(account)
    expect(page.locator(".signed-lines")).to_contain_text("Cabinet infirmier Dupre")
    page.click("main button.main")
    expect(page.get_by_text("Votre opérateur vous rappelle au numéro")).to_be_visible()
    assert account not in page.content()
    waiting = re.search(r"/compte/([0-9a-f-]{36})/arreter", page.content())
    assert waiting is not None
    approved = CliRunner().invoke(payee.app, [
        "approve", waiting.group(1), "--by", "agent-7", "--called-back", "Mme Dupré", "--because", "RIB D-9",
        "--config", str(town.house.config),
    ])  # fmt: skip
    assert approved.exit_code == 0, approved.output
    page.reload()
    expect(page.locator(".bank-steps .now")).to_contain_text("72 heures d’attente")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    _owed(town, 1)
    assert (_paid_to(town, account, days=0), _activated(town, days=2)) == (0, 0)
    assert _activated(town, days=3) == 1
    _owed(town, 2)
    assert _paid_to(town, account, days=4) == 1
    with psycopg.connect(town.house.database.url("admin")) as connection:
        kept = connection.execute("select array_agg(c::text) from rempart.bank_change c").fetchone()
    told = [str(kept), *((town.house.folder / f"{name}.log").read_text("utf-8") for name in (PORTAL, "hub", "keeper"))]
    assert not [text for text in told if account in text]
    assert settings.payment.output.exists()
    assert not town.said
    page.context.close()


def _later(days: int) -> int:
    return now() + days * 86_400 * MICROSECONDS + MICROSECONDS


def _activated(town: Town, *, days: int) -> int:
    """What the worker does each minute, so many days from now."""
    with changing(town.house.settings) as (details, books):
        return activate_ripe(details, books, _later(days))


def _paid_to(town: Town, account: str, *, days: int) -> int:
    """Pays what is due, so many days from now: in how many of the new bank files the account stands."""
    settings, instant = town.house.settings, _later(days)
    with payer(settings) as paying:
        written = paying.run(terms(settings, civil_date(instant, PARIS), instant), instant).written
    assert written
    files = [settings.payment.output / one.name for one in written]
    return sum(account.encode() in file.read_bytes() for file in files)


def _owed(town: Town, number: int) -> None:
    """One decided invoice of the nurse's with its transfer, as the decision writes them."""
    invoice, instant = uuid4(), now() - 5
    lines = [(1, "AUXM", 5_000, 2_000, 1_000, 2_000, "", [("rule", 1_000)], 0)]
    with psycopg.connect(town.house.database.url("admin")) as connection:
        (insurer,) = connection.execute("select min(insurer) from rempart.insurer").fetchone() or ("",)
        connection.execute(
            "insert into rempart.invoice (invoice, site, number, client, inbound, position, insurer, mode, state, "
            "reason, live, received, decided, care_day, spent, amo, amc, patient, site_reference) values (%s, %s, %s, "
            "'client', %s, 1, %s, 'real', 'accepted', '', true, %s, %s, 20000, 5000, 2000, 1000, 2000, '')",
            (invoice, town.nurse.site, f"{number:09d}", uuid4(), insurer, instant - 5, instant),
        )
        connection.execute(
            "insert into rempart.decision (invoice, outcome, reason, lines, instant) "
            "values (%s, 'accepted', '', %s, %s)",
            (invoice, msgspec.msgpack.encode(lines), instant),
        )
        connection.execute(
            "insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
            "values (%s, %s, 1000, 'decision', %s, %s)",
            (accounts.owed(OPERATOR, insurer), accounts.due(OPERATOR, town.nurse.site), invoice, instant),
        )


def test_nothing_but_the_portal_is_asked(town: Town) -> None:
    """No other host in all that the browsers fetched above."""
    assert town.asked
    assert {path.startswith(town.url + "/") or path == town.url for path in town.asked} == {True}
    assert Path(town.house.folder / f"{PORTAL}.log").exists()
