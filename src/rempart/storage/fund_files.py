"""Calls for funds as the payer's own `Books`: reserved, written once for the bank, ended; over psycopg 3.

So a run that dies leaves nothing that the next does not finish, by the same steps as payments.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg

from rempart.application.pay import Ended, FileRow, OrderRow
from rempart.domain.payment import Plan, Terms, file_id
from rempart.domain.transfer import SETTLED
from rempart.ground.instants import PARIS, civil_date
from rempart.storage import funds
from rempart.storage.ledger import payer_alone

Connection = psycopg.Connection[Any]

PARTIES: LiteralString = """
select i.operator, i.insurer, m.mandate, a.reference
from rempart.insurer i
left join lateral (select x.mandate from rempart.funding_mandate x
                   where x.operator = i.operator and x.insurer = i.insurer and x.signed <= %s
                   order by x.signed desc limit 1) m on true
left join rempart.paying_account a on a.operator = i.operator and a.insurer = ''
order by 1, 2
"""
FILES: LiteralString = """
select f.file, f.account, a.operator, f.day, f.name, a.name, a.sealed_iban, f.called, f.clear_mac, f.sha256, f.written
from rempart.fund_file f join rempart.paying_account a on a.reference = f.account
"""
ORDERS: LiteralString = """
select c.fund_call, c.mandate, m.sealed_iban, c.amount, c.movements, c.end_to_end, c.operator
from rempart.fund_call c join rempart.funding_mandate m using (mandate) join rempart.fund_file f using (file)
left join rempart.fund_call_end e using (fund_call)
where c.file = %s and (e.fund_call is null or (f.written is not null and e.instant > f.written))
order by c.end_to_end
"""


class Mandate(NamedTuple):
    """An insurer's mandate: the reference and day it was signed under, and the creditor identifier it names."""

    mandate: UUID
    operator: str
    insurer: str
    reference: str
    signed: date
    creditor: str
    sealed_iban: bytes
    proposed_by: str
    approved_by: str


@dataclass(slots=True)
class CallBooks:
    """The `Books` port for calls. `until`: what was decided before this instant is called. Autocommit connection."""

    connection: Connection
    until: int

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One at a time, and no payer meanwhile."""
        with payer_alone(self.connection):
            yield

    def reserve(self, terms: Terms, instant: int) -> Plan:
        """Calls every insurer that owes something; those with a mandate are put into one file per account."""
        with self.connection.transaction():
            files: dict[str, UUID] = {}
            parties: list[funds.Party] = []
            for operator, insurer, mandate, account in self.connection.execute(PARTIES, (terms.day,)).fetchall():
                by = funds.By(self._file(files, account, terms.day, instant), mandate) if mandate and account else None
                parties.append(funds.Party(operator, insurer, by))
            funds.call_all(self.connection, parties, terms.day, self.until, instant=instant)
            self._drop_empty(files)
        return Plan((), ())

    def _file(self, files: dict[str, UUID], account: str, day: date, instant: int) -> UUID:
        if account in files:
            return files[account]
        row = self.connection.execute(
            "select coalesce(max(batch), 0) + 1 from rempart.fund_file f where account = %s and day = %s "
            "and exists (select from rempart.fund_call c where c.file = f.file)",
            (account, day),
        ).fetchone()
        batch: int = row[0] if row else 1
        identity = files[account] = file_id(f"calls/{account}", day, batch)
        self.connection.execute(
            "insert into rempart.fund_file (file, account, day, batch, name, called) values (%s, %s, %s, %s, %s, %s) "
            "on conflict (file) do nothing",
            (identity, account, day, batch, f"calls-{account}-{day:%Y%m%d}-{batch:02d}.xml", instant),
        )
        return identity

    def _drop_empty(self, files: dict[str, UUID]) -> None:
        """A file into which no call went never was: whoever owes nothing is not called."""
        self.connection.execute(
            "delete from rempart.fund_file f where f.file = any(%s) "
            "and not exists (select from rempart.fund_call c where c.file = f.file)",
            (list(files.values()),),
        )

    def open_files(self) -> list[FileRow]:
        """Files of which some call has not ended, the oldest first."""
        rows = self.connection.execute(
            FILES + "where exists (select from rempart.fund_call c left join rempart.fund_call_end e using (fund_call) "
            "where c.file = f.file and e.fund_call is null) order by f.day, f.name"
        )
        return [FileRow(*row) for row in rows]

    def file(self, name: str) -> FileRow | None:
        """One file by the name it was given."""
        row = self.connection.execute(FILES + "where f.name = %s", (name,)).fetchone()
        return FileRow(*row) if row else None

    def orders(self, file: UUID) -> list[OrderRow]:
        """The calls of a file, but those that were refused before it was written."""
        return [OrderRow(*row) for row in self.connection.execute(ORDERS, (file,))]

    def record(self, file: UUID, clear_mac: bytes, sha256: bytes, instant: int) -> None:
        """What is staged for the bank; the instant of the first time stays."""
        self.connection.execute(
            "update rempart.fund_file set clear_mac = %s, sha256 = %s, written = coalesce(written, %s) where file = %s",
            (clear_mac, sha256, instant, file),
        )

    def unended(self, file: UUID) -> list[UUID]:
        """Calls of a file that were neither paid nor refused."""
        rows = self.connection.execute(
            "select c.fund_call from rempart.fund_call c left join rempart.fund_call_end e using (fund_call) "
            "where c.file = %s and e.fund_call is null order by 1",
            (file,),
        )
        return [row[0] for row in rows]

    def end(self, remittances: Sequence[UUID], outcome: str, cause: str, instant: int) -> Ended:
        """Ends calls as paid or refused, in one transaction."""
        ended, day = "received" if outcome == SETTLED else "refused", civil_date(instant, PARIS)
        with self.connection.transaction():
            for one in remittances:
                funds.end_call(self.connection, one, ended, reason=cause, day=day, instant=instant)
            row = self.connection.execute(
                "select count(*), coalesce(sum(movements), 0)::int, coalesce(sum(amount), 0)::bigint "
                "from rempart.fund_call where fund_call = any(%s)",
                (list(remittances),),
            ).fetchone()
        return Ended(*row) if row else Ended(0, 0, 0)

    def mandates(self, file: UUID) -> dict[str, tuple[str, date, str]]:
        """(reference, day signed, creditor identifier) by the EndToEndId of each call of a file."""
        rows = self.connection.execute(
            "select c.end_to_end, m.reference, m.signed, m.creditor from rempart.fund_call c "
            "join rempart.funding_mandate m using (mandate) where c.file = %s",
            (file,),
        )
        return {row[0]: (row[1], row[2], row[3]) for row in rows}


def add_mandate(connection: Connection, mandate: Mandate, instant: int) -> None:
    """Registers a mandate. `CheckViolation`: one person alone; `UniqueViolation`: one of that day stands already."""
    connection.execute(
        "insert into rempart.funding_mandate (mandate, operator, insurer, reference, signed, creditor, sealed_iban, "
        "proposed_by, approved_by, instant) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (*mandate, instant),
    )
