"""A site's bank details for its own people, over psycopg 3: the hub reads and writes them through functions alone.

None of them tells an account; what the keeper sealed goes in and out as it is.
"""

from __future__ import annotations

from datetime import date
from typing import Any, LiteralString
from uuid import UUID

import psycopg

from rempart.application.own_bank import At, Paid, Place, Proposed, Waiting
from rempart.application.together import Unavailable
from rempart.storage.parties import Connections

PAID: LiteralString = "select starts, ending from rempart.paid_bank_details(%s, %s, %s)"
WAITING: LiteralString = (
    "select change, state, ending, proposed_by, proposed, approved_by, payable_from, sealed_iban, signed "
    "from rempart.open_bank_details(%s, %s)"
)
MANAGERS: LiteralString = """
select a.account from rempart.account a join rempart.mandate m on m.client = a.account
join rempart.client c on c.client = a.account
where m.site = %s and a.operator = %s and a.role = 'manager' and m.ended is null
  and m.delegated_by is null and c.standing = 'good'
  and %s between m.starts and m.ends
"""
ADD: LiteralString = (
    "select rempart.propose_bank_details(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::text[], %s::date, %s::bigint)"
)
AGREE: LiteralString = (
    "select rempart.approve_bank_details(%s, %s, %s, %s, %s, %s::text[], %s::bigint, %s::date, %s::bigint)"
)
CANCEL: LiteralString = "select rempart.cancel_bank_details(%s, %s, %s, %s, %s::date, %s::bigint)"


class OwnBankBooks:
    """The `BankBooks` port. Raises `Unavailable`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def paid(self, place: Place, day: date) -> Paid | None:
        """The account that is paid on that day."""
        rows = await self._rows(PAID, (place.site, place.operator, day))
        return Paid(*rows[0]) if rows else None

    async def waiting(self, place: Place) -> Waiting | None:
        """The change that is neither active nor cancelled."""
        rows = await self._rows(WAITING, (place.site, place.operator))
        return Waiting(*rows[0]) if rows else None

    async def managers(self, place: Place, day: date) -> frozenset[str]:
        """The accounts of the site's managers on that day."""
        return frozenset(row[0] for row in await self._rows(MANAGERS, (place.site, place.operator, day)))

    async def add(self, place: Place, new: UUID, sealed: Proposed, at: At) -> str:
        """Writes a proposal, the site is told."""
        document = f"signed:{sealed.approval[:16].hex()}"
        said = (new, *place, sealed.sealed, sealed.iban_index, sealed.ending, sealed.approval, document)
        return await self._said(ADD, (*said, list(place.parts), at.day, at.instant))

    async def agree(self, place: Place, change: UUID, signed: bytes, at: At) -> str:
        """Writes the second signature, the site is told from when on it is paid there."""
        said = (change, *place, signed, list(place.parts))
        return await self._said(AGREE, (*said, at.payable, at.payable_day, at.instant))

    async def cancel(self, place: Place, change: UUID, at: At) -> str:
        """Ends a change."""
        return await self._said(CANCEL, (change, *place, at.day, at.instant))

    async def _said(self, statement: LiteralString, values: tuple[Any, ...]) -> str:
        (row,) = await self._rows(statement, values)
        return str(row[0])

    async def _rows(self, statement: LiteralString, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            async with self._connections() as connection:
                return await (await connection.execute(statement, values)).fetchall()
        except psycopg.OperationalError as error:
            raise Unavailable("database") from error
