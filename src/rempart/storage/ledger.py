"""The ledger of payments over psycopg 3: reserve, record, end. Transfers are only ever added.

What is due is locked, planned and reserved in one transaction. That an invoice lies in one living remittance at most,
and that a remittance ends once, is held by the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from rempart.application.pay import Ended, FileRow, OrderRow
from rempart.domain.funds import payout_id
from rempart.domain.payment import Due, Plan, Remittance, Terms, Waits, bank_reference, file_id, file_name, plan
from rempart.domain.transfer import RESERVED, Ordered, movement
from rempart.storage import claw_backs, debts, funds
from rempart.storage.endings import Ending, end, move

Connection = psycopg.Connection[Any]
LOCK = 0x52_4D_50_41_59  # "RMPAY": one payer at a time

# The invoices of this run, locked: a cancellation that holds one is waited for, one that comes later finds it ordered.
# Operator and site are those of the account the decision credited: `due:<operator>:<site>`.
TAKE: tuple[LiteralString, ...] = (
    "truncate rempart.payment_due",
    """
insert into rempart.payment_due (invoice, site, operator, insurer, amount, decided, owned)
select i.invoice, i.site, substr(t.credit, 5, length(t.credit) - 5 - length(i.site)), i.insurer, t.amount, t.instant,
       case when c.site is not null then (
           select max(x.day) from rempart.site_change x
           where x.site = i.site and x.what = 'owner' and x.day <= date '1970-01-01' + i.care_day) end
from rempart.invoice i
join rempart.transfer t on t.kind = 'decision' and t.subject = i.invoice
left join (select distinct x.site from rempart.site_change x where x.what = 'owner') c on c.site = i.site
where i.state = 'accepted' and not exists (select from rempart.remittance_line l where l.invoice = i.invoice and l.live)
for update of i
""",
    """
insert into rempart.payment_due (invoice, site, operator, insurer, amount, decided, penalty, owned)
select p.penalty, p.site, p.operator, case p.charged_to when 'insurer' then p.insurer else '' end, p.amount, p.posted,
       true, (select max(x.day) from rempart.site_change x where x.site = p.site and x.what = 'owner'
              and x.day <= (to_timestamp(p.posted / 1000000.0) at time zone 'Europe/Paris')::date)
from rempart.delay_penalty p
where not exists (select from rempart.remittance_penalty x where x.penalty = p.penalty and x.live)
""",
)

# An owner is paid for the care of its own days: at the account that was the site's on the last of them, or is today's,
# and never at one of the owner before.
DUES: LiteralString = """
with due as materialized (
    select site, operator, insurer, owned, sum(amount)::bigint as amount,
           count(*) filter (where not penalty) as invoices, min(decided) as oldest,
           coalesce(sum(amount) filter (where penalty), 0)::bigint as penalties
    from rempart.payment_due group by 1, 2, 3, 4)
select d.site, d.operator, d.insurer, d.amount, d.invoices, p.payee, a.reference, r.last, d.oldest,
       coalesce(b.reason, ''), d.penalties, d.owned, coalesce(k.cycle_days, 0), coalesce(k.least_cents, 0)
from due d
left join lateral (
    select min(x.day) - 1 as last from rempart.site_change x
    where x.site = d.site and x.what = 'owner' and x.day > coalesce(d.owned, '-infinity')) o on true
left join lateral (
    select x.payee from rempart.payee x
    where x.site = d.site and x.operator = d.operator
      and least(%(day)s::date, o.last) between x.starts and x.ends and x.starts >= coalesce(d.owned, '-infinity')
    order by x.starts desc limit 1) p on true
left join lateral (
    select x.reference from rempart.paying_account x
    where x.operator = d.operator and x.insurer in (d.insurer, '')
      and (%(accounts)s::text[] is null or x.reference = any(%(accounts)s::text[]))
    order by x.insurer desc limit 1) a on true
left join lateral (
    select max(x.day) as last from rempart.remittance x left join rempart.remittance_end e using (remittance)
    where x.payee = p.payee and x.account = a.reference
      and (e.outcome is distinct from 'released' or x.day = %(day)s)) r on true
left join lateral (
    select coalesce(t.reason, e.reason) as reason from rempart.remittance x
    join rempart.remittance_end e using (remittance) left join rempart.remittance_return t using (remittance)
    where x.payee = p.payee order by x.day desc, e.instant desc limit 1) b on true
left join lateral (
    select c.cycle_days, c.least_cents from rempart.site_contract_dated c join rempart.site s on s.site = d.site
    where c.operator = d.operator and %(day)s between c.starts and c.ends
      and case when c.site <> '' then c.site = d.site else c.profession in ('', s.profession) end
    order by c.site desc, c.profession desc limit 1) k on true
