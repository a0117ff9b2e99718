"""A card is scanned in a real browser: its camera is fed with a video of the card, and the page reads the code."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from rempart.documents.cards import Brand, PrintedCard, pdf
from rempart.documents.symbols import Symbol, modules, svg
from rempart.domain.card_receipt import Receipt, dates_fault
from rempart.formats.card import PAPER, Revoked, build_filter, sign_card, sign_keys, write_text
from rempart.formats.card import receipt as receipts
from support.card_samples import (
    CARD,
    ENTRIES,
    INSURER,
    INSURER_KEY,
    OPERATOR,
    OPERATOR_KEY,
    REVOKED_IN_BASE,
    paper_text,
)
from support.chromium import executable
from support.fake_doors import Person
from support.portals import ONE, SITE, doors, served
from support.receipt_desk import ReceiptDesk
from support.seats import ARGUMENTS, LANGUAGES, VIOLATIONS, Seat, World
from support.videos import WIDTH, video

pytestmark = [pytest.mark.browser]
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
GOOD = paper_text(CARD, INSURER, INSURER_KEY)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A portal whose hub knows one card."""
    made = doors(codes={GOOD: "covered"})
    with served(made) as base:
        yield World(made, base)


@pytest.fixture(scope="module")
def playwright(world: World) -> Iterator[Playwright]:
    """After the portal, whose start runs an event loop of its own."""
    assert world.base
    with sync_playwright() as made:
        yield made


@contextmanager
def chromium(playwright: Playwright, film: Path | None) -> Iterator[Browser]:
    """A browser whose camera shows the film, or that has no camera."""
    camera = (*CAMERA, f"--use-file-for-fake-video-capture={film}") if film else ()
    opened = playwright.chromium.launch(executable_path=executable(), args=[*ARGUMENTS, *camera])
    yield opened
    opened.close()


@contextmanager
def seated(world: World, browser: Browser, language: str = "fr") -> Iterator[Seat]:
    """Somebody signed in, before the patient's page."""
    context = browser.new_context(locale=f"{language}-FR")
    page = context.new_page()
    made = Seat(world, context, page, language)
    page.add_init_script(VIOLATIONS)
    page.on("console", lambda message: made.said.append(message.text))
    page.on("pageerror", lambda error: made.said.append(str(error)))
    page.on("request", lambda sent: made.asked.append(sent.url))
    made.signed_in(ONE)
    made.open("/patient")
    yield made
    context.close()


@pytest.mark.parametrize("symbol", list(Symbol))
def test_a_card_before_the_camera_is_answered(
    world: World, playwright: Playwright, tmp_path: Path, symbol: Symbol
) -> None:
    """Pressed, seen, read in the page and asked: covered. The camera is off again, and nothing of the card remains."""
    with chromium(playwright, video(tmp_path / "card.y4m", GOOD, symbol)) as browser, seated(world, browser) as seat:
        before = len(world.doors.scanned)
        assert not [url for url in seat.asked if "zxing" in url]  # fetched when it is used, and not before
        seat.page.click("#scan-start")
        expect(seat.page.locator("#accreditation")).to_have_text("A1B2 C3D4 E5F6 G7H8 J9K0", timeout=20_000)
        (asked,) = world.doors.scanned[before:]
        assert asked.card == GOOD
        expect(seat.page.locator("#scan-view")).to_be_hidden()
        assert seat.page.evaluate("document.querySelector('#scan-view video').srcObject") is None
        assert seat.page.input_value("#scanned") == ""
        assert seat.page.url == world.base + "/patient"
        assert GOOD[5:40] not in seat.page.content()
        assert not [url for url in seat.asked if "?" in url or "RPC1" in url]
        seat.sound()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_camera_s_view_is_sound_and_can_be_closed(
    world: World, playwright: Playwright, tmp_path: Path, language: str
) -> None:
    """Nothing but the desk in view: accessible, no wider than the screen; stopped by its button, by keyboard too."""
    film = video(tmp_path / "desk.y4m", "")
    with chromium(playwright, film) as browser, seated(world, browser, language) as seat:
        seat.page.focus("#scan-start")
        seat.page.keyboard.press("Enter")
        expect(seat.page.locator("#scan-view")).to_be_visible()
        expect(seat.page.locator("#scan-view video")).to_have_js_property("videoWidth", WIDTH)
        seat.sound()
        assert seat.page.evaluate("document.activeElement.closest('#scan-view') !== null")
        seat.page.keyboard.press("Enter")
        expect(seat.page.locator("#scan-view")).to_be_hidden()
        assert seat.page.evaluate("document.activeElement.id") == "scan-start"


def test_another_code_is_told_and_the_camera_goes_on(world: World, playwright: Playwright, tmp_path: Path) -> None:
    """The vital card's or a medicine's: said in a sentence, nothing is asked."""
    film = video(tmp_path / "other.y4m", "010034009312345617271231")
    with chromium(playwright, film) as browser, seated(world, browser) as seat:
        before = len(world.doors.scanned)
        seat.page.click("#scan-start")
        expect(seat.page.locator("#scan-said")).to_contain_text("n’est pas celui d’une carte", timeout=20_000)
        expect(seat.page.locator("#scan-view")).to_be_visible()
        assert world.doors.scanned[before:] == []


