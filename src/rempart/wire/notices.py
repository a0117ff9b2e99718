"""GET /v1/notices: what happened to a site without its asking, each once and in order."""

from __future__ import annotations

from typing import Final

import msgspec

KINDS: Final = (
    "invoice-decided-again",
    "transfer-rejected", "transfer-returned",
    "claw-back-notified", "claw-back-disputed", "claw-back-due", "claw-back-recovered", "claw-back-withdrawn",
    "claw-back-written-off",
    "debt-demanded", "debt-reminded", "debt-final-notice",
    "bank-details-proposed", "bank-details-approved", "bank-details-active", "bank-details-cancelled",
    "mandate-ending", "account-recovered",
    "compartment-closed", "compartment-restricted", "compartment-open",
    "waiting-room-sent", "waiting-room-refused",
)  # fmt: skip
"""Every kind there is today. A reader passes over one that it does not know."""


class SiteNotice(msgspec.Struct, frozen=True):
    """One notice: `kind` is a stable code, `subject` the id of what it is about, `day` the day that matters."""

    number: int
    kind: str
    subject: str
    day: str
    instant: str


class NoticeList(msgspec.Struct, frozen=True):
    """The oldest first, or the newest when those were asked for; ask again with `next` as `since` for later ones."""

    notices: tuple[SiteNotice, ...]
    next: int
