"""Days at the demo's two portals, in real browsers over the real programs.

From an invitation to money; from a quote to an insurer's desk and back; a hub that goes away over a form; what each
portal keeps from the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import Browser, Page, expect, sync_playwright

from rempart.domain.invoice import Presented
from rempart.portal.words import euros
from support.chromium import executable
from support.demo_town import DemoTown, demo_town
from support.portals import languages
from support.seats import ARGUMENTS, EXPECTED, SIZES

pytestmark = [pytest.mark.browser, pytest.mark.postgres]
WIDE, NARROW = (width for width, _ in SIZES)
SEATS = (
    ("fr", WIDE), pytest.param("en", NARROW, marks=pytest.mark.soak),
    pytest.param("fr", NARROW, marks=pytest.mark.soak), pytest.param("en", WIDE, marks=pytest.mark.soak),
)  # fmt: skip
HORIZON, LITTORAL = 0, 1
OURS = {"Sec-Fetch-Site": "same-origin"}
PAPER = b"%PDF-1.7 an invented prescription"
SECOND = 60_000  # milliseconds until the worker has decided, on a machine with much else to do


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoTown]:
    with demo_town(tmp_path_factory.mktemp("d")) as made:
        yield made


@pytest.fixture(scope="module")
def browser(town: DemoTown) -> Iterator[Browser]:
    """The distribution's Chromium, without a window; after the house, whose start runs an event loop of its own."""
    assert town.opened
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        yield opened
        opened.close()


class Walk:
    """One person's way through the pages in one language at one width; `judge` runs axe on each page that is seen."""

    def __init__(self, town: DemoTown, browser: Browser, seat: tuple[str, int], *, judge: bool) -> None:
        self.town, self.language, self.width, self.judge = town, seat[0], seat[1], judge
        self.page: Page = town.visitor(browser, self.language, self.width)
        self.texts: list[str] = []

    def say(self, french: str) -> str:
        """The text as this person reads it."""
        return languages()[self.language].catalog.gettext(french)

    def seen(self) -> None:
        """The page as it stands is in the language, as wide as the window, and sound."""
        assert self.page.evaluate("document.documentElement.lang") == self.language
        assert self.page.evaluate("document.documentElement.scrollWidth") <= self.width
        self.texts.append(self.page.content())
        if self.judge:
            found = Axe().run(self.page)
            assert found.violations_count == 0, f"{self.page.url}: {found.generate_report()}"

    def open(self, path: str, portal: int = HORIZON) -> None:
        self.page.goto(self.town.opened[portal].address + path)
        self.seen()

    def press(self) -> None:
        self.page.click("main button.main")

    def type(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"#{name}", value)

    def enrolled(self, code: str, site: str) -> None:
        """The invitation becomes a passkey, the passkey a session."""
        self.open("/invitation")
        self.type(code=code, site=site)
        self.press()
        self.page.wait_for_selector(".stamp")
        self.seen()
        self.page.wait_for_timeout(2_200)  # the hub looks every second who there is
        self.page.click("main a.main")
        self.page.wait_for_selector("form[action='/session']")
        self.seen()
        self.press()
        self.page.wait_for_selector("form[action='/session/end']")

    def leave(self) -> None:
        """Signed out; the browser is closed, and had kept nothing."""
        assert self.page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
        self.page.click("form[action='/session/end'] button")
        self.page.wait_for_url("**/session/ended")
        self.seen()
        self.page.context.close()


def card(shown: Presented) -> dict[str, str]:
    """The card as it is typed."""
    born = f"{shown.birth[6:]}/{shown.birth[4:6]}/{shown.birth[:4]}"
    return {
        "amc_number": shown.amc_number, "convention": shown.convention, "csr": shown.csr, "member": shown.member,
        "nir": shown.nir or "", "birth_date": born, "rank": shown.rank or "",
    }  # fmt: skip


