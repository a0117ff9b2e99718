"""Pro Santé Connect in a real browser: to another host and back, with the cookies that this lets through.

The provider here is a page that sends back at once; what it signs is tested elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from rempart.portal.settings import Enrolment, ProSanteConnect
from rempart.wire.enrolment import EnrolmentPlace
from rempart.wire.provider import Workplace
from support.fake_doors import Person
from support.portals import OTHER_SITE, SITE, doors, served
from support.seats import LANGUAGES, Seat, World, browser, seat

__all__ = ["browser", "seat"]
pytestmark = [pytest.mark.browser]
WALLET: dict[str, str] = {"code": "", "error": ""}
"""What the provider sends back next."""


class _Wallet(BaseHTTPRequestHandler):
    """On 127.0.0.1, which is another site than the portal's localhost."""

    def do_GET(self) -> None:
        asked = dict(parse_qsl(urlsplit(self.path).query))
        told = {name: value for name, value in WALLET.items() if value} | {"state": asked.get("state", "")}
        self.send_response(303 if "redirect_uri" in asked else 404)
        self.send_header("location", f"{asked.get('redirect_uri', '')}?{urlencode(told)}")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A portal that has opened it, and a provider that knows everybody."""
    server = HTTPServer(("127.0.0.1", 0), _Wallet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    made = doors()
    made.workplaces = {SITE: Workplace(SITE, "PHARMACIE DE LA GARE INVENTEE", "21", "L")}
    authorize = f"http://127.0.0.1:{server.server_address[1]}/auth"
    key = Enrolment(key="A" * 42 + "E")
    with served(made, ProSanteConnect(client_id="rempart-horizon", authorize=authorize), enrolment=key) as base:
        yield World(made, base)
    server.shutdown()
    server.server_close()
    thread.join(30)


def identify(seat: Seat, code: str = "", error: str = "") -> None:
    """From the sign-in page by its second button; what was asked of the provider's host is as it should be."""
    WALLET.update(code=code, error=error)
    seat.open("/")
    seat.page.click("main a.provider")
    seat.page.wait_for_url("**/pro-sante-connect/retour?*")
    seat.asked[:] = [url for url in seat.asked if not url.startswith("http://127.0.0.1:")]


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_to_the_provider_and_back_to_a_site(seat: Seat) -> None:
    """The first cookie comes back from elsewhere, the session's goes along from our page."""
    account, code = f"p{seat.language}".ljust(16, "0"), f"code-{seat.language}"
    seat.world.doors.vouched[code] = Person(account, (SITE, OTHER_SITE))
    seat.open("/")
    seat.sound()
    identify(seat, code)
    expect(seat.page.locator("button.choice")).to_have_count(2)
    expect(seat.page.get_by_text("PHARMACIE DE LA GARE INVENTEE")).to_be_visible()
    seat.sound()
    seat.page.click(f"button.choice[value='{SITE}']")
    seat.page.wait_for_url("**/patient")
    names = {cookie["name"] for cookie in seat.context.cookies()}
    assert "rempart-unsafe-http" in names
    assert "rempart-unsafe-http-psc" not in names


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_every_no_is_a_page(seat: Seat) -> None:
    """Given up there, not linked, not accepted, an address of another browser's: calm, and the way back."""
    identify(seat, error="access_denied")
    seat.sound()
    for code in ("link-unknown", "provider-nonce", "provider-key-unknown"):
        seat.world.doors.vouched[code] = code
        identify(seat, code)
        expect(seat.page.locator("main code")).to_have_text(code)
        seat.sound()
    seat.open("/pro-sante-connect/retour?code=theirs&state=theirs")
    expect(seat.page.locator("main code")).to_have_text("provider-state")
    seat.page.click("main a.main")
    expect(seat.page.locator("main a.provider")).to_be_visible()


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_somebody_joins(seat: Seat) -> None:
    """Explained, identified, a place, a document with its faults told, waiting; and each way it may end."""
    joins, code = seat.world.doors.joins, f"join-{seat.language}"
    joins.state = None
    joins.vouched[code] = (
        EnrolmentPlace("990000002", "PHARMACIE DE LA GARE INVENTEE", "21", "L"), EnrolmentPlace("", "", "60", "S"),
    )  # fmt: skip
    WALLET.update(code=code, error="")
    seat.open("/")
    seat.page.click(".after a[href='/rejoindre']")
    seat.sound()
    seat.page.click("main a.provider")
    seat.page.wait_for_url("**/pro-sante-connect/retour?*")
    seat.asked[:] = [url for url in seat.asked if not url.startswith("http://127.0.0.1:")]
    expect(seat.page.locator("input[type=radio]")).to_have_count(2)
    seat.sound()
    seat.page.fill("#site", "990 000 002")
    seat.press()
    seat.page.wait_for_url("**/rejoindre/demande")
    seat.sound()
    seat.press()
    expect(seat.page.locator("[aria-invalid=true]")).to_have_count(3)
    seat.sound()
    seat.page.fill("#holder", "PHARMACIE INVENTEE")
    seat.page.fill("#iban", "FR76 3000 6000 0112 3456 7890 189")
    file = {"name": "releve.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 of nobody"}
    seat.page.set_input_files("#document", file)  # type: ignore[arg-type]  # a payload, as Playwright documents it
    seat.press()
    seat.page.wait_for_url("**/rejoindre/demande")
    assert len(joins.sealed) > 0
    seat.sound()
    for state in ("documents", "approved", "refused"):
        joins.told(state=state, reason="unreadable" if state == "documents" else "")
        seat.open("/rejoindre/demande")
        seat.sound()
    seat.context.clear_cookies(name="rempart-unsafe-http-join")
    seat.open("/rejoindre/demande")
    expect(seat.page.locator("main code")).to_have_text("ticket-over")
    seat.sound()
