"""`rempart pay` from the ledger to the bank file, on a real database with a real keeper."""

from __future__ import annotations

import base64
import signal
import subprocess
import sys
import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from lxml import etree
from psycopg import errors, sql

from rempart.application.pay import POINTS
from rempart.bootstrap.pay import NewPayee, PaymentSetUpError, payer, register_payees
from rempart.domain.identifiers import Fault
from rempart.formats.iso20022 import pain001
from rempart.sealing.envelope import SealedBody
from support.money import ACCOUNT, DAY, NAMES, NOW, OPERATOR, SECOND, SITES, MoneyWorld, iban

pytestmark = pytest.mark.postgres
FILE = f"{ACCOUNT}-20261123-01.xml"
TESTS = Path(__file__).parents[1]


def payments(content: bytes) -> dict[str, tuple[str, int]]:
    """EndToEndId → (IBAN, cents) of a bank file."""
    root = etree.fromstring(content)
    spaces = {"p": pain001.NAMESPACE}
    found: dict[str, tuple[str, int]] = {}
    for one in root.iterfind(".//p:CdtTrfTxInf", spaces):
        amount = one.findtext("p:Amt/p:InstdAmt", namespaces=spaces) or ""
        reference = one.findtext("p:PmtId/p:EndToEndId", namespaces=spaces) or ""
        account = one.findtext("p:CdtrAcct/p:Id/p:IBAN", namespaces=spaces) or ""
        assert reference not in found
        found[reference] = (account, int(amount.replace(".", "")))
    return found


def by_iban(money: MoneyWorld) -> dict[str, int]:
    """Cents ordered in all files handed over, by IBAN."""
    total: dict[str, int] = {}
    for content in money.handed_over().values():
        for account, cents in payments(content).values():
            total[account] = total.get(account, 0) + cents
    return total


def test_each_site_is_paid_once_what_is_due_to_it(money: MoneyWorld) -> None:
    """One valid file, one transfer per payee, the sums of its invoices; what was ordered is reserved."""
    for amount in (1_000, 250):
        money.decide(SITES[0], amount)
    money.decide(SITES[0], 99, SECOND)
    money.decide(SITES[1], 777)
    money.decide(SITES[2], 0)
    paid = money.pay()
    assert [one.name for one in paid.written] == [FILE]
    assert paid.plan.waiting == ()
    content = money.handed_over()[FILE]
    pain001.check(content)
    assert by_iban(money) == {iban(1): 1_349, iban(2): 777}
    text = content.decode()
    assert "<Nm>Pharmacie de l'Ecluse</Nm>" in text
    assert "<Nm>Eloise Inventee-Soeur</Nm>" in text
    assert "<CtrlSum>21.26</CtrlSum>" in text
    assert money.one("select sum(amount)::bigint from rempart.transfer where credit like 'reserved:%%'") == 2_126
    assert money.broken() == {}


def test_a_second_run_pays_nothing_again(money: MoneyWorld) -> None:
    """The same day a payee that was paid waits for the next; what was handed over stays as it is."""
    money.decide()
    money.pay()
    first = money.handed_over()
    money.decide(SITES[0], 500)
    money.decide(SITES[1], 600)
    again = money.pay()
    assert [waits.reason for waits in again.plan.waiting] == ["cycle-running"]
    assert {name: content for name, content in money.handed_over().items() if name == FILE} == first
    assert by_iban(money) == {iban(1): 1_000, iban(2): 600}
    assert not money.pay().written
    assert [one.amount for one in money.pay(DAY + timedelta(days=1)).plan.remittances] == [500]
    assert money.broken() == {}


def test_confirmed_invoices_are_paid(money: MoneyWorld) -> None:
    """The bank executed the file: reserved money left the account, invoices are paid, and once only."""
    invoice = money.decide()
    money.pay()
    done = money.confirm(FILE)
    assert (done.remittances, done.invoices, done.amount) == (1, 1, 1_000)
    assert money.one("select state from rempart.invoice where invoice = %s", invoice) == "paid"
    events = "select array_agg(state || ' ' || cause) from rempart.invoice_event where invoice = %s"
    assert money.one(events, invoice) == ["paid remittance"]
    bank = f"bank:{OPERATOR}:{ACCOUNT}"
    assert money.one("select sum(amount)::bigint from rempart.transfer where credit = %s", bank) == 1_000
    assert money.confirm(FILE) == "payment-file-ended"
    assert money.refused(FILE) == "payment-file-ended"
    assert money.confirm("other.xml") == "payment-file-unknown"
    assert money.broken() == {}


