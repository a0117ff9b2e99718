"""GET /v1/notices: what happened to a site without its asking, each once and in order."""

from __future__ import annotations

import msgspec


class SiteNotice(msgspec.Struct, frozen=True):
    """One notice: `kind` is a stable code, `subject` the id of what it is about, `day` the day that matters."""

    number: int
    kind: str
    subject: str
    day: str
    instant: str


class NoticeList(msgspec.Struct, frozen=True):
    """The oldest first; ask again with `next` as `since`."""

    notices: tuple[SiteNotice, ...]
    next: int
