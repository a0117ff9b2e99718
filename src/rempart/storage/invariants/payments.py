"""Invariants of invoices, remittances and accounts."""

from __future__ import annotations

from rempart.storage.copies import read_lines
from rempart.storage.invariants._told import MOST, Connection, told

BATCH = 2_000  # decisions read at a time


def accounts_balance(connection: Connection, since: int = 0) -> list[str]:
    """No account gave more than it got, but insurers'; what is due to a site is its accepted, unordered invoices."""
    overdrawn = told(
        connection,
        """with touched as (
               select debit as account from rempart.transfer where instant >= %(since)s
               union select credit from rempart.transfer where instant >= %(since)s)
           select 'an account is overdrawn by ' || -sum(amount) || ' cents' from (
               select credit as account, amount from rempart.transfer where credit in (select account from touched)
               union all select debit, -amount from rempart.transfer where debit in (select account from touched)) moved
           where account !~ '^(owed|paid-in|funds|debt|costs):'
           group by account having sum(amount) < 0 limit %(most)s""",
        since,
    )
    return overdrawn + told(
        connection,
        """with touched as (
               select debit as account from rempart.transfer where instant >= %(since)s and debit like 'due:%%'
               union select credit from rempart.transfer where instant >= %(since)s and credit like 'due:%%'),
           moved as (
               select account, sum(amount) as balance from (
                   select credit as account, amount from rempart.transfer where credit in (select account from touched)
                   union all
                   select debit, -amount from rempart.transfer where debit in (select account from touched)) m
               group by account),
           looked as (
               select account from touched
               union select credit from rempart.transfer where %(since)s = 0 and kind = 'decision'),
           waiting as (
               select t.credit as account, sum(t.amount) as amount from rempart.invoice i
               join rempart.transfer t on t.kind = 'decision' and t.subject = i.invoice
               where i.state = 'accepted' and t.credit in (select account from looked)
                 and not exists (select from rempart.remittance_line l where l.invoice = i.invoice and l.live)
               group by t.credit)
           select 'what is due to a site differs from its invoices by '
                  || coalesce(m.balance, 0) - coalesce(w.amount, 0) || ' cents'
           from moved m full join waiting w using (account)
           where coalesce(m.balance, 0) <> coalesce(w.amount, 0) limit %(most)s""",
        since,
    )


def nothing_paid_twice(connection: Connection, since: int = 0) -> list[str]:
    """No invoice in two living remittances, no remittance both settled and released."""
    return [
        *told(
            connection,
            """with touched as materialized (
                   select distinct x.invoice from rempart.remittance_line x join rempart.remittance r using (remittance)
                   where r.reserved >= %(since)s)
               select 'invoice ' || l.invoice || ' is in ' || count(*) || ' remittances'
               from touched join rempart.remittance_line l using (invoice)
               where l.live
               group by l.invoice having count(*) > 1 limit %(most)s""",
            since,
        ),
        *told(
            connection,
            """select 'remittance ' || subject || ' moved out ' || count(*) || ' times' from rempart.transfer
               where kind in ('settle', 'release') and instant >= %(since)s
               group by subject having count(*) > 1 limit %(most)s""",
            since,
        ),
    ]


def no_reference_twice(connection: Connection, since: int = 0) -> list[str]:
    """No EndToEndId names two things at the bank, be they transfers or calls for funds."""
    return told(
        connection,
        """select 'reference ' || end_to_end || ' was used ' || count(*) || ' times' from (
               select end_to_end, reserved as instant from rempart.remittance
               union all select end_to_end, called from rempart.fund_call) used
           group by end_to_end having count(*) > 1 and max(instant) >= %(since)s limit %(most)s""",
        since,
    )


