"""Signing in by a hospital's own provider: sent there, and back again.

State and verifier wait in a cookie of the browser that began, as for Pro Santé Connect. The answer is a page and no
redirect, because a cookie that is `SameSite=Strict` goes along from our own pages only.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client import pro_sante_connect as psc
from rempart.portal import devices, refusals, session
from rempart.portal.pages.entry import STATUS, TURNS, landing
from rempart.portal.pages.provider import came_back
from rempart.portal.pages.provider_cookie import gone, name_of, provider_cookie, read_begun
from rempart.portal.pages.turns import named, wait
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.settings import Hospital
from rempart.portal.words import N_
from rempart.wire.problem import Problem

HERE: Final = "/etablissement"
_AGAIN = N_("Recommencez ; si cela se répète, appelez le service informatique de votre établissement.")
_TABLE: Final = {
    "provider-role": (
        N_("Votre établissement ne vous donne pas d’accès ici"),
        N_("Demandez à son service informatique de compléter votre fiche."),
    ),
    "provider-amr": (N_("Il manque le second facteur"), N_("Recommencez en montrant les deux à votre établissement.")),
    "provider-state": (N_("Cette connexion a commencé dans une autre fenêtre"), N_("Recommencez ici.")),
}  # fmt: skip
_NOT: Final = (N_("La connexion de votre établissement n’a pas été acceptée"), _AGAIN)
_TOKEN: Final = frozenset({"unsupported-algorithm", "malformed-id-token", "oversized-id-token", "link-unknown"})


def hospital_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/etablissement/…` and its return, for each hospital that the operator has opened."""
    return [route for each in pages.portal.settings.hospitals for route in _of(pages, each)]


def _of(pages: Pages, hospital: Hospital) -> list[HTTPRouteHandler]:
    path = f"{HERE}/{hospital.name}"
    back_to = f"{pages.portal.settings.public_origin}{path}/retour"
    registered = psc.Registered(hospital.authorize, hospital.client_id, back_to, hospital.acr, hospital.scope)

    @get(path)
    async def start(request: Asked) -> Response[Any]:
        found = await pages.portal.hub.challenge("provider", named(pages, request))
        if isinstance(found, Problem) and found.code in TURNS:
            return wait(pages)
        if isinstance(found, Problem):
            return _no(pages, request, _said(found))
        begun = psc.begin(found.challenge)
        return Redirect(psc.address(registered, begun), status_code=303, cookies=[provider_cookie(pages, begun)])

    @get(path + "/retour")
    async def back(request: Asked) -> Response[Any]:
        began, came = read_begun(request.cookies.get(name_of(pages), "")), came_back(request)
        if began is None or came is None or began.joining or not psc.same_browser(began, came):
            return _no(pages, request, _told("provider-state"))
        if came.error or not came.code:
            return _no(pages, request, _told("provider-denied"))
        device = devices.told(pages.portal, request)
        live = await pages.portal.hub.sign_in_by_hospital(hospital.name, began, came, device=device)
        if isinstance(live, Problem) and live.code in TURNS:
            return wait(pages, gone(pages))
        if isinstance(live, Problem):
            return _no(pages, request, _said(live))
        cookies = (gone(pages), pages.cookies.made(pages.cookies.session, session.write(live)))
        values = {"label": hospital.label, "to": landing(live)}
        return pages.page(request, "hospital.html", values, Shown(live, cookies=cookies))

    return [start, back]


def _no(pages: Pages, request: Asked, refusal: Refusal) -> Response[Any]:
    return pages.refused(request, refusal, Shown(status=STATUS[refusal.kind], cookies=(gone(pages),)))


def _said(problem: Problem) -> Refusal:
    """The hub's no, in words of a hospital; what is about accounts and portals, in the usual ones."""
    ours = problem.code.startswith("provider-") or problem.code in _TOKEN
    return _told(problem.code) if ours else refusals.entering(problem)


def _told(code: str) -> Refusal:
    return Refusal(Kind.AMISS, *_TABLE.get(code, _NOT), code)
