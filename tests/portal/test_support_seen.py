"""Each of the twenty calls: the code that the page names is on the screen where support or the caller looks for it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec
import pytest

from rempart.domain import reasons
from rempart.portal import refusals
from rempart.portal.reasons import REASONS
from rempart.portal.support_words import RULES
from rempart.wire.invoices import Fault, FileState
from rempart.wire.problem import Problem
from rempart.wire.support import SupportAuthorization, SupportInvoice, SupportInvoices, SupportLine
from support.fake_doors import Person
from support.fake_invoices import FakeInvoices
from support.fake_support import ASKED, INSURER, INVOICES, NUMBER, QUESTION, REFERENCE, SITE, FakeSupport
from support.payment_desk import CLAW_BACKS, RETURNED, PaymentDesk
from support.portals import CARD, ONE, Asker, Clock, doors

TEXT = (Path(__file__).parents[2] / "docs" / "operations" / "support.md").read_text("utf-8")
CALLS = {int(call.partition(".")[0]): call for call in re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]}


class Seen(NamedTuple):
    """One code of a call: the screen (`SCREENS`), and for an invoice or authorization its state."""

    call: int
    screen: str
    code: str
    state: str = ""


def _of(call: int, screen: str, *codes: str, state: str = "") -> tuple[Seen, ...]:
    return tuple(Seen(call, screen, code, state) for code in codes)


SEEN: tuple[Seen, ...] = (
    *_of(1, "question", "not-confirmed"),
    *_of(2, "question", "closed"),
    *_of(3, "counter", "handled-elsewhere", "unknown-amc-number"),
    *_of(4, "question refused", "site-budget", "client-budget", "hour-budget"),
    *_of(5, "counter", "card-signature", "card-proof", "card-expired", "card-unreadable"),
    *_of(6, "question refused", "compartment"), *_of(6, "counter", "compartment"),
    *_of(7, "question refused", "compartment-restricted"),
    *_of(8, "invoice", "amo-inconsistent", state="rejected"),
    *_of(9, "invoice", "rights-closed", "not-confirmed", state="rejected"),
    *_of(10, "invoice", "duplicate", state="rejected"),
    *_of(11, "invoice", "budget-waiting", "compartment-closed", state="waiting"),
    *_of(11, "invoice", "possible-duplicate", state="held"),
    *_of(12, "invoice", "", state="accepted"), *_of(12, "invoice", "", state="paid"),
    *_of(12, "payment waits", "no-payee", "insurer-out-of-funds", "below-least"),
    *_of(13, "line", "allowance-used", "nothing-covered"),
    *_of(14, "invoice", "", state="paid"),
    *_of(14, "claw-back", "duplicate", "not-delivered", "over-billing", "fraud", "authorization-mismatch"),
    *_of(15, "invoice", "", state="paid"), *_of(15, "invoice", "", state="accepted"),
    *_of(15, "transfer", "", state="returned"), *_of(15, "transfer", "", state="released"),
    *_of(16, "file", "file-already-received", "test-lot", "totals-wrong", "no-mandate"),
    *_of(17, "authorization", "amount-to-review", "table-missing", "product-unknown", state="pending"),
    *_of(18, "authorization", "insurer-refused", "renewal-too-early", "price-over-limit", "allowance-held",
         state="refused"),
    *_of(19, "invoice", "authorization-unknown", "authorization-expired", "authorization-acts-differ",
         "authorization-amount-exceeded", "authorization-used", state="rejected"),
    *_of(20, "door", "invitation-unknown", "unknown-passkey", "accountable-gone"),
    *_of(20, "counter", "client-standing", "site-standing"), *_of(20, "session", "session-over"),
)  # fmt: skip


def test_every_code_of_every_call_is_in_the_table() -> None:
    """And the table has no code that its call does not name."""
    for number, call in CALLS.items():
        named = {word for word in re.findall(r"`([^`]+)`", call) if not word.startswith("/")}
        told = {one.code for one in SEEN if one.call == number} | {one.state for one in SEEN if one.call == number}
        assert named - told == set(), number
        assert {one.code for one in SEEN if one.call == number} - {""} - named == set(), number


@pytest.fixture
def support() -> tuple[Asker, FakeSupport]:
    """Somebody of support, signed in."""
    asker, desk = Asker(doors(clock=Clock())), FakeSupport()
    asker.doors.desks.append(desk)
    asker.doors.people[ONE] = Person(ONE, (), "support", "")
    asker.signed_in(ONE)
    return asker, desk


def _invoice(one: Seen) -> SupportInvoice:
    told = msgspec.structs.replace(INVOICES.invoices[0], state=one.state or "accepted", reason=one.code, lines=())
    if one.screen == "line":
        line = SupportLine(1, "OPTI", () if one.code in REASONS else (one.code,), one.code)
        return msgspec.structs.replace(told, reason="", lines=(line,))
    if one.screen == "payment waits":
        sentence = reasons.BY_CODE[one.code].french
        return msgspec.structs.replace(told, reason="", waiting=one.code, waiting_sentence=sentence)
    return told


@pytest.mark.parametrize("one", [one for one in SEEN if one.screen in {"question", "question refused"}])
def test_a_question_at_the_desk_shows_its_code_and_words(support: tuple[Asker, FakeSupport], one: Seen) -> None:
    """Also where the door refused it."""
    asker, desk = support
    desk.outcome = one.code if one.screen == "question" else f"refused:{one.code}"
    page = asker.get(f"/assistance/questions/{QUESTION}").text
    assert f"<code>{desk.outcome}</code>" in page
    assert "Le code ci-dessous dit laquelle" not in page


@pytest.mark.parametrize("one", [one for one in SEEN if one.screen in {"invoice", "line", "payment waits"}])
def test_an_invoice_at_the_desk_shows_its_state_its_code_and_words(
    support: tuple[Asker, FakeSupport], one: Seen
) -> None:
    """A reason as its sentence; of a line what decided it; of one that is accepted why its payment waits."""
    asker, desk = support
    desk.invoices = SupportInvoices((_invoice(one),))
    page = asker.get(f"/assistance/factures/{SITE}/{NUMBER}").text
    words = REASONS[one.code].what if one.code in REASONS else RULES.get(one.code, "")
    known = reasons.BY_CODE.get(one.code)
    assert (words or (known.french if known else "")) in _plain(page)
    if one.screen == "invoice":
        assert f"<code>{one.code or one.state}</code>" in page
    if one.screen == "payment waits":
        assert f"<code>{one.code}</code>" in page
        assert "Pourquoi le paiement attend" in page


@pytest.mark.parametrize("one", [one for one in SEEN if one.screen == "authorization"])
def test_an_authorization_at_the_desk_shows_its_code_and_words(support: tuple[Asker, FakeSupport], one: Seen) -> None:
    """Pending with why, or refused with why, and what to do."""
    asker, desk = support
    desk.authorization = SupportAuthorization(
        REFERENCE, SITE, "optician", INSURER, "OPTI", one.state, ASKED, one.code
    )  # fmt: skip
    page = asker.get(f"/assistance/prises-en-charge/{REFERENCE}").text
    assert f"<code>{one.code}</code>" in page
    assert REASONS[one.code].what in _plain(page)


def _plain(page: str) -> str:
    return page.replace("&#39;", "'").replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("one", [one for one in SEEN if one.screen in {"counter", "session"}])
def test_the_callers_own_counter_shows_the_code_to_read_out(one: Seen) -> None:
    """Where support sees nothing, or the caller reads the same code; a session that is over says so in words alone."""
    asker = Asker(doors(clock=Clock()))
    asker.signed_in()
    asker.doors.refusal = one.code
    page = asker.post("/patient", {**CARD, "care_date": "18/11/2026", "domains": ["PHAR", "OPTI"]}).text
    assert ("Votre session est terminée" if one.screen == "session" else f"<code>{one.code}</code>") in page


@pytest.mark.parametrize("one", [one for one in SEEN if one.screen == "door"])
def test_who_cannot_get_in_reads_a_sentence_of_its_own(one: Seen) -> None:
    """Not the one for a hub that does not answer."""
    told = refusals.entering(Problem("", 403, one.code))
    assert told.code == one.code
    assert told.title != refusals.away().title


@pytest.mark.parametrize("one", [one for one in SEEN if one.screen in {"claw-back", "transfer"}])
def test_the_callers_payments_say_why(one: Seen) -> None:
    """A claw-back with its reason's sentence; a transfer that came back with which of the two it was."""
    asker, desk = Asker(doors(clock=Clock())), PaymentDesk(ONE)
    asker.doors.desks.append(desk)
    asker.signed_in(ONE)
    if one.screen == "transfer":
        desk.remittances = tuple(
            msgspec.structs.replace(each, state=one.state) if each.remittance == RETURNED else each
            for each in desk.remittances
        )
        said = {"returned": "Votre banque a renvoyé ce virement", "released": "n’a pas été exécuté"}[one.state]
        assert said in asker.get(f"/paiements/{RETURNED}").text
        return
    sentence = reasons.BY_CODE[one.code].french
    desk.claw_backs = (msgspec.structs.replace(CLAW_BACKS[0], reason=one.code, sentence=sentence),)
    words = REASONS[one.code].what if one.code in REASONS else sentence
    assert words in _plain(asker.get("/paiements").text)


@pytest.mark.parametrize("one", [one for one in SEEN if one.screen == "file"])
def test_the_callers_report_of_a_file_shows_the_code(one: Seen) -> None:
    """Beside its sentence."""
    asker, desk = Asker(doors(clock=Clock())), FakeInvoices()
    asker.doors.desks.append(desk)
    asker.signed_in(ONE)
    desk.report = FileState("", "decided", ASKED, 12, 10, faults=(Fault(one.code, level="lot"),), fault_count=1)
    desk.files.append(b"")
    page = asker.get(f"/factures/fichier/{UUID(int=9_001)}").text
    assert f"<code>{one.code}</code>" in page
