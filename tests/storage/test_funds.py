"""Insurers' funds: who is out of them stops alone, calls are exact, and each cent is called once."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from lxml import etree

from rempart.application.bank_returns import Statement
from rempart.application.pay import POINTS
from rempart.bootstrap.funds import NewMandate, calling, register_mandate
from rempart.domain.bank_return import BankEntry
from rempart.domain.identifiers import Fault
from rempart.domain.payment import Terms
from rempart.storage import funds
from rempart.storage.bank_returns import BankBooks
from support.money import DAY, FIRST, NOW, OPERATOR, SECOND, SITES, MoneyWorld, iban

pytestmark = pytest.mark.postgres
NEXT = DAY + timedelta(days=1)
PARTY = funds.Party(OPERATOR, FIRST)
TESTS = Path(__file__).parents[1]


def watch(money: MoneyWorld, ceiling: int = 0, insurer: str = FIRST) -> None:
    with money.sql("worker") as connection:
        funds.set_terms(
            connection, funds.Terms(OPERATOR, insurer, date(2026, 1, 1), ceiling, "agent-1", "agent-2"), NOW
        )


def deposit(money: MoneyWorld, amount: int, reference: str = "FR-1") -> bool:
    with money.sql("worker") as connection, connection.transaction():
        return funds.deposit(connection, funds.Deposit(OPERATOR, FIRST, amount, reference, "agent-1"), NOW)


def left(money: MoneyWorld) -> int:
    with money.sql("worker") as connection:
        return {one.insurer: one.balance for one in funds.watched(connection, DAY)}[FIRST]


def call(money: MoneyWorld, day: date = DAY) -> funds.Call | None:
    with money.sql("worker") as connection, connection.transaction():
        return funds.call(connection, PARTY, day, NOW + 1, instant=NOW + (day - DAY).days)


def take(money: MoneyWorld, entry: BankEntry, mark: int = 1) -> list[str]:
    with money.sql("worker") as connection:
        found = BankBooks(connection).take(Statement("s.xml", received=(entry,)), bytes([mark]) * 16, NOW)
        return [verdict.act for _, verdict in found or []]


def test_an_insurer_out_of_funds_stops_only_its_own_payments(money: MoneyWorld) -> None:
    """The other insurer's part of the same site is paid, and the site sees why and since when."""
    watch(money)
    deposit(money, 999)
    money.decide(amc=1_000)
    money.decide(amc=400, insurer=SECOND)
    money.decide(SITES[1], 700, SECOND)
    plan = money.pay().plan
    assert sorted((one.site, one.amount) for one in plan.remittances) == [(SITES[0], 400), (SITES[1], 700)]
    assert [(one.site, one.insurer, one.reason, one.amount) for one in plan.waiting] == [
        (SITES[0], FIRST, "insurer-out-of-funds", 1_000)
    ]
    with money.sql("hub") as connection:
        seen = connection.execute("select site, insurer, reason, amount, since from rempart.payment_waiting").fetchall()
    assert seen == [(SITES[0], FIRST, "insurer-out-of-funds", 1_000, NOW)]
    deposit(money, 1, "FR-2")
    assert [one.amount for one in money.pay(NEXT).plan.remittances] == [1_000]
    assert left(money) == 0
    assert money.one("select count(*) from rempart.payment_waiting") == 0
    assert money.broken() == {}


def test_the_oldest_due_is_served_first_and_none_is_passed(money: MoneyWorld) -> None:
    """A small payment does not pass a large one that funds do not reach: it would wait for ever."""
    watch(money, ceiling=500)
    money.decide(SITES[2], 600)
    with money.sql() as connection:
        connection.execute("alter table rempart.transfer disable trigger append_only")
        connection.execute("update rempart.transfer set instant = instant - 1000")
    money.decide(SITES[0], 10)
    assert money.pay().plan.remittances == ()
    deposit(money, 105)
    assert [(one.site, one.amount) for one in money.pay().plan.remittances] == [(SITES[2], 600)]
    assert left(money) == -495
    assert money.broken() == {}


def test_what_did_not_go_through_gives_its_funds_back(money: MoneyWorld) -> None:
    """A file refused whole, then a transfer returned after it was settled."""
    watch(money)
    deposit(money, 1_000)
    money.decide(amc=1_000)
    money.pay()
    assert left(money) == 0
    money.refused("main-20261123-01.xml")
    assert left(money) == 1_000
    money.pay(NEXT)
    money.confirm("main-20261124-01.xml")
    assert left(money) == 0
    assert money.broken() == {}


def test_a_deposit_counts_once(money: MoneyWorld) -> None:
    """The bank's reference names it; one person alone sets no terms."""
    watch(money)
    assert deposit(money, 100)
    assert not deposit(money, 100)
    assert left(money) == 100
    with money.sql("worker") as connection, pytest.raises(psycopg.errors.CheckViolation):
        funds.set_terms(connection, funds.Terms(OPERATOR, SECOND, DAY, 0, "agent-1", "agent-1"), NOW)
    assert money.broken() == {}


