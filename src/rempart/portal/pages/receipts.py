"""The browsers of a site that sign receipts of card checks made without network: this one enrolled, listed, ended."""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from rempart.client import receipts
from rempart.client.doors import SignedIn
from rempart.portal.pages.ending import tried
from rempart.portal.pages.entry import STATUS
from rempart.portal.pages.fixed import static
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.pages.reading import NoPageError, told
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.problem import Problem
from rempart.wire.receipts import ReceiptKeyEnrolled
from rempart.wire.sign_in import SITE_ROLES

HERE: Final = "/site-et-equipe/verifications"
_KEY = re.compile(r"[0-9a-f]{32}")
_POINT = re.compile(r"[A-Za-z0-9_-]{87}")  # 65 bytes


def receipt_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/site-et-equipe/verifications…`, and the scripts that make and use a browser's key."""

    @get(HERE)
    async def listed(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _page(pages, request, live)

        return await inside(pages, request, shown)

    @post(HERE, status_code=200)
    async def enrol(request: Asked) -> Response[Any]:
        point = (await read(request)).one.get("point", "")

        async def done(live: SignedIn) -> Response[Any]:
            if not _POINT.fullmatch(point):
                return Redirect(HERE, status_code=303)
            return await _page(pages, request, live, await tried(pages, live, receipts.enrol(point)))

        return await inside(pages, request, done)

    @post(HERE + "/fin")
    async def end(request: Asked) -> Response[Any]:
        named = (await read(request)).one.get("key", "")

        async def done(live: SignedIn) -> Response[Any]:
            found = await tried(pages, live, receipts.end(named)) if _KEY.fullmatch(named) else b""
            if isinstance(found, Refusal) and found.code != "not-found":
                return await _page(pages, request, live, found)
            return Redirect(HERE, status_code=303)

        return await inside(pages, request, done)

    return [listed, enrol, end, static("receipts.mjs"), static("receipt.mjs"), static("qr.mjs")]


async def _page(
    pages: Pages, request: Asked, live: SignedIn, done: ReceiptKeyEnrolled | Refusal | bytes = b""
) -> Response[Any]:
    """The list; with what became of an enrolment or an end. A desk has no such page."""
    if live.role not in SITE_ROLES:
        return pages.page(request, "not_found.html", {}, Shown(live, status=404))
    refusal = done if isinstance(done, Refusal) else None
    if refusal is not None and refusal.kind in {Kind.OVER, Kind.STOPPED}:
        return ended(pages, request, Problem("", STATUS[refusal.kind], refusal.code))
    try:
        found = await told(pages, request, live, receipts.keys())
    except NoPageError as no:
        return no.response
    enrolled = done if isinstance(done, ReceiptKeyEnrolled) else None
    values = {"listed": found.keys, "refusal": refusal, "enrolled": enrolled}
    return pages.page(
        request, "receipts.html", values, Shown(live, status=200 if refusal is None else STATUS[refusal.kind])
    )
