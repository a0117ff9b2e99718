"""Paying: what is due is reserved in one transaction, then written once for the bank, whatever dies in between.

The order that makes it once: reserve (commit) → render, the same bytes each time → stage aside on the disk → record
what is staged (commit) → hand over by renaming. A file that is recorded is never made again by itself: what lies
staged is handed over, and what is no longer staged was handed over already.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from rempart.domain.payment import Plan, Terms, bank_reference
from rempart.domain.transfer import RELEASED, SETTLED

POINTS = ("reserved", "opened", "rendered", "staged", "recorded", "delivered")
"""What a run passes for each file (the first once); tests end the process at each."""

UNREADABLE = "iban-unreadable"


@dataclass(frozen=True, slots=True)
class FileRow:
    """One bank file as the ledger knows it; instants in microseconds UTC, `written` None until it was recorded."""

    file: UUID
    account: str
    operator: str
    day: date
    name: str
    debtor: str
    sealed_iban: bytes
    reserved: int
    clear_mac: bytes | None
    sha256: bytes | None
    written: int | None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One remittance of a file: who is paid, still sealed, how much (cents), under which reference for ever."""

    remittance: UUID
    payee: UUID
    sealed_iban: bytes
    amount: int
    invoices: int
    end_to_end: str
    operator: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Name and IBAN of a payee or paying account, for as long as a file is made."""

    name: str
    iban: str

    def __repr__(self) -> str:
        return "Opened(…)"


@dataclass(frozen=True, slots=True)
class Ended:
    """What `end` did: remittances and invoices ended, and cents."""

    remittances: int
    invoices: int
    amount: int


class Books(Protocol):
    """The ledger. Every method is one transaction, but `alone`, which lets one payer at a time work."""

    def alone(self) -> AbstractContextManager[None]: ...
    def reserve(self, terms: Terms, instant: int) -> Plan: ...
    def open_files(self) -> Sequence[FileRow]: ...
    def file(self, name: str) -> FileRow | None: ...
    def orders(self, file: UUID) -> Sequence[OrderRow]: ...
    def record(self, file: UUID, clear_mac: bytes, sha256: bytes, instant: int) -> None: ...
    def end(self, remittances: Sequence[UUID], outcome: str, cause: str, instant: int) -> Ended: ...
    def unended(self, file: UUID) -> Sequence[UUID]: ...


class Ibans(Protocol):
    """The keeper's box: opens an IBAN for one transfer (None when it does not open), and keyed fingerprints."""

    def open(self, wanted: Sequence[tuple[str, bytes, str]]) -> Sequence[Opened | None]: ...
    def fingerprint(self, scope: str, content: bytes) -> bytes: ...


class Outbox(Protocol):
    """Where bank files are handed over. `stage` makes the file durable but not visible and returns its SHA-256."""

    def stage(self, name: str, content: bytes) -> bytes: ...
    def deliver(self, name: str, sha256: bytes) -> str: ...


Render = Callable[[FileRow, Opened, Sequence[tuple[OrderRow, Opened]]], bytes]
"""The bank's format: the same arguments give the same bytes."""


class PaymentStoppedError(Exception):
    """A bank file could not be made, or came out otherwise than before; none was handed over. `code` is stable."""

    def __init__(self, code: str, name: str) -> None:
        super().__init__(f"{name}: {code}")
        self.code = code
        self.name = name


@dataclass(frozen=True, slots=True)
class Written:
    """A file handed over: its name, SHA-256 of the clear bank file, transfers and cents."""

    name: str
    sha256: bytes
    transfers: int
    amount: int


@dataclass(frozen=True, slots=True)
class Paid:
    """What one run did. `stopped`: (file, code) of what waits; `unreadable`: remittances whose IBAN did not open."""

    plan: Plan
    written: tuple[Written, ...]
    delivered_late: tuple[str, ...]
    stopped: tuple[tuple[str, str], ...]
    unreadable: tuple[UUID, ...]


def _nowhere(_: str) -> None:
    """The ordinary run stops at no point."""


