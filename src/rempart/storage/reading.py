"""Reading is disclosing: what was opened is written before it leaves, by one statement of the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from rempart.storage.door import Database

INVOICE, AUTHORIZATION, REMITTANCE, SUPPORT = "invoice", "authorization", "remittance", "support"
"""What was opened."""
DISCLOSE = "select rempart.disclose_reading($1, $2, $3, $4, $5, $6, $7)"


class Reader(NamedTuple):
    """Who reads, of which site, when: `grant_id` 16 bytes, `instant` in microseconds UTC."""

    client: str
    grant_id: bytes
    site: str
    instant: int


async def disclose(
    database: Database, reader: Reader, opened: str, invoices: Sequence[UUID] = (), *, requests: Sequence[UUID] = ()
) -> int:
    """One disclosure a person that these invoices and authorizations are about, once a reader and day.

    How many were written. Raises `Unavailable`: then nothing may be told.
    """
    if not invoices and not requests:
        return 0
    rows = await database.fetch(
        DISCLOSE, reader.instant, reader.grant_id, reader.client, reader.site, opened, list(invoices), list(requests)
    )
    return int(rows[0][0])
