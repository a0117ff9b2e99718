"""A shared workstation in a real browser: its keys stay there, two people change places by their PINs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
from playwright.sync_api import expect

from rempart.portal import session
from rempart.wire.own_site import OwnMember
from support.fake_account import FakeAccount, account
from support.fake_counter import LOCUM, FakeCounter
from support.fake_doors import Person
from support.portals import ONE, SITE, TWO, doors, served
from support.seats import COOKIE, LANGUAGES, Seat, World, browser, seat

__all__ = ["browser", "seat"]
pytestmark = [pytest.mark.browser]
OPTIONS = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip
EVERYTHING_KEPT = """async () => {
  const asked = indexedDB.open("rempart-station", 1);
  const opened = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  const store = opened.transaction("own").objectStore("own");
  const keys = await new Promise((done) => { store.get("keys").onsuccess = (e) => done(e.target.result); });
  try { await crypto.subtle.exportKey("pkcs8", keys.sign.privateKey); return "told"; } catch { }
  try { await crypto.subtle.exportKey("raw", keys.secret); return "told"; } catch { return "kept"; }
}"""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A portal whose first person is a site's manager."""
    made = doors()
    made.people[ONE] = replace(made.people[ONE], role="manager")
    with served(made) as base:
        yield World(made, base)


@pytest.fixture
def counter(world: World) -> Iterator[FakeCounter]:
    """Workstations and locums behind the doors, fresh for each test."""
    locum = OwnMember(LOCUM, "account", "professional", "2026-11-20", "2026-12-04", delegated=True)
    made = FakeCounter(world.doors, members=[locum])
    yield made
    world.doors.desks.clear()


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_two_people_share_a_workstation(seat: Seat, counter: FakeCounter) -> None:
    """Enrolled with a passkey, two seats, a wrong PIN, the right one; every page on the way is sound."""
    page, own = seat.page, account()
    seat.world.doors.desks.append(own)
    seat.signed_in(ONE)
    seat.open("/comptoir")
    expect(page.locator("#no-station")).to_be_visible()
    seat.sound()
    who = _enrolled(seat, own)
    seat.open("/site-et-equipe/postes")
    expect(page.locator("form[data-station] button.main")).to_be_enabled()
    seat.sound()
    page.click("form[data-station] button.main")
    expect(page.locator("[data-enrolled]")).to_be_visible()
    seat.sound()
    assert page.evaluate(EVERYTHING_KEPT) == "kept"
    seat.open("/comptoir")
    expect(page.locator("#nobody")).to_be_visible()
    for person, label, pin in ((who, "cl", "258013"), (TWO, "md", "9753")):
        seat.signed_in(person, SITE)
        seat.open("/comptoir/code")
        for name, value in (("label", label), ("pin", pin), ("again", pin)):
            page.fill(f"#{name}", value)
        seat.sound()
        seat.press()
        page.wait_for_url("**/patient")
    seat.open("/comptoir")
    page.click(".counter-people label:nth-child(1)")
    page.fill("#pin", "111111")
    seat.press()
    expect(page.locator("#said")).to_be_visible()
    seat.sound()
    page.fill("#pin", "258013")
    seat.press()
    page.wait_for_url("**/patient")
    (cookie,) = [each["value"] for each in seat.context.cookies() if each["name"] == COOKIE]
    now = session.read(cookie)
    assert now is not None
    assert (now.account, now.site) == (who, SITE)
    assert all(pin not in url for url in seat.asked for pin in ("258013", "9753", "111111"))


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_the_pages_of_locums_are_sound(seat: Seat, counter: FakeCounter) -> None:
    """The list with its question open, what is amiss in the form, one's own number."""
    page = seat.page
    seat.world.doors.desks.append(account())
    seat.signed_in(ONE)
    seat.open("/site-et-equipe/remplacements")
    page.click("details.account-sure summary")
    page.fill("#account", "x")
    page.click("form.locum-new button.main")
    expect(page.locator("#account-error")).to_be_visible()
    seat.sound()
    seat.open("/compte/remplacement")
    seat.sound()
    assert counter.told == []


def _enrolled(seat: Seat, own: FakeAccount) -> str:
    """A manager with a passkey of this browser, signed in by it; the account lists it alone."""
    devtools = seat.context.new_cdp_session(seat.page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})
    who, code = f"a0000000000{seat.language}00", ("D" if seat.language == "fr" else "E") * 16
    seat.world.doors.people[who] = Person(who, (SITE,), role="manager")
    seat.world.doors.invitations[code] = (who, SITE)
    seat.open("/invitation")
    seat.page.fill("#code", code)
    seat.page.fill("#site", SITE)
    seat.press()
    seat.page.wait_for_selector(".stamp")
    name = next(name for name, each in seat.world.doors._passkeys.items() if each.account == who)
    own.passkeys[:] = [msgspec.structs.replace(own.passkeys[0], credential=name)]
    seat.signed_in(who)
    return who
