"""Who may sign receipts of card checks for a site: keys of its browsers, and of the programs that acted for it then."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from rempart.application.receipts import OwnKey
from rempart.storage.door import Database

MOST = 50  # keys of one site that are not ended
SLACK = 300_000_000  # microseconds by which a browser's or a program's clock may differ
ADD = f"""
insert into rempart.receipt_key (site, key, point, account, made)
select $1, $2, $3, $4, $5
where (select count(*) from rempart.receipt_key where site = $1 and ended is null) < {MOST}
on conflict do nothing
"""  # noqa: S608 - a constant of this module
OF_SITE = """
select key, account, made from rempart.receipt_key where site = $1 and ended is null order by made, key
"""
END = "update rempart.receipt_key set ended = $3 where site = $1 and key = $2 and ended is null returning 1"
# A program counts by its own site or by a mandate of that day; both key and mandate as they stood at that instant.
SIGNERS = f"""
select q.ord, k.point, null::jsonb as jwk
from unnest($1::text[], $2::bigint[], $3::date[]) with ordinality q(site, instant, day, ord)
join rempart.receipt_key k on k.site = q.site and k.made <= q.instant + {SLACK}
    and q.instant < coalesce(k.ended, q.instant + 1)
union all
select q.ord, null, k.jwk
from unnest($1::text[], $2::bigint[], $3::date[]) with ordinality q(site, instant, day, ord)
join rempart.client c on c.standing = 'good' and c.kind <> 'account' and (c.own_site = q.site or exists (
    select from rempart.mandate m where m.client = c.client and m.site = q.site and q.day between m.starts and m.ends
    and m.given <= q.instant + {SLACK} and q.instant < coalesce(m.ended, q.instant + 1)))
join rempart.client_key k on k.client = c.client and k.registered <= q.instant + {SLACK}
    and q.instant < coalesce(k.revoked, q.instant + 1)
"""  # noqa: S608 - a constant of this module


class Asked(NamedTuple):
    """A site, and when something was signed there: microseconds UTC, and the civil day."""

    site: str
    instant: int
    day: date


class Signer(NamedTuple):
    """A browser's point of 65 bytes, or a program's public JWK."""

    point: bytes
    jwk: dict[str, Any]


async def signers(database: Database, asked: Sequence[Asked]) -> list[list[Signer]]:
    """For each, the keys that were in force there then. Raises `Unavailable`."""
    found: list[list[Signer]] = [[] for _ in asked]
    columns = [list(column) for column in zip(*asked, strict=True)] if asked else [[], [], []]
    for order, point, jwk in await database.fetch(SIGNERS, *columns):
        found[order - 1].append(Signer(point or b"", json.loads(jwk) if jwk else {}))
    return found


async def add(database: Database, site: str, new: OwnKey, point: bytes) -> bool:
    """Whether the site has the key now, by this account or another; False when it has too many, or ended this one."""
    await database.fetch(ADD, site, new.key, point, new.account, new.made)
    return any(each.key == new.key for each in await of_site(database, site))


async def of_site(database: Database, site: str) -> list[OwnKey]:
    """The site's own that are not ended, in the order they were made."""
    return [OwnKey(*row) for row in await database.fetch(OF_SITE, site)]


async def end(database: Database, site: str, key: bytes, instant: int) -> bool:
    """Whether it ended now; what it signed before stays good."""
    return bool(await database.fetch(END, site, key, instant))
