"""What a remittance and a deposit become when told as returns, and that nothing too long or foreign leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.application.remittances import (
    Advice,
    DeductedPart,
    InsurerPart,
    LineNote,
    PaidInvoice,
    PenaltyPart,
    RejectedInvoice,
    Summary,
)
from rempart.application.returns import (
    AMOUNT_MOST,
    COMMENT_MOST,
    ENDED_UNPAID,
    INFO_MOST,
    LABEL_MOST,
    STATE_OF,
    Deposit,
    DepositedInvoice,
    DepositFault,
    divided,
    fitted,
    of_advice,
    of_deposit,
    plain,
    reject_of,
)
from rempart.domain import invoice_states
from rempart.domain.claw_back import LATE_REASONS
from rempart.domain.reasons import BY_CODE, REASONS
from rempart.domain.returns import DebtMove, Group, InvoiceReturn, Item, Share, Signal, total
from rempart.formats import noemie

DAY, SITE = date(2026, 11, 23), "992300010"
ENVELOPE = noemie.Envelope("REMPART", SITE, "ABC123", DAY)
SUMMARY = Summary(UUID(int=1), DAY, 1_234, 2, "reserved", "RMP0001", "operator-1", "Opérateur Un", None)
PAID = PaidInvoice(UUID(int=2), "000000001", DAY, 5_000, 2_000, 1_000, 2_000)
PARTLY = PaidInvoice(UUID(int=3), "000000002", DAY, 500, 200, 234, 66, (LineNote(2, "PHAR", "nothing-covered"),))
REFUSED = RejectedInvoice(UUID(int=4), "000000003", DAY, "0000775001", 900, "rights-closed")
ADVICE = Advice(
    SITE, SUMMARY, (InsurerPart("0000401166", "A", (PAID,)), InsurerPart("0000775001", "B", (PARTLY,))), (REFUSED,)
)


def deposit(state: str = "decided", *invoices: DepositedInvoice, faults: tuple[DepositFault, ...] = ()) -> Deposit:
    """A deposit of the site."""
    return Deposit(SITE, state, DAY, invoices, faults)


def invoice(state: str, reason: str = "", amc: int = 700) -> DepositedInvoice:
    """An invoice of a deposit."""
    return DepositedInvoice("000000009", "0000401166", state, reason, amc, 300, DAY)


def told(found: Deposit) -> list[Item]:
    """The acknowledgement, with code sentences that name their code."""
    return list(of_deposit(found, lambda code: f"Phrase de {code}."))


def test_a_remittance_is_its_transfer_to_the_cent() -> None:
    """The group names transfer and payer, each invoice what it is paid, and the sum is the remittance's amount."""
    group, first, second, third = of_advice(ADVICE)
    assert group == Group(SITE, DAY, "RMP0001", "Opérateur Un", "operator-1")
    assert isinstance(first, InvoiceReturn)
    assert (first.amc, first.amo, first.insurer) == (Share("paid", 1_000), Share("untouched", 0, 2_000), "0000401166")
    assert isinstance(second, InvoiceReturn)
    assert [(one.code, one.level, one.line, one.info) for one in second.rejects] == [
        ("R421", "line", 2, "nothing-covered")
    ]
    assert isinstance(third, InvoiceReturn)
    assert (third.amc.state, third.rejects[0].level, third.comments) == (
        "rejected", "invoice", ("Corriger, puis renvoyer la facture.",)
    )  # fmt: skip
    assert total(of_advice(ADVICE)) == SUMMARY.amount


def test_deductions_come_after_the_invoices() -> None:
    """A debt that is deducted lowers what the transfer amounts to."""
    part = DeductedPart(UUID(int=9), UUID(int=2), "000000044", DAY, "0000401166", "over-billing", 200, 100)
    advice = replace(ADVICE, summary=replace(SUMMARY, amount=1_034, deducted=200), deductions=(part,))
    *_, signal, debt = of_advice(advice)
    assert debt == DebtMove("0000000009", DAY, "IND", "RPR", -200, 100)
    assert isinstance(signal, Signal)
    assert (signal.code, signal.label[:20]) == ("RETENUE", "Facture 000000044 : ")
    assert total(of_advice(advice)) == 1_034


