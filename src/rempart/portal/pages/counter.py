"""A workstation that people share: who are you, and one's PIN there. Those of a site, for its manager: `stations`.

The workstation's keys, who is seated and their labels are in the browser alone (`static/station.js`); what passes here
are proofs and signatures that the keeper verifies. Format: docs/formats/stations.md.
"""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from rempart.client import stations
from rempart.client.calls import Call
from rempart.client.doors import Pin, SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import devices, refusals, session
from rempart.portal.pages.entry import STATUS, landing, said_to_script, told_to_end
from rempart.portal.pages.forms import Form, read
from rempart.portal.pages.inside import inside
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.problem import Problem
from rempart.wire.stations import SeatRequest

HERE: Final = "/comptoir"
_NAME = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}")
_BASE64 = re.compile(r"[A-Za-z0-9_-]{1,200}")


def counter_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/comptoir…`."""
    return [_who(pages), _challenge(pages), _switch(pages), *_code(pages)]


def _who(pages: Pages) -> HTTPRouteHandler:
    @get(HERE)
    async def who(request: Asked) -> Response[Any]:
        found = session.read(request.cookies.get(pages.cookies.session, ""))
        live = found if found is not None and found.site and found.expires > pages.portal.clock() else None
        return pages.page(request, "counter.html", {}, Shown(live))

    return who


def _challenge(pages: Pages) -> HTTPRouteHandler:
    @post(HERE + "/defi", status_code=200)
    async def challenge(request: Asked) -> Response[Any]:
        try:
            found = await pages.portal.hub.challenge("station")
        except NoAnswerError:
            return said_to_script(pages, request, refusals.away())
        if isinstance(found, Problem):
            return said_to_script(pages, request, refusals.entering(found))
        return Response({"challenge": found.challenge})

    return challenge


def _switch(pages: Pages) -> HTTPRouteHandler:
    @post(HERE, status_code=200)
    async def switch(request: Asked) -> Response[Any]:
        """Somebody else's session in the place of the one there was, which ends."""
        shown = _pin(form := await read(request))
        if shown is None:
            return _said(pages, request, Problem("", 401, "station-refused"))
        device = devices.told(pages.portal, request)
        try:
            found = await pages.portal.hub.sign_in_by_pin(form.one.get("challenge", ""), shown, device=device)
        except NoAnswerError:
            return said_to_script(pages, request, refusals.away())
        if isinstance(found, Problem):
            return _said(pages, request, found)
        before = session.read(request.cookies.get(pages.cookies.session, ""))
        if before is not None:
            await told_to_end(pages, before)
        cookie = pages.cookies.made(pages.cookies.session, session.write(found))
        return Response({"to": landing(found)}, cookies=[cookie])

    return switch


def _code(pages: Pages) -> list[HTTPRouteHandler]:
    @get(HERE + "/code")
    async def code(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return pages.page(request, "counter_code.html", {}, Shown(live))

        return await inside(pages, request, shown)

    @post(HERE + "/code", status_code=200)
    async def sit(request: Asked) -> Response[Any]:
        form = await read(request)

        async def seated(live: SignedIn) -> Response[Any]:
            wish = _seat(form)
            if wish is None:
                return _said(pages, request, Problem("", 401, "station-refused"))
            try:
                found = await pages.portal.hub.perform(live, wish)
            except NoAnswerError:
                return said_to_script(pages, request, refusals.away())
            if isinstance(found, Problem):
                return _said(pages, request, Problem("", 401, "station-unknown") if _absent(found) else found)
            return Response({"seat": found.seat, "until": found.until, "to": landing(live)})

        return await inside(pages, request, seated)

    return [code, sit]


def _said(pages: Pages, request: Asked, problem: Problem) -> Response[Any]:
    """A no for `station.js`, with the code that it goes by."""
    refusal = refusals.of(problem)
    words = pages.words(request)
    content = {"title": words.say(refusal.title), "todo": words.say(refusal.todo), "code": refusal.code}
    return Response(content, status_code=STATUS[refusal.kind])


def _absent(problem: Problem) -> bool:
    return problem.code == "not-found"


def _pin(form: Form) -> Pin | None:
    names = [form.one.get(name, "") for name in ("station", "seat")]
    bytes_of = [form.one.get(name, "") for name in ("proof", "signature")]
    whole = all(_NAME.fullmatch(name) for name in names) and all(_BASE64.fullmatch(each) for each in bytes_of)
    return Pin(*names, *bytes_of) if whole else None


def _seat(form: Form) -> Call[Any] | None:
    values = [form.one.get(name, "") for name in ("challenge", "proof", "signature")]
    if not all(_BASE64.fullmatch(each) for each in values):
        return None
    try:
        return stations.sit(form.one.get("station", ""), SeatRequest(*values))
    except ValueError:
        return None
