"""Signing in by Pro Santé Connect: sent there, back again, and where one works now.

State and verifier wait in a cookie of the browser that began, for five minutes: whoever comes back without it is
refused. The answer is a page and no redirect, because a cookie that is `SameSite=Strict` goes along from our own pages
only.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from litestar import Response, get
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client import pro_sante_connect as psc
from rempart.client.doors import SignedIn
from rempart.portal import refusals, session
from rempart.portal.pages.entry import STATUS
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.settings import PROVIDER_BACK
from rempart.portal.words import N_
from rempart.wire.problem import Problem
from rempart.wire.provider import Workplace

START: Final = "/pro-sante-connect"
LIFE: Final = 300  # seconds, as the keeper's challenge
MOST_CODE: Final = 4_000  # characters
PROFESSIONS: Final = {
    "10": N_("Médecin"), "21": N_("Pharmacien"), "26": N_("Audioprothésiste"), "28": N_("Opticien-lunetier"),
    "40": N_("Chirurgien-dentiste"), "50": N_("Sage-femme"), "60": N_("Infirmier"),
    "70": N_("Masseur-kinésithérapeute"), "80": N_("Pédicure-podologue"), "91": N_("Orthophoniste"),
    "92": N_("Orthoptiste"),
}  # fmt: skip
"""ANS, TRE_G15 (professions of health), read 2026-11-22; any other code is not shown."""
MODES: Final = {"L": N_("exercice libéral"), "S": N_("exercice salarié")}

_ASK = N_("Demandez une invitation au responsable de votre site ou à votre opérateur.")
_KEY = N_("Connectez-vous avec votre clé d’accès, ou réessayez plus tard.")
_TABLE: Final[dict[str, tuple[Kind, str, str]]] = {
    "provider-state": (
        Kind.AMISS, N_("Cette connexion a commencé ailleurs"),
        N_("Recommencez ici, dans cette fenêtre : rien n’a été ouvert."),
    ),
    "provider-denied": (
        Kind.AMISS, N_("Pro Santé Connect n’a pas confirmé votre identité"),
        N_("Recommencez, ou connectez-vous avec une clé d’accès."),
    ),
    "link-unknown": (Kind.STOPPED, N_("Aucun compte ne vous est encore rattaché ici"), _ASK),
    "passkey-required": (Kind.STOPPED, N_("Il vous faut maintenant une clé d’accès"), _ASK),
    "no-exercice": (
        Kind.STOPPED, N_("Aucun de vos lieux d’exercice n’est enregistré ici"),
        N_("Vérifiez vos exercices auprès de votre ordre, ou appelez votre opérateur."),
    ),
    "provider-acr": (
        Kind.AMISS, N_("Ce moyen d’identification n’est pas assez sûr"),
        N_("Recommencez avec votre e-CPS ou votre carte CPS."),
    ),
    "provider-unknown": (Kind.STOPPED, N_("Pro Santé Connect n’est pas ouvert sur ce portail"), _KEY),
    "provider-key-unknown": (Kind.AWAY, N_("Pro Santé Connect ne répond pas comme prévu"), _KEY),
    "malformed-userinfo": (Kind.AWAY, N_("Pro Santé Connect ne répond pas comme prévu"), _KEY),
}  # fmt: skip
_LATE: Final = frozenset({"provider-code", "provider-expired"})
_FALSE: Final = frozenset({
    "provider-mixed-up", "provider-issuer", "provider-audience", "provider-nonce", "provider-signature",
    "provider-identity", "oversized-id-token", "malformed-id-token", "unsupported-algorithm",
})  # fmt: skip
_NOT_TAKEN = (
    Kind.AMISS, N_("Cette connexion n’a pas été acceptée"),
    N_("Recommencez. Si cela se répète, appelez votre opérateur : quelqu’un se fait peut-être passer pour "
       "Pro Santé Connect."),
)  # fmt: skip


def provider_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/pro-sante-connect` and its return; nothing where the operator has not opened it."""
    options = pages.portal.settings.pro_sante_connect
    if options is None:
        return []
    registered = psc.Registered(options.authorize, options.client_id, pages.portal.settings.provider_back, options.acr)

    @get(START)
    async def start(request: Asked) -> Response[Any]:
        found = await pages.portal.hub.challenge("provider")
        if isinstance(found, Problem):
            return _no(pages, request, of(found))
        begun = psc.begin(found.challenge)
        return Redirect(psc.address(registered, begun), status_code=303, cookies=[_cookie(pages, _written(begun))])

    @get(PROVIDER_BACK)
    async def back(request: Asked) -> Response[Any]:
        began, came = _read(request.cookies.get(_name(pages), "")), _back(request)
        if began is None or came is None or not psc.same_browser(began, came):
            return _no(pages, request, _refusal("provider-state"))
        if came.error or not came.code:
            return _no(pages, request, _refusal("provider-denied"))
        found = await pages.portal.hub.sign_in_by_provider(began, came)
        return _no(pages, request, of(found)) if isinstance(found, Problem) else _entered(pages, request, *found)

    return [start, back]


def of(problem: Problem) -> Refusal:
    """What a refusal of such a sign-in means to the person."""
    if problem.code in _TABLE:
        return _refusal(problem.code)
    if problem.code in _LATE:
        return refusals.entering(Problem("", 409, "challenge-expired"))
    return Refusal(*_NOT_TAKEN, problem.code) if problem.code in _FALSE else refusals.entering(problem)


def _refusal(code: str) -> Refusal:
    return Refusal(*_TABLE[code], code)


def _no(pages: Pages, request: Asked, refusal: Refusal) -> Response[Any]:
    return pages.refused(request, refusal, Shown(status=STATUS[refusal.kind], cookies=(_cookie(pages, ""),)))


def _entered(pages: Pages, request: Asked, live: SignedIn, places: tuple[Workplace, ...]) -> Response[Any]:
    """The sites to choose among, one of them as well, with the session's cookie."""
    cookies = (_cookie(pages, ""), pages.cookies.made(pages.cookies.session, session.write(live)))
    told = [(each, PROFESSIONS.get(each.profession, ""), MODES.get(each.mode, "")) for each in places]
    return pages.page(request, "provider.html", {"places_told": told}, Shown(live, cookies=cookies))


def _back(request: Asked) -> psc.Back | None:
    """What the address brings; None when something comes twice, or is longer than a code can be."""
    try:
        pairs = parse_qsl(request.scope["query_string"].decode("ascii"), keep_blank_values=True, max_num_fields=10)
    except ValueError:
        return None
    told = dict(pairs)
    if len(told) != len(pairs) or any(len(value) > MOST_CODE for value in told.values()):
        return None
    return psc.Back(told.get("state", ""), told.get("code", ""), told.get("iss", ""), told.get("error", ""))


def _name(pages: Pages) -> str:
    return "__Host-rempart-psc" if pages.cookies.secure else "rempart-unsafe-http-psc"


def _cookie(pages: Pages, value: str) -> Cookie:
    """Lax: it comes along when the provider sends the browser back. An empty value removes it."""
    return Cookie(
        key=_name(pages), value=value, path="/", secure=pages.cookies.secure, httponly=True, samesite="lax",
        max_age=LIFE if value else 0,
    )  # fmt: skip


def _written(begun: psc.Begun) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(begun)).rstrip(b"=").decode()


def _read(value: str) -> psc.Begun | None:
    try:
        content = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        return msgspec.json.decode(content, type=psc.Begun)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