@dataclass(slots=True)
class Pay:
    """The use case over its ports. `at` is told each point of POINTS that is passed."""

    books: Books
    ibans: Ibans
    outbox: Outbox
    render: Render
    at: Callable[[str], None] = _nowhere

    def run(self, terms: Terms, instant: int) -> Paid:
        """Pays what is due at `terms.day` and finishes what an earlier run left; again, it pays nothing twice."""
        with self.books.alone():
            plan = self.books.reserve(terms, instant)
            self.at("reserved")
            written: list[Written] = []
            late: list[str] = []
            stopped: list[tuple[str, str]] = []
            unreadable: list[UUID] = []
            for file in self.books.open_files():
                try:
                    if file.written is None:
                        written.extend(self._write(file, instant, unreadable))
                    elif self._deliver(file, instant):
                        late.append(file.name)
                except PaymentStoppedError as error:
                    stopped.append((error.name, error.code))
        return Paid(plan, tuple(written), tuple(late), tuple(stopped), tuple(unreadable))

    def rewrite(self, name: str, instant: int) -> Written | str:
        """The same bank file again, when what was handed over was lost; or why not. The bank may get it twice."""
        with self.books.alone():
            file = self.books.file(name)
            if file is None or file.written is None:
                return "payment-file-unknown"
            made = list(self._write(file, instant, []))
            return made[0] if made else "payment-file-empty"

    def confirm(self, name: str, instant: int) -> Ended | str:
        """The bank executed the file: what it held is settled and its invoices are paid."""
        return self._end(name, SETTLED, "bank-confirmed", instant)

    def refused(self, name: str, instant: int) -> Ended | str:
        """The bank refused the file whole: what it held is due again and goes into a later file."""
        return self._end(name, RELEASED, "bank-refused", instant)

    def _end(self, name: str, outcome: str, cause: str, instant: int) -> Ended | str:
        with self.books.alone():
            file = self.books.file(name)
            if file is None:
                return "payment-file-unknown"
            if file.written is None and outcome == SETTLED:
                return "payment-file-not-written"
            waiting = self.books.unended(file.file)
            return self.books.end(waiting, outcome, cause, instant) if waiting else "payment-file-ended"

    def _write(self, file: FileRow, instant: int, unreadable: list[UUID]) -> Iterator[Written]:
        content, orders = self._content(file, instant, unreadable)
        if not orders:
            return
        digest = hashlib.sha256(content).digest()
        mac = self.ibans.fingerprint(file.name, digest)
        if file.clear_mac is not None and mac != file.clear_mac:
            raise PaymentStoppedError("payment-file-differs", file.name)
        self.at("rendered")
        sha256 = self.outbox.stage(file.name, content)
        self.at("staged")
        self.books.record(file.file, mac, sha256, instant)
        self.at("recorded")
        self.outbox.deliver(file.name, sha256)
        self.at("delivered")
        yield Written(file.name, digest, len(orders), sum(order.amount for order in orders))

    def _content(self, file: FileRow, instant: int, unreadable: list[UUID]) -> tuple[bytes, Sequence[OrderRow]]:
        orders = self.books.orders(file.file)
        if not orders:
            return b"", ()
        message = bank_reference(file.file)
        wanted = [(str(order.payee), order.sealed_iban, order.end_to_end) for order in orders]
        debtor, *found = self.ibans.open([(f"account:{file.account}", file.sealed_iban, message), *wanted])
        if debtor is None:
            raise PaymentStoppedError("paying-account-unreadable", file.name)
        bad = [order.remittance for order, opened in zip(orders, found, strict=True) if opened is None]
        if bad:
            if file.written is not None:
                raise PaymentStoppedError(UNREADABLE, file.name)
            self.books.end(bad, RELEASED, UNREADABLE, instant)
            unreadable.extend(bad)
        self.at("opened")
        pairs = [(order, opened) for order, opened in zip(orders, found, strict=True) if opened is not None]
        return (self.render(file, debtor, pairs) if pairs else b""), [order for order, _ in pairs]

    def _deliver(self, file: FileRow, instant: int) -> bool:
        said = self.outbox.deliver(file.name, file.sha256 or b"")
        if (
            said == "altered"
        ):  # what lies staged is not what was recorded: it was never handed over, so it is made again
            return bool(list(self._write(file, instant, [])))
        return said == "delivered"
