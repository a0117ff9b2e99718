"""Payment delays over psycopg 3: terms, what was paid in a half-year, penalties posted once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, LiteralString, NamedTuple

import psycopg

from rempart.domain import accounts
from rempart.domain.funds import derived
from rempart.domain.payment_delay import Half, Scheme
from rempart.domain.transfer import Transfer
from rempart.storage.endings import move

Connection = psycopg.Connection[Any]
BATCH = 5_000
OPERATOR = "operator"  # bears penalties itself; else the insurer does

# The clock starts at the acknowledgement and stops on the day the bank tells, else the day of the order.
PAID: LiteralString = """
select r.operator, i.insurer, i.site, l.amount,
       (to_timestamp(coalesce((select min(v.instant) from rempart.invoice_event v
                               where v.invoice = i.invoice and v.state = 'acknowledged'), i.received) / 1000000.0)
        at time zone 'Europe/Paris')::date,
       coalesce(e.day, r.day)
from rempart.remittance r
join rempart.remittance_end e using (remittance)
left join rempart.remittance_return b using (remittance)
join rempart.remittance_line l using (remittance)
join rempart.invoice i using (invoice)
where e.outcome = 'settled' and b.remittance is null and coalesce(e.day, r.day) between %s and %s
"""


class Terms(NamedTuple):
    """Delay terms of an operator's contract from a day on; `insurer` '' : all without terms of their own.

    `charged_to` says who bears penalties: insurer or operator.
    """

    operator: str
    insurer: str
    starts: date
    target_days: int
    penalties: bool
    flat: int
    flat_days: int
    percent: int
    proposed_by: str
    approved_by: str
    charged_to: str = "insurer"


class PaidInvoice(NamedTuple):
    """One paid invoice: cents, the day of its acknowledgement, the day it was paid."""

    operator: str
    insurer: str
    site: str
    amount: int
    acknowledged: date
    paid: date


class Penalty(NamedTuple):
    """What late payment earned one site from one insurer in a half-year, cents of so many invoices."""

    operator: str
    insurer: str
    site: str
    invoices: int
    amount: int
    charged_to: str = "insurer"


def set_terms(connection: Connection, terms: Terms, instant: int) -> None:
    """Writes terms. `CheckViolation`: one person alone; `UniqueViolation`: terms from that day stand already."""
    connection.execute(
        "insert into rempart.delay_terms (operator, insurer, starts, target_days, penalties, flat, flat_days, percent, "
        "proposed_by, approved_by, charged_to, instant) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (*terms, instant),
    )


def schemes(connection: Connection, day: date) -> dict[tuple[str, str], Scheme]:
    """(operator, insurer or '') → the scheme that holds on `day`."""
    rows = connection.execute(
        "select distinct on (operator, insurer) operator, insurer, target_days, penalties, flat, flat_days, percent, "
        "charged_to "
        "from rempart.delay_terms where starts <= %s order by operator, insurer, starts desc",
        (day,),
    )
    return {
        (row[0], row[1]): Scheme(
            row[2], penalties=row[3], flat=row[4], flat_days=row[5], rate=row[6], charged_to=row[7]
        )
        for row in rows
    }  # fmt: skip


def paid(connection: Connection, half: Half) -> Iterator[PaidInvoice]:
    """What was paid in the half-year, as a stream; in the caller's transaction."""
    with connection.cursor(name="delays") as cursor:
        cursor.itersize = BATCH
        cursor.execute(PAID, (half.first, half.last))
        for row in cursor:
            yield PaidInvoice(*row)


def post(connection: Connection, half: Half, penalties: Sequence[Penalty], instant: int) -> int:
    """Posts penalties to their sites, each once for a half-year; cents that were posted now."""
    posted = 0
    for one in penalties:
        identity = derived(f"penalty\n{one.operator}\n{one.insurer}\n{one.site}\n{half.name}")
        added = connection.execute(
            "insert into rempart.delay_penalty (penalty, operator, insurer, site, half, invoices, amount, charged_to, "
            "posted) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            (
                identity, one.operator, one.insurer, one.site, half.name, one.invoices, one.amount, one.charged_to,
                instant,
            ),
        ).rowcount  # fmt: skip
        if added:
            bears = accounts.owed(one.operator, one.insurer)
            if one.charged_to == OPERATOR:
                bears = accounts.costs(one.operator)
            to = accounts.penalty(one.operator, one.site)
            move(connection, [Transfer(bears, to, one.amount, "penalty", identity.bytes)], instant)
            posted += one.amount
    return posted
