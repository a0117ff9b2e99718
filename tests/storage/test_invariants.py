"""Each invariant of the money is broken by the fault it is named after, and by no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rempart.storage.invariants import INVARIANTS

if TYPE_CHECKING:
    from support.money import MoneyWorld

pytestmark = pytest.mark.postgres
FILE = "main-20261123-01.xml"

BREAKS = {
    "accounts_balance": (
        "insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
        "select credit, 'bank:x:y', amount, 'theft', gen_random_uuid(), 0 from rempart.transfer where kind = 'decision'"
    ),
    "nothing_paid_twice": (
        "insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
        "select 'owed:a:b', 'bank:x:y', amount, 'release', subject, 0 from rempart.transfer where kind = 'settle'"
    ),
    "shares_make_the_whole": "update rempart.invoice set patient = patient + 1 where state = 'paid'",
    "every_paid_invoice_in_one_file": "update rempart.invoice set state = 'paid' where state = 'rejected'",
    "no_reference_twice": (
        "with made as (insert into rempart.fund_call (fund_call, operator, insurer, day, amount, movements, "
        "end_to_end, called) select gen_random_uuid(), operator, '0000775001', day, 5, 1, end_to_end, 0 "
        "from rempart.remittance returning fund_call), "
        "moved as (insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
        "values ('owed:operator-1:0000775001', 'bank:x:y', 5, 'decision', gen_random_uuid(), 0) returning transfer) "
        "insert into rempart.fund_call_line select fund_call, transfer from made, moved"
    ),
    "funds_stay_within_their_ceiling": (
        "insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
        "values ('funds:operator-1:0000401166', 'owed:operator-1:0000401166', 1, 'cover', gen_random_uuid(), 0)"
    ),
    "funds_hold_what_came_in": (
        "insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
        "values ('paid-in:operator-1:0000401166', 'funds:operator-1:0000401166', 1, 'fund', gen_random_uuid(), 0)"
    ),
    "calls_equal_what_was_decided": (
        "insert into rempart.fund_call (fund_call, operator, insurer, day, amount, movements, end_to_end, called) "
        "values (gen_random_uuid(), 'operator-1', '0000401166', '2026-11-23', 1, 1, 'RMP', 0)"
    ),
    "claw_backs_take_no_more_than_was_paid": (
        "insert into rempart.claw_back select gen_random_uuid(), invoice, site, 'operator-1', insurer, 1, 'fraud', "
        "'recovered', '2026-11-23', 0, 'x', 0 from rempart.invoice where state = 'paid'"
    ),
    "debts_are_what_is_left": (
        "insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
        "values ('debt:operator-1:992300010', 'recoverable:operator-1:0000401166', 1, 'debt', gen_random_uuid(), 0)"
    ),
    "penalties_are_posted_or_paid": (
        "insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
        "values ('costs:operator-1', 'penalty:operator-1:992300010', 1, 'penalty', gen_random_uuid(), 0)"
    ),
    "counters_equal_their_entries": (
        "insert into rempart.counter (counter, used) values (decode(repeat('07', 16), 'hex'), 1)"
    ),
    "reserved_is_what_is_open": (
        "insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
        "select 'owed:a:b', credit, 1, 'gift', gen_random_uuid(), 0 from rempart.transfer where kind = 'reserve'"
    ),
}


@pytest.fixture
def paid(money: MoneyWorld) -> MoneyWorld:
    money.decide()
    money.decide(state="rejected")
    money.pay()
    money.confirm(FILE)
    return money


def test_every_invariant_has_its_fault(paid: MoneyWorld) -> None:
    """A sound ledger breaks none; the table of faults is complete."""
    assert paid.broken() == {}
    assert set(BREAKS) == {invariant.__name__ for invariant in INVARIANTS}


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_a_fault_breaks_its_invariant(paid: MoneyWorld, name: str) -> None:
    """The violation is told in one sentence without a site or an account number."""
    with paid.sql() as connection:
        connection.execute(BREAKS[name].encode())
    found = paid.broken()
    assert set(found) == {name}
    assert not any("9923" in sentence or "FR76" in sentence for sentence in found[name])


def test_a_line_of_a_decision_that_does_not_add_up_is_found(paid: MoneyWorld) -> None:
    """Lines are looked at one by one, beyond the invoice's own amounts."""
    import msgspec

    lines = msgspec.msgpack.encode([(1, "PHAR", 5_000, 2_000, 1_000, 1_999, "", [], 0)])
    with paid.sql() as connection:
        connection.execute("alter table rempart.decision disable trigger append_only")
        connection.execute("update rempart.decision set lines = %s where outcome = 'accepted'", (lines,))
    assert list(paid.broken()) == ["shares_make_the_whole"]
