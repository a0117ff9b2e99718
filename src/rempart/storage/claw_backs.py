"""Claw-backs over psycopg 3: proposed, disputed, ripe, deducted. In the caller's transaction.

That no more is claimed than was paid, nor deducted than was claimed, is held by the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from rempart.application.claw_backs import New, PaidInvoice, Row
from rempart.domain import accounts
from rempart.domain.claw_back import DUE, NOTIFIED, RECOVERED, WRITTEN_OFF, Claim, Paid, month_left
from rempart.domain.funds import deduction_id
from rempart.domain.payment import Remittance
from rempart.domain.transfer import Transfer
from rempart.storage.decided_lines import read_lines
from rempart.storage.endings import move
from rempart.storage.notices import Notice, tell

Connection = psycopg.Connection[Any]

EVENT: LiteralString = (
    "insert into rempart.claw_back_event (claw_back, state, cause, said_by, instant) values (%s, %s, %s, %s, %s)"
)
DUE_NOW: LiteralString = """
select c.claw_back, c.site, c.operator, c.insurer, rempart.debt_left(c.claw_back), c.instalment, coalesce(d.month, 0),
       (select max(x.day) from rempart.site_change x join rempart.invoice i on i.invoice = c.invoice
        where x.site = c.site and x.what = 'owner' and x.day <= date '1970-01-01' + i.care_day)
from rempart.claw_back c
left join lateral (
    select sum(x.amount) filter (where date_trunc('month', r.day) = date_trunc('month', %(day)s::date))::bigint as month
    from rempart.remittance_deduction x join rempart.remittance r using (remittance)
    where x.claw_back = c.claw_back and x.live) d on true
where c.state = 'due' and c.notice_ends <= %(day)s
order by c.instant, c.claw_back
"""
GUARANTEED = "guaranteed-after-closure"
ROWS: LiteralString = """
select c.claw_back, c.invoice, c.site, c.operator, c.insurer, c.amount, c.reason, c.state, c.notice_ends, c.instalment,
       (select coalesce(sum(d.amount), 0)::bigint from rempart.remittance_deduction d
        where d.claw_back = c.claw_back and d.live), rempart.debt_left(c.claw_back)
from rempart.claw_back c
"""
COUNTERS: LiteralString = (
    "select rempart.lock_counters(array(select distinct e.counter from rempart.counter_entry e where e.invoice = %s))"
)
PAID_INVOICE: LiteralString = """
select i.site, r.operator, i.insurer, i.amc, coalesce(e.day, r.day), d.tag is not null, d.lines,
       coalesce((select sum(c.amount) from rempart.claw_back c
                 where c.invoice = i.invoice and c.state <> 'withdrawn'), 0)
