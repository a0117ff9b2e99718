"""How remittances end, over psycopg 3: settled, released, or returned after they were settled.

All of it in the caller's transaction; that each happens once is held by the database. What does not reach the site is
due again: its deductions and the funds drawn for it are given back with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from rempart.application.pay import Ended
from rempart.domain import accounts
from rempart.domain.claw_back import DUE, RECOVERED, WRITTEN_OFF
from rempart.domain.transfer import RELEASED, RETURNED, SETTLED, Ordered, Transfer, movement

Connection = psycopg.Connection[Any]


class Ending(NamedTuple):
    """One remittance that ends: the bank's reason code and day, where it told them."""

    remittance: UUID
    reason: str = ""
    day: date | None = None


def end(connection: Connection, endings: Sequence[Ending], outcome: str, *, cause: str, instant: int) -> Ended:
    """Settles or releases; one that ended already raises `UniqueViolation`."""
    wanted = [one.remittance for one in endings]
    orders, ended = _ordered(connection, wanted)
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into rempart.remittance_end (remittance, outcome, cause, reason, day, instant) "
            "values (%s, %s, %s, %s, %s, %s)",
            [(one.remittance, outcome, cause, one.reason, one.day, instant) for one in endings],
        )
    move(connection, [movement(each, outcome) for each in orders], instant)
    if outcome == SETTLED:
        _invoices_paid(connection, wanted, instant)
    if outcome == RELEASED:
        _due_again(connection, wanted, cause=cause, instant=instant)
    return ended


def come_back(connection: Connection, endings: Sequence[Ending], *, instant: int) -> Ended:
    """What was settled was sent back by the payees' banks: invoices are accepted and due again."""
    wanted = [one.remittance for one in endings]
    orders, ended = _ordered(connection, wanted)
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into rempart.remittance_return (remittance, reason, day, instant) values (%s, %s, %s, %s)",
            [(one.remittance, one.reason, one.day, instant) for one in endings],
        )
    move(connection, [movement(each, RETURNED) for each in orders], instant)
    connection.execute(
        "with back as (update rempart.invoice i set state = 'accepted' from rempart.remittance_line l "
        "where l.remittance = any(%s) and l.live and i.invoice = l.invoice and i.state = 'paid' returning i.invoice) "
        "insert into rempart.invoice_event (invoice, state, cause, instant) "
        "select invoice, 'accepted', 'bank-returned', %s from back",
        (wanted, instant),
    )
    _due_again(connection, wanted, cause="bank-returned", instant=instant)
    return ended


def move(connection: Connection, transfers: Sequence[Transfer], instant: int) -> None:
    """Adds movements; one of the same kind and subject as another raises `UniqueViolation`."""
    with (
        connection.cursor() as cursor,
        cursor.copy("copy rempart.transfer (debit, credit, amount, kind, subject, instant) from stdin") as copy,
    ):
        for t in transfers:
            copy.write_row((t.debit, t.credit, t.amount, t.kind, UUID(bytes=t.subject), instant))


def _ordered(connection: Connection, wanted: list[UUID]) -> tuple[list[Ordered], Ended]:
    rows = connection.execute(
        "select remittance, operator, site, account, amount, invoices from rempart.remittance "
        "where remittance = any(%s) order by remittance",
        (wanted,),
    ).fetchall()
    orders = [Ordered(row[0].bytes, str(row[0]), *row[1:5]) for row in rows]
    return orders, Ended(len(rows), sum(row[5] for row in rows), sum(row[4] for row in rows))


def _invoices_paid(connection: Connection, remittances: list[UUID], instant: int) -> None:
    connection.execute(
        "with paid as (update rempart.invoice i set state = 'paid' from rempart.remittance_line l "
        "where l.remittance = any(%s) and l.live and i.invoice = l.invoice and i.state = 'accepted' "
        "returning i.invoice) "
        "insert into rempart.invoice_event (invoice, state, cause, instant) "
        "select invoice, 'paid', 'remittance', %s from paid",
        (remittances, instant),
    )


def _due_again(connection: Connection, remittances: list[UUID], *, cause: str, instant: int) -> None:
    back = _uncovered(connection, remittances) + _undeducted(connection, remittances)
    move(connection, back, instant)
    reopened = connection.execute(
        "update rempart.claw_back c set state = %s from rempart.remittance_deduction d "
        "where d.remittance = any(%s) and d.live and c.claw_back = d.claw_back and c.state = any(%s) "
        "returning c.claw_back",
        (DUE, remittances, [RECOVERED, WRITTEN_OFF]),
    ).fetchall()
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into rempart.claw_back_event (claw_back, state, cause, said_by, instant) "
            "values (%s, %s, %s, 'payer', %s)",
            [(row[0], DUE, cause, instant) for row in reopened],
        )
    for statement in (
        "update rempart.remittance_line set live = false where remittance = any(%s) and live",
        "update rempart.remittance_deduction set live = false where remittance = any(%s) and live",
        "update rempart.remittance_penalty set live = false where remittance = any(%s) and live",
    ):
        connection.execute(statement, (remittances,))


def _uncovered(connection: Connection, remittances: list[UUID]) -> list[Transfer]:
    rows = connection.execute(
        "select r.operator, p.insurer, p.gross - p.deducted, p.cover from rempart.remittance_part p "
        "join rempart.remittance r using (remittance) "
        "where p.remittance = any(%s) and p.covered and p.gross > p.deducted order by p.cover",
        (remittances,),
    ).fetchall()
    return [
        Transfer(accounts.owed(operator, insurer), accounts.funds(operator, insurer), amount, "uncover", cover.bytes)
        for operator, insurer, amount, cover in rows
    ]


def _undeducted(connection: Connection, remittances: list[UUID]) -> list[Transfer]:
    rows = connection.execute(
        "select r.operator, r.site, d.insurer, d.amount, d.deduction from rempart.remittance_deduction d "
        "join rempart.remittance r using (remittance) where d.remittance = any(%s) and d.live order by d.deduction",
        (remittances,),
    ).fetchall()
    return [
        Transfer(accounts.owed(operator, insurer), accounts.due(operator, site), amount, "undeduct", deduction.bytes)
        for operator, site, insurer, amount, deduction in rows
    ]
