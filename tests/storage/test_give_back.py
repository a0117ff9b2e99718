"""What is taken back after payment gives its allowance back: to the cent, by the stored key, without an identity."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from rempart.application.claw_backs import Claimed, ClawBacks
from rempart.storage.claw_backs import ClawBackBooks
from support.money import DAY, FIRST, NOW, SITES, MoneyWorld

pytestmark = pytest.mark.postgres
RIPE = DAY + timedelta(days=15)
CENTS, UNITS = b"\x01" * 16, b"\x02" * 16
CARE = 20_000


def totals(money: MoneyWorld, counter: bytes = CENTS) -> tuple[int, int]:
    """(used, held)."""
    with money.sql() as connection:
        row = connection.execute("select used, held from rempart.counter where counter = %s", (counter,)).fetchone()
    return tuple(row) if row else (0, 0)  # type: ignore[return-value]  # two columns


@pytest.fixture
def paid(money: MoneyWorld) -> MoneyWorld:
    """1,000 cents paid, of which 777 come from an allowance in cents, and one unit of another, both held before."""
    invoice, request = money.decide(), uuid4()
    with money.sql("worker") as connection, connection.transaction():
        connection.execute(
            "select rempart.hold_counters(%s, null, %s, '{f,f}', '{0,0}', '{99999,99999}', '{1000,1}', '{777,1}', %s, "
            "%s, 1)", (request, [CENTS, UNITS], [CARE, CARE], CARE + 30),
        )  # fmt: skip
        connection.execute("select rempart.release_counters(%s, %s, 2)", (request, invoice))
    assert (totals(money), totals(money, UNITS)) == ((777, 0), (1, 0))
    money.pay()
    money.confirm(f"main-{DAY:%Y%m%d}-01.xml")
    return money


def claim(money: MoneyWorld, amount: int, reason: str = "not-delivered") -> UUID:
    with money.sql("worker") as connection:
        claimed = Claimed(money.invoices[0], FIRST, amount, reason, "agent-7")
        found = ClawBacks(ClawBackBooks(connection)).propose(claimed, DAY, NOW)
    assert isinstance(found, UUID), found
    return found


def step(money: MoneyWorld, found: UUID, state: str) -> str:
    with money.sql("worker") as connection:
        made = ClawBacks(ClawBackBooks(connection))
        return made.pass_to(found, state, cause="judged", said_by="agent-8", instant=NOW)


def test_a_claim_gives_back_once_it_stands(paid: MoneyWorld) -> None:
    """Not while the notice runs; at its end all of it, whether anything could be deducted or not, and once."""
    claim(paid, 1_000)
    paid.pay(RIPE - timedelta(days=1))
    assert totals(paid) == (777, 0)
    paid.pay(RIPE)
    assert (totals(paid), totals(paid, UNITS)) == ((0, 0), (0, 0))
    paid.decide(amc=5_000)
    paid.pay(RIPE + timedelta(days=1))
    assert paid.one("select count(*) from rempart.counter_entry where kind = 'give-back'") == 2
    assert paid.broken() == {}


def test_a_part_gives_back_its_part(paid: MoneyWorld) -> None:
    """Claims of 300 and 200, then the rest: 233, 388, then all of it; a unit comes back whole, with the last cent."""
    claim(paid, 300, "over-billing")
    paid.pay(RIPE)
    assert totals(paid) == (777 - 233, 0)
    claim(paid, 200, "duplicate")
    paid.pay(RIPE + timedelta(days=16))
    assert (totals(paid), totals(paid, UNITS)) == ((777 - 388, 0), (1, 0))
    claim(paid, 500, "fraud")
    paid.pay(RIPE + timedelta(days=32))
    assert (totals(paid), totals(paid, UNITS)) == ((0, 0), (0, 0))
    assert paid.broken() == {}


def test_upheld_gives_back_and_withdrawn_does_not(paid: MoneyWorld) -> None:
    """A dispute holds it up; withdrawn in its notice nothing comes back, withdrawn later what came back stays."""
    first = claim(paid, 1_000)
    assert step(paid, first, "disputed") == ""
    assert step(paid, first, "withdrawn") == ""
    assert totals(paid) == (777, 0)
    second = claim(paid, 1_000, "fraud")
    assert step(paid, second, "disputed") == ""
    paid.pay(RIPE)
    assert totals(paid) == (777, 0)
    assert step(paid, second, "due") == ""
    assert totals(paid) == (0, 0)
    assert step(paid, second, "withdrawn") == ""
    assert totals(paid) == (0, 0)
    assert paid.broken() == {}


def test_its_site_takes_it_back(paid: MoneyWorld) -> None:
    """Cancelled after payment: at once and whole, also when the insurer had claimed a part of it."""
    claim(paid, 300, "over-billing")
    paid.pay(RIPE)
    with paid.sql("hub") as connection:
        row = connection.execute(
            "select rempart.cancel_invoice(%s, %s, %s)", (paid.invoices[0], SITES[0], NOW)
        ).fetchone()
    assert row == ("taken-back",)
    assert (totals(paid), totals(paid, UNITS)) == ((0, 0), (0, 0))
    assert paid.one("select sum(amount)::bigint from rempart.counter_entry where kind = 'give-back'") == 778
    assert paid.broken() == {}


def test_a_claim_and_a_cancellation_at_once_give_back_once(paid: MoneyWorld) -> None:
    """The end of a notice and the site's own cancellation in the same moment: neither twice nor stuck."""
    claim(paid, 400)
    said: list[object] = []

    def cancel() -> None:
        with paid.sql("hub") as connection:
            said.append(
                connection.execute(
                    "select rempart.cancel_invoice(%s, %s, %s)", (paid.invoices[0], SITES[0], NOW)
                ).fetchone()
            )

    thread = threading.Thread(target=cancel)
    thread.start()
    paid.pay(RIPE)
    thread.join(timeout=20)
    assert said == [("taken-back",)]
    assert totals(paid) == (0, 0)
    assert paid.broken() == {}


def test_what_was_not_given_back_is_found(paid: MoneyWorld) -> None:
    """The continuous check sees an allowance that a claim that stands did not free."""
    with paid.sql() as connection:
        connection.execute("alter table rempart.claw_back_event disable trigger moves")
    claim(paid, 1_000)
    paid.pay(RIPE)
    assert set(paid.broken()) == {"counters_equal_their_entries", "debts_are_what_is_left"}