from rempart.invoice i
join rempart.decision d using (invoice)
join rempart.remittance_line l on l.invoice = i.invoice and l.live
join rempart.remittance r using (remittance)
join rempart.remittance_end e using (remittance)
where i.invoice = %s and i.state = 'paid' and e.outcome = 'settled'
for update of i
"""


def ripen(connection: Connection, day: date, instant: int) -> int:
    """What nobody disputed while its notice ran is due from its last day on."""
    rows = connection.execute(
        "update rempart.claw_back set state = %s where state = %s and notice_ends <= %s returning claw_back",
        (DUE, NOTIFIED, day),
    ).fetchall()
    with connection.cursor() as cursor:
        cursor.executemany(EVENT, [(row[0], DUE, "notice-ended", "payer", instant) for row in rows])
    return len(rows)


def due(connection: Connection, day: date) -> list[Claim]:
    """What may be deducted on `day`, the oldest first."""
    return [
        Claim(claw_back, site, operator, insurer, left, month_left(instalment, left, taken), owned)
        for claw_back, site, operator, insurer, left, instalment, taken, owned in connection.execute(
            DUE_NOW, {"day": day}
        )
    ]


def deduct(connection: Connection, remittances: Sequence[Remittance], instant: int) -> None:
    """Writes what remittances deduct, and the movement of each: from what is due to the site to what insurers owe."""
    rows: list[tuple[Any, ...]] = []
    moves: list[Transfer] = []
    for r in remittances:
        for one in r.deductions:
            identity = deduction_id(r.identity, one.claw_back)
            rows.append((identity, r.identity, one.claw_back, one.insurer, one.amount))
            sides = (accounts.due(r.operator, r.site), accounts.owed(r.operator, one.insurer))
            moves.append(Transfer(*sides, one.amount, "deduct", identity.bytes))
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into rempart.remittance_deduction (deduction, remittance, claw_back, insurer, amount) "
            "values (%s, %s, %s, %s, %s)",
            rows,
        )
    move(connection, moves, instant)
    _recovered(connection, [row[2] for row in rows], instant)


def _recovered(connection: Connection, claw_backs: list[UUID], instant: int) -> None:
    done = connection.execute(
        "update rempart.claw_back c set state = case when exists (select from rempart.debt_write_off w "
        "join rempart.debt_write_off_approval using (write_off) where w.claw_back = c.claw_back) then %s else %s end "
        "where c.claw_back = any(%s) and c.state = %s and rempart.debt_left(c.claw_back) = 0 "
        "returning c.claw_back, c.state",
        (WRITTEN_OFF, RECOVERED, claw_backs, DUE),
    ).fetchall()
    with connection.cursor() as cursor:
        cursor.executemany(EVENT, [(*row, "deducted", "payer", instant) for row in done])


class ClawBackBooks:
    """The `ClaimBooks` port. The connection is in autocommit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def whole(self) -> Iterator[None]:
        """One transaction."""
        with self._connection.transaction():
            yield

    def paid_invoice(self, invoice: UUID) -> PaidInvoice | None:
        """The invoice, locked, when it was paid and the money did not come back.

        A guarantee stands when it was decided on a rights answer of this hub, or under an accreditation.
        """
        self._connection.execute(COUNTERS, (invoice,))  # before the invoice, as everybody does
        row = self._connection.execute(PAID_INVOICE, (invoice,)).fetchone()
        if row is None:
            return None
        site, operator, insurer, amount, day, answered, lines, claimed = row
        guaranteed = answered or any(rule.rule == GUARANTEED for line in read_lines(lines) for rule in line.rules)
        return PaidInvoice(site, operator, insurer, Paid(amount, int(claimed), day, guaranteed))

    def add(self, new: New, *, cause: str, instant: int) -> None:
        """Writes a claw-back, its first event, what the site is told; `UniqueViolation` for the same reason."""
        self._connection.execute(
            "insert into rempart.claw_back (claw_back, invoice, site, operator, insurer, amount, reason, state, "
            "notice_ends, instalment, said_by, instant) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (*new, instant),
        )
        self._connection.execute(EVENT, (new.claw_back, new.state, cause, new.said_by, instant))
        tell(self._connection, [Notice(new.site, f"claw-back-{new.state}", new.claw_back, new.notice_ends)], instant)

    def locked(self, claw_back: UUID) -> Row | None:
        """One claw-back, locked until the transaction ends."""
        row = self._connection.execute(ROWS + "where c.claw_back = %s for update of c", (claw_back,)).fetchone()
        return Row(*row) if row else None

    def listed(self, states: Sequence[str]) -> list[Row]:
        """Claw-backs in these states, the oldest first."""
        rows = self._connection.execute(
            ROWS + "where c.state = any(%s) order by c.instant, c.claw_back", (list(states),)
        )
        return [Row(*row) for row in rows]

    def pass_to(self, row: Row, state: str, *, cause: str, said_by: str, instant: int) -> None:
        """The step itself, its event, and what the site is told; the caller judged it and holds the lock."""
        self._connection.execute("update rempart.claw_back set state = %s where claw_back = %s", (state, row.claw_back))
        self._connection.execute(EVENT, (row.claw_back, state, cause, said_by, instant))
        tell(self._connection, [Notice(row.site, f"claw-back-{state}", row.claw_back, row.notice_ends)], instant)
