"""The two forms of the waiting room: the ordinary ones, checked without the patient, and sealed in the page.

The page sends the lines, dates and references to be checked and gets them back as the hub takes them; it adds what the
card says, which it never sends, and seals both. So the acts pass through the portal without a person, as they do on any
day, and the person does not pass through it at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.client.waiting_room import WaitingKey, room_key
from rempart.portal import days, invoicing, quote, refusals
from rempart.portal.card import READ
from rempart.portal.pages import authorizations_new, invoices_enter
from rempart.portal.pages.authorizations_shown import Here
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import inside
from rempart.portal.pages.invoices_enter import Sent
from rempart.portal.pages.invoices_said import At
from rempart.portal.pages.reading import NoPageError, told
from rempart.portal.quote_kinds import kind_of
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.authorizations import AuthorizationRequest
from rempart.wire.invoices import InvoiceRequest
from rempart.wire.waiting_room import OpenRoom, WaitingRoom

WORDS: Final = {"facture": "invoice", "prise-en-charge": "authorization"}
IDENTITY: Final = tuple(READ)
"""Fields that the page keeps to itself: what the card says."""
NOBODY: Final = {
    "amc_number": "99999999", "convention": "", "csr": "", "member": "0", "nir": "1000000000000",
    "birth_date": "01/01/2000", "rank": "1",
}  # fmt: skip
"""Stands for the patient while the rest is checked; the page puts the card's own in its place."""


def waiting_form_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/salle/facture` and `/salle/prise-en-charge`, and their checks."""
    return [each for word in WORDS for each in (_form(pages, word), _check(pages, word))]


def _form(pages: Pages, word: str) -> HTTPRouteHandler:
    @get(f"/salle/{word}")
    async def form(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            try:
                found: WaitingRoom = await told(pages, request, live, calls.waiting_room())
            except NoPageError as error:
                return error.response
            room = next((each for each in found.rooms if each.kind == WORDS[word]), None)
            if room is None or (WORDS[word] == "authorization" and kind_of(live.profession) is None):
                return Redirect("/salle", status_code=303)
            key = room_key(room, pages.portal.settings.keeper)
            if key is None:  # the hub's own, or another's: nobody seals to that
                return pages.refused(request, refusals.away("room-key"), Shown(live, status=503))
            return _shown(pages, request, live, (room, key, found))

        return await inside(pages, request, shown)

    return form


def _shown(
    pages: Pages, request: Asked, live: SignedIn, waiting: tuple[OpenRoom, WaitingKey, WaitingRoom]
) -> Response[Any]:
    room, key, found = waiting
    more = {"room": room, "public": key, "mark": str(uuid4()), "found": found}
    if room.kind == "invoice":
        values = invoices_enter.form_values(At(pages, request, live), Sent({}))
        return pages.page(request, "waiting_invoice.html", values | more, Shown(live))
    values = authorizations_new.form_values(Here(pages, request, live), {})
    return pages.page(request, "waiting_authorization.html", values | more, Shown(live))


def _check(pages: Pages, word: str) -> HTTPRouteHandler:
    @post(f"/salle/{word}/verifier", status_code=200)
    async def check(request: Asked) -> Response[Any]:
        form = (await read(request, authorizations_new.MOST_FIELDS)).one

        async def checked(live: SignedIn) -> Response[Any]:
            if any(form.get(name) for name in IDENTITY):  # no page of ours sends it
                return Response(b"", status_code=400)
            made = _made(pages, live, WORDS[word], {**form, **NOBODY})
            if isinstance(made, tuple):
                return Response(msgspec.json.encode({"wrong": made}), status_code=422, media_type="application/json")
            body = msgspec.to_builtins(made)
            plain = {name: value for name, value in body.items() if name not in IDENTITY}
            return Response(msgspec.json.encode({"request": plain}), media_type="application/json")

        return await inside(pages, request, checked)

    return check


def _made(
    pages: Pages, live: SignedIn, kind: str, form: Mapping[str, str]
) -> InvoiceRequest | AuthorizationRequest | tuple[str, ...]:
    """The request of nobody, or the fields that cannot be right."""
    today = days.today(pages.portal, live)
    if kind == "invoice":
        typed = invoicing.read(form, live.profession, today)
        return typed.invoice or typed.faults
    kinds = kind_of(live.profession)
    if kinds is None:
        return ("lines",)
    made = authorizations_new.request_of(form, quote.read(form, kinds), today)
    return made if isinstance(made, AuthorizationRequest) else made.wrong