def shares_make_the_whole(connection: Connection, since: int = 0) -> list[str]:
    """AMO + insurer + patient (+ a first insurer) = spent, for each decided invoice and each of its lines."""
    found = told(
        connection,
        """select 'invoice ' || i.invoice || ': the shares are not what was spent' from rempart.invoice i
           join rempart.decision d using (invoice)
           where d.instant >= %(since)s and i.state in ('accepted', 'rejected', 'paid')
             and i.amo + i.amc + i.patient > i.spent limit %(most)s""",
        since,
    )
    with connection.transaction(), connection.cursor(name="shares") as cursor:
        cursor.itersize = BATCH
        cursor.execute(
            "select d.invoice, d.lines, i.spent - i.amo - i.amc - i.patient, "
            "i.state in ('accepted', 'rejected', 'paid') "
            "from rempart.decision d join rempart.invoice i using (invoice) where d.instant >= %s",
            (since,),
        )
        for invoice, stored, rest, decided in cursor:
            others = 0
            for line in read_lines(stored):
                others += line.other
                if line.amo + line.other + line.amc + line.patient != line.spent and len(found) < MOST:
                    found.append(f"invoice {invoice} line {line.number}: the shares are not what was spent")
            if decided and rest > others and len(found) < MOST:
                found.append(f"invoice {invoice}: the shares are not what was spent")
    return found


def every_paid_invoice_in_one_file(connection: Connection, since: int = 0) -> list[str]:
    """A paid invoice lies in exactly one settled remittance of a file that was written, and the other way round."""
    return [
        *told(
            connection,
            """with touched as materialized (
                   select invoice from rempart.invoice_event where instant >= %(since)s
                   union select invoice from rempart.invoice where %(since)s = 0 and state = 'paid')
               select 'invoice ' || i.invoice || ' is paid and lies in ' || count(f.file) || ' written files'
               from touched join rempart.invoice i using (invoice)
               left join rempart.remittance_line l on l.invoice = i.invoice and l.live
               left join rempart.remittance r using (remittance)
               left join rempart.remittance_end e on e.remittance = r.remittance and e.outcome = 'settled'
               left join rempart.payment_file f
                 on f.file = r.file and f.written is not null and e.remittance is not null
               where i.state = 'paid'
               group by i.invoice having count(f.file) <> 1 limit %(most)s""",
            since,
        ),
        *told(
            connection,
            """select 'invoice ' || i.invoice || ' is in a settled remittance and is ' || i.state
               from rempart.remittance_end e
               left join rempart.remittance_return b using (remittance)
               join rempart.remittance_line l on l.remittance = e.remittance
               join rempart.invoice i on i.invoice = l.invoice
               where e.outcome = 'settled' and b.remittance is null and i.state <> 'paid' and e.instant >= %(since)s
               limit %(most)s""",
            since,
        ),
    ]


def reserved_is_what_is_open(connection: Connection, since: int = 0) -> list[str]:
    """A remittance's reserve is its amount while it is open, then nothing; lines less deductions make it."""
    return [
        *told(
            connection,
            """with touched as (
                   select debit as account from rempart.transfer where instant >= %(since)s and debit like 'reserved:%%'
                   union select credit from rempart.transfer where instant >= %(since)s and credit like 'reserved:%%'),
               moved as (
                   select account, sum(amount) as balance from (
                       select credit as account, amount from rempart.transfer
                       where credit in (select account from touched)
                       union all
                       select debit, -amount from rempart.transfer where debit in (select account from touched)) m
                   group by account),
               looked as (
                   select r.remittance, r.amount, e.remittance is null as open
                   from rempart.remittance r left join rempart.remittance_end e using (remittance)
                   where r.reserved >= %(since)s or e.instant >= %(since)s)
               select 'remittance ' || r.remittance || ' holds ' || coalesce(m.balance, 0) || ' cents'
               from looked r full join moved m on m.account = 'reserved:' || r.remittance
               where coalesce(m.balance, 0) <> case when r.open then r.amount else 0 end limit %(most)s""",
            since,
        ),
        *told(
            connection,
            """select 'remittance ' || r.remittance || ': lines less deductions do not make it'
               from rempart.remittance r
               left join lateral (select sum(l.amount) as amount, count(*) as lines from rempart.remittance_line l
                                  where l.remittance = r.remittance) l on true
               left join lateral (select coalesce(sum(d.amount), 0) as amount from rempart.remittance_deduction d
                                  where d.remittance = r.remittance) d on true
               left join lateral (select coalesce(sum(p.amount), 0) as amount from rempart.remittance_penalty p
                                  where p.remittance = r.remittance) p on true
               where r.reserved >= %(since)s
                 and (coalesce(l.amount, 0) + p.amount, l.lines, d.amount, p.amount)
                     is distinct from ((r.amount + r.deducted)::numeric, r.invoices::bigint, r.deducted::numeric,
                                       r.penalties::numeric)
               limit %(most)s""",
            since,
        ),
    ]
