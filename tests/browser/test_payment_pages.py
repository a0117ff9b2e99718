"""Payments, today's questions, my site in a real browser: sound at both widths, in both languages, full and empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rempart.wire.exports import ExportAsked
from rempart.wire.payments import DebtList
from support.fake_doors import Person
from support.fake_exports import ASKED, SECOND_UNTIL, UNTIL, FakeExports
from support.fake_support import NUMBER, QUESTION, REFERENCE, FakeSupport
from support.payment_desk import CLAW_BACKS, COLLEAGUE, DEBTS, FIGURES, NOTHING, PAID, REMITTANCES, PaymentDesk
from support.portals import ONE, SITE, TWO, doors, served
from support.seats import LANGUAGES, Seat, World, browser, seat

__all__ = ["browser", "seat"]
pytestmark = [pytest.mark.browser]
FULL = ("/paiements", f"/paiements/{PAID}", "/questions", "/site-et-equipe", "/messages")
EMPTY = ("/paiements", "/questions", "/site-et-equipe", "/messages")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A portal whose person has payments."""
    made = doors()
    made.desks.append(PaymentDesk(ONE))
    with served(made) as base:
        yield World(made, base)


@pytest.mark.soak
@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_every_page_is_sound_full_and_empty(seat: Seat) -> None:
    """Charts, tables folded to cards, empty states, a reference that is none: no violation, nothing sideways."""
    (desk,) = seat.world.doors.desks
    assert isinstance(desk, PaymentDesk)
    seat.signed_in(ONE)
    for path in FULL:
        seat.open(path)
        seat.sound()
    seat.open("/paiements")
    seat.page.click("details summary")
    seat.sound()
    seat.open("/questions")
    seat.page.fill("#reference", "Éloïse Inventée-Sœur")
    seat.page.click(".filters button")
    seat.page.wait_for_selector("#reference-error:not([hidden])")
    assert seat.page.input_value("#reference") == ""
    seat.sound()
    seat.world.doors.exports_from = "2099-11-21T09:26:00Z"  # after a recovery, papers wait
    seat.signed_in(ONE)
    for path in FULL[:2]:
        seat.open(path)
        seat.sound()
    seat.world.doors.exports_from = ""
    bank, references, notices = desk.bank, desk.references, desk.notices
    desk.remittances, desk.figures, desk.claw_backs, desk.debts, desk.waiting = (), NOTHING, (), DebtList(0, ()), ()
    desk.bank, desk.references, desk.notices = (), (), ()
    try:
        for path in EMPTY:
            seat.open(path)
            seat.sound()
    finally:
        desk.remittances, desk.figures, desk.claw_backs, desk.debts = REMITTANCES, FIGURES, CLAW_BACKS, DEBTS
        desk.bank, desk.references, desk.notices = bank, references, notices


@pytest.mark.soak
@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_the_pages_to_sign_a_download_are_sound(seat: Seat) -> None:
    """To be signed, waiting for a colleague, signed; a colleague's, listed and opened; a refusal on the page."""
    (desk,) = seat.world.doors.desks
    assert isinstance(desk, PaymentDesk)
    theirs = ExportAsked(7, "remittance", PAID, 640, COLLEAGUE, ASKED, UNTIL)
    mine = ExportAsked(8, "remittance", PAID, 640, ONE, ASKED, UNTIL)
    both = ExportAsked(8, "remittance", PAID, 640, ONE, ASKED, UNTIL, SECOND_UNTIL)
    sign = f"/paiements/{PAID}/signer"
    seat.signed_in(ONE)
    try:
        for asked, path in (
            ((), sign), ((mine,), sign), ((both,), sign), ((theirs,), "/paiements"),
            ((theirs,), "/paiements/signatures/7"),
        ):  # fmt: skip
            desk.exports = FakeExports(3, 4, list(asked))
            seat.open(path)
            seat.sound()
        seat.open(f"/paiements/{PAID}")
        seat.page.click(".files a >> nth=0")
        seat.page.wait_for_url(f"**{sign}")
        seat.sound()
    finally:
        desk.exports = FakeExports()


def test_the_advice_is_a_download_and_the_language_stays_on_the_page(seat: Seat) -> None:
    """Named by its day and reference; the other language shows the same payment."""
    seat.signed_in(ONE)
    seat.open(f"/paiements/{PAID}")
    with seat.page.expect_download() as waiting:
        seat.page.click(".files a >> nth=0")
    assert waiting.value.suggested_filename == "releve-20261118-RMP019CADDD6600.pdf"
    seat.page.click("button.language")
    seat.page.wait_for_selector("html[lang=en]")
    assert seat.page.url.endswith(f"/paiements/{PAID}")


@pytest.mark.soak
@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_the_support_desk_is_sound(seat: Seat) -> None:
    """Its three ways, what each finds, what is absent, and what cannot be such a number."""
    made = seat.world.doors
    desks, made.desks[:] = made.desks[:], [FakeSupport()]
    made.people[TWO] = Person(TWO, (), "support", "")
    seat.signed_in(TWO)
    try:
        for path in ("", f"/questions/{QUESTION}", f"/factures/{SITE}/{NUMBER}", f"/prises-en-charge/{REFERENCE}",
                     f"/factures/{SITE}/9"):  # fmt: skip
            seat.open("/assistance" + path)
            seat.sound()
        seat.page.fill("#question", "2850475925123")
        seat.page.click("form:has(#question) button")
        seat.page.wait_for_selector("#question-error:not([hidden])")
        assert seat.page.input_value("#question") == ""
        seat.sound()
    finally:
        made.desks[:] = desks
