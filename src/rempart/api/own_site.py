"""What a site reads of itself: its questions of a day, who asked them, its bank details' state, who may work for it.

For people and the site's own program. Nothing here says who was asked about, nor what was answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from rempart.api.invoice_routes import InvoiceDesk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.application.guard import Caller
from rempart.application.together import Unavailable
from rempart.domain import question
from rempart.domain.identifiers import REFERENCE_PATTERN
from rempart.domain.parties import ACCOUNT
from rempart.ground.instants import PARIS, as_datetime, civil_date, iso, start_of_day
from rempart.storage import own_site as stored
from rempart.storage.door import Database
from rempart.wire.own_site import (
    By,
    OwnBankDetails,
    OwnMember,
    OwnSite,
    QuestionCount,
    QuestionCounts,
    QuestionList,
    QuestionRow,
)
from rempart.wire.problem import FieldError

T = TypeVar("T")
Asked = Request[Any, Any, Any]
Day = Annotated[date | None, QueryParameter(name="day", description="A civil day at the site; left out, today.")]
Older = Annotated[str, QueryParameter(name="older_than", max_length=12, description="The last `next_older_than`.")]
Reference = Annotated[
    str | None,
    QueryParameter(name="site_reference", pattern=REFERENCE_PATTERN, max_length=20, description="Your own, exactly."),
]
OWN = frozenset({"site", ACCOUNT})
"""Who may look: a vendor's program speaks for the site at its questions, not about its people."""
PORTAL = "portal:"


def own_site_routes(desk: InvoiceDesk) -> list[HTTPRouteHandler]:
    """The three handlers."""
    return [_questions(desk), _counts(desk), _own_site(desk)]


def _questions(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get("/v1/questions", tags=["own-site"], operation_id="ListQuestions", responses=REFUSALS)
    async def read(
        request: Asked, day: Day = None, site_reference: Reference = None, older_than: Older = ""
    ) -> Response[QuestionList]:
        async def told(database: Database, caller: Caller, instant: int) -> QuestionList | str:
            asked, (start, end), zone = _span(desk, caller, day, instant)
            place = question.parse(older_than) if older_than else None
            if older_than and place is None:
                return "older_than"
            span = (start, min(end, place[0]) if place else end)
            found = (
                await stored.questions(database, caller.site, span, site_reference or "") if span[0] < span[1] else []
            )
            people = await stored.accounts(database, [one.client for one in found])
            rows = tuple(_row(one, desk.state.hub, zone, people) for one in found)
            return QuestionList(asked.isoformat(), rows, rows[-1].question if len(rows) == stored.PAGE else "")

        return await _answer(desk, request, told)

    return read


def _counts(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get("/v1/questions/counts", tags=["own-site"], operation_id="CountQuestions", responses=REFUSALS)
    async def read(request: Asked, day: Day = None) -> Response[QuestionCounts]:
        async def told(database: Database, caller: Caller, instant: int) -> QuestionCounts:
            asked, span, zone = _span(desk, caller, day, instant)
            found = await stored.counts(database, caller.site, span)
            people = await stored.accounts(database, [one[0] for one in found])
            summed: dict[tuple[str, str, int], int] = {}
            for client, hours, many, agent in found:  # a day on which clocks change has an hour twice, or not at all
                place = (client, agent, as_datetime(span[0] + hours * 3_600_000_000, zone).hour)
                summed[place] = summed.get(place, 0) + many
            rows = (
                QuestionCount(who, _by(who, people), hour, many, agent)
                for (who, agent, hour), many in sorted(summed.items())
            )
            return QuestionCounts(asked.isoformat(), tuple(rows))

        return await _answer(desk, request, told)

    return read


def _own_site(desk: InvoiceDesk) -> HTTPRouteHandler:
    @get("/v1/own-site", tags=["own-site"], operation_id="ReadOwnSite", responses=REFUSALS)
    async def read(request: Asked) -> Response[OwnSite]:
        async def told(database: Database, caller: Caller, instant: int) -> OwnSite:
            today = civil_date(instant, PARIS)
            operator = caller.vendor.removeprefix(PORTAL) if caller.kind == ACCOUNT else ""
            bank = await stored.bank(database, caller.site, today)
            members = await stored.members(database, caller.site, today)
            return OwnSite(
                caller.site, desk.state.facts.snapshot.sites[caller.site].profession,
                tuple(_bank(one) for one in bank if operator in {"", one.operator}),
                tuple(_member(one) for one in members if not operator or one.operator in {"", operator}),
            )  # fmt: skip

        return await _answer(desk, request, told)

    return read


async def _answer(
    desk: InvoiceDesk, request: Asked, told: Callable[[Database, Caller, int], Awaitable[msgspec.Struct | str]]
) -> Response[Any]:
    """What `told` reads for the site's own people and program; a word of it is a field that cannot be right."""
    instant = desk.state.instants.next()
    caller = await desk.caller(request, instant)
    if isinstance(caller, Response):
        return caller
    if caller.kind not in OWN:
        return refused("purpose")
    try:
        async with desk.databases.lend() as database:
            found = await told(database, caller, instant)
    except Unavailable:
        return refused("unavailable")
    if isinstance(found, str):
        return refused("invalid-fields", (FieldError(found, "question-id"),))
    return raw(200, msgspec.json.encode(found))


def _span(desk: InvoiceDesk, caller: Caller, day: date | None, instant: int) -> tuple[date, tuple[int, int], str]:
    """The civil day at the site, its first instant and the next day's, and the site's zone."""
    zone = desk.state.facts.snapshot.sites[caller.site].zone
    asked = min(day or civil_date(instant, zone), date.max - timedelta(days=2))
    first = max(asked, date(1970, 1, 2))
    return first, (start_of_day(first, zone), start_of_day(first + timedelta(days=1), zone)), zone


def _row(found: stored.Question, hub: int, zone: str, people: frozenset[str]) -> QuestionRow:
    clock: datetime = as_datetime(found.instant, zone)
    return QuestionRow(
        question.identifier(found.instant, hub), iso(found.instant), clock.strftime("%H:%M:%S"), found.purpose,
        found.client, _by(found.client, people), found.reference, found.agent,
    )  # fmt: skip


def _by(client: str, people: frozenset[str]) -> By:
    return "account" if client in people else "program"


def _bank(found: stored.Bank) -> OwnBankDetails:
    starts = found.starts.isoformat() if found.starts is not None else ""
    return OwnBankDetails(found.operator, found.state, iso(found.changed), starts)


def _member(found: stored.Member) -> OwnMember:
    by: By = "account" if found.kind == ACCOUNT else "program"
    return OwnMember(
        found.client, by, found.role, found.first.isoformat(), found.last.isoformat(), found.delegated,
        found.accountable,
    )  # fmt: skip