@pytest.mark.parametrize(("bank", "said"), [("AC04", "clos ou bloqué"), ("MS03", "n'a pas exécuté"), ("", "refait")])
def test_a_transfer_that_did_not_go_through_moves_nothing(bank: str, said: str) -> None:
    """Its invoices are deferred, for they are due again, and why is signalled; nothing is deducted either."""
    part = DeductedPart(UUID(int=9), UUID(int=2), "000000044", DAY, "0000401166", "over-billing", 200, 100)
    for state in ENDED_UNPAID:
        found = list(of_advice(replace(ADVICE, summary=replace(SUMMARY, state=state, reason=bank), deductions=(part,))))
        assert isinstance(found[1], Signal)
        assert (found[1].code, said in found[1].label) == ("NON-PAYE", True)
        assert [one.amc.state for one in found if isinstance(one, InvoiceReturn)] == [
            "deferred",
            "deferred",
            "rejected",
        ]
        assert total(found) == 0


def test_every_late_reason_has_its_sentence() -> None:
    """What may be taken back can be told."""
    assert {late.code for late in LATE_REASONS} <= set(BY_CODE)


def test_nothing_of_a_person_is_told() -> None:
    """Every identity is empty, so its zones are zeros."""
    for item in (*of_advice(ADVICE), *told(deposit("decided", invoice("accepted")))):
        assert not isinstance(item, InvoiceReturn) or (not item.member and item.identity == type(item.identity)())


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [("accepted", "", "deferred"), ("paid", "", "paid"), ("rejected", "rights-closed", "rejected"),
     ("held", "possible-duplicate", "deferred"), ("waiting", "budget-waiting", "deferred"),
     ("cancelled", "cancelled", "rejected"), ("received", "", "untouched")],
)  # fmt: skip
def test_an_invoice_of_a_deposit_is_told_as_it_stands(state: str, reason: str, expected: str) -> None:
    """Owed or waiting is deferred, with what it waits for; paid with its amount; rejected with its code."""
    found = told(deposit("decided", invoice(state, reason)))[-1]
    assert isinstance(found, InvoiceReturn)
    assert (found.amc.state, found.amc.paid) == (expected, 700 if expected == "paid" else 0)
    assert bool(found.rejects) == (expected == "rejected")
    assert bool(found.comments) == bool(reason)


def test_every_state_of_an_invoice_is_told() -> None:
    """Only what is not decided yet, or never became an invoice, is untouched."""
    assert set(invoice_states.STATES) - set(STATE_OF) == {"received", "acknowledged", "refused"}


@pytest.mark.parametrize(
    ("state", "faults", "code"),
    [("decided", (), "RECU"), ("received", (), "EN-COURS"), ("refused", (), "REFUSE"),
     ("refused", (DepositFault("file", "not-b2", "", 1, 66),), "REFUSE")],
)  # fmt: skip
def test_a_deposit_is_told_as_a_whole(state: str, faults: tuple[DepositFault, ...], code: str) -> None:
    """Taken, under way or refused, with the place of what refused it."""
    signal = told(deposit(state, faults=faults))[1]
    assert isinstance(signal, Signal)
    assert signal.code == code
    assert not faults or "Enregistrement 1, position 66 : Phrase de not-b2." in signal.label


