"""Invoices that cite the receipt of a card check made without network: what binds, and what never does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest

from rempart.application.invoice_records import Decided, Submitted
from rempart.application.invoices import decide
from rempart.application.rights_again import RIGHTS_REASONS
from rempart.domain import card_receipt
from rempart.domain.binding import ACCREDITATION, AUTHORIZATION, CARD, PAPER, Binding, BindingTable, Declared
from rempart.domain.card_receipt import Receipt
from rempart.domain.invoice import Invoice, Line, Presented
from support.lane import BIRTH, INSURER, NOW, OTHER, SITE, START, TODAY, Keeper, Lane, caller, facts

MEMBER, SECOND = "INVENTED1", "INVENTED2"
HANDLE = bytes(range(16))
CARE = date(2026, 11, 20)
CLOSED = date(2026, 11, 1)
SECONDS = 1_795_168_800  # 20 November 2026, 10:00 UTC
GOOD = Receipt(SITE, INSURER, 77, HANDLE, SECONDS, CARE, date(2026, 12, 31), ("PHAR",), SECONDS - 86_400, CARE, CARE)
TABLE = BindingTable(
    (Binding(ACCREDITATION, date.min), Binding(AUTHORIZATION, date.min), Binding(CARD, START, most=1_000))
)


@dataclass
class Signed:
    """Verifies by the text's own word, and knows the serials that were revoked."""

    found: dict[str, Receipt | str]
    serials: set[int] = field(default_factory=set)

    async def verified(self, cited: Sequence[tuple[str, str, str]]) -> Sequence[Receipt | str]:
        return [self.found[text] for text, _, _ in cited]

    def revoked(self, receipt: Receipt, _operator: str, _zone: str) -> bool:
        return receipt.serial in self.serials


@pytest.fixture
def lane() -> Lane:
    made = Lane(receipts=Signed({"good": GOOD}))
    made.insure(MEMBER, closed=CLOSED)
    made.card(MEMBER, HANDLE)
    made.directory.bound[INSURER] = TABLE
    return made


def sent(number: str = "000000001", receipt: str = "good", **changes: Any) -> Submitted:
    """An invoice of the pharmacy: 14 euros are asked of the insurer."""
    act = Line(1, changes.pop("care", CARE), "PH7", "pharmacy", 4_000, 65, 2_600, 4_000, 1_400)
    member = changes.pop("member", MEMBER)
    invoice = Invoice(
        SITE, number, TODAY, Presented(INSURER, member, None, BIRTH, "1"), (act,), 4_000, 2_600, 1_400, receipt=receipt,
        **changes,
    )  # fmt: skip
    return Submitted(number.encode().rjust(16), 1, invoice, caller(SITE), facts(SITE), "api", NOW - 10, distinct=True)


def decided(lane: Lane, *batch: Submitted) -> list[Decided]:
    return asyncio.run(decide(lane.needs, batch, NOW, TODAY))


def said(lane: Lane, *batch: Submitted) -> list[tuple[str, str, str, int]]:
    return [(one.state, one.reason, one.bound, one.decision.amc) for one in decided(lane, *batch)]


def test_a_good_receipt_is_owed_as_a_card_that_was_read(lane: Lane) -> None:
    """Up to the table's amount; without it nothing is owed."""
    with_it, without = said(lane, sent(), sent("000000002", ""))
    assert with_it == ("accepted", "", CARD, 1_000)
    assert without == ("rejected", "rights-closed", "", 0)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"site": OTHER}, card_receipt.OTHER_SITE),
        ({"insurer": "0000401174"}, card_receipt.OTHER_PERSON),
        ({"handle": b"x" * 16}, card_receipt.OTHER_PERSON),
        ({"seconds": SECONDS + 30 * 86_400}, card_receipt.DATES),
        ({"keys": SECONDS - 30 * 86_400}, card_receipt.DATES),
        ({"serial": 78}, card_receipt.REVOKED),
    ],
)
def test_a_receipt_that_does_not_go_with_the_invoice_says_why(lane: Lane, change: dict[str, Any], code: str) -> None:
    """And nothing else changes: open rights, a paper or an accreditation would be owed beside it."""
    lane.receipts = Signed({"bad": replace(GOOD, **change)}, {78})
    assert said(lane, sent(receipt="bad")) == [("rejected", code, "", 0)]
    assert code in RIGHTS_REASONS
    lane.insure(MEMBER)
    assert said(lane, sent(receipt="bad")) == [("accepted", "", "", 1_400)]


@pytest.mark.parametrize("code", [card_receipt.SIGNATURE, card_receipt.UNREADABLE])
def test_a_receipt_that_nobody_signed_stops_no_other_evidence(lane: Lane, code: str) -> None:
    """The paper that was seen binds where the table says so."""
    lane.receipts = Signed({"bad": code})
    paper = Declared(PAPER, CARE)
    assert said(lane, sent(receipt="bad", declared=paper)) == [("rejected", code, "", 0)]
    lane.directory.bound[INSURER] = BindingTable((*TABLE.rows, Binding(PAPER, START)))
    assert said(lane, sent(receipt="bad", declared=paper)) == [("accepted", "", PAPER, 1_400)]


def test_the_receipt_of_one_person_is_not_another_s(lane: Lane) -> None:
    """The card's handle must lead to the record of who is presented."""
    lane.insure(SECOND, closed=CLOSED)
    assert said(lane, sent(member=SECOND)) == [("rejected", card_receipt.OTHER_PERSON, "", 0)]


def test_a_receipt_binds_for_its_days_and_the_card_s_domains(lane: Lane) -> None:
    """One day unless the table says more; and what the card does not open is not owed by it."""
    lane.receipts = Signed({"good": GOOD, "other": replace(GOOD, domains=("HOSP",))})
    before, after = CARE - timedelta(days=1), CARE + timedelta(days=1)
    found = said(lane, sent(care=before), sent("000000002", care=after), sent("000000003", receipt="other"))
    assert [one[0] for one in found] == ["rejected"] * 3
    assert [one[3] for one in found] == [0, 0, 0]


def test_who_was_not_found_is_not_confirmed_by_a_receipt(lane: Lane) -> None:
    """It never replaces being found."""
    assert said(lane, sent(member="NOBODY"))[0][:2] == ("rejected", "not-confirmed")


def test_without_the_right_to_look_the_invoice_waits(lane: Lane) -> None:
    """A keeper that is asked too much says so: nothing is rejected for it."""

    class Refusing(Keeper):
        async def derive(self, items: Any) -> Any:
            found = await super().derive(items)
            return [
                one._replace(refusal="meter-day", keys=()) if item.sealed is not None else one
                for item, one in zip(items, found, strict=True)
            ]

    lane.keeper = Refusing()
    assert said(lane, sent())[0][:2] == ("waiting", "budget-waiting")
