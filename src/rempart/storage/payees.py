"""Who is paid and from where: payees and paying accounts as registered, over psycopg 3. Rows are never changed.

What is registered here is a site's first payee, by two different people. Another one comes by a change of bank details
that has waited (`bank_changes`): the database refuses it here.
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
    iban_index: bytes | None = None


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

    `CheckViolation` when one person both proposed and approved, or the site has a payee already (constraint
    `payee_waited`), `ForeignKeyViolation` for an unknown site.
    """
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into rempart.payee (payee, site, operator, sealed_iban, starts, ends, proposed_by, approved_by, "
            "approved, iban_index) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    p.payee,
                    p.site,
                    p.operator,
                    p.sealed_iban,
                    p.starts,
                    p.ends,
                    p.proposed_by,
                    p.approved_by,
                    instant,
                    p.iban_index,
                )
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