order by 1, 2, 3, d.owned nulls first
"""

# In the order of the table's key: each row is beside the one before in the index.
LINES: LiteralString = """
insert into rempart.remittance_line (remittance, invoice, amount)
select q.remittance, d.invoice, d.amount
from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::date[]) q(remittance, site, operator, insurer, owned)
join rempart.payment_due d using (site, operator, insurer)
where not d.penalty and d.owned is not distinct from q.owned
order by 1, 2
"""

PENALTIES: LiteralString = """
select q.remittance, d.invoice, d.amount
from unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::date[]) q(remittance, site, operator, insurer, owned)
join rempart.payment_due d using (site, operator, insurer)
where d.penalty and d.owned is not distinct from q.owned
"""

# What the lines and penalties of remittances make: cents, and invoices.
SUMS: LiteralString = """
select r.remittance, coalesce(l.amount, 0)::bigint + coalesce(p.amount, 0)::bigint, coalesce(l.lines, 0)
from unnest(%s::uuid[]) r(remittance)
left join (select remittance, sum(amount) as amount, count(*) as lines from rempart.remittance_line
           where remittance = any(%s) group by 1) l using (remittance)
left join (select remittance, sum(amount) as amount from rempart.remittance_penalty
           where remittance = any(%s) group by 1) p using (remittance)
