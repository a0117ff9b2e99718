"""Mandates of programs as a site's manager gives and ends them, over psycopg 3: written through functions alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, LiteralString

import psycopg
from psycopg.types.json import Jsonb

from rempart.application.program_mandates import Given
from rempart.application.together import Unavailable
from rempart.storage.parties import Connections

ADD: LiteralString = "select rempart.program_mandated(%s, %s, %s, %s, %s::date, %s::date, %s::bigint)"
ENROL: LiteralString = "select rempart.program_enrolled(%s, %s, %s, %s, %s, %s::date, %s::bigint)"
END: LiteralString = "select rempart.end_program_mandates(%s, %s, %s, %s::bigint)"
LAST: LiteralString = (
    "select max(m.ends) from rempart.mandate m join rempart.client c using (client) "
    "where m.client = %s and m.site = %s and m.ended is null and c.kind in ('vendor', 'concentrator')"
)


class ProgramMandateBooks:
    """The `MandateBooks` port. Raises `Unavailable`."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def add(self, given: Given, site: str, by: str, *, what: str, instant: int) -> str:
        """Writes days of a mandate, and who let it."""
        return str(await self._one(ADD, (given.client, site, by, what, given.first, given.last, instant)))

    async def enrol(self, given: Given, site: str, by: str, *, key: Mapping[str, str], instant: int) -> str:
        """Writes a site's own program down with its public key, which has a `kid`, and who let it."""
        values = (given.client, site, by, key["kid"], Jsonb(dict(key)), given.first, instant)
        return str(await self._one(ENROL, values))

    async def end(self, client: str, site: str, by: str, instant: int) -> str:
        """Withdraws every mandate of the pair."""
        return str(await self._one(END, (client, site, by, instant)))

    async def last_day(self, client: str, site: str) -> date | None:
        """The last day of a program's mandates for a site."""
        found: date | None = await self._one(LAST, (client, site))
        return found

    async def _one(self, statement: LiteralString, values: tuple[Any, ...]) -> Any:
        try:
            async with self._connections() as connection:
                row = await (await connection.execute(statement, values)).fetchone()
        except psycopg.OperationalError as error:
            raise Unavailable("database") from error
        return None if row is None else row[0]
