"""Calls for funds put together: the payer's own steps over calls, the direct-debit format, mandates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import uuid4

import psycopg

from rempart.application.pay import FileRow, Opened, OrderRow, Pay, PaymentStoppedError, Render
from rempart.bootstrap.pay import KeeperIbans, bank_seal
from rempart.domain.identifiers import Fault
from rempart.domain.payment import Terms, bank_reference, parse_iban, parse_name, remittance_text
from rempart.formats.iso20022 import pain008
from rempart.formats.iso20022._message import SchemaInvalidError
from rempart.gateways.bank_files import BankOutbox
from rempart.ground.instants import PARIS, as_datetime, civil_date, start_of_day
from rempart.ground.settings import Settings
from rempart.sealing.client import KeeperSync
from rempart.storage.fund_files import CallBooks, Mandate, add_mandate


@dataclass(frozen=True, slots=True)
class NewMandate:
    """An insurer's mandate as signed; IBAN and name are sealed at once. Two different people name it."""

    operator: str
    insurer: str
    reference: str
    signed: date
    creditor: str
    name: str
    iban: str
    proposed_by: str
    approved_by: str

    def __repr__(self) -> str:
        return f"NewMandate({self.insurer})"


@contextmanager
def calling(settings: Settings, until: int, at: Callable[[str], None] | None = None) -> Iterator[Pay]:
    """What calls insurers for funds, connected: `run` calls, `confirm` and `refused` end a whole file."""
    outbox = BankOutbox(settings.payment.output, bank_seal(settings))
    box = str(settings.paths.keeper_socket("box"))
    with psycopg.connect(settings.database.worker_url, autocommit=True) as connection, KeeperSync(box) as keeper:
        books = CallBooks(connection, until)
        pay = Pay(books, KeeperIbans(keeper), outbox, render(books))
        if at is not None:
            pay.at = at
        yield pay


def day_of_call(day: date | None, instant: int) -> tuple[Terms, int]:
    """The terms of a day's calls, and the instant before which what was decided is called: the day's beginning."""
    wanted = day or civil_date(instant, PARIS)
    return Terms(wanted), start_of_day(wanted, PARIS)


def render(books: CallBooks) -> Render:
    """The direct debits of a file of calls."""

    def write(file: FileRow, debtor: Opened, orders: Sequence[tuple[OrderRow, Opened]]) -> bytes:
        found = books.mandates(file.file)
        creditors = {found[order.end_to_end][2] for order, _ in orders}
        if len(creditors) != 1:
            raise PaymentStoppedError("creditor-differs", file.name)
        debits = tuple(
            pain008.Debit(
                order.end_to_end, order.amount, found[order.end_to_end][0], found[order.end_to_end][1].isoformat(),
                insurer.name, insurer.iban,
                remittance_text(debtor.name, order.end_to_end, day=file.day, invoices=order.invoices),
            )
            for order, insurer in orders
        )  # fmt: skip
        created = as_datetime(file.reserved).strftime("%Y-%m-%dT%H:%M:%SZ")
        try:
            return pain008.write(
                pain008.CollectionFile(
                    bank_reference(file.file), created, file.day.isoformat(), debtor.name, debtor.iban,
                    creditors.pop(), debits,
                )
            )  # fmt: skip
        except SchemaInvalidError as error:
            raise PaymentStoppedError("payment-file-invalid", file.name) from error

    return write


def register_mandate(settings: Settings, new: NewMandate, instant: int) -> Fault | None:
    """Seals and registers a mandate; None when done. Raises as `bootstrap.pay.register_payees`."""
    number, holder = parse_iban(new.iban), parse_name(new.name)
    if isinstance(number, Fault) or isinstance(holder, Fault):
        return number if isinstance(number, Fault) else holder if isinstance(holder, Fault) else None
    identity = uuid4()
    with KeeperSync(str(settings.paths.keeper_socket("box"))) as keeper:
        (sealed,) = KeeperIbans(keeper).seal([(str(identity), number, holder)])
    row = Mandate(
        identity, new.operator, new.insurer, new.reference, new.signed, new.creditor, sealed, new.proposed_by,
        new.approved_by,
    )  # fmt: skip
    with psycopg.connect(settings.database.worker_url) as connection:
        add_mandate(connection, row, instant)
    return None
