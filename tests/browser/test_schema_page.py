"""The API's page in a real browser: accessible, quiet, no other host, at the width of a desk and of a telephone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from support.chromium import executable
from support.hub_world import HubWorld, running_hub

pytestmark = [pytest.mark.browser, pytest.mark.postgres]
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking")
WIDTHS = ((1280, 900), (390, 844))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWorld]:
    """The real hub that serves the page."""
    with running_hub(tmp_path_factory.mktemp("b") / "h") as world:
        yield world


@pytest.fixture(scope="module")
def browser(hub: HubWorld) -> Iterator[Browser]:
    """The distribution's Chromium, without a window; after the hub, whose start runs an event loop of its own."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        yield opened
        opened.close()


def _opened(browser: Browser, hub: HubWorld, size: tuple[int, int]) -> tuple[Page, list[str], list[str]]:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(f"{hub.base}/schema")
    assert answer is not None
    assert answer.status == 200
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "unsafe" not in policy
    return page, said, asked


@pytest.mark.parametrize("size", WIDTHS)
def test_the_page_is_accessible_and_asks_only_the_hub(browser: Browser, hub: HubWorld, size: tuple[int, int]) -> None:
    """With every part opened: no violation of axe, a silent console, no request elsewhere, no sideways scrolling."""
    page, said, asked = _opened(browser, hub, size)
    widths: Any = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]
    assert page.evaluate("getComputedStyle(document.querySelector('.op')).borderTopWidth") == "1px"
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert said == []
    assert asked
    assert all(url.startswith(hub.base + "/") for url in asked)
    if size == WIDTHS[0]:  # once, and with every sixth operation, open: the page is long, and its operations are alike
        page.evaluate(
            "document.querySelectorAll('article').forEach((one, place) => { if (place % 6) one.remove(); });"
            "document.querySelectorAll('article details').forEach(one => { one.open = true; });"
            "document.querySelectorAll('nav a[href^=\"#\"]').forEach(one => {"
            " if (!document.getElementById(one.hash.slice(1))) one.closest('li').remove(); })"
        )
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    page.close()


def test_the_page_is_used_by_keyboard_alone(browser: Browser, hub: HubWorld) -> None:
    """The first tab skips to the content; a contents link goes to its place; refusals open with Enter."""
    page, _, _ = _opened(browser, hub, WIDTHS[0])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("nav a[href='#SendInvoices']").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**#SendInvoices")
    top = page.evaluate("document.getElementById('SendInvoices').getBoundingClientRect().top")
    assert 50 < top < 400
    summary = page.locator("article[aria-labelledby='SendInvoices'] summary")
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("article[aria-labelledby='SendInvoices'] details").get_attribute("open") is not None
    page.close()
