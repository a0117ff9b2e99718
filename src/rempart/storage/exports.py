"""Signatures for exports: appended, read by place. The keeper verified each before; its approval is kept with it."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from rempart.application.exports import Document, Place, Signed, Wish
from rempart.domain.exports import SECOND_FOR, Asker, Signature
from rempart.storage.door import Database, Databases

ADD = """
insert into rempart.export_signature
    (operator, place, what, document, invoices, taker, account, role, session, approval, instant, until)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
STANDING = """
select account, taker, session, invoices, until from rempart.export_signature
where operator = $1 and place = $2 and what = $3 and document = $4 and until > $5
"""
FIRST = """
select approval from rempart.export_signature
where operator = $1 and place = $2 and what = $3 and document = $4 and invoices = $5 and taker = $6
  and account = taker and instant > $7
order by signature desc limit 1
"""
ASKED = """
select max(signature) filter (where account = taker), what, document, invoices, taker,
       max(instant) filter (where account = taker),
       coalesce(max(until) filter (where account = taker and (taker <> $5 or session = $6)), 0),
       coalesce(max(until) filter (where account <> taker), 0)
from rempart.export_signature where operator = $1 and place = $2 and instant > $3
group by what, document, invoices, taker having bool_or(account = taker) order by 1 desc limit $4
"""
ASKED_MOST = 50


class Asked(NamedTuple):
    """One export that its taker signed: the newest signature's number, until when each of the two stands (0: none).

    `until` of one's own is that of this session.
    """

    number: int
    what: str
    document: UUID
    invoices: int
    taker: str
    asked: int
    until: int
    second_until: int


class StoredExports:
    """The `ExportBooks` port. Raises `Unavailable`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    async def first(self, place: Place, wish: Wish, instant: int) -> bytes | None:
        """The approval of the taker's own newest signature of that, a day old at most."""
        asked = (*place, *wish.document, wish.invoices, wish.taker, instant - SECOND_FOR)
        async with self._databases.lend() as database:
            rows = await database.fetch(FIRST, *asked)
        return rows[0][0] if rows else None

    async def add(self, place: Place, signed: Signed) -> None:
        """Keeps one."""
        wish = signed.wish
        async with self._databases.lend() as database:
            await database.fetch(ADD, *place, *wish.document, wish.invoices, wish.taker, *signed[1:])


async def standing(database: Database, place: Place, document: Document, instant: int) -> list[Signature]:
    """Those of this document that are good at `instant`. Raises `Unavailable`."""
    return [Signature(*row) for row in await database.fetch(STANDING, *place, *document, instant)]


async def asked(database: Database, place: Place, asker: Asker, instant: int) -> list[Asked]:
    """What people there signed for themselves within a day, the newest first. Raises `Unavailable`."""
    found = await database.fetch(ASKED, *place, instant - SECOND_FOR, ASKED_MOST, *asker)
    return [Asked(*row) for row in found]
