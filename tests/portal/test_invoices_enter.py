"""Entering an invoice: what is typed, what is sent, what is amiss; nothing of the patient comes back."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.acts import FAMILIES, PROFESSIONS
from rempart.domain.particulars import BASKETS, ITEMS, PRICINGS, SIDES
from rempart.formats import invoice_json
from rempart.portal import invoicing
from rempart.portal.billing import EQUIPMENT, KINDS, billed, extras
from rempart.portal.invoicing import compulsory, euros
from rempart.wire.invoices import Fault
from rempart.wire.problem import ClosureTold, Problem
from support.fake_doors import Person
from support.fake_invoices import FakeInvoices
from support.portals import CARD, ONE, SITE, Asker

TODAY = date(2026, 11, 18)
PERSON = ("10000001", "2850475925123", "2 85 04", "1985-04-12", "12/04/1985")
FORM = {
    **CARD, "number": "41", "care_date": "18/11/2026", "accreditation": "ABG2J 04W06 818G1 8010K",
    "site_reference": "T2-0041", "key": "3f1c1a52-7f3f-4f6c-9d55-0c6f3f2b9a10",
    "family-1": "pharmacy", "code-1": "ph7", "quantity-1": "1", "care-1": "", "spent-1": "13,40", "base-1": "13,40",
    "rate-1": "65", "amo-1": "", "amc-1": "",
}  # fmt: skip


def send(asker: Asker, **others: str) -> Any:
    return asker.post("/factures/nouvelle", {**FORM, **others})


def marked(text: str) -> set[str]:
    """The fields that a page marks as wrong."""
    return set(re.findall(r'<(?:input|select) id="([^"]+)"[^>]*aria-invalid="true"', text))


def test_an_invoice_is_sent_and_its_page_opens(asker: Asker, desk: FakeInvoices) -> None:
    """As the hub takes it: cents, the compulsory share computed, the insurer asked for the rest."""
    answer = send(asker)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/factures/{next(iter(desk.invoices))}")
    (sent,) = desk.sent
    assert (sent.number, sent.issued, sent.accreditation) == ("000000041", "2026-11-18", "ABG2J04W06818G18010K")
    assert (sent.amc_number, sent.member, sent.nir, sent.birth_date) == (
        "0099000000", "10000001", "285047592512345", "1985-04-12",
    )  # fmt: skip
    (line,) = sent.lines
    assert (line.care_date, line.code, line.family) == ("2026-11-18", "PH7", "pharmacy")
    assert (line.spent, line.base, line.rate, line.amo, line.amc) == (1340, 1340, 65, 871, 469)
    assert set(desk.keys) == {FORM["key"]}
    assert asker.get(answer.headers["location"]).status_code == 200


def test_what_is_sent_is_sound_for_the_hub(asker: Asker, desk: FakeInvoices) -> None:
    """The hub's own reader takes it."""
    send(asker, **_line(2, code="ph1", spent="8", base="8", rate="30", care="17/11/2026"))
    (found,) = invoice_json.read(msgspec.json.encode({"invoices": desk.sent}), SITE)  # type: ignore[misc]  # a tuple
    assert isinstance(found, invoice_json.Taken)
    lines = found.invoice.lines
    assert [(line.spent, line.amo, line.amc) for line in lines] == [(1340, 871, 469), (800, 240, 560)]
    assert [line.care_date.day for line in lines] == [18, 17]


def _line(place: int, **values: str) -> dict[str, str]:
    usual = {"family": "pharmacy", "code": "PH7", "quantity": "1", "spent": "10", "base": "10", "rate": "65"}
    return {f"{name}-{place}": value for name, value in (usual | values).items()}


