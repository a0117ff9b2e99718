"""What must hold of the money at every instant, as named checks; each gives a list of violations, empty when it holds.

They read in the caller's transaction (take REPEATABLE READ while others write). A violation names internal ids and
counts, never a person, a site's name or an account number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, LiteralString

import psycopg

from rempart.storage.copies import read_lines

Connection = psycopg.Connection[Any]
MOST = 100  # violations told of each check
BATCH = 2_000  # decisions read at a time


def accounts_balance(connection: Connection) -> list[str]:
    """No account gave more than it got, but `owed`; what is due to a site is its accepted, unordered invoices."""
    overdrawn = _told(
        connection,
        """select 'an account is overdrawn by ' || -sum(amount) || ' cents' from (
               select credit as account, amount from rempart.transfer
               union all select debit, -amount from rempart.transfer) moved
           where account not like 'owed:%%' group by account having sum(amount) < 0 limit %s""",
    )
    return overdrawn + _told(
        connection,
        """with moved as (
               select account, sum(amount) as balance from (
                   select credit as account, amount from rempart.transfer where credit like 'due:%%'
                   union all select debit, -amount from rempart.transfer where debit like 'due:%%') m group by account),
           waiting as (
               select t.credit as account, sum(t.amount) as amount from rempart.invoice i
               join rempart.transfer t on t.kind = 'decision' and t.subject = i.invoice
               where i.state = 'accepted'
                 and not exists (select from rempart.remittance_line l where l.invoice = i.invoice and l.live)
               group by t.credit)
           select 'what is due to a site differs from its invoices by '
                  || coalesce(m.balance, 0) - coalesce(w.amount, 0) || ' cents'
           from moved m full join waiting w using (account)
           where coalesce(m.balance, 0) <> coalesce(w.amount, 0) limit %s""",
    )


def nothing_paid_twice(connection: Connection) -> list[str]:
    """No invoice in two living remittances, no reference at the bank twice, no remittance both settled and released."""
    return [
        *_told(
            connection,
            """select 'invoice ' || invoice || ' is in ' || count(*) || ' remittances' from rempart.remittance_line
               where live group by invoice having count(*) > 1 limit %s""",
        ),
        *_told(
            connection,
            """select 'reference ' || end_to_end || ' was used ' || count(*) || ' times' from rempart.remittance
               group by end_to_end having count(*) > 1 limit %s""",
        ),
        *_told(
            connection,
            """select 'remittance ' || subject || ' moved out ' || count(*) || ' times' from rempart.transfer
               where kind in ('settle', 'release') group by subject having count(*) > 1 limit %s""",
        ),
    ]


def shares_make_the_whole(connection: Connection) -> list[str]:
    """AMO + insurer + patient = spent, for each decided invoice and each of its lines."""
    found = _told(
        connection,
        """select 'invoice ' || invoice || ': the shares are not what was spent' from rempart.invoice
           where state in ('accepted', 'rejected', 'paid') and amo + amc + patient <> spent limit %s""",
    )
    with connection.transaction(), connection.cursor(name="shares") as cursor:
        cursor.itersize = BATCH
        cursor.execute("select invoice, lines from rempart.decision")
        for invoice, stored in cursor:
            for line in read_lines(stored):
                if line.amo + line.amc + line.patient != line.spent and len(found) < MOST:
                    found.append(f"invoice {invoice} line {line.number}: the shares are not what was spent")
    return found


def every_paid_invoice_in_one_file(connection: Connection) -> list[str]:
    """A paid invoice lies in exactly one settled remittance of a file that was written, and the other way round."""
    return [
        *_told(
            connection,
            """select 'invoice ' || i.invoice || ' is paid and lies in ' || count(f.file) || ' written files'
               from rempart.invoice i
               left join rempart.remittance_line l on l.invoice = i.invoice and l.live
               left join rempart.remittance r using (remittance)
               left join rempart.remittance_end e on e.remittance = r.remittance and e.outcome = 'settled'
               left join rempart.payment_file f
                 on f.file = r.file and f.written is not null and e.remittance is not null
               where i.state = 'paid' group by i.invoice having count(f.file) <> 1 limit %s""",
        ),
        *_told(
            connection,
            """select 'invoice ' || i.invoice || ' is in a settled remittance and is ' || i.state
               from rempart.remittance_end e
               join rempart.remittance_line l on l.remittance = e.remittance
               join rempart.invoice i on i.invoice = l.invoice
               where e.outcome = 'settled' and i.state <> 'paid' limit %s""",
        ),
    ]


def reserved_is_what_is_open(connection: Connection) -> list[str]:
    """A remittance's reserve is its amount while it is open and nothing once it ended; its lines add up to it."""
    return [
        *_told(
            connection,
            """with moved as (
                   select account, sum(amount) as balance from (
                       select credit as account, amount from rempart.transfer where credit like 'reserved:%%'
                       union all select debit, -amount from rempart.transfer where debit like 'reserved:%%') m
                   group by account)
               select 'remittance ' || r.remittance || ' holds ' || coalesce(m.balance, 0) || ' cents'
               from rempart.remittance r left join rempart.remittance_end e using (remittance)
               full join moved m on m.account = 'reserved:' || r.remittance
               where coalesce(m.balance, 0) <> case when e.remittance is null then coalesce(r.amount, 0) else 0 end
               limit %s""",
        ),
        *_told(
            connection,
            """select 'remittance ' || r.remittance || ': its lines do not add up to it'
               from rempart.remittance r
               left join lateral (select sum(l.amount) as amount, count(*) as lines from rempart.remittance_line l
                                  where l.remittance = r.remittance) l on true
               where (l.amount, l.lines) is distinct from (r.amount, r.invoices::bigint) limit %s""",
        ),
    ]


INVARIANTS: tuple[Callable[[Connection], list[str]], ...] = (
    accounts_balance,
    nothing_paid_twice,
    shares_make_the_whole,
    every_paid_invoice_in_one_file,
    reserved_is_what_is_open,
)


def check(connection: Connection) -> dict[str, list[str]]:
    """Every invariant by its name, with what breaks it."""
    return {invariant.__name__: invariant(connection) for invariant in INVARIANTS}


def _told(connection: Connection, statement: LiteralString) -> list[str]:
    return [row[0] for row in connection.execute(statement, (MOST,))]
