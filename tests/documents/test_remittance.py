"""The printed advice: what a site checks its bank statement with, and nothing about its patients."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
import typst

from rempart.application.remittances import Advice, InsurerPart, LineNote, PaidInvoice, RejectedInvoice, Summary
from rempart.documents import remittance
from rempart.domain import reasons

DAY = date(2026, 12, 1)


def paid(number: int, notes: tuple[LineNote, ...] = ()) -> PaidInvoice:
    return PaidInvoice(UUID(int=number), f"{number:09d}", DAY, 5_000, 2_000, 1_000, 2_000, notes)


def advice(invoices: int = 3, name: str = "Mutuelle #strong[x] des Trois Rivières", state: str = "reserved") -> Advice:
    parts = (
        InsurerPart("0000401166", name, tuple(paid(number) for number in range(invoices))),
        InsurerPart("0000775001", "Prévoyance", (paid(900, (LineNote(2, "OPTI", "domain-not-covered"),)),)),
    )
    summary = Summary(UUID(int=1), DAY, 123_456, invoices + 1, state, "RMP0123", "op", "Opérateur Un", None)
    rejected = (RejectedInvoice(UUID(int=5), "000000777", DAY, "0000401166", 6_310, "rights-closed"),)
    return Advice("992300010", summary, parts, rejected)


@pytest.mark.parametrize("state", sorted(remittance.STATES))
def test_an_advice_prints_in_every_state(state: str) -> None:
    """Each state of a remittance has its sentence; the file is a tagged PDF that says its language and title."""
    content = remittance.pdf(advice(state=state))
    assert content.startswith(b"%PDF-1.7")
    for sign in (b"/Lang(fr-FR)", b"/MarkInfo<</Marked true", b"<pdfuaid:part>1<"):
        assert sign in content


def test_the_same_advice_is_the_same_file() -> None:
    """Printed twice, byte for byte; another amount is another file."""
    assert remittance.pdf(advice()) == remittance.pdf(advice())
    assert remittance.pdf(advice()) != remittance.pdf(advice(4))


def test_every_text_of_the_advice_is_printed_as_it_is() -> None:
    """Numbers, amounts, reasons are in the document; a name that looks like a command is text."""
    shown = remittance.content(advice())
    words = str(shown)
    for expected in ("1\u202f234,56\u00a0€", "1er\u00a0décembre 2026", "000000777", "RMP0123", "4 factures payées"):
        assert expected in words.replace("\\u202f", "\u202f").replace("\\xa0", "\u00a0")
    assert "Mutuelle #strong[x] des Trois Rivières" in words
    assert typst.compile(b"#sys.inputs.x", format="pdf", sys_inputs={"x": "#panic()"})


def test_a_long_advice_prints_quickly_on_many_pages() -> None:
    """A thousand invoices are one document."""
    assert b"/Count 2" in remittance.pdf(advice(1_000))  # twenty and some pages


def test_the_document_is_given_no_act_and_no_identity() -> None:
    """The template prints these fields and nothing else: of an invoice its number, day, amounts and reasons."""
    shown = remittance.content(advice())
    assert set(shown) == {
        "payer", "amount", "day", "state", "executed", "reference", "site", "count", "parts", "rejected", "gross",
        "deducted", "deductions", "penalties", "penalised",
    }  # fmt: skip
    part = shown["parts"][1]
    assert set(part) == {"insurer", "name", "number", "count", "amount", "invoices", "totals"}
    assert part["invoices"] == [
        {
            "number": "000000900", "care": "01/12/2026", "spent": "50,00\u00a0€", "amo": "20,00\u00a0€",
            "paid": "10,00\u00a0€", "patient": "20,00\u00a0€",
            "notes": [
                f"Ligne 2 (OPTI) : {reasons.sentence('domain-not-covered')}",
            ],
        }
    ]  # fmt: skip
    assert set(shown["rejected"][0]) == {"number", "care", "insurer", "spent", "reason"}
