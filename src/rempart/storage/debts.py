"""Debts of sites over psycopg 3 for the operator, and over the hub's own connection for the site that owes.

That nothing is paid back or given up beyond what is left, and by two people, is held by the database, which also moves
the ledger's accounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, LiteralString
from uuid import UUID

import psycopg

from rempart.application.debts import Debt, DebtStep, Due, Proposed, Repaid
from rempart.domain.debts import Standing, next_step
from rempart.ground.instants import PARIS, civil_date
from rempart.storage.notices import Notice, tell

if TYPE_CHECKING:
    from rempart.storage.door import Database

Connection = psycopg.Connection[Any]
MOST = 1_000

EVENT: LiteralString = (
    "insert into rempart.claw_back_event (claw_back, state, cause, said_by, instant) values (%s, %s, %s, %s, %s)"
)
# Of each claim that is due: what is left, and when something happened to it last.
STANDING: LiteralString = """
select c.claw_back, c.site, rempart.debt_left(c.claw_back), c.notice_ends,
       (select max(v.instant) from rempart.claw_back_event v where v.claw_back = c.claw_back and v.state = 'due'),
       (select max(r.day) from rempart.remittance_deduction d join rempart.remittance r using (remittance)
        where d.claw_back = c.claw_back and d.live),
       (select max(p.instant) from rempart.debt_payment p where p.claw_back = c.claw_back),
       array(select s.step from rempart.debt_step s where s.claw_back = c.claw_back order by s.instant, s.day),
       array(select s.day from rempart.debt_step s where s.claw_back = c.claw_back order by s.instant, s.day)
from rempart.claw_back c where c.state = 'due' and c.notice_ends <= %s order by c.instant, c.claw_back
"""
DEBT: LiteralString = """
select c.claw_back, c.invoice, i.number, c.site, c.operator, c.insurer, coalesce(n.name, c.insurer), c.reason, c.state,
       c.amount,
       (select coalesce(sum(d.amount), 0)::bigint from rempart.remittance_deduction d
        where d.claw_back = c.claw_back and d.live),
       (select coalesce(sum(p.amount), 0)::bigint from rempart.debt_payment p where p.claw_back = c.claw_back),
       (select coalesce(sum(w.amount), 0)::bigint from rempart.debt_write_off w
        join rempart.debt_write_off_approval using (write_off) where w.claw_back = c.claw_back),
       c.instalment,
       (select min(v.instant) from rempart.claw_back_event v where v.claw_back = c.claw_back and v.state = 'due')
from rempart.claw_back c join rempart.invoice i using (invoice) left join rempart.insurer n on n.insurer = c.insurer
"""
ORDER: LiteralString = " order by c.instant, c.claw_back limit "
STEPS: LiteralString = "select claw_back, step, day, amount from rempart.debt_step where claw_back = any("
PROPOSED: LiteralString = (
    "select w.write_off, w.claw_back, w.amount, w.because, w.proposed_by from rempart.debt_write_off w "
    "left join rempart.debt_write_off_approval a using (write_off) where a.write_off is null "
)
COVERED: LiteralString = """
select r.account, coalesce(p.covered, false) from rempart.claw_back c
join rempart.remittance_line l on l.invoice = c.invoice and l.live
join rempart.remittance r using (remittance)
left join rempart.remittance_part p on p.remittance = r.remittance and p.insurer = c.insurer
where c.claw_back = %s
"""


def ask(connection: Connection, day: date, instant: int) -> int:
    """Takes the steps that are due on `day`, in the caller's transaction; each is a row and a notice. How many."""
    told: list[tuple[Standing, str]] = []
    for claw_back, site, left, ends, due, deducted, repaid, steps, days in connection.execute(STANDING, (day,)):
        moved = [ends, deducted, *(civil_date(at, PARIS) for at in (due, repaid) if at is not None)]
        taken = tuple(zip(steps, days, strict=True))
        standing = Standing(claw_back, site, left, max(one for one in moved if one), taken)
        if step := next_step(standing, day):
            told.append((standing, step))
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into rempart.debt_step (claw_back, step, day, amount, instant) values (%s, %s, %s, %s, %s)",
            [(one.claw_back, step, day, one.left, instant) for one, step in told],
        )
    tell(connection, [Notice(one.site, f"debt-{step}", one.claw_back, day) for one, step in told], instant)
    return len(told)


def listed(connection: Connection, *, everything: bool = False) -> list[Debt]:
    """Debts of every site, the oldest first; those that ended too."""
    states = ["due", "recovered", "written-off"] if everything else ["due"]
    rows = connection.execute(DEBT + "where c.state = any(%s)" + ORDER + "%s", (states, MOST)).fetchall()
    steps = connection.execute(STEPS + "%s) order by instant, day", ([row[0] for row in rows],)).fetchall()
    return _debts(rows, steps)


