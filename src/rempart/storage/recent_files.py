"""The files that were sent for a site, the newest first, with what became of their invoices; no act, no identity.

A concentrator's file of many sites is not one of these: it is the concentrator's own. Neither is one sent twice: the
first is listed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rempart.storage.door import Database

MOST = 25  # on one page
LAST = UUID(int=(1 << 128) - 1)
# `site || ''` is what the index `inbound_of_site` is made on. Faults stay where they are: a report may hold hundreds.
PAGE = """
select inbound, client, state, received, bytes, coalesce((report ->> 'refused')::int, 0),
    coalesce((report ->> 'fault_count')::int, jsonb_array_length(report -> 'faults'), 0)
from rempart.inbound
where site || '' = $1 and channel = 'file' and inbound < $2
    and (state <> 'refused' or report -> 'faults' -> 0 ->> 'code' is distinct from 'file-already-received')
order by inbound desc limit $3
"""
# As `states.COUNTS`, of many deposits at once: an invoice's id is its deposit's first twelve bytes and its place there.
COUNTS = """
select inbound::text, jsonb_object_agg(state, many)::text from (
    select inbound, state, sum(one)::bigint as many from (
        select f.inbound, i.state, 1 as one
        from unnest($1::uuid[], $2::uuid[]) f (inbound, last)
        join rempart.invoice i on i.invoice > f.inbound and i.invoice <= f.last and i.inbound = f.inbound
        union all
        select f.inbound, 'rejected', -1
        from unnest($1::uuid[], $2::uuid[]) f (inbound, last)
        join rempart.invoice i on i.invoice > f.inbound and i.invoice <= f.last and i.inbound = f.inbound
        where get_byte(uuid_send(i.invoice), 12) >= 128
    ) c group by inbound, state having sum(one) > 0
) s group by inbound
"""


@dataclass(frozen=True, slots=True)
class SentFile:
    """One file: `received` microseconds UTC, `size` bytes, `client` who sent it, `counts` by state of its invoices."""

    inbound: UUID
    client: str
    state: str
    received: int
    size: int
    refused: int
    faults: int
    counts: Mapping[str, int]


async def recent(database: Database, site: str, before: UUID) -> tuple[list[SentFile], UUID | None]:
    """At most `MOST` files of this site, and the id below which older ones follow; None at the end."""
    rows = await database.fetch(PAGE, site, before, MOST + 1)
    decided = [row[0] for row in rows[:MOST] if row[2] == "decided"]
    ends = [UUID(bytes=each.bytes[:12] + b"\xff" * 4) for each in decided]
    counted = await database.fetch(COUNTS, decided, ends) if decided else []
    counts: dict[str, dict[str, int]] = {text: json.loads(told) for text, told in counted}
    found = [_read(row, counts.get(str(row[0]), {})) for row in rows[:MOST]]
    return found, found[-1].inbound if len(rows) > MOST else None


def _read(row: Any, counts: Mapping[str, int]) -> SentFile:
    inbound, client, state, received, size, refused, faults = row
    return SentFile(inbound, client, state, received, size, refused, faults, counts)
