"""Changes of bank details over psycopg 3: proposals, approvals, ends; all of them only added.

That two different people agree, that 72 hours pass, and that a change becomes a payee once, is held by the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg

from rempart.application.bank_details import KEEPER, Change, Said, Sealed
from rempart.domain.bank_details import ACTIVE, CANCELLED
from rempart.domain.compartments import BANK_DETAILS, OPEN
from rempart.ground.instants import PARIS, civil_date
from rempart.storage.notices import Notice, tell

Connection = psycopg.Connection[Any]
ALARMS = {"site": "bank-details-disputed", KEEPER: "bank-details-unproven"}
"""What rings, by who said no."""

ROWS: LiteralString = """
select c.change, c.site, c.operator, c.verification, c.proposed_by,
       coalesce(e.outcome, case when a.change is null then 'proposed' else 'approved' end), a.payable_from,
       (select count(distinct o.site) from (
            select p.site, p.iban_index from rempart.payee p where p.iban_index = c.iban_index
            union all select b.site, b.iban_index from rempart.bank_change b where b.iban_index = c.iban_index) o
        where o.site <> c.site),
       coalesce(c.ending, ''), c.sealed_iban, c.signed, coalesce(a.approved_by, ''), a.signed
from rempart.bank_change c
left join rempart.bank_change_approval a using (change)
left join rempart.bank_change_end e using (change)
"""
SHARED: LiteralString = """
select array_agg(distinct p.site order by p.site), count(distinct p.site) from rempart.payee p
where p.iban_index is not null group by p.iban_index having count(distinct p.site) > 1 order by 2 desc, 1
"""


class Shared(NamedTuple):
    """Sites that are paid on one and the same account."""

    sites: tuple[str, ...]


class BankChanges:
    """The `ChangeBooks` port. The connection is in autocommit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def whole(self) -> Iterator[None]:
        """One transaction."""
        with self._connection.transaction():
            yield

    def closed(self) -> bool:
        """Whether the compartment of bank details is closed; it stays as it is until the transaction ends."""
        row = self._connection.execute(
            "select state from rempart.compartment where compartment = %s for share", (BANK_DETAILS,)
        ).fetchone()
        return row is not None and row[0] != OPEN

    def open_of(self, site: str, operator: str) -> UUID | None:
        """The change that waits for this site, whose row stays locked: one change at a time."""
        self._connection.execute("select from rempart.site where site = %s for update", (site,))
        row = self._connection.execute(
            "select c.change from rempart.bank_change c left join rempart.bank_change_end e using (change) "
            "where c.site = %s and c.operator = %s and e.change is null",
            (site, operator),
        ).fetchone()
        return row[0] if row else None

    def add(self, sealed: Sealed, instant: int) -> None:
        """Writes a proposal and tells the site by its old channel. `ForeignKeyViolation` for an unknown site."""
        self._connection.execute(
            "insert into rempart.bank_change (change, site, operator, sealed_iban, iban_index, verification, document, "
            "proposed_by, proposed) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (*sealed, instant),
        )
        self._tell((sealed.change, sealed.site, sealed.operator), "bank-details-proposed", instant, instant)

    def locked(self, change: UUID) -> Change | None:
        """One change; its site stays locked until the transaction ends."""
        self._connection.execute(
            "select from rempart.site s join rempart.bank_change c using (site) where c.change = %s for update of s",
            (change,),
        )
        row = self._connection.execute(ROWS + "where c.change = %s", (change,)).fetchone()
        return Change(*row) if row else None

    def approve(self, change: Change, said: Said, payable_from: int, instant: int) -> None:
        """Writes the second person's word; the site is told from when on it will be paid there."""
        self._connection.execute(
            "insert into rempart.bank_change_approval (change, proposed_by, approved_by, called_back, because, "
            "approved, payable_from) values (%s, %s, %s, %s, %s, %s, %s)",
            (change.change, change.proposed_by, *said, instant, payable_from),
        )
        self._tell(change[:3], "bank-details-approved", payable_from, instant)

    def end(self, change: Change, outcome: str, *, said_by: str, instant: int) -> None:
        """Cancelled, or active: then the payee exists from that day on."""
        self._tell(change[:3], f"bank-details-{outcome}", instant, instant)  # before: to the channel of the old payee
        self._connection.execute(
            "insert into rempart.bank_change_end (change, outcome, said_by, instant) values (%s, %s, %s, %s)",
            (change.change, outcome, said_by, instant),
        )
        if outcome == ACTIVE:
            self._connection.execute(
                "insert into rempart.payee (payee, site, operator, sealed_iban, iban_index, starts, proposed_by, "
                "approved_by, approved) select c.change, c.site, c.operator, c.sealed_iban, c.iban_index, %s, "
                "c.proposed_by, a.approved_by, %s from rempart.bank_change c "
                "join rempart.bank_change_approval a using (change) where c.change = %s",
                (civil_date(instant, PARIS), instant, change.change),
            )
        if outcome == CANCELLED and said_by in ALARMS:
            self._connection.execute(
                "insert into rempart.alarm (instant, code, counts, context) values (%s, %s, %s, %s)",
                (instant, ALARMS[said_by], json.dumps({"items": 1}), json.dumps({"change": str(change.change)})),
            )

    def ripe(self, instant: int) -> list[UUID]:
        """Approved changes whose wait is over."""
        rows = self._connection.execute(
            "select a.change from rempart.bank_change_approval a left join rempart.bank_change_end e using (change) "
            "where e.change is null and a.payable_from <= %s order by a.payable_from",
            (instant,),
        )
        return [row[0] for row in rows]

    def listed(self) -> list[Change]:
        """Changes that are neither active nor cancelled, the oldest first."""
        rows = self._connection.execute(ROWS + "where e.change is null order by c.proposed, c.change")
        return [Change(*row) for row in rows]

    def shared(self) -> list[Shared]:
        """Accounts that several sites are paid on, without telling the account."""
        return [Shared(tuple(row[0])) for row in self._connection.execute(SHARED)]

    def _tell(self, about: tuple[UUID, str, str], kind: str, day_of: int, instant: int) -> None:
        change, site, operator = about
        row = self._connection.execute(
            "select payee from rempart.payee where site = %s and operator = %s order by starts desc limit 1",
            (site, operator),
        ).fetchone()
        day = civil_date(day_of, PARIS)
        tell(self._connection, [Notice(site, kind, change, day, row[0] if row else None)], instant)
