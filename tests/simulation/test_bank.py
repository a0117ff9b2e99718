"""The demo's bank: what it says is read by the real readers as it was meant, transfer by transfer."""

from __future__ import annotations

from datetime import date

import pytest

from rempart.application.bank_returns import Statement
from rempart.bootstrap.returns import parse
from rempart.formats.iso20022 import pain001
from rempart.simulation.bank import FEES, said_of
from rempart.simulation.sites import invented_iban

DAY = date(2026, 11, 24)
CENTS = (10_01, 20_02, 30_03, 40_04, 50_05)


def order(count: int) -> bytes:
    """An order of so many transfers."""
    transfers = tuple(
        pain001.Credit(f"REF{place}", CENTS[place], "Site Imaginaire", invented_iban(place + 1), f"Remise {place}")
        for place in range(count)
    )
    debtor = ("Opérateur Imaginaire", invented_iban(99))
    return pain001.write(pain001.BankFile("ORDER-1", f"{DAY}T08:00:00Z", DAY.isoformat(), *debtor, credits=transfers))


def test_every_transfer_is_told_as_it_was_meant() -> None:
    """One refused, one executed and sent back, one open until the notification ends it, fees under no reference."""
    said = said_of(order(5), DAY)
    report, moved = parse("pain002", said.report), parse("camt054", said.notification)
    assert isinstance(report, Statement)
    assert isinstance(moved, Statement)
    assert (report.order, report.outcome) == ("ORDER-1", "unknown"), "the order as a whole ends nothing"
    told = [(one.end_to_end, one.outcome, one.reason, one.amount) for one in report.paid]
    outcomes = ["settled", "rejected", "settled", "unknown", "settled"]
    reasons = ["", "MS03", "", "", ""]
    assert told == [(f"REF{at}", outcomes[at], reasons[at], CENTS[at]) for at in range(5)]
    assert [(one.end_to_end, one.outcome, one.reason, one.amount) for one in moved.paid] == [
        ("REF2", "rejected", "AC04", CENTS[2]), ("REF3", "settled", "", CENTS[3]), ("", "unknown", "", FEES),
    ]  # fmt: skip
    assert said.acts == {
        "settled": (4, CENTS[0] + CENTS[2] + CENTS[3] + CENTS[4]), "released": (1, CENTS[1]),
        "returned": (1, CENTS[2]), "held": (2, CENTS[3] + FEES),
    }  # fmt: skip


def test_without_faults_everything_is_executed() -> None:
    """A bank on a good day sends no notification."""
    said = said_of(order(3), DAY, faults=False)
    assert said.acts == {"settled": (3, sum(CENTS[:3]))}
    assert said.notification == b""


def test_the_same_order_gets_the_same_answer() -> None:
    """No chance in it, so a demo can be repeated."""
    assert said_of(order(4), DAY) == said_of(order(4), DAY)


def test_what_is_no_order_is_not_answered() -> None:
    """A document without a message id raises instead of being answered with an invented one."""
    with pytest.raises(ValueError, match="MsgId"):
        said_of(b'<Document xmlns="urn:x"/>', DAY)
