"""Choosing among the sites where one works."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client.doors import SignedIn
from rempart.portal import session
from rempart.portal.pages.entry import TURN_PATH, TURNS
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.problem import Problem


def site_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/site`: shown, and chosen. Choosing renews the session for that site."""

    @get("/site")
    async def choice(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return pages.page(request, "site.html", {}, Shown(live))

        return await inside(pages, request, shown, chosen=False)

    @post("/site")
    async def choose(request: Asked) -> Response[Any]:
        told = await read(request)

        async def chosen(live: SignedIn) -> Response[Any]:
            site = told.one.get("site", "")
            if site not in live.sites:
                return pages.page(request, "site.html", {}, Shown(live, status=422))
            found = await pages.portal.hub.renew(live, site)
            if isinstance(found, Problem) and found.code in TURNS:
                return Redirect(TURN_PATH, status_code=303)
            if isinstance(found, Problem):
                return ended(pages, request, found)
            cookie = pages.cookies.made(pages.cookies.session, session.write(found))
            return Redirect("/patient", status_code=303, cookies=[cookie])

        return await inside(pages, request, chosen, chosen=False)

    return [choice, choose]
