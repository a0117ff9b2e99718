"""Webhooks in the database: which there are, what is still to be told to each in order, and how the telling went."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

ATTEMPTS_MOST = 14  # then it is stopped: about two days
FIRST_PAUSE = 30 * 1_000_000  # microseconds; doubled with each attempt
LONGEST_PAUSE = 6 * 3600 * 1_000_000
PAGE = 50  # events told in one round to one webhook
STOPPED = "webhook-stopped"

DUE = """
select webhook, site, url, cursor, attempts from rempart.webhook
where state = 'good' and next_try <= %s and exists (
    select from rempart.authorization_event e
    where e.site = webhook.site and e.event > cursor and e.state <> 'requested')
order by next_try limit 100
"""
EVENTS = """
select event, request, state, instant from rempart.authorization_event
where site = %s and event > %s and state <> 'requested' and tx < pg_snapshot_xmin(pg_current_snapshot())
order by event limit %s
"""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a site is told of changes; `cursor` is the last event delivered."""

    webhook: UUID
    site: str
    url: str
    cursor: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Told:
    """One event to tell: no identity, no amount, no reference."""

    event: int
    request: UUID
    state: str
    instant: int


def add(connection: psycopg.Connection[Any], webhook: UUID, site: str, url: str, *, instant: int) -> bool:
    """One more, told of what changes from now on; False when this site has it already or is not registered."""
    done = connection.execute(
        "insert into rempart.webhook (webhook, site, url, cursor, added) "
        "select %s, s.site, %s, (select coalesce(max(event), 0) from rempart.authorization_event), %s "
        "from rempart.site s where s.site = %s on conflict do nothing",
        (webhook, url, instant, site),
    )
    if done.rowcount == 1:
        _event(connection, webhook, "good", "added", said_by="operator", instant=instant)
    return done.rowcount == 1


def end(connection: psycopg.Connection[Any], webhook: UUID, *, instant: int) -> bool:
    """Nothing is told to it any more; False when it is unknown or ended."""
    done = connection.execute(
        "update rempart.webhook set state = 'ended' where webhook = %s and state <> 'ended'", (webhook,)
    )
    if done.rowcount == 1:
        _event(connection, webhook, "ended", "ended", said_by="operator", instant=instant)
    return done.rowcount == 1


def resume(connection: psycopg.Connection[Any], webhook: UUID, *, instant: int) -> bool:
    """A stopped one is told again, from where it stopped; False when it was not stopped."""
    row = connection.execute("select rempart.resume_webhook(%s, '', 'operator', %s)", (webhook, instant)).fetchone()
    return row is not None and bool(row[0])


def stopped(connection: psycopg.Connection[Any]) -> int:
    """How many are told nothing because they failed too often."""
    row = connection.execute("select count(*) from rempart.webhook where state = 'stopped'").fetchone()
    return int(row[0]) if row is not None else 0


def listed(connection: psycopg.Connection[Any]) -> list[tuple[UUID, str, str, str, str]]:
    """(id, site, url, state, reason) of all that have not ended."""
    return connection.execute(
        "select webhook, site, url, state, reason from rempart.webhook where state <> 'ended' order by site, url"
    ).fetchall()


def due(connection: psycopg.Connection[Any], instant: int) -> list[Webhook]:
    """Those with something to tell whose pause is over."""
    return [Webhook(*row) for row in connection.execute(DUE, (instant,)).fetchall()]


def events(connection: psycopg.Connection[Any], webhook: Webhook) -> list[Told]:
    """What comes next for one, in order."""
    rows = connection.execute(EVENTS, (webhook.site, webhook.cursor, PAGE)).fetchall()
    return [Told(*row) for row in rows]


def delivered(connection: psycopg.Connection[Any], webhook: Webhook, event: int) -> None:
    """The cursor moves; a crash before this tells the event again, never loses it."""
    connection.execute(
        "update rempart.webhook set cursor = %s, attempts = 0, next_try = 0, reason = '' where webhook = %s",
        (event, webhook.webhook),
    )


def failed(connection: psycopg.Connection[Any], webhook: Webhook, reason: str, instant: int) -> bool:
    """Counts a failure and pauses; True when it was the last one and the webhook is stopped, which rings."""
    attempts = webhook.attempts + 1
    last = attempts >= ATTEMPTS_MOST
    pause = min(FIRST_PAUSE << (attempts - 1), LONGEST_PAUSE)
    connection.execute(
        "update rempart.webhook set attempts = %s, next_try = %s, reason = %s, state = %s where webhook = %s",
        (attempts, instant + pause, reason, "stopped" if last else "good", webhook.webhook),
    )
    if last:
        _event(connection, webhook.webhook, "stopped", reason, said_by="worker", instant=instant)
        connection.execute(
            "insert into rempart.alarm (instant, code, counts, context) values (%s, %s, %s, %s)",
            (
                instant,
                STOPPED,
                json.dumps({"items": 1}),
                json.dumps({"webhook": str(webhook.webhook), "cause": reason}),
            ),
        )
    return last


def _event(
    connection: psycopg.Connection[Any], webhook: UUID, state: str, cause: str, *, said_by: str, instant: int
) -> None:  # fmt: skip
    connection.execute(
        "insert into rempart.webhook_event (webhook, state, cause, said_by, instant) values (%s, %s, %s, %s, %s)",
        (webhook, state, cause, said_by, instant),
    )
