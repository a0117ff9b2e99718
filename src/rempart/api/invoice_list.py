"""A site's own invoices, the newest first: numbers, days, amounts, states, reasons. Reading them discloses nothing."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from rempart.api.invoice_routes import Asked, InvoiceDesk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.together import Unavailable
from rempart.ground.instants import PARIS, from_datetime, iso
from rempart.storage.recent_invoices import LAST, RecentRow, Window, first_id, recent
from rempart.wire.invoices import InvoiceList, InvoiceSummary

STATES = "^(waiting|held|accepted|rejected|paid|cancelled)$"
Before = Annotated[
    UUID | None, QueryParameter(name="before_invoice", description="Only those that came before this one.")
]
InState = Annotated[str | None, QueryParameter(name="state", pattern=STATES, description="Only those in this state.")]
Day = Annotated[date | None, QueryParameter(name="day", description="Only those received on this day, Paris.")]


def invoice_list_routes(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    """`/v1/invoices/recent`."""

    @get(
        "/v1/invoices/recent", tags=["invoices"], operation_id="ListInvoices", responses=REFUSALS,
        summary="The invoices of the token's site, the newest first.",
    )  # fmt: skip
    async def read(
        request: Asked, before_invoice: Before = None, in_state: InState = None, day: Day = None
    ) -> Response[InvoiceList]:
        caller = await desk.caller(request, desk.state.instants.next())
        if isinstance(caller, Response):
            return caller
        try:
            async with desk.databases.lend() as database:
                found, older = await recent(database, caller.site, _window(before_invoice, in_state or "", day))
        except Unavailable:
            return refused("unavailable")
        answer = InvoiceList(tuple(map(_summary, found)), str(older) if older else "")
        return raw(200, msgspec.json.encode(answer))

    return [read]


def _window(before: UUID | None, state: str, day: date | None) -> Window:
    """What is asked for; a day the calendar of ids does not reach holds none."""
    whole = Window(before or LAST, state=state)
    if day is None:
        return whole
    if not 1970 < day.year < 9999:
        return whole._replace(before=UUID(int=0))
    return whole._replace(before=min(whole.before, _first(day + timedelta(1))), least=_first(day))


def _first(day: date) -> UUID:
    return first_id(from_datetime(datetime.combine(day, time(), ZoneInfo(PARIS))))


def _summary(row: RecentRow) -> InvoiceSummary:
    return InvoiceSummary(
        str(row.invoice), row.number, row.care_date.isoformat(), iso(row.received), row.state, row.reason,
        row.spent, row.amo, row.amc, row.patient,
    )  # fmt: skip