def test_without_a_camera_the_rest_of_the_page_serves(world: World, playwright: Playwright) -> None:
    """A calm sentence; a hand scanner types into its field and its Enter asks; the typed form is there."""
    with chromium(playwright, None) as browser, seated(world, browser) as seat:
        seat.page.click("#scan-start")
        expect(seat.page.locator("#scan-said")).to_have_text("Aucune caméra n’a été trouvée sur cet appareil.")
        seat.page.focus("#scanned")
        seat.page.keyboard.insert_text(GOOD)
        seat.page.keyboard.press("Enter")
        expect(seat.page.locator("#accreditation")).to_be_visible()
        assert seat.page.input_value("#scanned") == ""
        seat.fill()
        seat.press()
        expect(seat.page.locator("#accreditation")).to_be_visible()
        seat.page.fill("#scanned", "https://example.test")
        seat.page.keyboard.press("Enter")
        expect(seat.page.locator("#scanned-error")).to_be_visible()
        seat.sound()


def test_a_camera_that_is_not_allowed_is_said(world: World, playwright: Playwright, tmp_path: Path) -> None:
    """Who refuses the camera is told how to go on."""
    with chromium(playwright, video(tmp_path / "desk.y4m", "")) as browser, seated(world, browser) as seat:
        denied = "() => Promise.reject(new DOMException('', 'NotAllowedError'))"
        refusing = f"() => {{ navigator.mediaDevices.getUserMedia = {denied} }}"
        seat.page.evaluate(refusing)
        seat.page.click("#scan-start")
        expect(seat.page.locator("#scan-said")).to_contain_text("n’est pas autorisée")
        expect(seat.page.locator("#scan-start")).to_be_visible()


# --- without network ---

PLAIN = paper_text(CARD, INSURER, INSURER_KEY)
REPLACED = paper_text(replace(CARD, serial=REVOKED_IN_BASE), INSURER, INSURER_KEY)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """The operator's lists of today."""
    today, created = datetime.now(UTC).date(), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    (tmp_path / "horizon.pub").write_bytes(base64.b64encode(OPERATOR) + b"\n")
    (tmp_path / "horizon.json").write_bytes(sign_keys("horizon", created, ENTRIES, OPERATOR_KEY))
    revoked = [Revoked(INSURER, REVOKED_IN_BASE)]
    (tmp_path / "horizon.base").write_bytes(build_filter(revoked, OPERATOR_KEY, day=today, base=today, salt=bytes(16)))
    return tmp_path


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_is_checked_without_network(playwright: Playwright, published: Path, language: str) -> None:
    """Opened once; then the portal is gone: genuine until its last day, perhaps replaced, false, and a day too late."""
    made, keys = doors(), ReceiptDesk()
    made.desks.append(keys)
    with chromium(playwright, None) as browser:
        with served(made, card_lists=published) as base:
            context = browser.new_context(locale=f"{language}-FR")
            page = context.new_page()
            seat = Seat(World(made, base), context, page, language)
            page.add_init_script(VIOLATIONS)
            page.on("pageerror", lambda error: seat.said.append(str(error)))
            seat.signed_in(ONE)
            seat.open("/site-et-equipe/verifications")
            seat.sound()
            seat.press()
            page.wait_for_selector("[data-receipts=enrolled]")
            expect(page.locator(".own")).to_be_visible()
            seat.sound()
            seat.open("/hors-ligne")
            expect(page.locator("#lists")).to_contain_text("20")
            page.evaluate("() => navigator.serviceWorker.ready.then(() => 0)")
            seat.sound()
        page.reload()  # the portal has stopped: the worker answers
        until = CARD.last.strftime("31 décembre %Y" if language == "fr" else "31 December %Y")
        for text, day, look, said in (
            (PLAIN, CARD.last.strftime("%d/%m/%Y"), "good", until),
            (REPLACED, "22/11/2026", "calm", "peut-être" if language == "fr" else "perhaps"),
            (PLAIN, "01/01/2027", "warn", "plus valable" if language == "fr" else "no longer valid"),
            (PLAIN[:-3] + "000", "22/11/2026", "warn", "authentique" if language == "fr" else "not genuine"),
            ("https://example.test", "22/11/2026", "warn", "signée" if language == "fr" else "signed card"),
        ):
            page.fill("#scanned", text)
            page.fill("#care_date", day)
            page.click("#card button.main")
            expect(page.locator(f"#answer .verdict.{look}")).to_contain_text(said)
            expect(page.locator("#scanned")).to_have_value("")
        page.fill("#scanned", PLAIN)
        page.fill("#care_date", CARD.last.strftime("%d/%m/%Y"))
        page.click("#card button.main")
        seat.sound()
        ((key, point),) = keys.points.items()
        found = receipts.read(page.input_value("#receipt-text"), {bytes.fromhex(key): point})
        assert isinstance(found, Receipt)
        assert (found.site, found.insurer, found.serial, found.handle) == (SITE, INSURER, CARD.serial, CARD.handle)
        assert (found.care, found.last, found.domains, found.live) == (CARD.last, CARD.last, CARD.domains, False)
        assert found.known is not None
        assert not dates_fault(found, found.known, found.seconds)
        context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_is_added_to_a_card_and_goes_nowhere(
    world: World, playwright: Playwright, tmp_path: Path, language: str
) -> None:
    """From a PDF, from a picture: once the card is read nothing is asked of anybody, and nothing keeps the name."""
    code = write_text(PAPER, sign_card(CARD, INSURER, INSURER_KEY))
    nobody = dict.fromkeys(PrintedCard._fields[:9], "")
    shown = PrintedCard(**nobody, responsible=False, columns=(), serial="1", symbol=svg(code, Symbol.qr), code=code)
    (tmp_path / "card.pdf").write_bytes(pdf([shown], Brand("Mutuelle", "", "#0b5d57"), CARD.first))
    (tmp_path / "card.png").write_bytes(png(modules(code, Symbol.qr)))
    with chromium(playwright, None) as browser, seated(world, browser, language) as seat:
        page = seat.page
        for name in ("card.pdf", "card.png"):
            seat.open("/carte-nom")
            expect(page.locator("#name")).to_be_disabled()
            page.set_input_files("#file", tmp_path / name)
            expect(page.locator("#name")).to_be_enabled()
            expect(page.locator("#drawn")).to_be_visible()
            before = len(seat.asked)
            page.fill("#name", "Zélie INVENTÉE-SŒUR")
            with page.expect_download() as saved:
                page.click("#named-save")
            assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
            assert (page.get_attribute("#drawn", "aria-label") or "").endswith(" Zélie INVENTÉE-SŒUR")
            sent = [url for url in seat.asked[before:] if not url.startswith("blob:")]
            assert sent == []
            assert page.evaluate("fetch('/').then(() => 'sent', () => 'refused')") == "refused"
            assert page.evaluate("violations.splice(0).length") == 1  # that one
            assert page.evaluate("indexedDB.databases()") == []
            assert page.evaluate("[localStorage.length, sessionStorage.length, history.state]") == [0, 0, None]
            assert "INVENT" not in page.evaluate("document.cookie + location.href + document.title")
        drawn = """async () => {
            const canvas = document.getElementById("drawn"), pen = canvas.getContext("2d");
            const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
            const found = await ZXingWASM.readBarcodes(pixels, {tryHarder: true});
            return found.map((each) => each.text);
        }"""
        assert page.evaluate(drawn) == [code]
        seat.said = [line for line in seat.said if "Content Security Policy" not in line]
        seat.sound()
        page.reload()
        assert page.input_value("#name") == ""


