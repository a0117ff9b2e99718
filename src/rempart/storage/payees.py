"""Who is paid and from where: payees and paying accounts as registered, over psycopg 3. Rows are never changed.

Left out: the process by which bank details change (bank document, call back, waiting period). What is here holds that
a payee was proposed and approved by two different people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import psycopg

FOREVER = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Payee:
    """Who is paid for a site by an operator, from `starts` to `ends`, both included; `sealed_iban` by the keeper."""

    payee: UUID
    site: str
    operator: str
    sealed_iban: bytes
    starts: date
    proposed_by: str
    approved_by: str
    ends: date = FOREVER


@dataclass(frozen=True, slots=True)
class PayingAccount:
    """An operator's account, or the account of one of its insurers when `insurer` is not empty."""

    reference: str
    operator: str
    name: str
    sealed_iban: bytes
    insurer: str = ""


def add_payees(connection: psycopg.Connection[Any], payees: Sequence[Payee], instant: int) -> None:
    """Registers payees.

    `CheckViolation` when one person both proposed and approved, `UniqueViolation` for a second payee of the same site
    and operator from the same day, `ForeignKeyViolation` for an unknown site.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into rempart.payee (payee, site, operator, sealed_iban, starts, ends, proposed_by, approved_by, "
            "approved) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (p.payee, p.site, p.operator, p.sealed_iban, p.starts, p.ends, p.proposed_by, p.approved_by, instant)
                for p in payees
            ],
        )


def add_account(connection: psycopg.Connection[Any], account: PayingAccount, instant: int) -> None:
    """Registers a paying account; `UniqueViolation` when the operator or insurer has one already."""
    connection.execute(
        "insert into rempart.paying_account (reference, operator, insurer, name, sealed_iban, registered) "
        "values (%s, %s, %s, %s, %s, %s)",
        (account.reference, account.operator, account.insurer, account.name, account.sealed_iban, instant),
    )