"""

FILES: LiteralString = """
select f.file, f.account, a.operator, f.day, f.name, a.name, a.sealed_iban, f.reserved, f.clear_mac, f.sha256, f.written
from rempart.payment_file f join rempart.paying_account a on a.reference = f.account
"""

ORDERS: LiteralString = """
select r.remittance, r.payee, p.sealed_iban, r.amount, r.invoices, r.end_to_end, r.operator
from rempart.remittance r
join rempart.payee p using (payee)
join rempart.payment_file f using (file)
left join rempart.remittance_end e using (remittance)
where r.file = %s and (e.remittance is null or (f.written is not null and e.instant > f.written))
order by r.end_to_end
"""


class LedgerDiffersError(Exception):
    """The lines of a remittance are not what was planned: nothing was reserved."""


@contextmanager
def payer_alone(connection: Connection) -> Iterator[None]:
    """Waits for its turn; the turn ends with the connection, so a payer that died holds up nobody."""
    connection.execute("select pg_advisory_lock(%s)", (LOCK,))
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("select pg_advisory_unlock(%s)", (LOCK,))


class Ledger:
    """The `Books` port. The connection is in autocommit; `accounts` limits the paying accounts used, None for all."""

    def __init__(self, connection: Connection, accounts: Sequence[str] | None = None) -> None:
        self._connection = connection
        self._accounts = list(accounts) if accounts else None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Waits for its turn."""
        with payer_alone(self._connection):
            yield

    def reserve(self, terms: Terms, instant: int) -> Plan:
        """Orders what is due: one file per paying account, one remittance per payee, all of it or nothing."""
        with self._connection.transaction():  # first, for it locks counters, which come before invoices
            claw_backs.ripen(self._connection, terms.day, instant)
        with self._connection.transaction():
            for statement in TAKE:
                self._connection.execute(statement)
            found = self._reserve(terms, instant)
            debts.ask(self._connection, terms.day, instant)
            return found

    def _reserve(self, terms: Terms, instant: int) -> Plan:
        connection = self._connection
        rows = connection.execute(DUES, {"day": terms.day, "accounts": self._accounts}).fetchall()
        dues = [Due(*row) for row in rows]
        found = plan(dues, terms, claw_backs.due(connection, terms.day), funds.watched(connection, terms.day))
        files = {account: self._new_file(account, terms, instant) for account in _accounts(found.remittances)}
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into rempart.remittance (remittance, payee, site, operator, account, day, amount, invoices, "
                "end_to_end, file, reserved, deducted, penalties) "
                "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    (
                        r.identity, r.payee, r.site, r.operator, r.account, terms.day, r.amount, r.invoices,
                        bank_reference(r.identity), files[r.account], instant, r.deducted, r.penalties,
                    )
                    for r in found.remittances
                ],
            )  # fmt: skip
        self._lines(found.remittances)
        move(connection, [movement(_ordered(r), RESERVED) for r in found.remittances], instant)
        claw_backs.deduct(connection, found.remittances, instant)
        funds.cover(connection, found.remittances, instant)
        self._waiting(found.waiting, instant)
        return found

    def _waiting(self, waiting: Sequence[Waits], instant: int) -> None:
        """What each site is told of why it waits; `since` is when that reason began."""
        merged: dict[tuple[str, str, str], tuple[str, int]] = {}
        for one in waiting:  # two owners may wait at one site: it is told of one sum, and of the earlier reason
            key = (one.site, one.operator, one.insurer)
            reason, amount = merged.get(key, (one.reason, 0))
            merged[key] = (reason, amount + one.amount)
        rows = [(*key, *told) for key, told in merged.items()]
        columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 5
        self._connection.execute(
            "delete from rempart.payment_waiting w where not exists (select from "
            "unnest(%s::text[], %s::text[], %s::text[]) n(site, operator, insurer) "
            "where (n.site, n.operator, n.insurer) = (w.site, w.operator, w.insurer))",
            columns[:3],
        )
        self._connection.execute(
            "insert into rempart.payment_waiting as w (site, operator, insurer, reason, amount, since) "
            "select n.*, %s from unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[]) n "
            "on conflict (site, operator, insurer) do update set reason = excluded.reason, amount = excluded.amount, "
            "since = case when w.reason = excluded.reason then w.since else excluded.since end",
            (instant, *columns),
        )

    def _new_file(self, account: str, terms: Terms, instant: int) -> UUID:
        row = self._connection.execute(
            "select coalesce(max(batch), 0) + 1 from rempart.payment_file where account = %s and day = %s",
            (account, terms.day),
        ).fetchone()
        batch: int = row[0] if row else 1
        identity = file_id(account, terms.day, batch)
        self._connection.execute(
            "insert into rempart.payment_file (file, account, day, batch, name, reserved) "
            "values (%s, %s, %s, %s, %s, %s)",
            (identity, account, terms.day, batch, file_name(account, terms.day, batch), instant),
        )
        return identity

    def _lines(self, remittances: Sequence[Remittance]) -> None:
        parts = [(r.identity, r.site, r.operator, insurer, r.owned) for r in remittances for insurer in r.insurers]
        if not parts:
            return
        columns = [list(column) for column in zip(*parts, strict=True)]
        self._connection.execute(LINES, columns)
        if any(r.penalties for r in remittances):
            rows = self._connection.execute(PENALTIES, columns).fetchall()
            with self._connection.cursor() as cursor:
                cursor.executemany(
                    "insert into rempart.remittance_penalty (payout, remittance, penalty, amount) "
                    "values (%s, %s, %s, %s)",
                    [(payout_id(row[0], row[1]), *row) for row in rows],
                )
        made = [r.identity for r in remittances]
        sums = self._connection.execute(SUMS, (made, made, made)).fetchall()
        planned = {r.identity: (r.amount + r.deducted, r.invoices) for r in remittances}
        if {row[0]: (row[1], row[2]) for row in sums} != planned:
            raise LedgerDiffersError("the lines are not what was planned")

    def open_files(self) -> list[FileRow]:
        """Files of which some remittance has not ended yet, the oldest first."""
        rows = self._connection.execute(
            FILES
            + "where exists (select from rempart.remittance r left join rempart.remittance_end e using (remittance) "
            "where r.file = f.file and e.remittance is null) order by f.day, f.name"
        )
        return [FileRow(*row) for row in rows]

    def file(self, name: str) -> FileRow | None:
        """One file by the name it was given."""
        row = self._connection.execute(FILES + "where f.name = %s", (name,)).fetchone()
        return FileRow(*row) if row else None

    def orders(self, file: UUID) -> list[OrderRow]:
        """What the file holds: its remittances without those that were released before it was written."""
        return [OrderRow(*row) for row in self._connection.execute(ORDERS, (file,))]

    def record(self, file: UUID, clear_mac: bytes, sha256: bytes, instant: int) -> None:
        """What is staged for the bank; the instant of the first time stays."""
        self._connection.execute(
            "update rempart.payment_file set clear_mac = %s, sha256 = %s, written = coalesce(written, %s) "
            "where file = %s",
            (clear_mac, sha256, instant, file),
        )

    def unended(self, file: UUID) -> list[UUID]:
        """Remittances of a file that are neither settled nor released."""
        rows = self._connection.execute(
            "select r.remittance from rempart.remittance r left join rempart.remittance_end e using (remittance) "
            "where r.file = %s and e.remittance is null order by 1",
            (file,),
        )
        return [row[0] for row in rows]

    def end(self, remittances: Sequence[UUID], outcome: str, cause: str, instant: int) -> Ended:
        """Settles or releases, in one transaction; ending one that ended already raises `UniqueViolation`."""
        with self._connection.transaction():
            return end(self._connection, [Ending(one) for one in remittances], outcome, cause=cause, instant=instant)


def _accounts(remittances: Sequence[Remittance]) -> list[str]:
    return sorted({remittance.account for remittance in remittances})


def _ordered(r: Remittance) -> Ordered:
    return Ordered(r.identity.bytes, str(r.identity), r.operator, r.site, r.account, r.amount)
