"""Changes of bank details put together: keeper, database, and whoever verifies payees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg

from rempart.application.bank_details import BankDetails, Details, PayeeVerifier
from rempart.bootstrap.own_bank import KeeperApprovals
from rempart.bootstrap.pay import KeeperIbans
from rempart.domain.identifiers import Fault
from rempart.domain.payment import parse_iban, parse_name
from rempart.gateways.demo_verification import DemoVerification
from rempart.ground.settings import Settings
from rempart.sealing.client import KeeperSync
from rempart.storage.bank_changes import BankChanges


@dataclass(frozen=True, slots=True)
class NewDetails:
    """New bank details as written; `document` is the operator's reference of the bank document it saw."""

    site: str
    operator: str
    name: str
    iban: str
    document: str
    proposed_by: str

    def __repr__(self) -> str:
        return f"NewDetails({self.site})"


@contextmanager
def changing(settings: Settings) -> Iterator[tuple[BankDetails, BankChanges]]:
    """The use case and its books, connected. Raises `KeeperUnavailable`, `psycopg.OperationalError`."""
    box = str(settings.paths.keeper_socket("box"))
    with psycopg.connect(settings.database.worker_url, autocommit=True) as connection, KeeperSync(box) as keeper:
        books = BankChanges(connection)
        yield BankDetails(books, KeeperIbans(keeper), verifier(settings), KeeperApprovals(keeper)), books


def verifier(settings: Settings) -> PayeeVerifier | None:
    """Who is asked about names and accounts; None where nobody is."""
    return DemoVerification() if settings.payment.demo_payee_verification else None


def propose(settings: Settings, new: NewDetails, instant: int) -> UUID | Fault | str:
    """The change's id, the field at fault, or the code of why not."""
    number, holder = parse_iban(new.iban), parse_name(new.name)
    if isinstance(number, Fault):
        return number
    if isinstance(holder, Fault):
        return holder
    change = uuid4()
    with changing(settings) as (details, _):
        checked = Details(new.site, new.operator, holder, number, new.document, new.proposed_by)
        return details.propose(checked, change, instant) or change


def activate_ripe(details: BankDetails, books: BankChanges, instant: int) -> int:
    """Every change whose wait is over becomes the site's payee; how many did."""
    return sum(not details.activate(change, instant) for change in books.ripe(instant))
