"""Joining an operator by oneself: identified by Pro Santé Connect, a place, a bank document, then waiting.

The document and the account are sealed here to the operator's own key, before the hub sees them. A ticket in the
browser's cookie stands for the person for an hour; nothing of it is in an address.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client import enrolment
from rempart.client import pro_sante_connect as psc
from rempart.portal import refusals
from rempart.portal.pages.entry import STATUS, read_site
from rempart.portal.pages.forms import read
from rempart.portal.pages.join_said import FAULTS, REFUSALS, RETRIED, STATES, WHY, form_of
from rempart.portal.pages.provider_cookie import gone, provider_cookie, registered_of
from rempart.portal.pages.provider_said import MODES, PROFESSIONS
from rempart.portal.pages.provider_said import of as provider_refusal
from rempart.portal.refusals import Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.enrolment import EnrolmentOpened, EnrolmentState
from rempart.wire.problem import Problem

HERE: Final = "/rejoindre"
AT: Final = HERE + "/demande"
FORM_MOST: Final = enrolment.MOST_DOCUMENT + 64 * 1024
HOLDER_MOST: Final = 70


def join_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/rejoindre…`; nothing where the operator has not opened it."""
    if pages.portal.settings.enrolment is None or pages.portal.settings.pro_sante_connect is None:
        return []

    @get(HERE)
    async def explained(request: Asked) -> Response[Any]:
        return pages.page(request, "join.html", {})

    @get(HERE + "/identite")
    async def identify(request: Asked) -> Response[Any]:
        found = await pages.portal.hub.challenge("provider")
        if isinstance(found, Problem):
            return _refused(pages, request, provider_refusal(found))
        begun = msgspec.structs.replace(psc.begin(found.challenge), joining=True)
        return Redirect(
            psc.address(registered_of(pages), begun), status_code=303, cookies=[provider_cookie(pages, begun)]
        )

    return [explained, identify, *_asking(pages)]


def _asking(pages: Pages) -> list[HTTPRouteHandler]:
    @post(HERE + "/lieu", status_code=200)
    async def choose(request: Asked) -> Response[Any]:
        told = (await read(request)).one
        site, place = read_site(told.get("site", "")), told.get("place", "")
        if not site or not place.isdigit() or len(place) > 2:
            return _refused(pages, request, REFUSALS["site-malformed"])
        found = await pages.portal.hub.join_at(_ticket(pages, request), int(place), site)
        return _refused(pages, request, of(found)) if isinstance(found, Problem) else Redirect(AT, status_code=303)

    @get(AT)
    async def shown(request: Asked) -> Response[Any]:
        found = await pages.portal.hub.joining(_ticket(pages, request))
        return _refused(pages, request, of(found)) if isinstance(found, Problem) else _state(pages, request, found)

    @post(HERE + "/document", status_code=200, request_max_body_size=FORM_MOST)
    async def send(request: Asked) -> Response[Any]:
        return await _sent(pages, request)

    return [choose, shown, send]


async def _sent(pages: Pages, request: Asked) -> Response[Any]:
    ticket = _ticket(pages, request)
    asked = await pages.portal.hub.joining(ticket)
    if isinstance(asked, Problem):
        return _refused(pages, request, of(asked))
    try:
        told = form_of(await request.body(), request.headers.get("content-type", ""))
    except RequestEntityTooLarge:
        return _state(pages, request, asked, ("document",))
    papers = enrolment.Papers(_text(told, "holder"), _text(told, "iban"), told.get("document", b""))
    wrong = _wrong(papers)
    if wrong:
        return _state(pages, request, asked, wrong, holder=papers.holder[:HOLDER_MOST])
    options = pages.portal.settings
    sealed = enrolment.sealed(papers, options.enrolment_key, options.operator.id, asked.enrolment)
    found = await pages.portal.hub.join_with(ticket, asked.enrolment, sealed)
    return _refused(pages, request, of(found)) if isinstance(found, Problem) else Redirect(AT, status_code=303)


def came_to_join(pages: Pages, request: Asked, found: EnrolmentOpened | Problem) -> Response[Any]:
    """The page for who comes back from the provider: the places to choose among, or where the enrolment stands."""
    if isinstance(found, Problem):
        refusal = of(found) if found.code in REFUSALS else provider_refusal(found)
        return pages.refused(request, refusal, Shown(status=STATUS[refusal.kind], cookies=(gone(pages),)))
    cookies = (gone(pages), pages.cookies.made(_name(pages), found.ticket))
    going = found.enrolment
    if going is not None and going.state in {"asked", "documents", "awaiting"}:
        return _state(pages, request, going, cookies=cookies)
    told = [
        (number, each, PROFESSIONS.get(each.profession, ""), MODES.get(each.mode, ""))
        for number, each in enumerate(found.places)
    ]
    values = {"places_told": told, "before": STATES[going.state] if going else None}
    return pages.page(request, "join_places.html", values, Shown(cookies=cookies))


def of(problem: Problem) -> Refusal:
    """What a no means to who joins."""
    return REFUSALS.get(problem.code) or refusals.entering(problem)


def _state(
    pages: Pages, request: Asked, found: EnrolmentState, wrong: tuple[str, ...] = (), **how: Any
) -> Response[Any]:
    values = {
        "asked": found, "told": STATES[found.state], "why": WHY.get(found.reason, ""), "wrong": wrong, "faults": FAULTS,
        "holder": how.get("holder", ""), "most": enrolment.MOST_DOCUMENT,
        "profession": PROFESSIONS.get(found.profession, ""),
    }  # fmt: skip
    shown = Shown(status=422 if wrong else 200, cookies=how.get("cookies", ()))
    return pages.page(request, "join_state.html", values, shown)


def _refused(pages: Pages, request: Asked, refusal: Refusal) -> Response[Any]:
    if refusal.code in RETRIED:
        return pages.page(request, "join_again.html", {"refusal": refusal}, Shown(status=STATUS[refusal.kind]))
    return pages.refused(request, refusal, Shown(status=STATUS[refusal.kind]))


def _wrong(papers: enrolment.Papers) -> tuple[str, ...]:
    """The fields that cannot be right."""
    good = {
        "holder": 0 < len(papers.holder) <= HOLDER_MOST, "iban": not enrolment.iban_fault(papers.iban),
        "document": bool(enrolment.kind_of(papers.document)) and len(papers.document) <= enrolment.MOST_DOCUMENT,
    }  # fmt: skip
    return tuple(name for name, right in good.items() if not right)


def _text(told: dict[str, bytes], name: str) -> str:
    return told.get(name, b"")[:200].decode("utf-8", "replace").strip()


def _ticket(pages: Pages, request: Asked) -> str:
    return request.cookies.get(_name(pages), "")[:100]


def _name(pages: Pages) -> str:
    return "__Host-rempart-join" if pages.cookies.secure else "rempart-unsafe-http-join"
