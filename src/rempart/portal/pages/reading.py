"""What pages that only show what the hub knows have in common: each answer read, or the page for a no."""

from __future__ import annotations

from typing import Any, TypeVar

from litestar import Response

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import refusals
from rempart.portal.pages.entry import STATUS
from rempart.portal.pages.inside import ended
from rempart.portal.refusals import Kind
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.problem import Problem

T = TypeVar("T")
ABSENT = "not-found"
NOT_THEIRS = "purpose"  # of a role that may do other things: nobody is signed out for having tried


class NoPageError(Exception):
    """There is another page to answer with: that of a no."""

    def __init__(self, response: Response[Any]) -> None:
        super().__init__()
        self.response = response


async def told(pages: Pages, request: Asked, live: SignedIn, call: Call[T]) -> T:
    """The hub's answer. Raises `NoPageError` with the page to show when there is none."""
    try:
        found = await pages.portal.hub.perform(live, call)
    except NoAnswerError:
        raise NoPageError(pages.refused(request, refusals.away(), Shown(live, status=503))) from None
    if isinstance(found, Problem):
        raise NoPageError(refused(pages, request, live, found))
    return found


def refused(pages: Pages, request: Asked, live: SignedIn, problem: Problem) -> Response[Any]:
    """The page for a no: absent, over, stopped, or not now."""
    if problem.code == ABSENT:
        return pages.page(request, "not_found.html", {}, Shown(live, status=404))
    refusal = refusals.of(problem)
    if refusal.kind in {Kind.OVER, Kind.STOPPED} and problem.code != NOT_THEIRS:
        return ended(pages, request, problem)
    return pages.refused(request, refusal, Shown(live, status=STATUS[refusal.kind]))