def private(town: DemoTown, *more: str) -> None:
    """No number of a card that was typed is in an address, a log, the journal of disclosures, or `more`."""
    words = [word for each in town.told for word in (each.member, each.nir) if word]
    with psycopg.connect(town.house.database.url("admin")) as connection:
        rows = connection.execute("select coalesce(json_agg(d)::text, '') from rempart.disclosure d").fetchone()
    held = [*town.logs, *town.asked, str(rows), *more]
    assert words
    assert not [word for word in words for text in held if word in text]


def quiet(town: DemoTown) -> None:
    """Browsers complained of nothing but the answers that a test provoked."""
    assert [line for line in town.said if not line.startswith(EXPECTED)] == []


def second_half(town: DemoTown, account_end: str) -> str:
    """What the operator's mail brings of a code, to whom its desk named by the end of the account."""
    files = town.house.settings.paths.messages.glob(f"*{account_end.lower()}-*.json")
    (message,) = [json.loads(path.read_text("utf-8")) for path in files]
    return str(message["second_half"])


def invited_by_the_agent(town: DemoTown, browser: Browser, site: str) -> str:
    """The agent signs an invitation at its desk and reads the first half; the second comes by the mail."""
    agent = town.agents.pop()
    desk = Walk(town, browser, ("fr", WIDE), judge=False)
    desk.enrolled(agent.code, agent.site)
    desk.open(f"/bureau/invitations?site={site}")
    desk.press()
    desk.page.wait_for_selector(".signed-lines")
    desk.press()
    first = desk.page.inner_text(".account-code output")
    second = second_half(town, desk.page.inner_text(".signed-lines code"))
    assert second.replace("-", "") not in desk.page.content().replace("-", "").replace(" ", "")
    desk.leave()
    return f"{first} {second}"


@pytest.mark.parametrize(("language", "width"), SEATS)
def test_from_two_halves_of_a_code_to_the_paper_of_a_payment(
    town: DemoTown, browser: Browser, language: str, width: int
) -> None:
    """Invited, in, answered, invoiced, decided, paid, the paper in hand; money adds up, and no card is anywhere."""
    site, shown = town.site("pharmacy"), town.person("PHAR", "responsible")
    code = invited_by_the_agent(town, browser, site)
    walk = Walk(town, browser, (language, width), judge=(language, width) == SEATS[0])
    walk.enrolled(code, site)
    _answered(walk, shown)
    _decided(walk, shown, f"41{'fr en'.index(language)}{width:04}")  # another number at each seat of the one town
    town.pay()
    _paper_of_the_payment(walk, language)
    walk.leave()
    quiet(town)
    private(town, *walk.texts)
    assert town.town.broken() == {}


def _answered(walk: Walk, shown: Presented) -> None:
    walk.open("/patient")
    walk.type(**card(shown))
    walk.page.click("#card button.main")
    expect(walk.page.locator("#answer-title")).to_have_text(walk.say("Couvert"))
    expect(walk.page.locator("#accreditation")).to_have_text(re.compile(r"^([0-9A-Z]{4} ){4}[0-9A-Z]{4}$"))
    walk.seen()


def _decided(walk: Walk, shown: Presented, number: str) -> None:
    """A box of medicine, 65 % of it by the compulsory scheme."""
    walk.open("/factures/nouvelle")
    walk.type(**card(shown), number=number)
    for name, value in {"code-1": "PH7", "spent-1": "21,40", "base-1": "21,40"}.items():
        walk.page.fill(f"[id='{name}']", value)
    walk.page.click("#invoice button.main")
    expect(walk.page.locator("#stand-title")).to_have_text(walk.say("Acceptée"), timeout=SECOND)
    expect(walk.page.locator(".inv-shares")).to_contain_text(euros(7_49, walk.language))
    walk.seen()
    walk.open("/factures")
    expect(walk.page.locator(".inv-list .inv-to").first).to_have_text(number.zfill(9))


