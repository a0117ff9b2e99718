"""The status page in a real browser, from a folder as a plain web server gives it: accessible, legible, quiet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from rempart.documents.status_page import pages, status
from rempart.domain.compartments import Closure
from support.chromium import executable

pytestmark = pytest.mark.browser
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
WIDTHS = ((1280, 900), (390, 844))
NOW = 1_795_420_800_000_000  # 23 November 2026, 08:00 UTC
SHUT = (
    Closure("portal:horizon", "closed", "attack", NOW, NOW + 7_200_000_000),
    Closure("profession:speech-therapist", "restricted", "attack", NOW),
    Closure("insurer:0000401166", "closed", "partner", NOW, None, "Nous revenons.", "We are back soon."),
)
CHECKPOINT = (
    "rempart.example/log/2026-11\n120400\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— rempart.example/log AAAA=\n"
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Nothing on standard error."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two folders, as written for an operator while all is open and while some is not, served without a hub."""
    folder = tmp_path_factory.mktemp("status")
    for name, closures in (("open", ()), ("shut", SHUT)):
        (folder / name).mkdir()
        for file, content in pages(status("horizon", closures, NOW, checkpoint=CHECKPOINT), "Horizon Santé").items():
            (folder / name / file).write_bytes(content)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The distribution's Chromium, without a window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", WIDTHS)
def test_every_page_is_accessible_and_quiet(browser: Browser, base: str, size: tuple[int, int], colours: Any) -> None:
    """Open and closed, both languages: no violation of axe, no sideways scrolling, nothing asked elsewhere."""
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=colours)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    for place in ("open/index.html", "open/en.html", "shut/index.html", "shut/en.html"):
        page.goto(f"{base}/{place}")
        widths: Any = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1], place
        assert page.evaluate("getComputedStyle(document.querySelector('.parts')).borderTopWidth") == "1px"
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    assert said == []
    assert asked
    assert all(url.startswith(base + "/") for url in asked)
    page.close()


def test_the_other_language_is_one_key_away(browser: Browser, base: str) -> None:
    """The first tab is the link, Enter follows it, and back again."""
    page = browser.new_page()
    page.goto(f"{base}/shut/index.html")
    assert page.locator("html").get_attribute("lang") == "fr"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/shut/en.html")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_text("We are back soon.").is_visible()
    page.close()
