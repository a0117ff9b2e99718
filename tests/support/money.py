"""A small world of money: sites, insurers, decided invoices, payees, a running keeper, a configuration to pay with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from rempart.bootstrap.funds import calling
from rempart.bootstrap.pay import NewAccount, NewPayee, payer, register_account, register_payees, terms
from rempart.domain import accounts
from rempart.ground.settings import Settings, load
from support.keepers import make_world, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rempart.application.pay import Paid
    from support.databases import Database

DAY = date(2026, 11, 23)
NOW = 1_795_420_800_000_000  # 23 November 2026, 08:00 UTC
OPERATOR = "operator-1"
INSURERS = {"0000401166": "Mutuelle des Trois Rivières", "0000775001": "Prévoyance du Littoral"}
FIRST, SECOND = INSURERS
SITES = ("992300010", "992300028", "992300036")
NAMES = ("Pharmacie de l'Écluse", "Éloïse Inventée-Sœur", "SELARL Imaginaire")
ACCOUNT = "main"


def iban(number: int) -> str:
    """A French IBAN of bank 99999, which does not exist; both keys are right."""
    bank, branch, account = 99999, 1, number
    key = 97 - (89 * bank + 15 * branch + 3 * account) % 97
    body = f"{bank:05d}{branch:05d}{account:011d}{key:02d}"
    check = 98 - int(f"{body}152700") % 97
    return f"FR{check:02d}{body}"


@dataclass
class MoneyWorld:
    """A database with its sites and insurers, and the folder of a configuration that pays from it."""

    folder: Path
    database: Database
    sockets: Path
    options: str = "unsafe_clear_files = true"
    numbers: int = 0
    invoices: list[UUID] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "rempart.toml"

    @property
    def outbox(self) -> Path:
        return self.folder / "out"

    @property
    def settings(self) -> Settings:
        found = load(self.config)
        assert isinstance(found, Settings), found
        return found

    def configure(self, options: str) -> None:
        """Writes the configuration; `options` are lines of [payment]."""
        self.config.write_text(
            f'[paths]\nkeeper_sockets = "{self.sockets}"\n'
            f'[database]\nworker_url = "{self.database.url("worker")}"\nhub_url = "{self.database.url("hub")}"\n'
            f'[payment]\noutput = "out"\n{options}\n'
        )

    def fill(self) -> None:
        """Insurers and sites."""
        with self.sql() as connection:
            for insurer, name in INSURERS.items():
                connection.execute(
                    "insert into rempart.insurer (insurer, name, operator, member_rule, since) "
                    "values (%s, %s, %s, '{}', 0)",
                    (insurer, name, OPERATOR),
                )
            for site in SITES:
                connection.execute(
                    "insert into rempart.site (site, profession, operator, since) values (%s, 'pharmacy', %s, 0)",
                    (site, OPERATOR),
                )

    def register(self, sites: int = len(SITES)) -> None:
        """The operator's paying account and the first sites' payees."""
        assert register_account(self.settings, NewAccount(ACCOUNT, OPERATOR, "Opérateur Un", iban(9)), NOW) is None
        payees = [
            NewPayee(site, OPERATOR, name, iban(number), date(2026, 1, 1), "agent-1", "agent-2")
            for number, (site, name) in enumerate(zip(SITES[:sites], NAMES, strict=False), 1)
        ]
        assert register_payees(self.settings, payees, NOW) == ()

    def sql(self, role: str = "admin") -> psycopg.Connection[Any]:
        return psycopg.connect(self.database.url(role), autocommit=True)

    def decide(self, site: str = SITES[0], amc: int = 1_000, insurer: str = FIRST, state: str = "accepted") -> UUID:
        """One decided invoice with its transfer, as the decision writes them."""
        self.numbers += 1
        invoice = uuid4()
        self.invoices.append(invoice)
        paid = amc if state == "accepted" else 0
        reason, line_reason = ("", "") if state == "accepted" else ("rights-closed", "rights-closed")
        spent, amo = 5_000, 2_000
        patient = spent - amo - paid
        lines = [(1, "PHAR", spent, amo, paid, patient, line_reason, [("rule", paid)], 0)]
        with self.sql() as connection, connection.transaction():
            connection.execute(
                "insert into rempart.invoice (invoice, site, number, client, inbound, position, insurer, mode, state, "
                "reason, live, received, decided, care_day, spent, amo, amc, patient, site_reference) "
                "values (%s, %s, %s, 'client', %s, 1, %s, 'real', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'bed 12')",
                (
                    invoice, site, f"{self.numbers:09d}", uuid4(), insurer, state, reason, state == "accepted",
                    NOW - 10, NOW - 5, DAY.toordinal() - date(1970, 1, 1).toordinal() - 3, spent, amo, paid, patient,
                ),
            )  # fmt: skip
            connection.execute(
                "insert into rempart.decision (invoice, outcome, reason, lines, instant) values (%s, %s, %s, %s, %s)",
                (invoice, state, reason, msgspec.msgpack.encode(lines), NOW - 5),
            )
            if paid:
                connection.execute(
                    "insert into rempart.transfer (debit, credit, amount, kind, subject, instant) "
                    "values (%s, %s, %s, 'decision', %s, %s)",
                    (accounts.owed(OPERATOR, insurer), accounts.due(OPERATOR, site), paid, invoice, NOW - 5),
                )
        return invoice

    def pay(self, day: date = DAY, at: Callable[[str], None] | None = None) -> Paid:
        """One run of the payer, in this process."""
        with payer(self.settings, at) as made:
            instant = NOW + (day - DAY).days * 86_400_000_000
            return made.run(terms(self.settings, day, instant), instant)

    def confirm(self, name: str) -> Any:
        with payer(self.settings) as made:
            return made.confirm(name, NOW + 1)

    def refused(self, name: str) -> Any:
        with payer(self.settings) as made:
            return made.refused(name, NOW + 1)

    def broken(self) -> dict[str, list[str]]:
        """The invariants that do not hold."""
        from rempart.storage import invariants

        with self.sql("worker") as connection:
            return {name: found for name, found in invariants.check(connection).items() if found}

    def handed_over(self) -> dict[str, bytes]:
        """Files the bank's channel can see."""
        return {path.name: path.read_bytes() for path in sorted(self.outbox.glob("[!.]*"))}

    def one(self, statement: Any, *arguments: object) -> Any:
        """The first column of the only row."""
        with self.sql() as connection:
            (row,) = connection.execute(statement, arguments).fetchall()
            return row[0]


