"""While the portal reopens in waves: one gives the site's number, and is told its place and its hour, or comes in.

Who comes by Pro Santé Connect or a hospital's provider leaves the portal on the way: the site waits in a cookie.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client.exchange import NoAnswerError
from rempart.portal import refusals
from rempart.portal.pages.entry import STATUS, TURN_PATH, TURNS, place_of
from rempart.portal.pages.forms import read
from rempart.portal.refusals import Kind
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.problem import Problem

_TURN: Final = "turn"
FAULT: Final = N_("Le numéro de facturation compte 9 caractères : recopiez-le d’une facture.")


def turn_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/tour`."""

    @get(TURN_PATH)
    async def ask(request: Asked) -> Response[Any]:
        return _page(pages, request, "")

    @post(TURN_PATH, status_code=200)
    async def told(request: Asked) -> Response[Any]:
        site = place_of(pages, (await read(request)).one.get("site", ""))
        if not site:
            return _page(pages, request, "", wrong=True)
        try:
            found = await pages.portal.hub.challenge("sign-in", site)
        except NoAnswerError:
            return pages.refused(request, refusals.away(), Shown(status=503))
        if not isinstance(found, Problem):
            return _page(pages, request, site)
        if found.code == _TURN and found.turn is not None:
            return _page(pages, request, site, turn=found.turn)
        refusal = refusals.entering(found)
        if found.code in TURNS or refusal.kind is Kind.AMISS:
            return _page(pages, request, "", wrong=True)
        return pages.refused(request, refusal, Shown(status=STATUS[refusal.kind]))

    return [ask, told]


def _page(pages: Pages, request: Asked, site: str, *, wrong: bool = False, turn: Any = None) -> Response[Any]:
    """The form; with a site its place and hour, or the way in."""
    values = {"place": site, "wrong": wrong, "turn": turn, "fault": FAULT}
    come = (pages.cookies.made(pages.cookies.turn, site),) if site and turn is None else ()
    return pages.page(request, "turn.html", values, Shown(status=422 if wrong else 200, cookies=come))


def named(pages: Pages, request: Asked) -> str:
    """The site that was told here, for who comes by a provider; "" outside of waves."""
    return place_of(pages, request.cookies.get(pages.cookies.turn, ""))


def wait(pages: Pages, *gone: Cookie) -> Redirect:
    """To the page that tells whose turn it is. `gone`: cookies to take back on the way."""
    return Redirect(TURN_PATH, status_code=303, cookies=[pages.cookies.removed(pages.cookies.turn), *gone])
