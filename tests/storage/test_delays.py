"""Payment delays of a half-year from the ledger: off by default, by contract, posted once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from rempart.bootstrap.delays import report
from rempart.domain.payment_delay import Half
from rempart.storage import delays
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