def test_what_the_bank_refused_is_due_again_under_a_new_reference(money: MoneyWorld) -> None:
    """A refused file releases its money; the next day orders it again with another EndToEndId."""
    money.decide()
    money.pay()
    first = set(payments(money.handed_over()[FILE]))
    assert money.refused(FILE).amount == 1_000
    assert money.broken() == {}
    assert [waits.reason for waits in money.pay().plan.waiting] == ["cycle-running"]
    money.pay(DAY + timedelta(days=1))
    second = set(payments(money.handed_over()[f"{ACCOUNT}-20261124-01.xml"]))
    assert len(first | second) == 2
    assert money.confirm(f"{ACCOUNT}-20261124-01.xml").amount == 1_000
    assert money.broken() == {}


@pytest.mark.parametrize("point", POINTS)
def test_a_payer_killed_at_any_point_pays_once(money: MoneyWorld, point: str) -> None:
    """`kill -9` at each named point, then a run that lives: each site is paid once, the file is whole."""
    money.decide(SITES[0], 1_000)
    money.decide(SITES[1], 2_000)
    command = [sys.executable, "-m", "support.money", str(money.config), point]
    killed = subprocess.run(command, cwd=TESTS, check=False, timeout=60, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    seen = money.handed_over()
    assert bool(seen) == (point == "delivered")
    money.pay()
    money.pay()
    assert by_iban(money) == {iban(1): 1_000, iban(2): 2_000}
    assert list(money.handed_over()) == [FILE]
    assert not seen or seen == money.handed_over()
    pain001.check(money.handed_over()[FILE])
    assert money.confirm(FILE).amount == 3_000
    assert money.broken() == {}


def test_a_file_the_bank_took_away_is_not_made_again(money: MoneyWorld) -> None:
    """Once handed over a file is never written again by itself, even when the channel moved it."""
    money.decide()
    with pytest.raises(RuntimeError, match="delivered"):
        money.pay(at=_stop_at("delivered"))
    (money.outbox / FILE).unlink()
    money.pay()
    assert money.handed_over() == {}
    with payer(money.settings) as made:
        again = made.rewrite(FILE, NOW)
    assert not isinstance(again, str)
    assert by_iban(money) == {iban(1): 1_000}
    assert money.broken() == {}


def test_the_same_reservation_gives_the_same_bytes(money: MoneyWorld) -> None:
    """A lost file made again is the file that was lost, byte for byte, and is refused when it would not be."""
    money.decide()
    money.decide(SITES[1])
    money.pay()
    first = money.handed_over()
    with payer(money.settings) as made:
        made.rewrite(FILE, NOW + 77)
        assert money.handed_over() == first
        with money.sql() as connection:
            connection.execute("update rempart.payment_file set clear_mac = %s", (bytes(16),))
        with pytest.raises(Exception, match="payment-file-differs"):
            made.rewrite(FILE, NOW)


def test_two_payers_at_once_pay_once(money: MoneyWorld) -> None:
    """Eight runs started together order each invoice once, in one file."""
    for number in range(30):
        money.decide(SITES[number % 3], 100 + number)
    expected = {iban(1 + site): sum(100 + n for n in range(30) if n % 3 == site) for site in range(3)}
    failures: list[BaseException] = []

    def run() -> None:
        try:
            money.pay()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert by_iban(money) == expected
    assert list(money.handed_over()) == [FILE]
    assert money.broken() == {}


def test_cancelling_and_paying_race_to_one_outcome(money: MoneyWorld) -> None:
    """An invoice is either cancelled or ordered, whoever comes first; a cancelled one is not paid."""
    invoices = [money.decide(SITES[0], 10) for _ in range(40)]
    said: list[str] = []

    def cancel() -> None:
        with money.sql("hub") as connection:
            for invoice in invoices:
                row = connection.execute(
                    "select rempart.cancel_invoice(%s, %s, %s)", (invoice, SITES[0], NOW)
                ).fetchone()
                said.append(row[0] if row else "")

    thread = threading.Thread(target=cancel)
    thread.start()
    money.pay()
    thread.join()
    paid = sum(by_iban(money).values())
    assert paid + 10 * said.count("cancelled") == 400
    assert set(said) <= {"cancelled", "not-cancellable"}
    assert money.broken() == {}


def test_who_has_no_payee_or_account_waits_with_a_reason(money: MoneyWorld) -> None:
    """No bank account of the site, none of its operator, too little: told by site, and paid by nobody."""
    with money.sql() as connection:
        connection.execute(
            "insert into rempart.site (site, profession, operator, since) values ('992300044', 'nurse', %s, 0)",
            (OPERATOR,),
        )
    money.decide("992300044", 400)
    money.decide(SITES[1], 300)
    money.configure("unsafe_clear_files = true\nleast_cents = 301")
    paid = money.pay()
    assert {waits.site: waits.reason for waits in paid.plan.waiting} == {
        "992300044": "no-payee",
        SITES[1]: "below-least",
    }
    assert money.handed_over() == {}
    money.configure('unsafe_clear_files = true\n[[payment.accounts]]\nreference = "other"\noperator = "x"')
    assert {waits.reason for waits in money.pay().plan.waiting} == {"no-payee", "no-paying-account"}


def test_a_contract_of_the_site_sets_its_cycle_and_least_payment(money: MoneyWorld) -> None:
    """Its own goes before its profession's, and both before the configuration; another day's contract says nothing."""
    with money.sql() as connection:
        for site, profession, starts, least in (
            ("", "pharmacy", date(2020, 1, 1), 1_000), (SITES[0], "", date(2020, 1, 1), 300),
            (SITES[1], "", DAY + timedelta(days=1), 300),
        ):  # fmt: skip
            connection.execute("update rempart.site set profession = 'pharmacy' where site = %s", (SITES[1],))
            connection.execute(
                "insert into rempart.site_contract (operator, profession, site, starts, cycle_days, least_cents, "
                "signed_by, said_by, noted) values (%s, %s, %s, %s, 7, %s, 'a union', 'agent-7', 1)",
                (OPERATOR, profession, site, starts, least),
            )
    for site in SITES[:2]:
        money.decide(site, 400)
    assert {waits.site: waits.reason for waits in money.pay().plan.waiting} == {SITES[1]: "below-least"}
    money.decide(SITES[0], 500)
    later = {waits.reason for waits in money.pay(DAY + timedelta(days=6)).plan.waiting if waits.site == SITES[0]}
    assert later == {"cycle-running"}


def test_one_account_that_does_not_open_stops_its_payee_only(money: MoneyWorld) -> None:
    """A sealed IBAN that was altered: its money is due again and told, everybody else is paid."""
    money.decide(SITES[0], 100)
    money.decide(SITES[1], 200)
    with money.sql() as connection:
        connection.execute("alter table rempart.payee disable trigger append_only")
        connection.execute(
            "update rempart.payee set sealed_iban = %s || substr(sealed_iban, 2) where site = %s", (b"\x09", SITES[0])
        )
        connection.execute(
            "update rempart.payee set sealed_iban = substr(sealed_iban, 1, 40) where site = %s", (SITES[0],)
        )
    paid = money.pay()
    assert len(paid.unreadable) == 1
    assert by_iban(money) == {iban(2): 200}
    assert money.confirm(FILE).amount == 200
    assert money.broken() == {}


def test_the_clear_file_never_lies_on_the_disk(money: MoneyWorld) -> None:
    """Only the channel's private key reads the file; no IBAN or name is in the folder or the database."""
    key = X25519PrivateKey.generate()
    (money.folder / "bank.pub").write_text(base64.b64encode(key.public_key().public_bytes_raw()).decode())
    money.configure('bank_key = "bank.pub"')
    money.decide()
    with pytest.raises(RuntimeError, match="staged"):
        money.pay(at=_stop_at("staged"))
    aside = [path.read_bytes() for path in money.outbox.iterdir()]
    money.pay()
    ((name, sealed),) = money.handed_over().items()
    assert name == f"{FILE}.sealed"
    tables = ("payee", "paying_account", "payment_file", "remittance")
    dump = b"".join(str(row).encode() for table in tables for row in _rows(money, table))
    for secret in (iban(1), iban(9), "Pharmacie", "Ecluse"):
        assert all(secret.encode() not in content for content in (sealed, dump, *aside))
    header, _, rest = sealed.partition(b"\n")
    body = SealedBody(header + b"\n", key)
    clear = b"".join((*body.feed(rest), *body.rest()))
    assert body.finish() is None
    assert len(payments(clear)) == 1
    assert iban(1).encode() in clear
    assert all(path.stat().st_mode & 0o077 == 0 for path in money.outbox.iterdir())


def test_paying_needs_a_bank_key_or_a_dangerous_option(money: MoneyWorld) -> None:
    """Without either nothing is reserved."""
    money.configure("")
    money.decide()
    with pytest.raises(PaymentSetUpError, match="bank_key"):
        money.pay()
    assert money.one("select count(*) from rempart.remittance") == 0


def test_two_people_name_a_payee(money: MoneyWorld) -> None:
    """One person alone is refused, by command and database; a wrong IBAN is told by its line, never shown."""
    base = {"site": SITES[0], "operator": OPERATOR, "name": "Nom", "starts": date(2026, 12, 1)}
    alone = NewPayee(iban=iban(4), proposed_by="agent-1", approved_by="agent-1", **base)  # type: ignore[arg-type]  # fields by name
    wrong = NewPayee(iban="FR7699999", proposed_by="agent-1", approved_by="agent-2", **base)  # type: ignore[arg-type]  # fields by name
    assert register_payees(money.settings, [wrong, alone], NOW) == (
        (1, Fault("iban", "iban-malformed")),
        (2, Fault("approved_by", "same-person")),
    )
    with money.sql("worker") as connection, pytest.raises(errors.CheckViolation):
        connection.execute(
            "insert into rempart.payee "
            "(payee, site, operator, sealed_iban, starts, proposed_by, approved_by, approved) "
            "values (gen_random_uuid(), %s, %s, '', '2026-12-01', 'agent-1', 'agent-1', 0)",
            (SITES[0], OPERATOR),
        )


def test_a_second_payee_is_not_simply_registered(money: MoneyWorld) -> None:
    """A site that is paid already changes its bank details by two people and a wait: see test_bank_details."""
    newer = NewPayee(SITES[0], OPERATOR, "Affacturage", iban(8), DAY + timedelta(days=1), "agent-1", "agent-2")
    with pytest.raises(errors.CheckViolation, match="72 hours"):
        register_payees(money.settings, [newer], NOW)


FORBIDDEN = (
    "update rempart.transfer set amount = 1",
    "delete from rempart.transfer",
    "update rempart.remittance set amount = 1",
    "delete from rempart.remittance_end",
    "update rempart.remittance_end set outcome = 'released'",
    "update rempart.payee set site = site",
    "update rempart.remittance_line set live = false",
    "delete from rempart.remittance_line",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_nobody_rewrites_the_money(money: MoneyWorld, statement: str) -> None:
    """Neither the worker nor the hub nor the owner of the tables changes or deletes what was written."""
    money.decide()
    money.pay()
    money.confirm(FILE)
    for role in ("worker", "hub", "owner"):
        with money.sql(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


@pytest.mark.parametrize("table", ["payee", "payment_file", "paying_account"])
def test_the_hub_reads_no_bank_detail(money: MoneyWorld, table: str) -> None:
    """The hub sees remittances; sealed IBANs, payees and bank files are the worker's."""
    with money.sql("hub") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(sql.SQL("select * from rempart.{}").format(sql.Identifier(table)))


def _rows(money: MoneyWorld, table: str) -> list[Any]:
    with money.sql() as connection:
        return connection.execute(
            sql.SQL("select t.*, t::text from rempart.{} t").format(sql.Identifier(table))
        ).fetchall()


def _stop_at(point: str) -> Any:
    def at(passed: str) -> None:
        if passed == point:
            raise RuntimeError(point)

    return at


def test_names_of_people_are_in_no_representation() -> None:
    """What holds a name or an IBAN for a moment shows neither when printed."""
    shown = repr(NewPayee(SITES[0], OPERATOR, NAMES[1], iban(1), DAY, "a", "b"))
    assert iban(1) not in shown
    assert NAMES[1] not in shown
