"""While the portal reopens in waves: one gives the site's number, and is told its place and its hour, or comes in."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

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
    return pages.page(request, "turn.html", values, Shown(status=422 if wrong else 200))
