"""A site's own notices, read one after the other: an invoice decided again, a claw-back, a transfer that came back.

Reading takes nothing away: a program keeps the last number that it dealt with.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from rempart.api.invoice_routes import InvoiceDesk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.together import Unavailable
from rempart.ground.instants import iso
from rempart.storage import site_notices as stored
from rempart.wire.notices import NoticeList, SiteNotice

Asked = Request[Any, Any, Any]
Since = Annotated[int, QueryParameter(name="since", ge=0, le=2**63 - 1, description="The last `next`.")]

Newest = Annotated[
    bool, QueryParameter(name="newest", description="The newest first; read older ones from the start, upward.")
]


def notice_routes(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    """The one handler."""

    @get("/v1/notices", tags=["invoices"], operation_id="ListNotices", responses=REFUSALS)
    async def read(request: Asked, since: Since = 0, *, newest: Newest = False) -> Response[NoticeList]:
        caller = await desk.caller(request, desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                found = await stored.of_site(database, caller.site, since, newest=newest)
        except Unavailable:
            return refused("unavailable")
        told = tuple(
            SiteNotice(one.number, one.kind, str(one.subject), one.day.isoformat(), iso(one.instant)) for one in found
        )
        return raw(200, msgspec.json.encode(NoticeList(told, max((one.number for one in told), default=since))))

    return [read]
