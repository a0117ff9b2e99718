"""GET /v1/figures: the token's site's money in sums, for charts and for "what is due when". No invoice is in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from rempart.api.invoice_routes import InvoiceDesk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.together import Unavailable
from rempart.domain import reasons
from rempart.domain.payment_delay import due_day
from rempart.domain.public_holidays import public_holidays
from rempart.ground.instants import PARIS, civil_date, start_of_day
from rempart.storage import figures as stored
from rempart.wire.figures import DueFigure, Figures, RejectionFigure, WeekFigures

Asked = Request[Any, Any, Any]
WEEKS = 12
ONE_WEEK = timedelta(days=7)


def figure_routes(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    """The one handler."""

    @get("/v1/figures", tags=["payments"], operation_id="ReadFigures", responses=REFUSALS)
    async def read(request: Asked) -> Response[Figures]:
        instant = desk.state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        today = civil_date(instant, PARIS)
        first = today - timedelta(days=today.weekday()) - (WEEKS - 1) * ONE_WEEK
        try:
            async with desk.databases.lend() as database:
                weeks, delay = await stored.weeks(database, caller.site, first, first + WEEKS * ONE_WEEK)
                rejected = await stored.rejected(database, caller.site, start_of_day(first))
                due = await stored.due(database, caller.site)
                targets = await stored.targets(database, today, sorted({one.operator for one in due}))
        except Unavailable:
            return refused("unavailable")
        told = Figures(_weeks(weeks, first), delay, tuple(map(_rejection, rejected)), expected(due, targets))
        return raw(200, msgspec.json.encode(told))

    return [read]


def _weeks(found: Iterable[stored.Week], first: date) -> tuple[WeekFigures, ...]:
    """All twelve, those without a transfer too."""
    known = {one.week: one for one in found}
    mondays = [first + number * ONE_WEEK for number in range(WEEKS)]
    return tuple(
        WeekFigures(monday.isoformat(), *(known[monday][1:] if monday in known else (0, 0, 0, None)))
        for monday in mondays
    )


def _rejection(found: tuple[str, int]) -> RejectionFigure:
    code, invoices = found
    known = reasons.BY_CODE.get(code)
    return RejectionFigure(code, reasons.sentence(code), known.english if known is not None else code, invoices)


def expected(due: Iterable[stored.Due], targets: dict[tuple[str, str], int]) -> tuple[DueFigure, ...]:
    """Summed by insurer and by the last day of the promised delay; what no contract dates comes last."""
    summed: dict[tuple[str, str, str], tuple[int, int]] = {}
    for one in due:
        days = targets.get((one.operator, one.insurer), targets.get((one.operator, "")))
        day = "" if days is None else _promised(one.received, days).isoformat()
        invoices, amount = summed.get((day, one.insurer, one.name), (0, 0))
        summed[day, one.insurer, one.name] = (invoices + one.invoices, amount + one.amount)
    rows = sorted(summed.items(), key=lambda item: (item[0][0] or "9", item[0][2]))
    return tuple(DueFigure(insurer, name, day, *sums) for (day, insurer, name), sums in rows)


def _promised(received: date, days: int) -> date:
    return due_day(received, days, public_holidays(received.year) | public_holidays(received.year + 1))
