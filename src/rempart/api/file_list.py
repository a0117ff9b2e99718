"""The files sent for a site, the newest first: when, how long, where each stands. Reading them discloses nothing."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from rempart.api.invoice_routes import Asked, InvoiceDesk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.together import Unavailable
from rempart.ground.instants import iso
from rempart.storage.recent_files import LAST, SentFile, recent
from rempart.wire.invoices import FileList, FileSummary

Before = Annotated[UUID | None, QueryParameter(name="before_file", description="Only those that came before this one.")]


def file_list_routes(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    """`/v1/files`."""

    @get(
        "/v1/files", tags=["invoices"], operation_id="ListFiles", responses=REFUSALS,
        summary="The files sent for the token's site, the newest first.",
    )  # fmt: skip
    async def read(request: Asked, before_file: Before = None) -> Response[FileList]:
        caller = await desk.caller(request, desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                found, older = await recent(database, caller.site, before_file or LAST)
        except Unavailable:
            return refused("unavailable")
        told = tuple(_summary(each, caller.client) for each in found)
        return raw(200, msgspec.json.encode(FileList(told, str(older) if older else "")))

    return [read]


def _summary(row: SentFile, client: str) -> FileSummary:
    counts = row.counts
    return FileSummary(
        str(row.inbound), row.state, iso(row.received), row.size, row.client == client, sum(counts.values()),
        counts.get("accepted", 0) + counts.get("paid", 0), counts.get("rejected", 0), counts.get("held", 0),
        counts.get("waiting", 0), row.refused, row.faults,
    )  # fmt: skip