def png(rows: list[list[bool]], scale: int = 6) -> bytes:
    """A picture of squares, grey, with white around."""
    side = (len(rows) + 8) * scale
    blank = b"\0" + b"\xff" * side
    lines = [blank] * (4 * scale)
    for row in rows:
        line = b"".join((b"\0" if dark else b"\xff") * scale for dark in row)
        lines += [b"\0" + b"\xff" * (4 * scale) + line + b"\xff" * (4 * scale)] * scale
    lines += [blank] * (4 * scale)

    def part(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", header)
        + part(b"IDAT", zlib.compress(b"".join(lines)))
        + part(b"IEND", b"")
    )


@pytest.mark.parametrize("path", ["/factures/nouvelle", "/prises-en-charge/nouvelle"])
def test_a_form_is_filled_by_a_card(world: World, playwright: Playwright, path: str) -> None:
    """A reader that types, then Enter: what the card prints is in its fields, nothing is sent, the NIR is next."""
    with chromium(playwright, None) as browser, seated(world, browser) as seat:
        world.doors.people["optician"] = Person("optician", (SITE,), profession="optician")
        seat.signed_in("optician")
        seat.open(path)
        seat.page.fill("#scanned", GOOD)
        seat.page.press("#scanned", "Enter")
        expect(seat.page.locator("#member")).to_have_value(CARD.member)
        found = {name: seat.page.input_value(f"#{name}") for name in ("amc_number", "convention", "csr", "rank")}
        assert found == {
            "amc_number": CARD.amc_number, "convention": CARD.convention, "csr": CARD.csr, "rank": CARD.rank
        }  # fmt: skip
        assert seat.page.input_value("#birth_date") == "12/04/1985"
        assert seat.page.evaluate("document.activeElement.id") == "nir"
        assert seat.page.input_value("#scanned") == ""
        assert seat.page.url == world.base + path
        seat.page.fill("#scanned", "010034009312345617271231")
        seat.page.press("#scanned", "Enter")
        expect(seat.page.locator("#scan-said")).to_contain_text("n’est pas celui d’une carte signée")
        seat.sound()
