"""A site's own authorizations and invoices by the keys that the card gives again, or by its own reference."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from rempart.application.own_records import Own, OwnFound
from rempart.storage.door import Database

MOST = 50  # of each kind
AUTHORIZATIONS = """
select request, number, state, requested, site_reference from rempart.authorization_request
where own = any($1::bytea[]) and site = $2 order by requested desc, request desc limit $3
"""
INVOICES = """
select invoice, number, state, received, site_reference from rempart.invoice
where own = any($1::bytea[]) and site = $2 order by received desc, invoice desc limit $3
"""
BY_REFERENCE = """
select invoice from rempart.invoice where site = $1 and site_reference = $2 and site_reference <> ''
order by received desc, invoice desc limit $3
"""


class OwnRecordsBooks:
    """The `OwnBooks` port over one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def own(self, site: str, keys: Sequence[bytes]) -> OwnFound:
        """Of this site alone, the newest first."""
        found = [
            await self._database.fetch(statement, list(keys), site, MOST + 1)
            for statement in (AUTHORIZATIONS, INVOICES)
        ]
        rows = [[Own(*row) for row in each[:MOST]] for each in found]
        return OwnFound(rows[0], rows[1], any(len(each) > MOST for each in found))


async def by_reference(database: Database, site: str, reference: str) -> list[UUID]:
    """The site's invoices under its own reference, the newest first."""
    return [row[0] for row in await database.fetch(BY_REFERENCE, site, reference, MOST)]