def _paper_of_the_payment(walk: Walk, language: str) -> None:
    walk.open("/paiements")
    walk.page.locator("section[aria-labelledby='paid-title'] tbody a").first.click()
    walk.page.wait_for_url("**/paiements/*-*")
    expect(walk.page.locator("main")).to_contain_text(euros(7_49, language))
    walk.seen()
    with walk.page.expect_download() as caught:
        walk.page.click("a[href$='/releve/pdf']")
    assert caught.value.path().read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(("language", "width"), [("fr", NARROW), pytest.param("en", WIDE, marks=pytest.mark.soak)])
def test_an_optician_asks_a_case_worker_decides_and_the_pair_is_invoiced(
    town: DemoTown, browser: Browser, language: str, width: int
) -> None:
    """Too much for the table alone: it waits, is opened with the insurer's key, is agreed to the cent, and is owed."""
    shown = town.person("OPTI", "scheme", town.insurer)
    shop, desk = (Walk(town, browser, (language, width), judge=language == "en") for _ in range(2))
    town.ready(shop.page, "optician", "professional")
    _asked(shop, shown)
    expect(shop.page.locator(".state.warn")).to_be_visible()
    shop.seen()
    waiting = shop.page.url
    town.ready(desk.page, "insurer", "case-worker")
    agreed = _agreed(desk, waiting.rpartition("/")[2])
    shop.page.goto(waiting)
    expect(shop.page.locator(".state.good")).to_be_visible()
    expect(shop.page.locator("main")).to_contain_text(euros(agreed, language))
    shop.seen()
    _invoiced(shop, shown)
    _until(shop, waiting, "Facturée")
    shop.leave()
    desk.leave()
    quiet(town)
    private(town, *shop.texts, *desk.texts)
    assert town.town.broken() == {}


def _asked(shop: Walk, shown: Presented) -> None:
    """Two dear lenses, their frame, a prescription."""
    shop.open("/prises-en-charge/nouvelle")
    shop.type(**card(shown), price_1="700", price_2="700", price_3="100", site_reference="DEV-41")
    shop.type(sphere_1="-2,25", cylinder_1="0,50", sphere_2="-2,50", cylinder_2="0,50")
    shop.page.set_input_files("#paper", {"name": "ordonnance.pdf", "mimeType": "application/pdf", "buffer": PAPER})
    shop.press()
    shop.page.wait_for_url(re.compile(r"/prises-en-charge/[0-9a-f-]{36}$"))


def _agreed(desk: Walk, case: str) -> int:
    """The case worker opens what is sealed, and agrees to ten euros less than the table on the first line; in cents."""
    key = desk.town.insurer.box_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    desk.open("/assureur/demandes")
    desk.page.click(f"a[href='/assureur/demandes/{case}']")
    desk.page.wait_for_selector("#opening-key")
    desk.seen()
    file = {"name": "opening.pem", "mimeType": "application/x-pem-file", "buffer": key}
    desk.page.set_input_files("#opening-key", file)  # type: ignore[arg-type]  # a payload, as Playwright documents it
    with desk.page.expect_download() as caught:
        desk.page.click("[data-opened] a")
    assert caught.value.path().read_bytes() == PAPER
    amounts = [600_00, 650_00, 40_00]
    for number, cents in enumerate(amounts, 1):
        desk.page.fill(f"#amc_{number}", f"{cents / 100:.2f}")
    desk.press()
    expect(desk.page.locator(".stamp")).to_be_visible()
    desk.seen()
    return sum(amounts)


def _invoiced(shop: Walk, shown: Presented) -> None:
    """From the agreed lines, delivered today."""
    shop.page.click("aside .main")
    shop.page.wait_for_selector("#number")
    shop.type(**card(shown), number="77", sphere_1="-2,25", cylinder_1="0,50", sphere_2="-2,50", cylinder_2="0,50")
    shop.seen()
    shop.press()
    expect(shop.page.locator(".stamp")).to_be_visible()
    shop.seen()


