"""Somebody in front of a portal in a real browser: a page that is looked at in both widths, by axe and for strangers.

A module of tests imports the fixtures `world`, `browser` and `seat`; one that needs other doors makes its own `world`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from rempart.portal import session
from support import judged
from support.chromium import executable
from support.fake_doors import FakeDoors
from support.portals import CARD, doors, served

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
SIZES = ((1280, 900), (390, 844))
LANGUAGES = ("fr", pytest.param("en", marks=pytest.mark.soak))
"""Each page in both; the second in `make soak`, for a browser's pages are a third of the suite's processor time."""
COOKIE = "rempart-unsafe-http"
VIOLATIONS = """window.violations = [];
addEventListener("securitypolicyviolation", (one) => violations.push(`${one.violatedDirective} ${one.blockedURI}`));"""
"""What the page's own content policy refused it, as a list that `sound` finds empty."""
EXPECTED = ("Failed to load resource: the server responded with a status of",)
"""What Chromium writes on its console for the refusals that these tests provoke."""


@dataclass
class World:
    """The portal served, and its doors."""

    doors: FakeDoors
    base: str


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One portal for the module; tests that spend something add their own."""
    made = doors()
    with served(made) as base:
        yield World(made, base)


@pytest.fixture(scope="module")
def browser(world: World) -> Iterator[Browser]:
    """The distribution's Chromium, without a window; after the portal, whose start runs an event loop of its own."""
    assert world.base
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        yield opened
        opened.close()


@dataclass
class Seat:
    """Somebody at a screen."""

    world: World
    context: BrowserContext
    page: Page
    language: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.world.base + path)

    def press(self) -> None:
        self.page.click("main button.main")

    def fill(self, **others: str) -> None:
        for name, value in {**CARD, **others}.items():
            self.page.fill(f"#{name}", value)

    def signed_in(self, account: str, site: str = "") -> None:
        found = self.world.doors.sign_in_as(account, site)
        assert not isinstance(found, session.Problem)
        self.context.add_cookies([{"name": COOKIE, "value": session.write(found), "url": self.world.base}])

    def sound(self) -> None:
        """The page as it stands: accessible, nothing sideways; its language, one host, no complaint.

        Both widths are looked at; axe runs at one of them, the narrow one in French and the wide one in English.
        """
        for width, height in SIZES:
            self.page.set_viewport_size({"width": width, "height": height})
            if (width == SIZES[0][0]) == (self.language == "en"):
                found = Axe().run(self.page)
                assert found.violations_count == 0, found.generate_report()
                judged.note(self.language)
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width
        assert self.page.evaluate("document.documentElement.lang") == self.language
        assert self.page.locator("h1").count() == 1
        assert [line for line in self.said if not line.startswith(EXPECTED)] == []
        assert self.page.evaluate("violations") == []
        assert all(url.startswith(self.world.base + "/") for url in self.asked)


@pytest.fixture
def seat(request: pytest.FixtureRequest, world: World, browser: Browser) -> Iterator[Seat]:
    """A fresh browser profile in the parameter's language."""
    language = getattr(request, "param", "fr")
    context = browser.new_context(locale=f"{language}-FR")
    page = context.new_page()
    made = Seat(world, context, page, language)
    page.add_init_script(VIOLATIONS)
    page.on("console", lambda message: made.said.append(message.text))
    page.on("pageerror", lambda error: made.said.append(str(error)))
    page.on("request", lambda sent: made.asked.append(sent.url))
    yield made
    context.close()
