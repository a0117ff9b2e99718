"""The doors of a portal that few see, in a real browser: the demo's people, a hospital's own sign-in, what fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from rempart.client.calls import Call
from rempart.client.demo_passkey import DemoPasskey
from rempart.client.doors import SignedIn
from rempart.portal.app import BODY_MOST
from rempart.portal.demo import DemoPerson
from rempart.portal.settings import Hospital
from support.fake_doors import Person
from support.portals import ONE, SITE, doors, served
from support.seats import LANGUAGES, Seat, World, browser, seat

__all__ = ["browser", "seat"]
pytestmark = [pytest.mark.browser]
ROLES = (("pharmacy", "manager"), ("optician", "professional"), ("operator", "agent"), ("insurer", "case-worker"))


class _North(BaseHTTPRequestHandler):
    """The hospital's own host, which knows whoever comes and sends back at once."""

    def do_GET(self) -> None:
        asked = dict(parse_qsl(urlsplit(self.path).query))
        self.send_response(303)
        self.send_header("location", f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], 'code': 'good'})}")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def north() -> Iterator[str]:
    """Where that host asks people who they are."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _North) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/auth"
        server.shutdown()


@pytest.fixture(scope="module")
def world(north: str) -> Iterator[World]:
    """A portal of the demo, at which one hospital's people come in besides."""
    made = doors()
    hospital = Hospital(name="nord", label="Hôpital Nord", client_id="c", authorize=north)
    people = tuple(DemoPerson(profession, role, SITE, DemoPasskey.new()) for profession, role in ROLES)
    with served(made, hospitals=(hospital,), demo_people=people) as base:
        yield World(made, base)


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_the_demos_people_are_offered_and_one_unknown_is_told(seat: Seat) -> None:
    """Each with place and role; whose passkey the hub does not know comes back to the same page."""
    seat.open("/")
    expect(seat.page.locator(".demo button.choice")).to_have_count(len(ROLES))
    seat.sound()
    seat.page.locator(".demo button.choice").first.click()
    seat.page.wait_for_selector("main .notice:not([hidden])")
    seat.sound()


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_somebody_of_a_hospital_comes_back_signed_in(seat: Seat) -> None:
    """The hospital's own host is asked; back in the same browser, the page says for how long."""
    seat.world.doors.vouched["nord/good"] = Person("h1".ljust(16, "0"), (SITE,), role="staff")
    seat.open("/")
    seat.page.click("main a.provider")
    seat.page.wait_for_url("**/etablissement/nord/retour?*")
    seat.asked[:] = [url for url in seat.asked if not url.startswith("http://127.0.0.1:")]
    expect(seat.page.locator("main a.main")).to_have_attribute("href", "/patient")
    seat.sound()


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_what_no_page_foresaw_is_calm_too(seat: Seat) -> None:
    """A form far too big, then a fault of ours: a sentence and the way back, and nothing of what went wrong."""

    def broken(_: SignedIn, __: Call[Any]) -> object:
        raise LookupError("told to nobody")

    seat.open("/invitation")
    seat.page.evaluate(f"document.querySelector('#code').value = 'A'.repeat({2 * BODY_MOST})")
    seat.page.evaluate("document.querySelector('#code').form.submit()")
    seat.page.wait_for_selector("main a.main[href='/']")
    seat.sound()
    seat.signed_in(ONE)
    seat.world.doors.desks.append(broken)
    try:
        seat.open("/questions")
    finally:
        seat.world.doors.desks.clear()
    expect(seat.page.locator("main a.main[href='/']")).to_be_visible()
    assert "told to nobody" not in seat.page.content()
    seat.sound()