def _until(walk: Walk, url: str, chip: str) -> None:
    """The page once its chip says so: the worker decides beside us."""
    said = walk.page.locator(".state .chip")
    for _ in range(SECOND // 250):
        walk.page.goto(url)
        if said.inner_text() == walk.say(chip):
            return
        walk.page.wait_for_timeout(250)
    expect(said).to_have_text(walk.say(chip))


def test_while_the_hub_is_down_an_invoice_stays_as_it_was_typed(town: DemoTown, browser: Browser) -> None:
    """In English on a telephone: a calm sentence, every line still there; once the hub is back it is sent once."""
    shown, walk = town.person("PHAR", "responsible"), Walk(town, browser, ("en", NARROW), judge=True)
    town.ready(walk.page, "pharmacy", "manager")
    walk.open("/factures/nouvelle")
    typed = {"code-1": "PH7", "spent-1": "30,10", "base-1": "30,10", "number": "4201"} | card(shown)
    for name, value in typed.items():
        walk.page.fill(f"[id='{name}']", value)
    held = {name: walk.page.input_value(f"[id='{name}']") for name in typed}
    town.house.kill("hub")
    try:
        walk.page.click("#invoice button.main")
        expect(walk.page.locator("#answer")).to_contain_text(walk.say("Le service ne répond pas"))
        assert {name: walk.page.input_value(f"[id='{name}']") for name in typed} == held
        walk.seen()
    finally:
        town.house.launch("hub")
    walk.page.click("#invoice button.main")
    expect(walk.page.locator("#stand-title")).to_have_text(walk.say("Acceptée"), timeout=SECOND)
    walk.open("/factures")
    expect(walk.page.locator(".inv-list .inv-to", has_text="000004201")).to_have_count(1)
    walk.leave()
    quiet(town)
    private(town)


@pytest.mark.soak
def test_a_portal_that_is_killed_mid_form_keeps_nobody_out_in_english_either(town: DemoTown, browser: Browser) -> None:
    """Started again, the page that was open on a telephone is sent and answered."""
    walk = Walk(town, browser, ("en", NARROW), judge=False)
    town.ready(walk.page, "pharmacy", "staff")
    walk.open("/patient")
    walk.type(**card(town.person("PHAR", "responsible")))
    town.house.kill("portal-horizon")
    town.house.launch("portal-horizon")
    walk.page.click("#card button.main")
    expect(walk.page.locator("#answer-title")).to_have_text("Covered")
    walk.leave()
    quiet(town)


def test_each_portal_of_the_demo_is_its_operators_own(town: DemoTown) -> None:
    """Its name, its people's sites, its own desk; nothing of the other's, not even by an address."""
    asked = ["", ""]
    for own, here in enumerate(town.opened):
        mine, theirs = town.site("pharmacy", own), town.site("pharmacy", 1 - own)
        with signed_in(here.address, "pharmacy") as person:
            shown = card(town.person("PHAR", "responsible", town.insurer))
            asking = {**shown, "care_date": f"{town.town.country.day:%d/%m/%Y}", "domains": "PHAR"}
            answer = person.post("/patient", data=asking).text
            assert here.operator in answer
            assert town.opened[1 - own].operator not in answer
            assert mine in (grouped := re.sub(r"\s", "", answer))
            assert theirs not in grouped
            (asked[own],) = re.findall(r'<p class="code">[^<]*<code>([^<]+)', answer)
            listed = person.get("/questions").text
            assert [number in listed for number in asked if number] == [False] * own + [True]
        with signed_in(here.address, "operator") as agent:
            found = [agent.get(f"/bureau/sites/{site}").status_code for site in (mine, theirs)]
            assert found == [200, 404]


@contextmanager
def signed_in(address: str, profession: str) -> Iterator[httpx.Client]:
    """The first ready-made person of that profession, as the portal's own first page offers them."""
    offered = {"pharmacy": "Pharmacie", "operator": "Bureau de l’opérateur"}[profession]
    with httpx.Client(base_url=address.replace(urlsplit(address).hostname or "", "127.0.0.1"), headers=OURS) as made:
        first = made.get("/", headers={"Accept-Language": "fr"}).text
        person = re.search(rf'name="person" value="([^"]+)"><span><b>{offered}<', first)
        assert person is not None, first
        assert made.post("/session/demo", data={"person": person.group(1)}).status_code == 303
        yield made
