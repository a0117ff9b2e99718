"""The workstations of a site, for its manager: enrolled by a signature, listed, ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler

from rempart.client import own_account, stations
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import refusals
from rempart.portal.pages.account import part
from rempart.portal.pages.ending import Ending, declined, ending, tried
from rempart.portal.pages.entry import STATUS, assertion_of, said_to_script
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import inside
from rempart.portal.pages.reading import NoPageError, told
from rempart.portal.refusals import Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.problem import Problem

HERE: Final = "/site-et-equipe/postes"
LONG: Final = 400 * 86_400  # seconds: as long as browsers keep a cookie at most
Whole = Callable[[str], str]
"""Makes what is signed of a fresh challenge. Raises ValueError."""
_STATION = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[A-Za-z0-9_-]{87}")  # 65 bytes


def station_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/site-et-equipe/postes…`."""
    return [_listed(pages), _challenge(pages), *_changes(pages)]


def _listed(pages: Pages) -> HTTPRouteHandler:
    @get(HERE)
    async def listed(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _page(pages, request, live)

        return await inside(pages, request, shown)

    return listed


def _challenge(pages: Pages) -> HTTPRouteHandler:
    @post(HERE + "/defi", status_code=200)
    async def challenge(request: Asked) -> Response[Any]:
        key = (await read(request)).one.get("key", "")

        async def asked(live: SignedIn) -> Response[Any]:
            def whole(fresh: str) -> str:
                if not _KEY.fullmatch(key):
                    raise ValueError("no key of a browser")
                return stations.to_enrol(fresh, pages.portal.settings.operator.id, live.site, key)

            return await to_sign(pages, request, live, whole)

        return await inside(pages, request, asked)

    return challenge


def _changes(pages: Pages) -> list[HTTPRouteHandler]:
    @post(HERE, status_code=200)
    async def enrol(request: Asked) -> Response[Any]:
        form = await read(request)

        async def done(live: SignedIn) -> Response[Any]:
            signed, key = assertion_of(form), form.one.get("key", "")
            if signed is None or not _KEY.fullmatch(key):
                return await _page(pages, request, live, refusals.of(Problem("", 422, "passkey-refused")))
            found = await tried(pages, live, stations.enrol(key, form.one.get("challenge", ""), part(signed)))
            if isinstance(found, Refusal):
                return await declined(pages, request, live, found, page=_page)
            return await _page(pages, request, live, enrolled=found.station)

        return await inside(pages, request, done)

    return [enrol, ending(pages, HERE, Ending("station", _STATION, stations.end_station, _page))]


async def to_sign(pages: Pages, request: Asked, live: SignedIn, whole: Whole) -> Response[Any]:
    """What a manager's passkey signs, for `webauthn.js`: `whole` makes it of a fresh challenge."""
    try:
        own = await pages.portal.hub.perform(live, own_account.account())
        made = await pages.portal.hub.challenge("approve")
    except NoAnswerError:
        return said_to_script(pages, request, refusals.away())
    if isinstance(own, Problem):
        return said_to_script(pages, request, refusals.of(own))
    if isinstance(made, Problem):
        return said_to_script(pages, request, refusals.entering(made))
    try:
        challenge = whole(made.challenge)
    except ValueError:
        return said_to_script(pages, request, refusals.of(Problem("", 422, "passkey-refused")))
    return Response({
        "challenge": challenge, "rp_id": made.rp_id, "seconds": made.expires_in,
        "credentials": [each.credential for each in own.passkeys],
    })  # fmt: skip


async def _page(
    pages: Pages, request: Asked, live: SignedIn, refusal: Refusal | None = None, *, enrolled: str = ""
) -> Response[Any]:
    """The workstations, for a manager; who is none finds no such page."""
    if live.role != "manager":
        return pages.page(request, "not_found.html", {}, Shown(live, status=404))
    try:
        found = await told(pages, request, live, stations.stations())
    except NoPageError as no:
        return no.response
    values = {"listed": found.stations, "refusal": refusal, "enrolled": enrolled}
    cookies = (_kept(pages),) if enrolled else ()
    status = 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(request, "stations.html", values, Shown(live, status=status, cookies=cookies))


def _kept(pages: Pages) -> Cookie:
    """That this browser is a workstation, so that pages offer to change people. It opens nothing."""
    return Cookie(
        key=pages.cookies.station, value="1", path="/", secure=pages.cookies.secure, httponly=True, samesite="strict",
        max_age=LONG,
    )  # fmt: skip
