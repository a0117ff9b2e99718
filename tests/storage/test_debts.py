"""A claw-back with nothing to deduct from is a debt: asked for, carried over, paid back, or given up by two people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from rempart.application.claw_backs import Claimed, ClawBacks
from rempart.application.debts import Debts, Repaid
from rempart.storage import debts, funds
from rempart.storage.claw_backs import ClawBackBooks
from support.money import DAY, FIRST, NOW, OPERATOR, SITES, MoneyWorld

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.postgres
DAYS = 86_400_000_000
RIPE = DAY + timedelta(days=15)
DEBT = f"debt:{OPERATOR}:{SITES[0]}"
OWED_BACK = f"recoverable:{OPERATOR}:{FIRST}"


def later(day: date) -> int:
    return NOW + (day - DAY).days * DAYS


def file(day: date = DAY) -> str:
    return f"main-{day:%Y%m%d}-01.xml"


def balance(money: MoneyWorld, account: str) -> int:
    found: int = money.one(
        "select coalesce(sum(case when credit = %s then amount else -amount end), 0)::bigint from rempart.transfer "
        "where %s in (credit, debit)", account, account,
    )  # fmt: skip
    return found


def use(money: MoneyWorld, what: Callable[[Debts], str | UUID]) -> str | UUID:
    with money.sql("worker") as connection:
        return what(Debts(debts.Books(connection)))


def owing(money: MoneyWorld) -> tuple[int, ...]:
    with money.sql("worker") as connection:
        return tuple(one.left for one in debts.listed(connection))


@pytest.fixture
def claim(money: MoneyWorld) -> UUID:
    """1,000 cents paid to a site that bills no more; 600 of them are claimed back and due."""
    money.decide()
    money.pay()
    money.confirm(file())
    with money.sql("worker") as connection:
        claimed = Claimed(money.invoices[0], FIRST, 600, "over-billing", "agent-7")
        found = ClawBacks(ClawBackBooks(connection)).propose(claimed, DAY, NOW)
    assert isinstance(found, UUID)
    assert money.pay(RIPE).plan.remittances == ()
    return found


def test_a_claim_that_stands_is_a_debt_in_the_ledger(money: MoneyWorld, claim: UUID) -> None:
    """Nothing is owed while the notice runs; from its end on the site owes the insurer, to the cent."""
    assert (balance(money, DEBT), balance(money, OWED_BACK)) == (-600, 600)
    assert owing(money) == (600,)
    assert money.broken() == {}
    with money.sql() as connection:
        connection.execute("alter table rempart.claw_back disable trigger all")
        connection.execute("update rempart.claw_back set amount = 599 where claw_back = %s", (claim,))
    assert list(money.broken()) == ["debts_are_what_is_left"]


def test_it_is_demanded_reminded_and_told_a_last_time(money: MoneyWorld, claim: UUID) -> None:
    """Each step once, 30 days apart, with a notice to the site; run twice on a day it says nothing twice."""
    for days in (29, 30, 30, 59, 60, 90, 120, 400):
        money.pay(RIPE + timedelta(days=days))
    with money.sql() as connection:
        rows = connection.execute("select step, day, amount from rempart.debt_step order by day").fetchall()
        told = connection.execute(
            "select kind, day from rempart.site_notice where kind like 'debt-%' order by day"
        ).fetchall()
    days = [RIPE + timedelta(days=number) for number in (30, 60, 90)]
    steps = ("demanded", "reminded", "final-notice")
    assert rows == [(step, day, 600) for step, day in zip(steps, days, strict=True)]
    assert told == [(f"debt-{step}", day) for step, day in zip(steps, days, strict=True)]
    assert money.one("select count(*) from rempart.debt_step where claw_back = %s", claim) == 3


def test_it_is_carried_over_by_instalments(money: MoneyWorld, claim: UUID) -> None:
    """What the site earns later is deducted, so much a month; while something is taken nobody asks."""
    assert use(money, lambda made: made.plan(claim, 200, "agent-1", later(RIPE))) == ""
    for day, expected in ((date(2027, 1, 4), 200), (date(2027, 1, 25), 0), (date(2027, 2, 1), 200)):
        money.decide(amc=900)
        assert [one.deducted for one in money.pay(day).plan.remittances] == [expected]
    assert balance(money, DEBT) == -200
    money.pay(date(2027, 2, 28))
    assert money.one("select count(*) from rempart.debt_step") == 0
    money.refused(file(date(2027, 2, 1)))
    assert (balance(money, DEBT), owing(money)) == (-400, (400,))
    assert money.broken() == {}


def test_what_the_site_pays_back_ends_it(money: MoneyWorld, claim: UUID) -> None:
    """A bank line counts once, never beyond what is left; the next call asks the insurer for so much less."""
    at = later(RIPE)
    first = Repaid(claim, 250, "VIR-1", "agent-1")
    assert use(money, lambda made: made.repaid(first, at)) == ""
    assert use(money, lambda made: made.repaid(first, at)) == "payment-known"
    assert use(money, lambda made: made.repaid(Repaid(claim, 351, "VIR-2", "a"), at)) == "more-than-left"
    assert use(money, lambda made: made.repaid(Repaid(uuid4(), 1, "VIR-2", "a"), at)) == "claw-back-unknown"
    assert use(money, lambda made: made.repaid(Repaid(claim, 350, "VIR-2", "agent-1"), at)) == ""
    assert money.one("select state from rempart.claw_back") == "recovered"
    assert (balance(money, DEBT), balance(money, OWED_BACK), owing(money)) == (0, 0, ())
    with money.sql("worker") as connection, connection.transaction():
        called = funds.call(connection, funds.Party(OPERATOR, FIRST), RIPE, at + 1, instant=at + 1)
    assert called is not None
    assert called.amount == 1_000 - 600
    assert money.broken() == {}


def test_what_was_paid_from_funds_goes_back_into_them(money: MoneyWorld) -> None:
    """An insurer whose funds are watched finds there what its site paid back."""
    with money.sql("worker") as connection:
        funds.set_terms(connection, funds.Terms(OPERATOR, FIRST, DAY, 5_000, "agent-1", "agent-2"), NOW)
    money.decide()
    money.pay()
    money.confirm(file())
    purse = f"funds:{OPERATOR}:{FIRST}"
    assert balance(money, purse) == -1_000
    with money.sql("worker") as connection:
        claimed = Claimed(money.invoices[0], FIRST, 1_000, "fraud", "agent-7")
        claim = ClawBacks(ClawBackBooks(connection)).propose(claimed, DAY, NOW)
    assert isinstance(claim, UUID)
    money.pay(RIPE)
    assert use(money, lambda made: made.repaid(Repaid(claim, 1_000, "VIR-1", "agent-1"), later(RIPE))) == ""
    assert (balance(money, purse), balance(money, f"owed:{OPERATOR}:{FIRST}")) == (0, -1_000 + 1_000)
    assert money.broken() == {}


def test_two_people_give_it_up(money: MoneyWorld, claim: UUID) -> None:
    """Whoever proposed cannot approve, and the database holds it; then nothing is deducted any more."""
    at = later(RIPE)
    proposed = use(money, lambda made: made.propose(claim, "the site closed", "agent-1", at))
    assert isinstance(proposed, UUID)
    assert use(money, lambda made: made.propose(claim, "again", "agent-3", at + 1)) == "write-off-open"
    assert use(money, lambda made: made.approve(proposed, "agent-1", at)) == "same-person"
    with money.sql("worker") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "insert into rempart.debt_write_off_approval values (%s, 'agent-1', 'agent-1', 1)", (proposed,)
        )
    with money.sql("worker") as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
        connection.execute("insert into rempart.debt_write_off_approval values (%s, 'x', 'agent-1', 1)", (proposed,))
    assert balance(money, DEBT) == -600
    assert use(money, lambda made: made.approve(proposed, "agent-2", at)) == ""
    assert use(money, lambda made: made.approve(proposed, "agent-2", at)) == "write-off-unknown"
    assert money.one("select state from rempart.claw_back") == "written-off"
    assert (balance(money, DEBT), owing(money)) == (0, ())
    money.decide(amc=900)
    assert [one.deducted for one in money.pay(RIPE + timedelta(days=1)).plan.remittances] == [0]
    assert money.broken() == {}


def test_a_write_off_of_more_than_is_left_is_refused(money: MoneyWorld, claim: UUID) -> None:
    """Paid back between proposal and approval: nothing is given up that is not owed."""
    at = later(RIPE)
    proposed = use(money, lambda made: made.propose(claim, "small", "agent-1", at))
    assert isinstance(proposed, UUID)
    assert use(money, lambda made: made.repaid(Repaid(claim, 1, "VIR-9", "agent-1"), at)) == ""
    assert use(money, lambda made: made.approve(proposed, "agent-2", at)) == "more-than-left"
    with money.sql("worker") as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "insert into rempart.debt_write_off_approval values (%s, 'agent-1', 'agent-2', 1)", (proposed,)
        )
    assert money.broken() == {}


def test_what_was_given_up_stays_so_when_a_deduction_is_undone(money: MoneyWorld, claim: UUID) -> None:
    """100 were deducted and 500 given up; the transfer comes back: 100 are due again, and not the 500."""
    money.decide(amc=101)
    day = RIPE + timedelta(days=1)
    assert [one.deducted for one in money.pay(day).plan.remittances] == [100]
    proposed = use(money, lambda made: made.propose(claim, "small", "agent-1", later(day)))
    assert isinstance(proposed, UUID)
    assert use(money, lambda made: made.approve(proposed, "agent-2", later(day))) == ""
    money.refused(file(day))
    assert (money.one("select state from rempart.claw_back"), owing(money)) == ("due", (100,))
    money.decide(amc=900)
    assert [one.deducted for one in money.pay(day + timedelta(days=1)).plan.remittances] == [100]
    assert money.one("select state from rempart.claw_back") == "written-off"
    assert money.broken() == {}


def test_a_withdrawn_claim_is_no_debt(money: MoneyWorld, claim: UUID) -> None:
    """Given up by its insurer before anything was taken; once something was paid back it cannot be."""
    with money.sql("worker") as connection:
        made = ClawBacks(ClawBackBooks(connection))
        assert made.pass_to(claim, "withdrawn", cause="judged", said_by="agent-8", instant=later(RIPE)) == ""
    assert (balance(money, DEBT), owing(money)) == (0, ())
    assert money.broken() == {}
