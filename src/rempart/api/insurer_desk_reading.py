"""The insurer's desk in a portal: rights files and who spoke on them, what is published, funds and settlement files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Annotated, Any, cast
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from rempart.api.desk_door import DeskDoor, operator_of
from rempart.api.exports import not_signed
from rempart.api.insurer_desk import Asked
from rempart.api.insurer_release import ACCOUNT, NUMBERS
from rempart.api.invoice_routes import MORE
from rempart.api.routes import REFUSALS, raw, refused
from rempart.api.settlements import MEDIA_TYPE, summary_told
from rempart.application.exports import Document
from rempart.application.guard import Caller
from rempart.application.together import Unavailable
from rempart.domain.binding import ALWAYS, DECLARED_KINDS
from rempart.domain.exports import SETTLEMENT
from rempart.formats import binding_table, guarantee_table
from rempart.ground.instants import PARIS, civil_date, iso
from rempart.storage import insurer_desk as stored
from rempart.storage import settlement_reading as settlements
from rempart.storage.door import Database
from rempart.wire import insurer_desk as wire
from rempart.wire.settlements import SettlementList
from rempart.wire.stand_in import read_rules

Below = Annotated[int, QueryParameter(name="below", ge=0, description="The last `next_below`, for older ones.")]
SETTLEMENTS_MOST = 30


def insurer_reading_routes(door: DeskDoor) -> list[HTTPRouteHandler]:
    """Rights files, published tables, funds, settlement files."""
    return [
        _rights_files(door), _rights_file(door), _published(door), _funds(door), _settlements(door), _settlement(door),
    ]  # fmt: skip


Told = Callable[[Database, Caller, int], Awaitable[msgspec.Struct | None]]


async def _answer(door: DeskDoor, request: Asked, told: Told) -> Response[Any]:
    """What `told` reads; None is absent."""
    instant = door.desk.state.instants.next()
    caller = await door.caller(request, instant)
    if isinstance(caller, Response):
        return caller
    try:
        async with door.desk.databases.lend() as database:
            found = await told(database, caller, instant)
    except Unavailable:
        return refused("unavailable")
    return refused("not-found") if found is None else raw(200, msgspec.json.encode(found))


# --- rights files ---


def _rights_files(door: DeskDoor) -> HTTPRouteHandler:
    @get("/v1/desk/insurer/rights-files", tags=["desk"], operation_id="DeskListRightsFiles", responses=REFUSALS)
    async def read(request: Asked, below: Below = 0) -> Response[wire.DeskRightsList]:
        async def told(database: Database, caller: Caller, _instant: int) -> wire.DeskRightsList | None:
            standing = await stored.standing(database, caller.insurer)
            if standing is None:
                return None
            files = await stored.rights_files(database, caller.insurer, below)
            prolonged = standing.prolonged.isoformat() if standing.prolonged is not None else ""
            full = len(files) == stored.FILES_MOST
            return wire.DeskRightsList(
                standing.sequence, tuple(map(_file, files)), prolonged, files[-1].rights_file if full else 0
            )

        return await _answer(door, request, told)

    return read


def _rights_file(door: DeskDoor) -> HTTPRouteHandler:
    @get(
        "/v1/desk/insurer/rights-files/{rights_file:int}", tags=["desk"], operation_id="DeskReadRightsFile",
        responses=REFUSALS | MORE,
    )  # fmt: skip
    async def read(rights_file: FromPath[int], request: Asked) -> Response[wire.DeskRightsReport]:
        async def told(database: Database, caller: Caller, _instant: int) -> wire.DeskRightsReport | None:
            if rights_file not in NUMBERS:
                return None
            found = await stored.rights_file(database, caller.insurer, rights_file)
            if found is None:
                return None
            lines, codes = await stored.report(database, rights_file)
            return wire.DeskRightsReport(
                _file(found), tuple(wire.DeskBadLine(*line) for line in lines),
                tuple(wire.DeskCount(*code) for code in codes),
            )  # fmt: skip

        return await _answer(door, request, told)

    return read


def _file(found: stored.RightsFile) -> wire.DeskRightsFile:
    report = found.report
    weights = msgspec.convert(report.weights, wire.DeskWeights) if report.weights is not None else None
    return wire.DeskRightsFile(
        found.rights_file, found.kind, found.sequence, iso(found.created), iso(found.received),
        iso(found.decided) if found.decided else "", found.state, found.code, found.over, report.lines, report.people,
        report.rejected, report.warned, report.collisions, weights, tuple(map(_voice, found.voices)),
        found.digest.hex(),
    )  # fmt: skip


def _voice(said: tuple[str, str]) -> wire.DeskVoice:
    verdict, officer = said
    if officer.startswith(ACCOUNT):
        return wire.DeskVoice(verdict, "account", officer.removeprefix(ACCOUNT))
    return wire.DeskVoice(verdict, "officer", officer)


# --- what is published ---


def _published(door: DeskDoor) -> HTTPRouteHandler:
    @get("/v1/desk/insurer/published", tags=["desk"], operation_id="DeskReadPublished", responses=REFUSALS)
    async def read(request: Asked) -> Response[wire.DeskPublished]:
        async def told(database: Database, caller: Caller, instant: int) -> wire.DeskPublished | None:
            standing = await stored.standing(database, caller.insurer)
            if standing is None:
                return None
            table, binding, stand_in = await stored.published(database, caller.insurer)
            return wire.DeskPublished(
                standing.name, standing.standing, _table(table), iso(binding.loaded) if binding else "",
                _binding(binding), _stand_in(stand_in, civil_date(instant, PARIS)),
            )  # fmt: skip

        return await _answer(door, request, told)

    return read


def _table(kept: stored.Kept | None) -> wire.DeskTable | None:
    if kept is None:
        return None
    found = guarantee_table.read(kept.content.encode()).table
    said = (iso(kept.loaded), kept.digest.hex(), kept.versions)
    if found is None:
        return wire.DeskTable(*said, sound=False)
    products = tuple(
        wire.DeskProduct(
            one.product, one.level, one.start.isoformat(), "" if one.end >= ALWAYS else one.end.isoformat(),
            sum(len(cases) for _, cases in one.cases) + len(one.formulas),
        ) for one in found.products
    )  # fmt: skip
    return wire.DeskTable(*said, sound=True, products=products, members=len(found.members))


def _binding(kept: stored.Kept | None) -> tuple[wire.DeskBinding, ...]:
    read = binding_table.read(kept.content.encode()) if kept is not None else None
    rows = read.table.rows if isinstance(read, binding_table.Read) else ()
    return tuple(
        wire.DeskBinding(
            row.kind, row.starts.isoformat(), "" if row.ends >= ALWAYS else row.ends.isoformat(),
            tuple(sorted(row.professions)), row.most or 0, row.days if row.kind in DECLARED_KINDS else 0,
        ) for row in rows
    )  # fmt: skip


def _stand_in(kept: stored.Kept | None, today: date) -> wire.DeskStandIn | None:
    found = read_rules(kept.content.encode()) if kept is not None else None
    if kept is None or found is None:
        return None
    return wire.DeskStandIn(
        found.sequence, found.starts.isoformat(), found.ends.isoformat(), found.starts <= today <= found.ends,
        iso(kept.loaded),
        tuple(wire.DeskStandInRule(rule.evidence, rule.most, rule.professions, rule.domains) for rule in found.rules),
    )  # fmt: skip


# --- funds ---


def _funds(door: DeskDoor) -> HTTPRouteHandler:
    @get("/v1/desk/insurer/funds", tags=["desk"], operation_id="DeskReadFunds", responses=REFUSALS)
    async def read(request: Asked) -> Response[wire.DeskFunds]:
        async def told(database: Database, caller: Caller, instant: int) -> wire.DeskFunds:
            left, calls = await stored.funds(database, operator_of(caller), caller.insurer, civil_date(instant, PARIS))
            return wire.DeskFunds(
                left.ceiling is not None, left.ceiling or 0, left.available, left.waiting, left.sites,
                iso(left.since) if left.since else "",
                tuple(
                    wire.DeskCall(
                        one.day.isoformat(), one.amount, one.movements, one.reference, one.outcome, one.reason
                    ) for one in calls
                ),
            )  # fmt: skip

        return await _answer(door, request, told)

    return read


def _settlements(door: DeskDoor) -> HTTPRouteHandler:
    @get("/v1/desk/insurer/settlements", tags=["desk"], operation_id="DeskListSettlements", responses=REFUSALS)
    async def read(request: Asked) -> Response[SettlementList]:
        async def told(database: Database, caller: Caller, _instant: int) -> SettlementList:
            found = await settlements.listed(database, caller.insurer)
            own = [one for one in found if one.operator == operator_of(caller)][:SETTLEMENTS_MOST]
            return SettlementList(tuple(map(summary_told, own)))

        return await _answer(door, request, told)

    return read


def _settlement(door: DeskDoor) -> HTTPRouteHandler:
    @get(
        "/v1/desk/insurer/settlements/{identity:uuid}/file", tags=["desk"], operation_id="DeskFetchSettlement",
        responses=REFUSALS | MORE, media_type=MEDIA_TYPE,
    )  # fmt: skip
    async def read(identity: FromPath[UUID], request: Asked) -> Response[bytes] | Stream:
        caller = await door.caller(request, door.desk.state.instants.next())
        if isinstance(caller, Response):
            return cast("Response[bytes]", caller)
        try:
            async with door.desk.databases.lend() as database:
                found = await settlements.one(database, caller.insurer, identity)
                if found is None or not found.ready or found.operator != operator_of(caller):
                    return refused("not-found")
                document = Document(SETTLEMENT, identity)
                if refusal := await not_signed(door.desk, caller, database, document, invoices=found.rows):
                    return cast("Response[bytes]", refusal)
        except Unavailable:
            return refused("unavailable")
        name = f"settlement-{found.operator}-{caller.insurer}-{found.sequence:06d}.ndjson"
        headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
        return Stream(_pieces(door, identity), media_type=MEDIA_TYPE, headers=headers)

    return read


async def _pieces(door: DeskDoor, identity: UUID) -> AsyncIterator[bytes]:
    async with door.desk.databases.lend() as database:
        async for piece in settlements.pieces(database, identity, "settlement"):
            yield piece
