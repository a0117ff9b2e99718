"""Signing in by Pro Santé Connect: sent there, back again, and where one works now.

State and verifier wait in a cookie of the browser that began, for five minutes: whoever comes back without it is
refused. The answer is a page and no redirect, because a cookie that is `SameSite=Strict` goes along from our own pages
only.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client import pro_sante_connect as psc
from rempart.client.doors import SignedIn
from rempart.portal import session
from rempart.portal.pages.entry import STATUS, TURNS
from rempart.portal.pages.join import came_to_join
from rempart.portal.pages.provider_cookie import gone, name_of, provider_cookie, registered_of
from rempart.portal.pages.provider_cookie import read_begun as _read
from rempart.portal.pages.provider_said import MODES, PROFESSIONS, of, refusal
from rempart.portal.pages.turns import named, wait
from rempart.portal.refusals import Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.settings import PROVIDER_BACK
from rempart.wire.problem import Problem
from rempart.wire.provider import Workplace

START: Final = "/pro-sante-connect"
MOST_CODE: Final = 4_000  # characters


def provider_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/pro-sante-connect` and its return; nothing where the operator has not opened it."""
    options = pages.portal.settings.pro_sante_connect
    if options is None:
        return []

    @get(START)
    async def start(request: Asked) -> Response[Any]:
        found = await pages.portal.hub.challenge("provider", named(pages, request))
        if isinstance(found, Problem) and found.code in TURNS:
            return wait(pages)
        if isinstance(found, Problem):
            return _no(pages, request, of(found))
        begun = psc.begin(found.challenge)
        return Redirect(
            psc.address(registered_of(pages), begun), status_code=303, cookies=[provider_cookie(pages, begun)]
        )

    @get(PROVIDER_BACK)
    async def back(request: Asked) -> Response[Any]:
        began, came = _read(request.cookies.get(name_of(pages), "")), came_back(request)
        if began is None or came is None or not psc.same_browser(began, came):
            return _no(pages, request, refusal("provider-state"))
        if came.error or not came.code:
            return _no(pages, request, refusal("provider-denied"))
        if began.joining and pages.portal.settings.enrolment is not None:
            return came_to_join(pages, request, await pages.portal.hub.join(began, came))
        found = await pages.portal.hub.sign_in_by_provider(began, came)
        if isinstance(found, Problem) and found.code in TURNS:
            return wait(pages, gone(pages))
        return _no(pages, request, of(found)) if isinstance(found, Problem) else _entered(pages, request, *found)

    return [start, back]


def _no(pages: Pages, request: Asked, refusal: Refusal) -> Response[Any]:
    return pages.refused(request, refusal, Shown(status=STATUS[refusal.kind], cookies=(gone(pages),)))


def _entered(pages: Pages, request: Asked, live: SignedIn, places: tuple[Workplace, ...]) -> Response[Any]:
    """The sites to choose among, one of them as well, with the session's cookie."""
    cookies = (gone(pages), pages.cookies.made(pages.cookies.session, session.write(live)))
    told = [(each, PROFESSIONS.get(each.profession, ""), MODES.get(each.mode, "")) for each in places]
    return pages.page(request, "provider.html", {"places_told": told}, Shown(live, cookies=cookies))


def came_back(request: Asked) -> psc.Back | None:
    """What the address brings; None when something comes twice, or is longer than a code can be."""
    try:
        pairs = parse_qsl(request.scope["query_string"].decode("ascii"), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        return None
    told = dict(pairs)
    if len(told) != len(pairs) or any(len(value) > MOST_CODE for value in told.values()):
        return None
    return psc.Back(told.get("state", ""), told.get("code", ""), told.get("iss", ""), told.get("error", ""))