def waiting(connection: Connection) -> list[Proposed]:
    """Write-offs that another person has not approved."""
    return [Proposed(*row) for row in connection.execute(PROPOSED + "order by w.proposed, w.write_off")]


async def of_site(database: Database, site: str, claw_back: UUID | None = None) -> list[Debt]:
    """What this site owes, the oldest first, or one of its debts; another site's looks absent."""
    rows = await database.fetch(
        DEBT + "where c.site = $1 and c.state = 'due' and ($2::uuid is null or c.claw_back = $2)" + ORDER + "$3",
        site, claw_back, MOST,
    )  # fmt: skip
    steps = await database.fetch(STEPS + "$1::uuid[]) order by instant, day", [row[0] for row in rows])
    return _debts(rows, steps)


def _debts(rows: Sequence[Any], steps: Sequence[Any]) -> list[Debt]:
    taken: dict[UUID, list[DebtStep]] = {}
    for claw_back, step, day, amount in steps:
        taken.setdefault(claw_back, []).append(DebtStep(step, day, amount))
    return [Debt(*(*row[:14], civil_date(row[14], PARIS), tuple(taken.get(row[0], ())))) for row in rows]


class Books:
    """The `DebtBooks` port. The connection is in autocommit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def whole(self) -> Iterator[None]:
        """One transaction."""
        with self._connection.transaction():
            yield

    def locked(self, claw_back: UUID) -> Due | None:
        """State and cents left, locked until the transaction ends."""
        row = self._connection.execute(
            "select state from rempart.claw_back where claw_back = %s for update", (claw_back,)
        ).fetchone()
        if row is None:
            return None
        left = self._connection.execute("select rempart.debt_left(%s)", (claw_back,)).fetchone()
        return Due(row[0], left[0] if left else 0)

    def known(self, claw_back: UUID, reference: str) -> bool:
        """Whether this line of a bank statement was taken before."""
        return self._any("debt_payment where claw_back = %s and reference = %s", claw_back, reference)

    def repay(self, payment: UUID, repaid: Repaid, instant: int) -> None:
        """Into the account that paid the invoice, and back into the insurer's funds when it was paid from them."""
        account, covered = self._connection.execute(COVERED, (repaid.claw_back,)).fetchone() or (None, False)
        self._connection.execute(
            "insert into rempart.debt_payment (payment, claw_back, account, amount, reference, covered, said_by, "
            "instant) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                payment, repaid.claw_back, account, repaid.amount, repaid.reference, covered, repaid.said_by, instant,
            ),
        )  # fmt: skip

    def propose(self, proposed: Proposed, instant: int) -> None:
        """Writes what waits for another person."""
        self._connection.execute(
            "insert into rempart.debt_write_off (write_off, claw_back, amount, because, proposed_by, proposed) "
            "values (%s, %s, %s, %s, %s, %s)",
            (*proposed, instant),
        )

    def proposed(self, write_off: UUID) -> Proposed | None:
        """One that waits."""
        row = self._connection.execute(PROPOSED + "and w.write_off = %s", (write_off,)).fetchone()
        return Proposed(*row) if row else None

    def waiting(self, claw_back: UUID) -> bool:
        """Whether a write-off of this debt waits."""
        return self._connection.execute(PROPOSED + "and w.claw_back = %s", (claw_back,)).fetchone() is not None

    def approve(self, proposed: Proposed, approved_by: str, instant: int) -> None:
        """`CheckViolation` when one person alone, or more than is left."""
        self._connection.execute(
            "insert into rempart.debt_write_off_approval (write_off, proposed_by, approved_by, approved) "
            "values (%s, %s, %s, %s)",
            (proposed.write_off, proposed.proposed_by, approved_by, instant),
        )

    def plan(self, claw_back: UUID, instalment: int, said_by: str, instant: int) -> None:
        """The instalment, and an event that says who agreed to it."""
        self._connection.execute(
            "update rempart.claw_back set instalment = %s where claw_back = %s", (instalment, claw_back)
        )
        self._connection.execute(EVENT, (claw_back, "due", "instalment", said_by, instant))

    def end(self, claw_back: UUID, state: str, *, cause: str, said_by: str, instant: int) -> None:
        """The last step; the site is told."""
        site, day = self._connection.execute(
            "update rempart.claw_back set state = %s where claw_back = %s returning site, notice_ends",
            (state, claw_back),
        ).fetchall()[0]
        self._connection.execute(EVENT, (claw_back, state, cause, said_by, instant))
        tell(self._connection, [Notice(site, f"claw-back-{state}", claw_back, day)], instant)

    def _any(self, where: LiteralString, *values: object) -> bool:
        return self._connection.execute("select from rempart." + where, values).fetchone() is not None
