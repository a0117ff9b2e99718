"""A site's money in sums: what was paid by week and how long it took, what was rejected, what is due when."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec
import pytest

from rempart.api.figures import expected
from rempart.storage import delays
from rempart.storage.figures import Due
from rempart.wire.figures import Figures
from support.money import FIRST, NOW, OPERATOR, SECOND, SITES, MoneyWorld
from support.readers import as_site, sign_in

if TYPE_CHECKING:
    from support.readers import Reader

pytestmark = pytest.mark.postgres
A_DAY = 86_400_000_000


async def _figures(reader: Reader) -> Figures:
    return msgspec.json.decode((await reader.get("/v1/figures")).content, type=Figures)


@pytest.fixture
def paid(money: MoneyWorld) -> MoneyWorld:
    sign_in(money)
    money.decide(SITES[0], 1_000)
    money.decide(SITES[0], 234, SECOND)
    money.decide(SITES[0], state="rejected")
    money.decide(SITES[1], 500)
    money.pay()
    return money


def test_twelve_weeks_with_what_was_paid_and_how_long_it_took(paid: MoneyWorld) -> None:
    """The present week last; a week without a payment is there with nothing; another site's money is not."""
    with paid.sql() as connection:
        connection.execute("update rempart.invoice set received = received - %s", (4 * A_DAY,))
    found = as_site(paid, SITES[0], _figures)
    assert len(found.weeks) == 12
    assert found.weeks[-1] == msgspec.structs.replace(
        found.weeks[-1], week="2026-11-23", transfers=1, amount=1_234, invoices=2, delay=4
    )
    assert found.delay == 4
    assert all((week.transfers, week.amount, week.delay) == (0, 0, None) for week in found.weeks[:-1])
    assert [date.fromisoformat(week.week).weekday() for week in found.weeks] == [0] * 12
    assert [(one.reason, one.invoices) for one in found.rejections] == [("rights-closed", 1)]
    assert found.rejections[0].sentence != found.rejections[0].english
    assert found.due == ()
    assert as_site(paid, SITES[2], _figures).delay is None


def test_a_payment_dated_the_day_before_took_no_day(paid: MoneyWorld) -> None:
    """A payer's clock or a past run may date it so: a delay is never less than nothing."""
    with paid.sql() as connection:
        connection.execute("update rempart.invoice set received = received + %s", (2 * A_DAY,))
    assert as_site(paid, SITES[0], _figures).delay == 0


def test_a_transfer_that_was_not_executed_is_not_paid(paid: MoneyWorld) -> None:
    """Its amount leaves the week it was ordered in."""
    with paid.sql() as connection:
        connection.execute(
            "insert into rempart.remittance_end (remittance, outcome, cause, instant) "
            "select remittance, 'released', 'test', %s from rempart.remittance",
            (NOW,),
        )
    assert as_site(paid, SITES[0], _figures).weeks[-1].amount == 0


def test_what_is_due_is_dated_by_the_contract(paid: MoneyWorld) -> None:
    """Seven working days after receipt where the operator's terms say so; an insurer's own terms come first."""
    paid.decide(SITES[0], 77)
    paid.decide(SITES[0], 23, SECOND)
    undated = as_site(paid, SITES[0], _figures).due
    assert {(one.insurer, one.expected, one.invoices, one.amount) for one in undated} == {
        (FIRST, "", 1, 77), (SECOND, "", 1, 23),
    }  # fmt: skip
    with paid.sql() as connection:
        for insurer, days in (("", 7), (SECOND, 2)):
            terms = delays.Terms(
                OPERATOR, insurer, date(2026, 1, 1), days, penalties=False, flat=0, flat_days=0, percent=0,
                proposed_by="anne", approved_by="bruno",
            )  # fmt: skip
            delays.set_terms(connection, terms, NOW)
    dated = as_site(paid, SITES[0], _figures).due
    assert [(one.insurer, one.expected) for one in dated] == [(SECOND, "2026-11-25"), (FIRST, "2026-12-02")]


def test_days_are_counted_as_the_law_counts_working_days() -> None:
    """Weekends and public holidays do not count; what has no date comes last; days of one insurer are summed."""
    rows = [
        Due("one", "a", "A", date(2026, 12, 23), 1, 10), Due("one", "a", "A", date(2026, 12, 24), 1, 5),
        Due("one", "a", "A", date(2026, 12, 25), 2, 3), Due("two", "b", "B", date(2026, 12, 23), 1, 1),
    ]  # fmt: skip
    found = expected(rows, {("one", ""): 2})
    assert [(one.name, one.expected, one.invoices, one.amount) for one in found] == [
        ("A", "2026-12-28", 1, 10), ("A", "2026-12-29", 3, 8), ("B", "", 1, 1),
    ]  # fmt: skip