def test_a_call_asks_to_the_cent_for_what_was_decided(money: MoneyWorld) -> None:
    """Decided less cancelled, each movement in one call; nothing new, no call; one a day at most."""
    for amount in (1_000, 250, 99):
        money.decide(amc=amount)
    money.decide(amc=77, insurer=SECOND)
    with money.sql("hub") as connection:
        connection.execute("select rempart.cancel_invoice(%s, %s, %s)", (money.invoices[1], SITES[0], NOW))
    made = call(money)
    assert made is not None
    assert (made.amount, made.movements) == (1_099, 4)
    assert call(money) is None
    assert call(money, NEXT) is None
    money.decide(amc=5)
    again = call(money, NEXT)
    assert again is not None
    assert again.amount == 5
    assert money.broken() == {}


def test_insurers_called_together_are_each_asked_for_their_own(money: MoneyWorld) -> None:
    """What is asked of one is never in another's call; who owes nothing is left out, who was called is not again."""
    other = funds.Party(OPERATOR, SECOND)
    money.decide(amc=1_234)
    money.decide(SITES[1], amc=66)
    with money.sql("worker") as connection, connection.transaction():
        made = funds.call_all(connection, [PARTY, other], DAY, NOW + 1, instant=NOW)
    assert [(one.insurer, one.amount, one.movements) for one in made] == [(FIRST, 1_300, 2)]
    money.decide(insurer=SECOND, amc=700)
    money.decide(amc=5)
    with money.sql("worker") as connection, connection.transaction():
        made = funds.call_all(connection, [PARTY, other], DAY, NOW + 1, instant=NOW)
        later = funds.call_all(connection, [other, PARTY], NEXT, NOW + 1, instant=NOW + 1)
    assert [(one.insurer, one.amount, one.movements) for one in made] == [(SECOND, 700, 1)]
    assert [(one.insurer, one.amount, one.movements) for one in later] == [(FIRST, 5, 1)]


def test_a_paid_call_becomes_funds_and_a_refused_one_is_asked_again(money: MoneyWorld) -> None:
    """By the bank's own statement, matched by EndToEndId; a refund after receipt is held."""
    watch(money)
    money.decide(amc=800)
    first = call(money)
    assert first is not None
    refused = BankEntry(first.end_to_end, "rejected", "AM04", 800, NEXT)
    assert take(money, refused) == ["unfunded"]
    second = call(money, NEXT)
    assert second is not None
    assert (second.amount, second.end_to_end == first.end_to_end) == (800, False)
    assert take(money, BankEntry(second.end_to_end, "settled", "", 800, NEXT), 2) == ["funded"]
    assert left(money) == 800
    assert take(money, BankEntry(second.end_to_end, "settled", "", 800, NEXT), 3) == ["repeated"]
    assert take(money, BankEntry(second.end_to_end, "rejected", "MD06", 800, NEXT), 4) == ["held"]
    assert take(money, BankEntry("VIR MUTUELLE", "settled", "", 5_000, NEXT), 5) == ["held"]
    assert [one.amount for one in money.pay(NEXT).plan.remittances] == [800]
    assert money.broken() == {}


def mandate(money: MoneyWorld, **changed: str) -> Fault | None:
    fields: dict[str, Any] = {
        "operator": OPERATOR, "insurer": FIRST, "reference": "MDT-1", "signed": date(2026, 1, 5),
        "creditor": "FR72ZZZ123456", "name": "Mutuelle des Trois Rivières", "iban": iban(50), "proposed_by": "agent-1",
        "approved_by": "agent-2",
    } | changed  # fmt: skip
    return register_mandate(money.settings, NewMandate(**fields), NOW)


def debits(money: MoneyWorld) -> dict[str, str]:
    """EndToEndId → euros of every direct debit that was handed over."""
    found: dict[str, str] = {}
    for name, content in money.handed_over().items():
        if not name.startswith("calls-"):
            continue
        root = etree.fromstring(content)
        for one in root.iterfind(".//{*}DrctDbtTxInf"):
            reference = one.findtext("{*}PmtId/{*}EndToEndId") or ""
            assert reference not in found
            found[reference] = one.findtext("{*}InstdAmt") or ""
    return found


def run(money: MoneyWorld, at: Any = None) -> Any:
    with calling(money.settings, NOW + 1, at) as made:
        return made.run(Terms(DAY), NOW)


def test_insurers_with_a_mandate_are_debited_once(money: MoneyWorld) -> None:
    """One file of direct debits; who has no mandate gets a statement; a second run writes nothing."""
    assert mandate(money) is None
    assert mandate(money, iban="FR76") == Fault("iban", "iban-malformed")
    money.decide(amc=1_234)
    money.decide(amc=500, insurer=SECOND)
    assert [one.name for one in run(money).written] == ["calls-main-20261123-01.xml"]
    assert list(debits(money).values()) == ["12.34"]
    assert run(money).written == ()
    assert money.one("select count(*) from rempart.fund_call") == 2
    with calling(money.settings, NOW) as made:
        ended = made.confirm("calls-main-20261123-01.xml", NOW)
    assert not isinstance(ended, str)
    assert ended.amount == 1_234
    assert money.broken() == {}


@pytest.mark.parametrize("point", POINTS)
def test_a_caller_killed_at_any_point_calls_once(money: MoneyWorld, point: str) -> None:
    """`kill -9` at each point, then a run that lives: one direct debit, whole."""
    mandate(money)
    money.decide(amc=1_234)
    command = [sys.executable, "-m", "support.money", str(money.config), point, "calls"]
    killed = subprocess.run(command, cwd=TESTS, check=False, timeout=60, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    run(money)
    run(money)
    assert list(debits(money).values()) == ["12.34"]
    assert money.broken() == {}
