"""What a site reads of its own webhooks, and resumes."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from rempart.storage.door import Database

OF_SITE = """
select webhook, url, state, reason, attempts, next_try, added from rempart.webhook
where site = $1 and state <> 'ended' order by added, webhook
"""
EVENTS = (
    "select webhook, state, cause, said_by, instant from rempart.webhook_event where webhook = any($1) order by event"
)


@dataclass(frozen=True, slots=True)
class WebhookRow:
    """One webhook that has not ended; `events` are (state, cause, who said so, instant), oldest first."""

    webhook: UUID
    url: str
    state: str
    reason: str
    attempts: int
    next_try: int
    added: int
    events: tuple[tuple[str, str, str, int], ...]


async def of_site(database: Database, site: str) -> list[WebhookRow]:
    """The site's own."""
    rows = await database.fetch(OF_SITE, site)
    told: dict[UUID, list[tuple[str, str, str, int]]] = {row[0]: [] for row in rows}
    for webhook, state, cause, said_by, instant in await database.fetch(EVENTS, list(told)):
        told[webhook].append((state, cause, said_by, instant))
    return [
        WebhookRow(webhook, url, state, reason, attempts, next_try, added, tuple(told[webhook]))
        for webhook, url, state, reason, attempts, next_try, added in rows
    ]


async def resume(database: Database, site: str, webhook: UUID, instant: int) -> bool:
    """Tells a stopped one of this site again, from where it stopped; False when there is none such."""
    rows = await database.fetch("select rempart.resume_webhook($1, $2, 'site', $3)", webhook, site, instant)
    return bool(rows[0][0])
