"""`/v1/desk/log/…`: how often people and programs of the operator's sites looked; one look and its place in the log.

For security and data protection. Never about whom. Each answer is recorded before it is given, as support's are.
"""

from __future__ import annotations

import asyncio
import re
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
import psycopg
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from psycopg_pool import ConnectionPool

from rempart.api.account_routes import ABSENT
from rempart.api.desk_door import DeskDoor
from rempart.api.operator_desk import At, at_desk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.domain import question as questions
from rempart.domain.month import month_text
from rempart.ground.instants import PARIS, iso, start_of_day
from rempart.storage import desk_log as stored
from rempart.wire.desk_log import MOST_DAYS, MOST_ROWS, By, DeskLeaf, DeskLogCount, DeskLogCounts, DeskLogEntry
from rempart.wire.problem import FieldError

Asked = Request[Any, Any, Any]
Pool = ConnectionPool[psycopg.Connection[Any]]
TAGS = ["desk"]
WAYS: tuple[str, ...] = By.__args__  # type: ignore[attr-defined]  # a Literal's, which typing does not name
Dimension = Annotated[str, QueryParameter(name="by", max_length=8, description="What is counted by.")]
Period = Annotated[
    str, QueryParameter(name="period", max_length=21, description="First day, slash, last day; eight days at most.")
]
Site = Annotated[str, QueryParameter(name="site", max_length=9, description="One site alone, or empty.")]
_SITE = re.compile(r"([0-9][0-9AB][0-9]{7})?")


def desk_log_routes(door: DeskDoor, pool: Pool) -> list[HTTPRouteHandler]:
    """The two handlers; `pool` reads tiles and checkpoints."""
    return [_counts(door), _entry(door, pool)]


def _counts(door: DeskDoor) -> HTTPRouteHandler:
    @get("/v1/desk/log/counts", tags=TAGS, operation_id="DeskCountLog", responses=REFUSALS)
    async def counts(request: Asked, by: Dimension, period: Period, site: Site = "") -> Response[DeskLogCounts]:
        async def work(at: At) -> Response[Any]:
            days, wrong = _days(period), [] if by in WAYS else ["by"]
            wrong += [] if _SITE.fullmatch(site) else ["site"]
            if days is None or wrong:
                names = wrong if days else [*wrong, "period"]
                return refused("invalid-fields", tuple(FieldError(name, "not-one") for name in names))
            start, end = start_of_day(days[0], PARIS), start_of_day(days[1] + timedelta(1), PARIS)
            span = stored.Span(start, end, site, f"{days[0]:%Y%m%d}-{days[1]:%Y%m%d}")
            async with door.desk.databases.lend() as database:
                rows = await stored.counts(database, _reader(at), span, by=by, most=MOST_ROWS)
            told = tuple(DeskLogCount(*row) for row in rows)
            return raw(
                200, msgspec.json.encode(DeskLogCounts(by, days[0].isoformat(), days[1].isoformat(), site, told))
            )

        return await at_desk(door, request, work)

    return counts


def _entry(door: DeskDoor, pool: Pool) -> HTTPRouteHandler:
    @get(
        "/v1/desk/log/questions/{question:str}", tags=TAGS, operation_id="DeskReadLogEntry", responses=REFUSALS | ABSENT
    )
    async def entry(question: FromPath[str], request: Asked) -> Response[DeskLogEntry]:
        async def work(at: At) -> Response[Any]:
            wanted = re.sub(r"[\s-]", "", question).upper()
            place = questions.parse(wanted)
            if place is None:
                return refused("not-found")
            async with door.desk.databases.lend() as database:
                found = await stored.entry(database, _reader(at), wanted, place[0])
            if found is None:
                return refused("not-found")
            proven = await asyncio.to_thread(_proven, pool, found.leaf) if found.leaf is not None else None
            told = DeskLogEntry(
                wanted, iso(place[0]), found.client, found.kind, found.site, found.insurer, found.purpose,
                found.evidence, found.template, found.outcome, _leaf(found.leaf, proven),
            )  # fmt: skip
            return raw(200, msgspec.json.encode(told))

        return await at_desk(door, request, work)

    return entry


def _reader(at: At) -> stored.Reader:
    return stored.Reader(at.held.client, at.operator, at.instant)


def _days(period: str) -> tuple[date, date] | None:
    """Both days, when they are days in their order and few enough."""
    first, _, last = period.partition("/")
    try:
        days = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None
    return days if date.min < days[0] and 0 <= (days[1] - days[0]).days < MOST_DAYS and days[1] < date.max else None


def _proven(pool: Pool, leaf: stored.Leaf) -> stored.Proven | None:
    with pool.connection() as connection:
        return stored.proven(connection, leaf)


def _leaf(leaf: stored.Leaf | None, proven: stored.Proven | None) -> DeskLeaf | None:
    if leaf is None or proven is None:
        return None
    return DeskLeaf(
        month_text(leaf.month), leaf.number, leaf.hash.hex(), proven.size, proven.root.hex(),
        tuple(each.hex() for each in proven.path), proven.holds, proven.note.decode(),
    )  # fmt: skip
