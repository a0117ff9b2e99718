"""What every page behind the sign-in begins with: the session of the cookie, renewed when its end is near."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response
from litestar.response import Redirect

from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import refusals, session
from rempart.portal.desks import at_desk
from rempart.portal.pages.entry import STATUS, TURN_PATH, TURNS, landing
from rempart.portal.refusals import Kind
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.problem import Problem

Inside = Callable[[SignedIn], Awaitable[Response[Any]]]


async def inside(
    pages: Pages, request: Asked, page: Inside, *, chosen: bool = True, desk: bool = False
) -> Response[Any]:  # fmt: skip
    """The page for the signed-in person; who is not, signs in.

    `chosen`: the page needs a site, and people of a desk are led to their own. `desk`: theirs as well.
    """
    found = session.read(request.cookies.get(pages.cookies.session, ""))
    if found is None:
        return Redirect("/", status_code=303)
    try:
        live = await session.renewed(pages.portal, found)
    except NoAnswerError:
        if found.expires <= pages.portal.clock():
            return pages.refused(request, refusals.away(), Shown(status=503))
        live = found
    if isinstance(live, Problem) and live.code in TURNS:
        return Redirect(TURN_PATH, status_code=303)
    if isinstance(live, Problem):
        return ended(pages, request, live)
    if at_desk(live):
        if chosen and not desk:
            return Redirect(landing(live), status_code=303)
    elif chosen and not live.site:
        return Redirect("/site", status_code=303)
    response = await page(live)
    if live is not found and not any(cookie.key == pages.cookies.session for cookie in response.cookies):
        response.set_cookie(pages.cookies.made(pages.cookies.session, session.write(live)))
    return response


def ended(pages: Pages, request: Asked, problem: Problem) -> Response[Any]:
    """A session that is no more, or an account or portal that may not go on."""
    refusal = refusals.of(problem)
    shown = Shown(status=STATUS[refusal.kind], cookies=(pages.cookies.removed(pages.cookies.session),))
    if refusal.kind is Kind.OVER:
        return pages.page(request, "ended.html", {"over": True}, shown)
    kept = refusal.kind in {Kind.AWAY, Kind.CLOSED, Kind.LIMIT}
    return pages.refused(request, refusal, Shown(status=shown.status) if kept else shown)
