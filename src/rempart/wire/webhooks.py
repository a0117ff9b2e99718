"""GET /v1/webhooks: where the site's software is told of changes, and what became of the telling."""

from __future__ import annotations

import msgspec


class WebhookEvent(msgspec.Struct, frozen=True):
    """One change of a webhook: state, when (RFC 3339), why, and who said so (operator, site or worker)."""

    state: str
    instant: str
    cause: str
    said_by: str


class WebhookState(msgspec.Struct, frozen=True):
    """One registered address. `good`: told; `stopped`: it failed too often, and is told nothing until it is resumed.

    `failures` in a row, with the last one's `reason`; `next_try` when one is due. `events` oldest first.
    """

    webhook: str
    url: str
    state: str
    reason: str
    failures: int
    next_try: str
    added: str
    events: tuple[WebhookEvent, ...] = ()
