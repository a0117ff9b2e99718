"""A change of owner parts a site's money by the day of care: each owner is paid for its own, at its own account."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from rempart.application.bank_details import Details, Said
from rempart.bootstrap.bank_details import changing
from rempart.domain.site_changes import OWNER, SiteChange, refusal
from rempart.storage import site_changes
from support.money import DAY, NOW, OPERATOR, SITES, MoneyWorld, iban

pytestmark = pytest.mark.postgres
SITE = SITES[0]
DAYS = 86_400_000_000
CHANGED = SiteChange(SITE, OWNER, DAY - timedelta(days=3), "agent-7", "sold")
"""The first day of the new owner is that of the care which `decide` writes."""


def before(money: MoneyWorld, amount: int) -> None:
    """An invoice of care ten days before the change."""
    invoice = money.decide(SITE, amount)
    with money.sql() as connection:
        connection.execute("update rempart.invoice set care_day = care_day - 10 where invoice = %s", (invoice,))


def sold(money: MoneyWorld) -> None:
    with money.sql("worker") as connection:
        assert site_changes.add(connection, CHANGED, NOW) > 0
        assert site_changes.add(connection, CHANGED, NOW) == 0


def new_account(money: MoneyWorld) -> None:
    """The new owner's details: proposed, approved by another, and waited for."""
    change = uuid4()
    with changing(money.settings) as (details, _):
        asked = Details(SITE, OPERATOR, "Pharmacie Reprise", iban(5), "document", "agent-1")
        assert details.propose(asked, change, NOW - 4 * DAYS) == ""
        assert details.approve(change, Said("agent-2", "the switchboard", "seen"), NOW - 4 * DAYS) == ""
        assert details.activate(change, NOW) == ""


def paid(money: MoneyWorld, later: int = 0) -> tuple[list[int], list[str]]:
    """What one run of the payer orders for the site, in cents, and why the rest waits."""
    plan = money.pay(DAY + timedelta(days=later)).plan
    return [one.amount for one in plan.remittances], [one.reason for one in plan.waiting]


def test_care_of_before_goes_to_the_old_owner_and_the_rest_waits_for_the_new(money: MoneyWorld) -> None:
    """Nobody is paid at another's account: not the new owner at the old one, and later not the old at the new one."""
    before(money, 1_000)
    money.decide(SITE, 500)
    sold(money)
    assert paid(money) == ([1_000], ["no-payee"])
    assert money.broken() == {}
    new_account(money)
    before(money, 300)
    assert sorted(paid(money, 1)[0]) == [300, 500]
    with money.sql() as connection:
        rows = connection.execute(
            "select r.amount, p.starts > %s from rempart.remittance r join rempart.payee p using (payee) order by 1",
            (CHANGED.day,),
        )
        assert rows.fetchall() == [(300, False), (500, True), (1_000, False)]
    assert money.broken() == {}


def test_both_owners_may_wait_for_the_same_insurer(money: MoneyWorld) -> None:
    """The site is told of one sum."""
    before(money, 40)
    money.decide(SITE, 50)
    sold(money)
    money.configure("unsafe_clear_files = true\nleast_cents = 100")
    assert paid(money) == ([], ["below-least", "no-payee"])
    with money.sql() as connection:
        waiting = connection.execute("select amount from rempart.payment_waiting where site = %s", (SITE,)).fetchall()
    assert waiting == [(90,)]


def test_what_cannot_be_changed_is_told() -> None:
    """Nobody who says so, a day that is past, one that is far."""
    today = CHANGED.day
    assert refusal(CHANGED, today) == ""
    assert refusal(SiteChange(SITE, OWNER, today, " "), today) == "officer-missing"
    assert refusal(CHANGED, today + timedelta(days=1)) == "day-past"
    assert refusal(CHANGED, today - timedelta(days=400)) == "day-far"
