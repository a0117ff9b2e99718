"""Another quote in place of one that waits or was agreed to, or more days of a stay: the former ends once it is agreed.

The hub gives back no act: the form begins with what it can tell of the lines, or with those just typed.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.client import calls
from rempart.client.doors import SignedIn
from rempart.portal import papers
from rempart.portal.pages import authorizations_shown as common
from rempart.portal.pages.authorizations_invoice import agreed
from rempart.portal.pages.authorizations_new import MOST_FIELDS, Sheet, form_page, sent
from rempart.portal.pages.authorizations_shown import Here, Trouble
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import inside
from rempart.portal.quote import ROWS, Quote, Row
from rempart.portal.quote_kinds import Kind, kind_of
from rempart.portal.rendering import Asked, Pages
from rempart.portal.words import day
from rempart.wire.authorizations import AuthorizationState


def modify_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/prises-en-charge/<id>/modifier`: the form, and the request."""
    path = common.PATH + "/{identity:uuid}/modifier"

    @get(path)
    async def form(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            here = Here(pages, request, live)
            found = await _former(here, identity)
            if isinstance(found, Response):
                return found
            kind = kind_of(live.profession)
            quoted = known(found, kind) if kind is not None else None
            return form_page(Sheet(here, found), began(found), (quoted, Trouble()) if quoted is not None else None)

        return await inside(pages, request, shown)

    @post(path, status_code=200, request_max_body_size=papers.BODY_MOST)
    async def ask(identity: FromPath[UUID], request: Asked) -> Response[Any]:
        told = (await read(request, MOST_FIELDS)).one

        async def asked(live: SignedIn) -> Response[Any]:
            here = Here(pages, request, live)
            found = await _former(here, identity)
            if isinstance(found, Response):
                return found
            begun = began(found) if told.get("step") == "prepare" else {}
            return await sent(Sheet(here, found), {**begun, **told})

        return await inside(pages, request, asked)

    return [form, ask]


async def _former(here: Here, identity: UUID) -> AuthorizationState | Response[Any]:
    """What is to be replaced, or the page that says why it cannot be."""
    found = await common.asked(here, calls.authorization_state(str(identity)))
    if isinstance(found, Response) or found.state in common.MODIFIABLE:
        return found
    return here.page("authorization_ended.html", {"found": found}, 409)


def began(found: AuthorizationState) -> dict[str, str]:
    """What the form begins with beside its lines."""
    return {"planned": day(found.planned_date), "site_reference": found.site_reference}


def known(found: AuthorizationState, kind: Kind) -> Quote:
    """What the hub tells of the lines: prices, and the base that the compulsory share says; none while it waits."""
    rows = []
    for rest in found.rest[:ROWS]:
        told = agreed(found, rest, rate=kind.cover("").rate)
        item = kind.first[rest.line - 1] if rest.line <= len(kind.first) else next(iter(kind.items))
        typed = {name: told[name] for name in kind.fields if name in told}
        rows.append(Row(rest.line, {**typed, "item": item}))
    return Quote(tuple(rows), kind.cover(""))
