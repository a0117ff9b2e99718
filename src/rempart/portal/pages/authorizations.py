"""Prises en charge: the site's own, the newest first; one of them whole; its end. Nothing of the patient is in them."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.portal import reference
from rempart.portal.pages import authorizations_shown as common
from rempart.portal.pages.authorizations_invoice import invoice_routes
from rempart.portal.pages.authorizations_modify import modify_routes
from rempart.portal.pages.authorizations_new import new_routes
from rempart.portal.pages.authorizations_papers import paper_routes
from rempart.portal.pages.authorizations_shown import Here
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import inside
from rempart.portal.quote_kinds import kind_of
from rempart.portal.rendering import Asked, Pages
from rempart.wire.authorizations import AuthorizationList

REFERENCE: Final = re.compile(r"P[0-9A-Z]{19}")
"""Of the hub: what the insurer agreed to. Anything else that is searched is the site's own reference."""


def authorizations_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/prises-en-charge…`."""
    return [
        *_list(pages), *_one(pages), *new_routes(pages), *modify_routes(pages), *paper_routes(pages),
        *invoice_routes(pages),
    ]  # fmt: skip


def _list(pages: Pages) -> list[HTTPRouteHandler]:
    @get(common.PATH)
    async def newest(request: Asked) -> Response[Any]:
        before = request.query_params.get("avant", "0")

        async def shown(live: SignedIn) -> Response[Any]:
            here = Here(pages, request, live)
            call = calls.find_authorizations(recent=int(before) if re.fullmatch("[0-9]{1,18}", before) else 0)
            found = await common.asked(here, call)
            return found if isinstance(found, Response) else _shown(here, found)

        return await inside(pages, request, shown)

    @post(common.PATH, status_code=200)
    async def search(request: Asked) -> Response[Any]:
        wanted = (await read(request)).one.get("wanted", "")

        async def shown(live: SignedIn) -> Response[Any]:
            if not wanted:
                return Redirect(common.PATH, status_code=303)
            here = Here(pages, request, live)
            number = re.sub(r"[\s-]", "", wanted).upper()
            if REFERENCE.fullmatch(number):
                call = calls.find_authorizations(reference=number)
            elif reference.read(wanted):
                call = calls.find_authorizations(site_reference=wanted)
            else:
                return _shown(here, AuthorizationList(), searched=True)
            found = await common.asked(here, call)
            return found if isinstance(found, Response) else _shown(here, found, searched=True)

        return await inside(pages, request, shown)

    return [newest, search]


def _shown(here: Here, found: AuthorizationList, *, searched: bool = False) -> Response[Any]:
    values = {
        "found": found.authorizations, "older": found.next, "searched": searched, "states": common.STATES,
        "kind": kind_of(here.live.profession),
    }  # fmt: skip
    return here.page("authorizations.html", values)


def _one(pages: Pages) -> list[HTTPRouteHandler]:
    @get(common.PATH + "/{identity:uuid}")
    async def one(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            here = Here(pages, request, live)
            found = await common.asked(here, calls.authorization_state(str(identity)))
            return found if isinstance(found, Response) else common.shown(here, found)

        return await inside(pages, request, shown)

    @post(common.PATH + "/{identity:uuid}/annuler")
    async def cancel(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        async def done(live: SignedIn) -> Response[Any]:
            here = Here(pages, request, live)
            found = await common.asked(here, calls.cancel_authorization(str(identity)))
            return found if isinstance(found, Response) else Redirect(f"{common.PATH}/{identity}", status_code=303)

        return await inside(pages, request, done)

    return [one, cancel]
