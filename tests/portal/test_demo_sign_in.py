"""The demo's ready-made people: an ordinary sign-in with a passkey in software, which production never offers."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import msgspec
import pytest

from rempart.client.demo_passkey import DemoPasskey
from rempart.client.doors import Challenge, Enrolled
from rempart.ground.files import SecretRefused, write_whole
from rempart.portal import demo
from rempart.portal.app import application
from rempart.portal.demo import DemoPerson
from rempart.portal.port import Portal
from rempart.portal.settings import Settings, parse
from support.fake_doors import FakeDoors
from support.portals import CODE, ONE, SITE, Asker, doors, languages

PLAIN = """
production = false
unsafe_plain_http = true
unsafe_clear_identities = true
public_origin = "http://horizon.localhost:8481"
hub = "http://127.0.0.1:8470"
unsafe_demo_people = "people.json"
[operator]
id = "horizon"
name = "Horizon"
telephone = "01"
"""


def enrolled(made: FakeDoors, origin: str) -> DemoPerson:
    """Somebody of the demo, whose passkey the doors know."""
    made.rp_id, made.origin = origin.partition("//")[2].partition(":")[0], origin
    passkey = DemoPasskey.new()

    async def enrol() -> Enrolled:
        challenge = await made.challenge("enrol")
        assert isinstance(challenge, Challenge)
        told = passkey.register(challenge.challenge, challenge.rp_id, origin)
        found = await made.enrol(CODE, SITE, challenge.challenge, told)
        assert isinstance(found, Enrolled), found
        return found

    asyncio.run(enrol())
    return DemoPerson("pharmacy", "manager", SITE, passkey)


class Demo(Asker):
    """The portal of a demo with one ready-made person."""

    def __post_init__(self) -> None:
        self.person = enrolled(self.doors, self.origin)
        self.app = application(Portal(self.settings, self.doors, self.doors.clock, languages(), (self.person,)))


def test_one_press_signs_in_as_the_person_chosen() -> None:
    """The doors verified the passkey; the session is the person's own."""
    asker = Demo(doors())
    page = asker.get("/").text
    assert "Démonstration" in page
    assert "Pharmacie" in page
    answer = asker.post("/session/demo", {"person": asker.person.passkey.credential})
    assert (answer.status_code, answer.headers["location"]) == (303, "/patient")
    held = asker.held()
    assert held is not None
    assert (held.account, held.site) == (ONE, SITE)


def test_nobody_else_is_offered() -> None:
    """A passkey that is not in the file signs nobody in."""
    asker = Demo(doors())
    answer = asker.post("/session/demo", {"person": DemoPasskey.new().credential})
    assert answer.status_code == 422
    assert asker.held() is None


def test_a_key_that_is_not_the_persons_is_refused() -> None:
    """The portal's file gives no more than a passkey does: the doors verify the signature."""
    asker = Demo(doors())
    forged = DemoPasskey(asker.person.passkey.credential, DemoPasskey.new().key)
    person = msgspec.structs.replace(asker.person, passkey=forged)
    asker.app = application(Portal(asker.settings, asker.doors, asker.doors.clock, languages(), (person,)))
    assert asker.post("/session/demo", {"person": forged.credential}).status_code == 422
    assert asker.held() is None


def test_another_site_cannot_press_for_somebody() -> None:
    """As every POST: only from one of our own pages."""
    asker = Demo(doors())
    told = {"person": asker.person.passkey.credential}
    assert asker.post("/session/demo", told, sec_fetch_site="cross-site").status_code == 403
    assert asker.held() is None


def test_an_ordinary_portal_has_no_such_page() -> None:
    """Neither the choice nor its address."""
    asker = Asker(doors())
    assert "Démonstration" not in asker.get("/").text
    assert asker.post("/session/demo", {"person": "x"}).status_code in {404, 405}


def test_production_refuses_demo_people() -> None:
    """A start with them says which option to remove; without production they are read."""
    assert isinstance(parse(PLAIN, Path("/nowhere")), Settings)
    faults = parse(PLAIN.replace("production = false", "production = true"), Path("/nowhere"))
    assert isinstance(faults, tuple)
    assert "unsafe_demo_people" in {fault.key for fault in faults}


def test_the_file_is_read_only_when_nobody_else_can(tmp_path: Path) -> None:
    """Mode 0600, and nothing but people in it."""
    path = tmp_path / "people.json"
    person = DemoPerson("nurse", "professional", SITE, DemoPasskey.new())
    write_whole(path, msgspec.json.encode([person]))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert demo.read(path) == (person,)
    path.chmod(0o644)
    assert isinstance(demo.read(path), SecretRefused)
    path.chmod(0o600)
    path.write_text("{}")
    found = demo.read(path)
    assert isinstance(found, SecretRefused)
    assert found.code == "secret-malformed"


def test_the_key_is_never_shown() -> None:
    """Not in what a fault would log."""
    person = DemoPerson("nurse", "professional", SITE, DemoPasskey.new())
    assert person.passkey.key not in repr(person)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_says_it_is_a_demonstration_in_both_languages(language: str) -> None:
    """On the sign-in page and behind it."""
    asker = Demo(doors())
    asker.cookies["rempart-language" if not asker.settings.secure else "__Host-rempart-language"] = language
    asker.post("/session/demo", {"person": asker.person.passkey.credential})
    told = languages()[language].say("Démonstration : patients, sites et sommes inventés")
    assert told in asker.get("/patient").text
