"""The site's messages: what happened to it without its asking, the newest first, for people without software."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from rempart.client import calls, notices
from rempart.client.doors import SignedIn
from rempart.portal.notice_words import NoticeWords, words_of
from rempart.portal.pages.inside import inside
from rempart.portal.pages.reading import NoPageError, told
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.notices import NoticeList, SiteNotice
from rempart.wire.waiting_room import WaitingRoom

NEW: Final = timedelta(days=7)
_SERVICE: Final = "compartment-"
_CLOSED: Final = "compartment-closed"


class Message(NamedTuple):
    """One notice as it is shown; `path` is "" for whoever cannot open the page."""

    kind: str
    words: NoticeWords
    instant: str
    day: str
    path: str


def message_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/messages`."""

    @get("/messages")
    async def messages(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            try:
                found: NoticeList = await told(pages, request, live, notices.newest())
                room = await told(pages, request, live, calls.waiting_room()) if closed(found) else None
            except NoPageError as no:
                return no.response
            every, many = [message(one, live.role) for one in found.notices], fresh(pages, found)
            return pages.page(request, "messages.html", _values(every, many, room), Shown(live))

        return await inside(pages, request, shown)

    return [messages]


def _values(every: list[Message], many: int, room: WaitingRoom | None) -> dict[str, Any]:
    return {
        "new": every[:many], "old": every[many:], "many": len(every),
        "room": room if room is not None and room.closure is not None else None,
    }  # fmt: skip


def fresh(pages: Pages, found: NoticeList) -> int:
    """How many of the newest notices are of the last seven days; they come first."""
    since = datetime.fromtimestamp(pages.portal.clock(), UTC) - NEW
    return sum(1 for one in found.notices if datetime.fromisoformat(one.instant) > since)


def closed(found: NoticeList) -> bool:
    """Whether the last thing told of the service is that a part of it closed: it may be so still."""
    return next((one.kind for one in found.notices if one.kind.startswith(_SERVICE)), "") == _CLOSED


def message(one: SiteNotice, role: str) -> Message:
    """A notice in words, with the page for somebody of that role."""
    words = words_of(one.kind)
    opens = not words.roles or role in words.roles
    return Message(one.kind, words, one.instant, one.day, words.path.replace("{subject}", one.subject) if opens else "")