def test_the_same_page_sent_twice_is_one_invoice(asker: Asker, desk: FakeInvoices) -> None:
    """The page's own key makes it so; each page has another."""
    assert send(asker).headers["location"] == send(asker).headers["location"]
    assert len(desk.sent) == 1
    keys = {re.search(r'name="key" value="([^"]+)"', asker.get("/factures/nouvelle").text)[1] for _ in range(2)}  # type: ignore[index]  # each page has one
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", "0"), ("number", "1234567890"), ("accreditation", "ABC"), ("site_reference", "Mme Dupont"),
        ("site_reference", "1 80 02 75 115 001"),
        ("member", ""), ("nir", "285047592512399"), ("birth_date", "hier"), ("care_date", "19/11/2026"),
        ("care_date", "18/11/2020"), ("family-1", "hospital-stay"), ("code-1", ""), ("quantity-1", "0"),
        ("care-1", "19/11/2026"), ("care-1", "32/01/2026"), ("spent-1", ""), ("spent-1", "-3"), ("base-1", "douze"),
        ("rate-1", "101"), ("rate-1", ""), ("amo-1", "20"), ("amc-1", "12"), ("spent-1", "1,234"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_right_is_marked_and_nothing_is_sent(
    asker: Asker, desk: FakeInvoices, field: str, value: str
) -> None:
    """With its sentence and a link to it; what is the patient's stays in the browser only."""
    answer = send(asker, **{field: value})
    assert answer.status_code == 422
    assert field in marked(answer.text)
    assert f'href="#{field}"' in answer.text
    assert not desk.sent
    assert not [word for word in PERSON if word in answer.text]
    assert 'value="13,40"' in answer.text or field == "spent-1"


def test_an_empty_form_marks_what_is_missing(asker: Asker) -> None:
    """The first line is asked for; the others need not be filled."""
    answer = asker.post("/factures/nouvelle", {})
    assert {"number", "amc_number", "member", "nir", "birth_date", "code-1", "spent-1", "base-1"} <= marked(answer.text)
    assert not [name for name in marked(answer.text) if name.endswith("-2")]


def test_what_the_hub_refuses_is_marked_on_the_form(asker: Asker, desk: FakeInvoices) -> None:
    """By its own names of fields; the next page has a new key, since this one's answer is kept."""
    desk.faults = (
        Fault("amount-out-of-range", "lines[0].base"), Fault("unknown-word", "lines[0].particulars.basket"),
        Fault("site-reference-person", "site_reference"), Fault("a-fault-of-tomorrow", "colour"),
    )  # fmt: skip
    answer = send(asker)
    assert answer.status_code == 422
    assert {"base-1", "site_reference"} == marked(answer.text)
    assert "n’a pas été envoyée" in answer.text
    assert FORM["key"] not in answer.text


def test_a_hub_that_is_silent_keeps_the_page_and_its_key(asker: Asker, desk: FakeInvoices) -> None:
    """So that sending again cannot make two invoices of one."""
    asker.doors.down = True
    answer = send(asker)
    assert answer.status_code == 503
    assert FORM["key"] in answer.text
    assert "Le service ne répond pas" in answer.text
    assert not [word for word in PERSON if word in answer.text]
    asker.doors.down = False
    assert send(asker).status_code == 303
    assert len(desk.sent) == 1


def test_a_closed_service_says_so_on_the_form(asker: Asker) -> None:
    """With the public sentence, and until when."""
    closure = ClosureTold(
        "profession:pharmacy", "closed", "2026-11-18T08:00:00Z", "Fermé pour travaux.", "Closed for works.",
        "2026-11-18T12:00:00Z",
    )  # fmt: skip
    asker.doors.desks[:] = [lambda _session, _call: Problem("No", 503, "compartment", closure=closure)]
    answer = send(asker)
    assert answer.status_code == 503
    assert "Fermé pour travaux." in answer.text
    assert "18/11/2026 13:00" in answer.text


def test_a_key_that_was_used_for_another_invoice_says_so(asker: Asker) -> None:
    """And gives a fresh page."""
    asker.doors.desks[:] = [lambda _session, _call: Problem("No", 409, "idempotency-key-reused")]
    answer = send(asker)
    assert answer.status_code == 422
    assert "a déjà envoyé une autre facture" in answer.text
    assert FORM["key"] not in answer.text


def test_a_rejected_invoice_is_corrected(asker: Asker, desk: FakeInvoices) -> None:
    """Its number and amounts are filled in, its reason stands beside; the card is typed anew."""
    identity = desk.add("rejected", "000000041")
    answer = asker.get(f"/factures/nouvelle?corrige={identity}")
    assert answer.status_code == 200
    for told in ('value="000000041"', 'value="13,40"', 'value="8,71"', "Les droits étaient fermés ce jour-là"):
        assert told in answer.text
    assert asker.get("/factures/nouvelle?corrige=lost").status_code == 200


@pytest.mark.parametrize("profession", PROFESSIONS)
def test_every_profession_has_a_form_of_its_own(asker: Asker, desk: FakeInvoices, profession: str) -> None:
    """Its kinds of acts, the fields that its lines need, in words the hub takes; and it sends one."""
    asker.doors.people[ONE] = Person(ONE, (SITE,), profession=profession)
    asker.signed_in()
    text = asker.get("/factures/nouvelle").text
    kinds = billed(profession)
    assert ('name="family-1"' in text) == (len(kinds) > 1)
    assert all(f'name="{name}-1"' in text for name in extras(profession))
    more = {f"{name}-1": extra.words[0][0] for name, extra in extras(profession).items() if extra.words}
    more |= {"teeth-1": "16 17", "price_limit-1": "30", "days-1": "3"}
    family = next(iter(kinds))
    assert send(asker, **more, **{"family-1": family}).status_code == 303
    (sent,) = desk.sent
    assert sent.lines[0].family == family
    assert (sent.lines[0].particulars is None) == (not extras(profession))


def test_the_words_of_lines_are_the_hub_s() -> None:
    """Every family, item, side, basket and agreement offered is one that it knows."""
    known = {"item": ITEMS, "side": SIDES, "basket": BASKETS, "pricing": PRICINGS}
    assert set(KINDS) <= set(FAMILIES)
    for profession in PROFESSIONS:
        for name, extra in extras(profession).items():
            assert {word for word, _ in extra.words} <= set(known.get(name, ()))
    assert set(EQUIPMENT.values()) <= set(ITEMS)


@given(st.integers(0, 99_999_99))
def test_amounts_are_read_as_people_write_them(cents: int) -> None:
    """With comma or point, spaces and the sign; nothing else is an amount."""
    whole, part = divmod(cents, 100)
    written = (f"{whole},{part:02d}", f"{whole}.{part:02d}", f"{whole:,}".replace(",", " ") + f",{part:02d} €")
    assert {euros(text) for text in written} == {cents}
    assert {euros(text) for text in (f"-{whole}", f"{whole},{part:02d}0", f"{whole}e2", "", "١٢", ",5")} == {None}


@given(st.integers(0, 10_000_00), st.integers(0, 100), st.integers(0, 10_000_00))
def test_the_compulsory_share_is_never_above_what_is_billed(base: int, rate: int, spent: int) -> None:
    """Base times rate to the nearest cent, within what is billed."""
    found = compulsory(base, rate, spent)
    assert 0 <= found <= spent
    assert found == spent or abs(100 * found - base * rate) <= 50


def test_lines_of_a_form_are_those_where_something_is_typed() -> None:
    """A rate alone, which the form proposes, is no line."""
    form = {"rate-2": "65", "quantity-2": "1", "spent-3": "4", "code-6": "X", "code-7": "X"}
    assert invoicing.filled(form) == (3, 6)
    assert "Typed" in repr(invoicing.read(form, "pharmacy", TODAY))


def test_the_receipt_of_a_check_goes_with_the_invoice(asker: Asker, desk: FakeInvoices) -> None:
    """As it was copied, line ends aside; what is no receipt is told at its field, and not sent."""
    text = "RPR1." + "hFWi" * 50
    send(asker, receipt=f" {text[:90]}\r\n{text[90:]} ")
    assert [sent.receipt for sent in desk.sent] == [text]
    answer = send(asker, receipt="RPR1.abc")
    assert (answer.status_code, marked(answer.text)) == (422, {"receipt"})
    assert len(desk.sent) == 1
