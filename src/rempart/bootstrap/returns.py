"""Bank statements and insurers' funds put together: files read by their format, keeper and ledger connected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from rempart.application.bank_returns import BankReturns, Statement, Told
from rempart.bootstrap.pay import KeeperIbans
from rempart.formats.iso20022 import camt054, pain002
from rempart.ground.settings import Settings
from rempart.sealing.client import KeeperSync
from rempart.storage.bank_returns import BankBooks

NAME_MOST = 120


def parse(name: str, content: bytes) -> Statement | str:
    """A pain.002 or camt.054 message as a statement, or the code of why nothing of it is taken."""
    report = pain002.read(content)
    if isinstance(report, pain002.StatusReport):
        return Statement(
            name, report.entries, order=report.original, outcome=report.outcome, reason=report.reason
        )  # fmt: skip
    if report.code != "message-not-handled":
        return report.code
    notification = camt054.read(content)
    if isinstance(notification, camt054.Notification):
        return Statement(name, notification.paid, notification.received)
    return notification.code


def read_all(settings: Settings, paths: Sequence[Path], instant: int) -> list[Told | tuple[str, str]]:
    """Each file's outcome, or (name, code) when nothing of it was taken. Raises as `bootstrap.pay.payer`."""
    found: list[Told | tuple[str, str]] = []
    with returning(settings) as (returns, _):
        for path in paths:
            content = path.read_bytes()
            name = path.name[:NAME_MOST]
            statement = parse(name, content)
            found.append((name, statement) if isinstance(statement, str) else returns.read(statement, content, instant))
    return found


@contextmanager
def returning(settings: Settings) -> Iterator[tuple[BankReturns, BankBooks]]:
    """The reader of bank statements, connected."""
    box = str(settings.paths.keeper_socket("box"))
    with psycopg.connect(settings.database.worker_url, autocommit=True) as connection, KeeperSync(box) as keeper:
        books = BankBooks(connection)
        yield BankReturns(books, KeeperIbans(keeper)), books
