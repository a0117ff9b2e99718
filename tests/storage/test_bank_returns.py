"""What the bank tells of single transfers: settled, rejected, returned, or held; each once, and nothing dropped."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from rempart.application.bank_returns import Statement
from rempart.domain.bank_return import BankEntry
from rempart.storage.bank_returns import BankBooks
from support.money import DAY, NOW, SITES, MoneyWorld

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.postgres
NEXT = DAY + timedelta(days=1)
HUNDREDS = {SITES[0]: 1_000, SITES[1]: 2_000, SITES[2]: 3_000}


@pytest.fixture
def ordered(money: MoneyWorld) -> MoneyWorld:
    """Three sites whose transfers lie at the bank."""
    for site, amount in HUNDREDS.items():
        money.decide(site, amount)
    money.pay()
    return money


def reference(money: MoneyWorld, site: str, day: date = DAY) -> str:
    found: str = money.one("select end_to_end from rempart.remittance where site = %s and day = %s", site, day)
    return found


def entry(money: MoneyWorld, site: str, outcome: Any, reason: str = "", **changed: Any) -> BankEntry:
    return BankEntry(reference(money, site), outcome, reason, HUNDREDS[site], NEXT)._replace(**changed)


def take(
    money: MoneyWorld, entries: Sequence[BankEntry], mark: int = 1, **changed: Any
) -> list[tuple[str, str]] | None:
    """(act, code) of each entry, None when the statement was read before."""
    with money.sql("worker") as connection:
        books = BankBooks(connection)
        with books.alone():
            found = books.take(Statement(f"s{mark}.xml", tuple(entries), **changed), bytes([mark]) * 16, NOW + mark)
        return None if found is None else [(verdict.act, verdict.code) for _, verdict in found]


def states(money: MoneyWorld) -> dict[str, str]:
    with money.sql() as connection:
        return dict(connection.execute("select site, state from rempart.invoice").fetchall())


def test_a_mixed_statement_settles_releases_and_holds(ordered: MoneyWorld) -> None:
    """Each transfer gets its own end; the released one is due again; the unknown one rings."""
    found = take(
        ordered,
        [
            entry(ordered, SITES[0], "settled"),
            entry(ordered, SITES[1], "rejected", "AC04"),
            entry(ordered, SITES[2], "unknown"),
            BankEntry("Loyer de Camille", "settled", "", 70_000, NEXT),
        ],
    )
    assert found == [("settled", ""), ("released", ""), ("held", "outcome-unknown"), ("held", "reference-unknown")]
    assert states(ordered) == {SITES[0]: "paid", SITES[1]: "accepted", SITES[2]: "accepted"}
    assert ordered.one("select cause || ' ' || reason from rempart.remittance_end where outcome = 'released'") == (
        "bank-rejected AC04"
    )
    assert ordered.one("select kind || ' ' || site from rempart.site_notice") == f"transfer-rejected {SITES[1]}"
    assert ordered.one("select code || ' ' || (counts->>'items') from rempart.alarm") == "bank-entry-held 2"
    assert ordered.one("select count(*) from rempart.bank_entry where end_to_end = ''") == 1
    assert ordered.broken() == {}


def test_the_same_statement_twice_changes_nothing(ordered: MoneyWorld) -> None:
    """The second reading says so; another statement that tells the same again is counted as repeated."""
    entries = [entry(ordered, SITES[0], "settled"), entry(ordered, SITES[1], "rejected")]
    take(ordered, entries)
    before = ordered.one("select count(*) from rempart.transfer")
    assert take(ordered, entries) is None
    assert take(ordered, entries, 2) == [("repeated", ""), ("repeated", "")]
    assert take(ordered, [*entries, *entries], 3) == [("repeated", "")] * 4
    assert ordered.one("select count(*) from rempart.transfer") == before
    assert ordered.broken() == {}


def test_one_statement_that_says_a_thing_twice_moves_money_once(ordered: MoneyWorld) -> None:
    """Later entries are judged by the state that earlier ones lead to."""
    one = entry(ordered, SITES[0], "settled")
    assert take(ordered, [one, one, one._replace(outcome="rejected")]) == [
        ("settled", ""), ("repeated", ""), ("returned", ""),
    ]  # fmt: skip
    assert states(ordered)[SITES[0]] == "accepted"
    assert ordered.broken() == {}


@pytest.mark.parametrize("amount", [1, 999, 1_001])
def test_a_partial_or_wrong_amount_is_held(ordered: MoneyWorld, amount: int) -> None:
    """Money stays reserved until somebody looked; an amount that is not told is not compared."""
    assert take(ordered, [entry(ordered, SITES[0], "settled", amount=amount)]) == [("held", "amount-differs")]
    assert states(ordered)[SITES[0]] == "accepted"
    assert take(ordered, [entry(ordered, SITES[0], "settled", amount=0)], 2) == [("settled", "")]
    assert ordered.broken() == {}


def test_what_comes_back_after_it_was_settled_is_due_again(ordered: MoneyWorld) -> None:
    """The payee's bank sends it back: the invoice is accepted again and goes into the next day's remittance."""
    take(ordered, [entry(ordered, SITES[0], "settled")])
    assert take(ordered, [entry(ordered, SITES[0], "rejected", "MS03")], 2) == [("returned", "")]
    assert states(ordered)[SITES[0]] == "accepted"
    assert ordered.broken() == {}
    plan = ordered.pay(NEXT).plan
    assert [(one.site, one.amount) for one in plan.remittances] == [(SITES[0], 1_000)]
    assert take(ordered, [entry(ordered, SITES[0], "settled", end_to_end=reference(ordered, SITES[0], NEXT))], 3) == [
        ("settled", "")
    ]
    assert states(ordered)[SITES[0]] == "paid"
    assert ordered.broken() == {}


def test_a_settlement_after_a_release_is_held(ordered: MoneyWorld) -> None:
    """It may have been ordered again meanwhile: money paid twice is for people to look at."""
    take(ordered, [entry(ordered, SITES[0], "rejected")])
    assert take(ordered, [entry(ordered, SITES[0], "settled")], 2) == [("held", "settled-after-release")]
    take(ordered, [entry(ordered, SITES[1], "settled")], 3)
    take(ordered, [entry(ordered, SITES[1], "rejected")], 4)
    assert take(ordered, [entry(ordered, SITES[1], "settled")], 5) == [("held", "settled-after-return")]
    assert ordered.broken() == {}


def test_a_refused_account_is_not_paid_again(ordered: MoneyWorld) -> None:
    """A closed account would send everything back every day: the site waits, and sees why and since when."""
    take(ordered, [entry(ordered, SITES[0], "rejected", "AC04"), entry(ordered, SITES[1], "rejected", "MS03")])
    plan = ordered.pay(NEXT).plan
    assert [(one.site, one.reason) for one in plan.waiting] == [(SITES[0], "account-refused")]
    assert [one.site for one in plan.remittances] == [SITES[1]]
    since = ordered.one("select since from rempart.payment_waiting where reason = 'account-refused'")
    ordered.pay(NEXT + timedelta(days=1))
    assert ordered.one("select since from rempart.payment_waiting where reason = 'account-refused'") == since


def test_an_order_refused_whole_releases_what_was_not_named(ordered: MoneyWorld) -> None:
    """The report ends the whole order but one transfer that it names itself."""
    order = _order(ordered)
    named = [entry(ordered, SITES[0], "settled")]
    changed: dict[str, Any] = {"order": order, "outcome": "rejected", "reason": "FF01"}
    assert take(ordered, named, **changed) == [("settled", ""), ("released", ""), ("released", "")]
    assert take(ordered, [], 2, **changed) == [("held", "order-refused-after-settlement")]
    assert take(ordered, [], 3, **changed | {"order": "RMP" + "0" * 26}) == [("held", "reference-unknown")]
    assert ordered.broken() == {}


def test_a_pending_entry_is_resolved_by_the_one_that_ends_it(ordered: MoneyWorld) -> None:
    """What was held as unknown is held no longer once the bank made up its mind; others an operator sets aside."""
    take(ordered, [entry(ordered, SITES[0], "unknown"), BankEntry("", "settled", "", 5, NEXT)])
    take(ordered, [entry(ordered, SITES[0], "settled")], 2)
    with ordered.sql("worker") as connection:
        books = BankBooks(connection)
        assert [one.code for one in books.held()] == ["reference-unknown"]
        assert books.set_aside(books.held()[0].entry, said_by="agent-1", instant=NOW)
        assert not books.set_aside(1, said_by="agent-1", instant=NOW)
        assert books.held() == []


def test_a_statement_that_breaks_off_leaves_nothing(ordered: MoneyWorld) -> None:
    """A crash before the commit: the next reading does all of it."""
    entries = [entry(ordered, SITES[0], "settled"), entry(ordered, SITES[1], "rejected")]
    with ordered.sql() as connection:
        connection.execute("alter table rempart.bank_entry add constraint broken check (position < 2)")
        with pytest.raises(psycopg.errors.CheckViolation):
            take(ordered, entries)
        connection.execute("alter table rempart.bank_entry drop constraint broken")
    assert ordered.one("select count(*) from rempart.remittance_end") == 0
    assert take(ordered, entries) == [("settled", ""), ("released", "")]
    assert ordered.broken() == {}


def _order(money: MoneyWorld) -> str:
    from rempart.domain.payment import bank_reference

    return bank_reference(money.one("select file from rempart.payment_file"))
