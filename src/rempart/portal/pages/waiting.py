"""Before a closed portal: why, until when, what helps, and the waiting room with its receipts.

What is left is sealed in the page to the keeper's key of this closing. The portal sees it sealed, never the patient.
"""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import refusals
from rempart.portal.pages.entry import STATUS
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import inside
from rempart.portal.pages.reading import NoPageError, refused, told
from rempart.portal.pages.waiting_forms import waiting_form_routes
from rempart.portal.quote_kinds import kind_of
from rempart.portal.reasons import reason_of
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.problem import Problem
from rempart.wire.stand_in import StandIn, read_rules
from rempart.wire.waiting_room import LeaveRequest, WaitingRoom

PATH: Final = "/salle"
Rule = tuple[str, StandIn | None]
"""The number that was asked about, "" when it can be none, and what was found."""
KINDS: Final = {"invoice": N_("Facture"), "authorization": N_("Prise en charge")}
STATES: Final = {
    "waiting": (N_("En attente"), "warn"),
    "sent": (N_("Transmise"), "good"),
    "refused": (N_("Non transmise"), "bad"),
}
SUBJECTS: Final = {"invoice": "/factures/", "authorization": "/prises-en-charge/"}
EVIDENCES: Final = {
    "card": N_("La carte signée, scannée"),
    "paper": N_("La carte papier"),
    "accreditation": N_("Une accréditation déjà reçue"),
}
_WHY: Final = {
    "invalid-fields": N_("Une valeur ne pouvait pas être juste : saisissez-la de nouveau."),
    "site-budget": N_("La limite de patients inconnus du site était atteinte : saisissez-la de nouveau."),
    "client-budget": N_("La limite de patients inconnus de votre compte était atteinte : saisissez-la de nouveau."),
    "no-mandate": N_("Votre compte n’était plus rattaché à ce site."),
    "grant-revoked": N_("Votre compte a été fermé entre-temps."),
    "deposit-expired": N_("Elle a attendu plus de soixante jours : saisissez-la de nouveau."),
}
_OTHER_WHY: Final = N_("Elle n’a pas pu être transmise : saisissez-la de nouveau.")
_NOT_LEFT: Final = {
    "not-closed": Refusal(
        Kind.AMISS, N_("Le service vient de rouvrir"),
        N_("Rien n’a été gardé : envoyez-la comme d’habitude, elle aura sa réponse tout de suite."), "not-closed"),
    "waiting-room-full": Refusal(
        Kind.LIMIT, N_("Vous avez laissé tout ce qu’un compte peut laisser"),
        N_("Gardez la suite jusqu’à la réouverture, ou passez par votre logiciel ou par un fichier."),
        "waiting-room-full"),
}  # fmt: skip
_MARK = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SEALED = re.compile(r"[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_AMC = re.compile(r"[0-9]{8}|[0-9]{10}")


def waiting_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/salle…`."""
    return [_room(pages), _leave(pages), _rule(pages), *waiting_form_routes(pages)]


def _room(pages: Pages) -> HTTPRouteHandler:
    @get(PATH)
    async def room(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _page(pages, request, live)

        return await inside(pages, request, shown)

    return room


async def _page(pages: Pages, request: Asked, live: SignedIn, rule: Rule | None = None) -> Response[Any]:
    try:
        found: WaitingRoom = await told(pages, request, live, calls.waiting_room())
    except NoPageError as error:
        return error.response
    values = {
        "room": found, "kinds": KINDS, "states": STATES, "subjects": SUBJECTS, "why": why, "rule": rule,
        "offered": offered(found, live), "evidences": EVIDENCES, "profession": live.profession,
    }  # fmt: skip
    return pages.page(request, "waiting_room.html", values, Shown(live, status=422 if rule and not rule[0] else 200))


def offered(found: WaitingRoom, live: SignedIn) -> dict[str, str]:
    """The kinds that can be left now by this profession, with the room of each."""
    rooms: dict[str, str] = {each.kind: each.room for each in found.rooms}
    if kind_of(live.profession) is None:
        rooms.pop("authorization", None)
    return rooms


def why(code: str) -> str:
    """Why something left was not sent, and what to do."""
    reason = reason_of(code) if code not in _WHY else None
    return _WHY.get(code) or (reason.todo if reason is not None and reason.todo else _OTHER_WHY)


def _leave(pages: Pages) -> HTTPRouteHandler:
    @post(PATH, status_code=200)
    async def leave(request: Asked) -> Response[Any]:
        form = (await read(request)).one

        async def left(live: SignedIn) -> Response[Any]:
            asked = _asked(form)
            if asked is None:
                return pages.page(request, "failed.html", {"ours": False}, Shown(live, status=400))
            try:
                found = await pages.portal.hub.perform(live, calls.leave(asked))
            except NoAnswerError:
                return pages.refused(request, refusals.away(), Shown(live, status=503))
            if isinstance(found, Problem):
                refusal = _NOT_LEFT.get(found.code)
                if refusal is None:
                    return refused(pages, request, live, found)
                return pages.refused(request, refusal, Shown(live, status=STATUS[refusal.kind]))
            return Redirect(PATH, status_code=303)

        return await inside(pages, request, left)

    return leave


def _asked(form: Any) -> LeaveRequest | None:
    """What the page sealed; None for anything else."""
    kind, mark, sealed = (form.get(name, "") for name in ("kind", "mark", "sealed"))
    if kind not in KINDS or not _MARK.fullmatch(mark) or not _SEALED.fullmatch(sealed):
        return None
    return LeaveRequest(kind, form.get("room", ""), mark, sealed)


def _rule(pages: Pages) -> HTTPRouteHandler:
    @post(PATH + "/regle", status_code=200)
    async def rule(request: Asked) -> Response[Any]:
        number = re.sub(r"\s", "", (await read(request)).one.get("amc_number", ""))

        async def shown(live: SignedIn) -> Response[Any]:
            if not _AMC.fullmatch(number):
                return await _page(pages, request, live, ("", None))
            call = calls.Call("GET", f"/v1/insurers/{number.zfill(10)}/stand-in", bytes)
            try:
                found = await pages.portal.hub.perform(live, call)
            except NoAnswerError:
                return pages.refused(request, refusals.away(), Shown(live, status=503))
            rules = read_rules(found.partition(b"\n")[0]) if isinstance(found, bytes) else None
            return await _page(pages, request, live, (number, rules))

        return await inside(pages, request, shown)

    return rule
