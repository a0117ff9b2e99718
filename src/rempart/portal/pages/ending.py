"""What a site's manager signs or ends in a list, and what the list's own page says when the hub would not."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import refusals
from rempart.portal.pages.entry import STATUS
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages
from rempart.wire.problem import Problem

T = TypeVar("T")
OwnPage = Callable[[Pages, Asked, SignedIn, Refusal], Awaitable[Response[Any]]]
"""The list's page with a refusal above it."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What a list lets its manager end: the form's field, what names look like, the call, and the list's page."""

    field: str
    shape: re.Pattern[str]
    call: Callable[[str], Call[Any]]
    page: OwnPage


def ending(pages: Pages, here: str, one: Ending) -> HTTPRouteHandler:
    """`HERE/fin`: ends one of a list, which is then shown again; what is gone already is ended too."""

    @post(here + "/fin")
    async def end(request: Asked) -> Response[Any]:
        named = (await read(request)).one.get(one.field, "")

        async def done(live: SignedIn) -> Response[Any]:
            if not one.shape.fullmatch(named):
                return Redirect(here, status_code=303)
            found = await tried(pages, live, one.call(named))
            if isinstance(found, Refusal) and found.code != "not-found":
                return await declined(pages, request, live, found, page=one.page)
            return Redirect(here, status_code=303)

        return await inside(pages, request, done)

    return end


async def tried(pages: Pages, live: SignedIn, call: Call[T]) -> T | Refusal:
    """The hub's answer to what was signed or ended, or its refusal."""
    try:
        found = await pages.portal.hub.perform(live, call)
    except NoAnswerError:
        return refusals.away()
    return refusals.of(found) if isinstance(found, Problem) else found


async def declined(pages: Pages, request: Asked, live: SignedIn, refusal: Refusal, *, page: OwnPage) -> Response[Any]:
    """A refusal on the list's own page, unless the session is over or the account stopped."""
    if refusal.kind in {Kind.OVER, Kind.STOPPED}:
        return ended(pages, request, Problem("", STATUS[refusal.kind], refusal.code))
    return await page(pages, request, live, refusal)