def test_a_lot_and_an_unreadable_invoice_are_named() -> None:
    """A refused lot is a signal; an invoice that could not be read is rejected by its number and format code."""
    faults = (DepositFault("lot", "no-mandate", "", 2), DepositFault("invoice", "nir-key-wrong", "000000005", 7, 25))
    _, _, lot, unread = told(deposit("decided", faults=faults))
    assert isinstance(lot, Signal)
    assert lot.code == "LOT-REFUSE"
    assert isinstance(unread, InvoiceReturn)
    assert (unread.number, unread.rejects[0].code, unread.rejects[0].info) == ("000000005", "R301", "nir-key-wrong")
    assert "Enregistrement 7, position 25" in unread.comments[0]


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: reason.code)
def test_every_reason_fits_a_return(reason: object) -> None:
    """Four characters, a label that ends a sentence or says that it is cut, the code in full; written and read."""
    code = getattr(reason, "code", "")
    reject = reject_of(code, line=1, care=DAY)
    assert (len(reject.code), reject.info) == (4, code)
    assert len(reject.label) <= LABEL_MOST
    assert reject.label.endswith((".", "+"))
    item = InvoiceReturn("000000001", "1", Share("rejected"), rejects=(reject,))
    events = list(noemie.read(noemie.write(ENVELOPE, [Group(SITE, DAY), item])))
    assert events[2] == item
    assert len(code) <= INFO_MOST
    assert len(BY_CODE[code].todo.french) <= COMMENT_MOST


@given(st.text(), st.integers(10, 128))
def test_any_text_fits(text: str, most: int) -> None:
    """What a payer or a code is called never stops a return."""
    assert len(fitted(text, most)) <= most
    assert len(plain(text, most)) <= most
    group = Group(SITE, DAY, "L" + fitted(text, 31), fitted(text, 32), plain(text, 10))
    assert isinstance(list(noemie.read(noemie.write(ENVELOPE, [group])))[-1], noemie.FileEnd)


def test_a_penalty_is_a_payment_beside_invoices() -> None:
    """Its half-year and insurer are said, and it moves the transfer by its amount; unpaid, it moves nothing."""
    late = PenaltyPart(UUID(int=9), "0000401166", "2026-1", 3, 300)
    found = list(of_advice(replace(ADVICE, penalties=(late,), summary=replace(SUMMARY, amount=1_534))))
    assert total(found) == 1_534
    signal, move = found[-2:]
    assert isinstance(signal, Signal)
    assert isinstance(move, DebtMove)
    assert (signal.code, move.nature, move.operation, move.amount, move.balance) == ("RETARD", "PEN", "PAI", 300, 0)
    unpaid = replace(ADVICE, penalties=(late,), summary=replace(SUMMARY, state="released"))
    assert total(of_advice(unpaid)) == 0


@given(
    st.integers(0, 5 * AMOUNT_MOST), st.integers(0, 5 * AMOUNT_MOST), st.integers(-5 * AMOUNT_MOST, 5 * AMOUNT_MOST),
    st.integers(0, 5 * AMOUNT_MOST),
)  # fmt: skip
def test_amounts_beyond_their_zones_are_divided_to_the_cent(paid: int, asked: int, moved: int, left: int) -> None:
    """Whatever the amounts, the file can be written, and read back it says the same sums; reasons are said once."""
    one = InvoiceReturn(
        "000000001", "0000401166", Share("paid", paid), Share("untouched", 0, asked),
        (reject_of("nothing-covered", line=2),), ("Que faire",),
    )  # fmt: skip
    items = [Group(SITE, DAY, "RMP0001"), one, DebtMove("REF", DAY, "IND", "RPR", moved, left)]
    events = noemie.read(noemie.write(ENVELOPE, divided(items)))
    read = [event for event in events if isinstance(event, InvoiceReturn | DebtMove)]
    invoices = [event for event in read if isinstance(event, InvoiceReturn)]
    assert {each.number for each in invoices} == {"000000001"}
    assert sum(each.amc.paid for each in invoices) == paid
    assert sum(each.amo.requested for each in invoices if each.amo) == asked
    assert [len(each.rejects) for each in invoices] == [1] + [0] * (len(invoices) - 1)
    assert sum(event.amount for event in read if isinstance(event, DebtMove)) == moved


def test_what_fits_is_told_as_it_is() -> None:
    """No item of an ordinary return is changed."""
    items = list(of_advice(ADVICE))
    assert list(divided(items)) == items
