"""Presence codes as the database keeps them: given once, used up once, and the wrong ones counted."""

from __future__ import annotations

from rempart.application.presence import Kept
from rempart.domain import presence
from rempart.storage.door import Database

GIVE = (
    "select rempart.give_presence($1::bytea, $2::text, $3::text, $4::text, $5::bytea, $6::bigint, $7::bigint, $8::int)"
)
CLAIM = (
    "select verdict, insurer, operator, mapping "
    "from rempart.claim_presence($1::bytea, $2::text, $3::text, $4::bigint, $5::int, $6::int)"
)


async def give(database: Database, finder: bytes, kept: Kept, *, site: str, instant: int, expires: int) -> str:
    """Keeps a new code for `site` ("": the first that uses it); "ok" or `presence-budget`. Raises `Unavailable`."""
    ((verdict,),) = await database.fetch(
        GIVE, finder, kept.insurer, kept.operator, site, kept.mapping, instant, expires, presence.GIVEN_A_DAY
    )
    return str(verdict)


async def claim(database: Database, finder: bytes, *, site: str, client: str, instant: int) -> Kept | str:
    """Uses a code up; or "" when it finds nobody, or `presence-attempts`. Raises `Unavailable`."""
    ((verdict, insurer, operator, mapping),) = await database.fetch(
        CLAIM, finder, site, client, instant, presence.WRONG_OF_CLIENT, presence.WRONG_OF_SITE
    )
    return Kept(insurer, operator, mapping) if verdict == "ok" else str(verdict)
