"""A site's bank details change by two people, after 72 hours, with its old channel told; and not one cent before."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from rempart.application.bank_details import Said
from rempart.bootstrap.bank_details import NewDetails, activate_ripe, changing, propose
from rempart.bootstrap.pay import NewPayee, register_payees
from rempart.domain.bank_details import WAIT
from rempart.domain.identifiers import Fault
from rempart.storage.compartments import Shutting, open_again, shut
from support.money import DAY, NOW, OPERATOR, SITES, MoneyWorld, iban

pytestmark = pytest.mark.postgres
NEW = iban(77)
HOUR = 3_600_000_000
OPTIONS = "unsafe_clear_files = true\ndemo_payee_verification = true"


@pytest.fixture
def bank(money: MoneyWorld) -> MoneyWorld:
    money.configure(OPTIONS)
    return money


def wish(money: MoneyWorld, **changed: str) -> UUID | Fault | str:
    fields = {
        "site": SITES[0], "operator": OPERATOR, "name": "Pharmacie de l'Écluse", "iban": NEW, "document": "D-12",
        "proposed_by": "agent-1",
    } | changed  # fmt: skip
    return propose(money.settings, NewDetails(**fields), NOW)


def approve(money: MoneyWorld, change: Any, by: str = "agent-2", because: str = "", called: str = "the owner") -> str:
    with changing(money.settings) as (details, _):
        return details.approve(change, Said(by, called, because), NOW)


def activate(money: MoneyWorld, instant: int) -> int:
    with changing(money.settings) as (details, books):
        return activate_ripe(details, books, instant)


def cancel(money: MoneyWorld, change: Any, said_by: str = "site") -> str:
    with changing(money.settings) as (details, _):
        return details.cancel(change, said_by=said_by, instant=NOW)


def paid_to(money: MoneyWorld, account: str) -> int:
    """How often an account stands in the files that were handed over."""
    return sum(content.count(account.encode()) for content in money.handed_over().values())


def test_new_details_are_paid_after_72_hours(bank: MoneyWorld) -> None:
    """Until then the old account is paid; from then on the new one; each step was told by the old channel."""
    change = wish(bank)
    assert activate(bank, NOW + 2 * WAIT) == 0
    assert approve(bank, change) == ""
    bank.decide()
    bank.pay()
    assert activate(bank, NOW + WAIT - 1) == 0
    assert activate(bank, NOW + WAIT) == 1
    bank.decide(amc=250)
    bank.pay(DAY + timedelta(days=3))
    assert (paid_to(bank, iban(1)), paid_to(bank, NEW)) == (1, 1)
    assert bank.broken() == {}
    told = "select array_agg(n.kind order by n.notice) from rempart.site_notice n join rempart.payee p using (payee)"
    assert bank.one(told + " where p.starts < '2026-11-01'") == [
        "bank-details-proposed", "bank-details-approved", "bank-details-active",
    ]  # fmt: skip


def test_while_bank_details_are_closed_no_change_moves_and_a_no_is_taken(bank: MoneyWorld) -> None:
    """Neither proposed nor approved nor active, though its wait is over; cancelling goes on, and so do transfers."""
    first = wish(bank)
    assert approve(bank, first) == ""
    second = propose(
        bank.settings, NewDetails(SITES[1], OPERATOR, "Pharmacie du Pont", iban(78), "D-13", "agent-1"), NOW
    )
    with psycopg.connect(bank.settings.database.worker_url, autocommit=True) as connection:
        shutting = Shutting("function:bank-details", "closed", "attack", "anne")
        assert shut(connection, shutting, NOW) is None
        assert wish(bank, site=SITES[2]) == "compartment"
        assert approve(bank, second) == "compartment"
        assert activate(bank, NOW + 2 * WAIT) == 0
        assert cancel(bank, second) == ""
        bank.decide()
        bank.pay()
        assert (paid_to(bank, iban(1)), paid_to(bank, NEW)) == (1, 0)
        for officer in ("anne", "bruno"):
            open_again(connection, shutting.compartment, officer, NOW + 1)
    assert activate(bank, NOW + 2 * WAIT) == 1


def test_a_hundred_attempts_during_the_wait_pay_nothing(bank: MoneyWorld) -> None:
    """Payers, activations, registrations and rows written past the programs, all at once: the new account gets 0."""
    change = wish(bank)
    approve(bank, change)
    for site in SITES:
        for _ in range(5):
            bank.decide(site)
    ready = threading.Barrier(25)

    def attempt(number: int) -> str:
        if number < 25:
            ready.wait(30)
        try:
            ATTEMPTS[number % len(ATTEMPTS)](bank, change, number)
        except psycopg.errors.IntegrityError as error:
            return str(error.diag.constraint_name)
        return ""

    with ThreadPoolExecutor(25) as pool:
        said = list(pool.map(attempt, range(100)))
    assert len(said) == 100
    assert said.count("payee_waited") == 50
    assert paid_to(bank, NEW) == 0
    assert paid_to(bank, iban(1)) == 1
    assert bank.one("select count(*) from rempart.payee") == len(SITES)
    assert bank.broken() == {}


def _pay(money: MoneyWorld, _: Any, number: int) -> None:
    money.pay(DAY + timedelta(days=number % 3))


def _activate(money: MoneyWorld, _: Any, number: int) -> None:
    assert activate(money, NOW + WAIT - 1 - number) == 0


def _register(money: MoneyWorld, _: Any, number: int) -> None:
    new = NewPayee(SITES[0], OPERATOR, "Autre", NEW, DAY - timedelta(days=number), "agent-1", "agent-2")
    register_payees(money.settings, [new], NOW)


def _write(money: MoneyWorld, change: Any, number: int) -> None:
    """What a taken-over worker might try: the rows themselves."""
    with money.sql("worker") as connection, connection.transaction():
        connection.execute("insert into rempart.bank_change_end values (%s, 'active', 'x', %s)", (change, NOW))
        connection.execute(
            "insert into rempart.payee (payee, site, operator, sealed_iban, iban_index, starts, proposed_by, "
            "approved_by, approved) select c.change, c.site, c.operator, c.sealed_iban, c.iban_index, %s, "
            "c.proposed_by, 'agent-2', %s from rempart.bank_change c",
            (DAY, NOW + WAIT - 1 - number),
        )


ATTEMPTS = (_pay, _activate, _register, _write)


def test_one_person_alone_changes_nothing(bank: MoneyWorld) -> None:
    """Refused by the rules, and by the database when they are passed by; so is a shorter wait."""
    change = wish(bank)
    assert approve(bank, change, "agent-1") == "same-person"
    assert approve(bank, change, called=" ") == "not-called-back"
    row = "insert into rempart.bank_change_approval values (%s, 'agent-1', %s, 'x', '', %s, %s)"
    with bank.sql("worker") as connection:
        for who, wait in (("agent-1", WAIT), ("agent-2", WAIT - 1)):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute(row, (change, who, NOW, NOW + wait))
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(
                "insert into rempart.bank_change_approval values (%s, 'agent-9', 'agent-1', 'x', '', %s, %s)",
                (change, NOW, NOW + WAIT),
            )


def test_the_site_says_no(bank: MoneyWorld) -> None:
    """By its old channel, at any moment of the wait: the change is over, and it rings."""
    change = wish(bank)
    approve(bank, change)
    assert wish(bank) == "change-open"
    assert cancel(bank, change) == ""
    assert cancel(bank, change) == "transition-not-allowed"
    assert activate(bank, NOW + 10 * WAIT) == 0
    assert bank.one("select code from rempart.alarm") == "bank-details-disputed"
    assert isinstance(wish(bank), UUID)


@pytest.mark.parametrize(
    ("name", "account", "verification"),
    [
        ("Faux Nom", NEW, "no-match"),
        ("Presque le nom", NEW, "close-match"),
        ("Pharmacie", "DE89370400440532013000", "not-possible"),
    ],
)
def test_what_the_payees_bank_does_not_confirm_needs_a_reason(
    bank: MoneyWorld, name: str, account: str, verification: str
) -> None:
    """The second person says why it is well nevertheless; it stays written."""
    change = wish(bank, name=name, iban=account)
    assert bank.one("select verification from rempart.bank_change") == verification
    assert approve(bank, change) == "not-verified"
    assert approve(bank, change, because="trade name, seen on the bank document") == ""


def test_without_a_provider_nothing_counts_as_verified(money: MoneyWorld) -> None:
    """The hook is empty in production until a provider is connected."""
    change = wish(money)
    assert money.one("select verification from rempart.bank_change") == "not-asked"
    assert approve(money, change) == "not-verified"


def test_one_account_on_several_sites_is_found(bank: MoneyWorld) -> None:
    """By a keyed index: the database names the sites, and nobody can try accounts against it without the keeper."""
    change = wish(bank, iban=iban(2))
    assert approve(bank, change) == "account-elsewhere"
    assert approve(bank, change, because="head office") == ""
    activate(bank, NOW + WAIT)
    with changing(bank.settings) as (_, books):
        assert [one.sites for one in books.shared()] == [SITES[:2]]
    rows = bank.one("select string_agg(p::text, '') from rempart.payee p")
    assert iban(2) not in rows
    assert iban(2).encode().hex() not in rows


@pytest.mark.parametrize("table", ["bank_change", "bank_change_approval", "bank_change_end"])
def test_the_hub_reads_no_change(bank: MoneyWorld, table: str) -> None:
    """Bank details are the worker's, sealed all the same."""
    from psycopg import sql

    wish(bank)
    with bank.sql("hub") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(sql.SQL("select * from rempart.{}").format(sql.Identifier(table)))


def test_what_is_wrong_is_told_by_its_field(bank: MoneyWorld) -> None:
    """Never by its value; nothing holds an account in its representation."""
    assert wish(bank, iban="FR7612") == Fault("iban", "iban-malformed")
    assert wish(bank, name="漢字") == Fault("name", "name-malformed")
    shown = repr(NewDetails(SITES[0], OPERATOR, "Camille Inventée", NEW, "D", "a"))
    assert NEW not in shown
    assert "Camille" not in shown
