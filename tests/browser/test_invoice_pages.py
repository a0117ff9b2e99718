"""Invoices in a real browser: sound at both widths, in both languages; entered, corrected, sent as a file, watched."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import expect

from rempart.wire.invoices import Fault, FileList, FileState, FileSummary
from support.fake_doors import Person
from support.fake_invoices import AT, FakeInvoices
from support.portals import CARD, ONE, SITE, doors, served
from support.seats import LANGUAGES, Seat, World, browser, seat

__all__ = ["browser", "seat"]
pytestmark = [pytest.mark.browser]
LINE = {"code-1": "PH7", "spent-1": "13,40", "base-1": "13,40"}
REPORT = FileState(
    "", "decided", AT, 42, 38, rejected=2, held=1, waiting=1, refused=1,
    faults=(Fault("nir-malformed", record=14, position=9, level="invoice", number="000000041"),
            Fault("site-unknown", level="lot", record=2)),
    fault_count=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A portal whose hub has a desk for invoices."""
    made = doors()
    made.desks.append(FakeInvoices())
    with served(made) as base:
        yield World(made, base)


@pytest.fixture
def desk(seat: Seat) -> FakeInvoices:
    """An empty desk in front of somebody signed in at a pharmacy."""
    made = FakeInvoices()
    seat.world.doors.desks[:] = [made]
    seat.world.doors.people[ONE] = Person(ONE, (SITE,))
    seat.signed_in(ONE)
    return made


@pytest.mark.soak
@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_every_page_is_sound_full_and_empty(seat: Seat, desk: FakeInvoices) -> None:
    """Lists, one invoice in each state, the forms, a report: no violation, nothing sideways."""
    page = seat.page
    for path in ("/factures", "/factures/fichier", "/factures/fichiers"):
        seat.open(path)
        seat.sound()
    states = ("accepted", "rejected", "held", "waiting", "cancelled", "paid", "received")
    ids = {state: desk.add(state) for state in states}
    for path in ("/factures", f"/factures/{ids['rejected']}", f"/factures/{ids['received']}"):
        seat.open(path)
        seat.sound()
    seat.open(f"/factures/{ids['held']}")
    page.click(".inv-sure summary")
    seat.sound()
    seat.world.doors.people[ONE] = Person(ONE, (SITE,), profession="optician")
    seat.signed_in(ONE)
    seat.open(f"/factures/nouvelle?corrige={ids['rejected']}")
    page.click(".inv-line > summary")
    seat.press()
    expect(page.locator(".faults")).to_be_visible()
    seat.sound()
    page.set_viewport_size({"width": 1280, "height": 900})
    desk.report = msgspec.structs.replace(REPORT, file=ids["paid"])
    desk.files.append(b"")
    seat.open("/factures/fichier/00000000-0000-0000-0000-000000002329")
    seat.sound()
    one = FileSummary(ids["paid"], "decided", AT, 184_320, own=True, invoices=12, accepted=9, rejected=3)
    desk.listed = lambda _before: FileList((one, msgspec.structs.replace(one, state="received", own=False)), one.file)
    seat.open("/factures/fichiers")
    seat.sound()


def test_an_invoice_is_entered_corrected_and_seen_decided(seat: Seat, desk: FakeInvoices) -> None:
    """A fault leaves everything typed where it is; then it is sent, watched, and shown without a reload by hand."""
    page = seat.page
    desk.verdict = "received"
    seat.open("/factures/nouvelle")
    for name, value in {**CARD, **LINE, "number": "41", "nir": "285047592512399"}.items():
        page.fill(f"#{name}", value)
    expect(page.locator("#sum")).to_contain_text("8,71")
    seat.press()
    expect(page.locator(".faults a")).to_have_count(1)
    assert page.input_value("#member") == CARD["member"]
    assert page.get_attribute("#nir", "aria-invalid") == "true"
    page.fill("#nir", CARD["nir"])
    seat.press()
    page.wait_for_selector("[data-poll]")
    identity = page.url.rpartition("/")[2]
    assert [one.member for one in desk.sent] == [CARD["member"]]
    desk.invoices[identity] = msgspec.structs.replace(desk.invoices[identity], state="accepted")
    expect(page.locator("#stand-title")).to_have_text("Acceptée", timeout=30_000)
    assert page.evaluate("document.activeElement.id") == "content"
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    page.go_back()
    assert page.input_value("#member") == ""
    assert not [url for url in seat.asked if CARD["member"] in url]


def test_a_lost_answer_is_sent_again_under_the_same_key(seat: Seat, desk: FakeInvoices) -> None:
    """The page says that the invoice is taken once, and it is."""
    page = seat.page
    seat.open("/factures/nouvelle")
    for name, value in {**CARD, **LINE, "number": "41"}.items():
        page.fill(f"#{name}", value)
    page.route(
        "**/factures/nouvelle", lambda route: route.abort() if route.request.method == "POST" else route.fallback()
    )
    seat.press()
    expect(page.locator("#answer-title")).to_contain_text("ne sera prise qu’une fois")
    key = page.input_value("[name=key]")
    page.unroute("**/factures/nouvelle")
    seat.said.clear()  # Chromium's own word for the answer that was lost
    seat.press()
    page.wait_for_url("**/factures/00000000-*")
    assert set(desk.keys) == {key}


def test_a_file_is_sent_with_its_progress_and_reported(seat: Seat, desk: FakeInvoices) -> None:
    """None chosen, too large, then a real one: byte for byte, and its report as soon as there is one."""
    page = seat.page
    seat.open("/factures/fichier")
    seat.press()
    expect(page.locator("#file-error")).to_have_text("Choisissez d’abord le fichier.")
    page.evaluate("document.getElementById('upload').dataset.most = '10'")
    content = b"000" + bytes(range(256)) * 4_000
    page.set_input_files("#file", {"name": "b2.txt", "mimeType": "text/plain", "buffer": content})
    seat.press()
    expect(page.locator("#file-error")).to_contain_text("16\u00a0Mo")
    page.evaluate("document.getElementById('upload').dataset.most = '20000000'")
    seat.press()
    page.wait_for_selector("[data-poll]")
    assert desk.files == [content]
    desk.report = REPORT
    expect(page.locator("#stand-title")).to_have_text("Traité, avec des points à revoir", timeout=30_000)
    with page.expect_download() as waiting:
        page.click("a[download]")
    assert waiting.value.suggested_filename.startswith("retour-")


def test_lines_are_added_by_keyboard_and_without_script(seat: Seat, desk: FakeInvoices) -> None:
    """Only the next line is offered; opened, it is one more; the invoice has two."""
    page = seat.page
    seat.open("/factures/nouvelle")
    expect(page.locator(".inv-line > summary:visible")).to_have_count(1)
    page.focus(".inv-line > summary >> nth=0")
    page.keyboard.press("Enter")
    expect(page.locator(".inv-line > summary:visible")).to_have_count(2)
    second = {"code-2": "PH1", "spent-2": "8", "base-2": "8"}
    for name, value in {**CARD, **LINE, **second, "number": "42"}.items():
        page.fill(f"#{name}", value)
    seat.press()
    page.wait_for_url("**/factures/00000000-*")
    assert [line.spent for line in desk.sent[0].lines] == [1340, 800]
