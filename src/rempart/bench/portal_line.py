"""How long somebody waits on a slow line, from the address typed to a patient's answer, in Chromium.

The line is Chromium's own (CDP `Network.emulateNetworkConditions`): a delay for each request and a width, without loss.
Typing costs nothing here. Needs Chromium and the package `playwright`; without them nothing is measured, and said so.
"""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from rempart.client.sandbox import Card

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CACHES = ("empty", "kept")
ROUNDS = 3
PHONE = 390, 844
WAIT = 120_000  # milliseconds at most for one page


class Speed(NamedTuple):
    """`round_trip` milliseconds; `down` and `up` kbit/s."""

    name: str
    round_trip: int
    down: int
    up: int


SPEEDS = (Speed("slow 3G", 400, 400, 400), Speed("fast 3G", 150, 1_600, 750))


@dataclass(frozen=True, slots=True)
class Waited:
    """Medians of some rounds in seconds: sign-in page, patient's page, answer, all three; and their kilobytes."""

    line: str
    cache: str
    sign_in: float
    patient: float
    answer: float
    total: float
    kilobytes: float


class Steps(NamedTuple):
    """One round: the three waits in seconds, and bytes over the line."""

    sign_in: float
    patient: float
    answer: float
    bytes: int


def lacking() -> str:
    """What is missing to measure, or ""."""
    if find_spec("playwright") is None:
        return "the package playwright"
    return "" if _chromium() else "Chromium"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who comes to `address` as the portal's one ready-made person, and asks about `card` for `day`."""

    address: str
    card: Card
    day: date

    def visits(self, browser: Browser, speed: Speed) -> tuple[Steps, Steps]:
        """A first visit, and one the next morning: signed out, the browser's cache as the first left it."""
        context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, locale="fr-FR")
        try:
            first = self._visit(context, speed)
            context.clear_cookies()
            return first, self._visit(context, speed)
        finally:
            context.close()

    def _visit(self, context: BrowserContext, speed: Speed) -> Steps:
        page = context.new_page()
        page.set_default_timeout(WAIT)
        with _slow(context, page, speed) as came:
            began = time.perf_counter()
            page.goto(self.address, wait_until="load")
            signed = time.perf_counter()
            page.locator("form[action='/session/demo'] button").first.click()
            page.wait_for_url("**/patient", wait_until="load")
            ready = time.perf_counter()
            for name, value in self._typed().items():
                page.fill(f"[name={name}]", value)
            asked = time.perf_counter()
            page.click("#card button.main")
            page.wait_for_selector("#accreditation")
            answered = time.perf_counter()
        page.close()
        return Steps(signed - began, ready - signed, answered - asked, sum(came))

    def _typed(self) -> dict[str, str]:
        card, birth = self.card, "/".join(reversed(self.card.birth_date.split("-")))
        return {
            "amc_number": card.amc_number, "member": card.member, "nir": card.nir or "", "birth_date": birth,
            "rank": card.rank or "1", "care_date": f"{self.day:%d/%m/%Y}",
        }  # fmt: skip


def measured(visitor: Visitor, say: Callable[[str], None]) -> list[Waited]:
    """Each line, with an empty cache and with that of a visit before."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - the other benches run without it

    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox", "--disable-gpu"])
        for speed in SPEEDS:
            say(f"the first answer on {speed.name}")
            rounds = [visitor.visits(browser, speed) for _ in range(ROUNDS)]
            found += [_median(speed.name, cache, [each[at] for each in rounds]) for at, cache in enumerate(CACHES)]
        browser.close()
    return found


@contextmanager
def _slow(context: BrowserContext, page: Page, speed: Speed) -> Iterator[list[int]]:
    """The page's line; bytes of each answer, with its headers, as they come."""
    line, came = context.new_cdp_session(page), list[int]()
    line.on("Network.loadingFinished", lambda told: came.append(int(told["encodedDataLength"])))
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", {
        "offline": False, "latency": speed.round_trip, "downloadThroughput": speed.down * 125,
        "uploadThroughput": speed.up * 125,
    })  # fmt: skip
    yield came
    line.detach()


def _median(line: str, cache: str, rounds: list[Steps]) -> Waited:
    parts = [statistics.median(each[place] for each in rounds) for place in range(3)]
    total = statistics.median(sum(each[:3]) for each in rounds)
    sign_in, patient, answer, total = (round(each, 2) for each in (*parts, total))
    kilobytes = statistics.median(each.bytes for each in rounds) / 1_000
    return Waited(line, cache, sign_in, patient, answer, total, round(kilobytes, 1))


def _chromium() -> str | None:
    return next((path for name in CHROMIUM if (path := shutil.which(name))), None)
