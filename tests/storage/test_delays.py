"""Payment delays of a half-year from the ledger: off by default, by contract, posted once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from rempart.bootstrap.delays import report
from rempart.domain.payment_delay import Half
from rempart.storage import delays, funds
from support.money import DAY, FIRST, NOW, OPERATOR, SECOND, SITES

if TYPE_CHECKING:
    from support.money import MoneyWorld

pytestmark = pytest.mark.postgres
HALF = Half(2026, 2)
AFTER = NOW + 60 * 86_400_000_000


@pytest.fixture
def late(money: MoneyWorld) -> MoneyWorld:
    """Acknowledged on 23 November: paid 9 working days later, 10 later, and in time."""
    money.decide(SITES[0], 1_000)
    money.pay(date(2026, 12, 4))
    money.decide(SITES[1], 3_000)
    money.pay(date(2026, 12, 7))
    money.decide(SITES[2], 500, SECOND)
    money.pay(DAY + timedelta(days=1))
    for day in ("20261204", "20261207", "20261124"):
        money.confirm(f"main-{day}-01.xml")
    return money


def decree(money: MoneyWorld, insurer: str = "", *, penalties: bool = True) -> None:
    terms = delays.Terms(OPERATOR, insurer, date(2026, 1, 1), 7, penalties, 100, 2, 10, "agent-1", "agent-2")
    with money.sql("worker") as connection:
        delays.set_terms(connection, terms, NOW)


def told(money: MoneyWorld, *, post: bool = False) -> tuple[list[tuple[str, int, int, int, int]], int]:
    found = report(money.settings, HALF, AFTER, post=post)
    assert not isinstance(found, str)
    return [(one.insurer, one.invoices, one.within, one.worst, one.penalties) for one in found[0]], found[1]


def test_delays_are_told_and_cost_nothing_by_default(late: MoneyWorld) -> None:
    """The complementary insurer is bound by its contract only."""
    assert told(late, post=True) == ([(FIRST, 2, 0, 10, 0), (SECOND, 1, 1, 1, 0)], 0)
    assert late.one("select count(*) from rempart.delay_penalty") == 0


def test_a_contract_sets_target_and_penalties(late: MoneyWorld) -> None:
    """1 € for the ninth day, 10 % for the tenth; posted once for the half-year, and called from the insurer."""
    decree(late)
    decree(late, SECOND, penalties=False)
    assert told(late) == ([(FIRST, 2, 0, 10, 400), (SECOND, 1, 1, 1, 0)], 0)
    assert told(late, post=True)[1] == 400
    assert told(late, post=True)[1] == 0
    accounts = "select array_agg(credit || ' ' || amount order by amount) from rempart.transfer where kind = 'penalty'"
    assert late.one(accounts) == [f"penalty:{OPERATOR}:{SITES[0]} 100", f"penalty:{OPERATOR}:{SITES[1]} 300"]
    assert late.broken() == {}


def test_a_half_year_that_runs_is_not_posted(late: MoneyWorld) -> None:
    """It may be read, not closed."""
    assert report(late.settings, HALF, NOW, post=True) == "half-not-over"
    assert not isinstance(report(late.settings, HALF, NOW, post=False), str)


def test_one_person_alone_sets_no_terms(late: MoneyWorld) -> None:
    """Nor does anybody rewrite them."""
    row = delays.Terms(OPERATOR, "", DAY, 7, False, 0, 0, 0, "agent-1", "agent-1")  # noqa: FBT003 - by place
    with late.sql("worker") as connection, pytest.raises(psycopg.errors.CheckViolation):
        delays.set_terms(connection, row, NOW)


def paid_out(money: MoneyWorld, day: date) -> list[tuple[str, int, int, int]]:
    """(site, cents of the transfer, of which penalties, invoices) of each remittance of a run."""
    found = money.pay(day).plan.remittances
    return [(one.site, one.amount, one.penalties, one.invoices) for one in found]


def test_posted_penalties_are_paid_out_once(late: MoneyWorld) -> None:
    """With the next transfer, or in one of their own; what does not go through is due again, what did never is."""
    decree(late)
    told(late, post=True)
    late.decide(SITES[0], 900)
    day = date(2027, 1, 4)
    assert paid_out(late, day) == [(SITES[0], 1_000, 100, 1), (SITES[1], 300, 300, 0)]
    assert paid_out(late, day + timedelta(days=1)) == []
    assert late.broken() == {}
    late.refused(f"main-{day:%Y%m%d}-01.xml")
    assert late.broken() == {}
    again = day + timedelta(days=2)
    assert paid_out(late, again) == [(SITES[0], 1_000, 100, 1), (SITES[1], 300, 300, 0)]
    late.confirm(f"main-{again:%Y%m%d}-01.xml")
    assert told(late, post=True)[1] == 0
    assert paid_out(late, again + timedelta(days=1)) == []
    assert late.one("select count(*) from rempart.remittance_penalty where live") == 2
    left = "select sum(case when credit like 'penalty:%%' then amount else -amount end)::bigint from rempart.transfer "
    assert late.one(left + "where credit like 'penalty:%%' or debit like 'penalty:%%'") == 0
    assert late.broken() == {}


def test_a_contract_may_charge_them_to_the_operator(late: MoneyWorld) -> None:
    """Then the insurer is never called for them, and its funds are not drawn; the site gets the same."""
    terms = delays.Terms(OPERATOR, "", date(2026, 1, 1), 7, True, 100, 2, 10, "agent-1", "agent-2", "operator")  # noqa: FBT003 - by place
    with late.sql("worker") as connection:
        delays.set_terms(connection, terms, NOW)
    told(late, post=True)
    sides = "select array_agg(distinct debit) from rempart.transfer where kind = 'penalty'"
    assert late.one(sides) == [f"costs:{OPERATOR}"]
    assert paid_out(late, date(2027, 1, 4)) == [(SITES[0], 100, 100, 0), (SITES[1], 300, 300, 0)]
    assert late.one("select array_agg(distinct insurer) from rempart.remittance_part where gross in (100, 300)") == [""]
    with late.sql("worker") as connection, connection.transaction():
        called = funds.call(connection, funds.Party(OPERATOR, FIRST), date(2027, 1, 5), AFTER, instant=AFTER)
    assert called is not None
    assert called.amount == 4_000
    assert late.broken() == {}