def money_world(folder: Path, database: Database, sockets: Path) -> MoneyWorld:
    """A filled world with its configuration, payees and paying account."""
    world = MoneyWorld(folder, database, sockets)
    world.configure(world.options)
    world.fill()
    world.register()
    return world


@contextmanager
def running_keeper(folder: Path) -> Iterator[Path]:
    """The keeper as its own process; gives the folder of its sockets."""
    folder.chmod(0o700)
    (folder / "rempart.toml").write_text(
        '[paths]\nkeeper_sockets = "s"\n[keeper]\nkey_ring = "ring"\njournal = "state/journal"\nkek_file = "kek"\n'
    )
    world = make_world(folder)
    world.parts.close()
    (folder / "state" / "registry").replace(folder / "registry")
    command = [sys.executable, "-m", "rempart.keeper", "--config", str(folder / "rempart.toml")]
    with (folder / "said").open("ab") as said:
        process = subprocess.Popen(command, stderr=said)
    try:
        wait_for(folder / "s" / "box.sock")
        time.sleep(0.05)
        yield folder / "s"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


@pytest.fixture(scope="session")
def keeper_sockets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a running keeper's sockets."""
    with running_keeper(tmp_path_factory.mktemp("k")) as sockets:
        yield sockets


@pytest.fixture
def money(tmp_path: Path, postgres: Database, keeper_sockets: Path) -> MoneyWorld:
    """Three sites with payees, two insurers, one paying account."""
    return money_world(tmp_path, postgres, keeper_sockets)


def main() -> None:
    """A payer that dies by SIGKILL at a named point: `python -m support.money CONFIG POINT`, or `… calls`."""
    config, point, *what = sys.argv[1:]

    def at(passed: str) -> None:
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = load(Path(config))
    assert isinstance(settings, Settings)
    with calling(settings, NOW + 1, at) if what else payer(settings, at) as made:
        made.run(terms(settings, DAY, NOW), NOW)


if __name__ == "__main__":
    main()
