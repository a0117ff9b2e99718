"""`/v1/waiting-room`: what is closed for a signed-in person, what helps meanwhile, and what is left for the reopening.

The hub keeps what the page sealed and cannot read it: the keeper seals it once more with the authority of who left it.
"""

from __future__ import annotations

import secrets
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

from rempart.api import closures
from rempart.api.deposits import Keeper
from rempart.api.invoice_routes import CONFLICT, InvoiceDesk
from rempart.api.routes import REFUSALS, raw, refused
from rempart.api.sign_in_routes import read_body
from rempart.application.guard import Caller, SiteFacts
from rempart.application.together import Unavailable
from rempart.domain.compartments import Closure, Within
from rempart.domain.parties import ACCOUNT
from rempart.domain.waiting_room import KINDS, MOST_LEFT, alternatives, closed_for, receipt, room_of
from rempart.ground.instants import iso
from rempart.sealing.frames import DepositItem
from rempart.sealing.waiting_frames import WaitingKeyItem
from rempart.sealing.waiting_jwe import parse
from rempart.storage import waiting_room as stored
from rempart.storage.door import Database
from rempart.wire.problem import FieldError
from rempart.wire.waiting_room import (
    BODY_MOST,
    Alternative,
    LeaveReceipt,
    LeaveRequest,
    LeftState,
    OpenRoom,
    WaitingRoom,
)

Asked = Request[Any, Any, Any]
DOCUMENTS_MOST: Final = 64
SESSION_OVER: Final = frozenset({"grant-expired", "grant-revoked", "no-grant"})


class WaitingDesk:
    """The routes' common part. A room's key never changes, so its document is asked for once."""

    def __init__(self, desk: InvoiceDesk, keeper: Keeper) -> None:
        self.desk = desk
        self.keeper = keeper
        self._documents: dict[str, str] = {}

    async def caller(self, request: Asked, instant: int) -> Caller | Response[Any]:
        """A person at a site."""
        found = await self.desk.caller(request, instant)
        if isinstance(found, Caller) and (found.kind != ACCOUNT or not found.site):
            return refused("purpose")
        return found

    def closed(self, caller: Caller, kind: str) -> Closure | None:
        """In whose room something of this kind waits now."""
        snapshot = self.desk.state.facts.snapshot
        return closed_for(snapshot.closures, _within(snapshot.sites.get(caller.site), caller, kind))

    def profession(self, caller: Caller) -> str:
        """Of the caller's site."""
        place = self.desk.state.facts.snapshot.sites.get(caller.site)
        return place.profession if place is not None else ""

    async def room(self, database: Database, kind: str, closure: Closure, instant: int) -> OpenRoom:
        """The room with its key, made when it is the first. Raises `Unavailable`."""
        name = room_of(closure)
        if name not in self._documents:
            await stored.opened(database, closure, instant)
            (result,) = await self.keeper.call("waiting_key", [WaitingKeyItem(name)])
            if result.refusal:
                raise Unavailable(result.refusal)
            if len(self._documents) >= DOCUMENTS_MOST:
                self._documents.clear()
            self._documents[name] = result.document.decode()
        return OpenRoom(kind, name, self._documents[name])  # type: ignore[arg-type]  # one of KINDS

    async def seal(self, caller: Caller, asked: LeaveRequest) -> bytes | str:
        """The deposit around the page's JWE, or a refusal. Raises `Unavailable`."""
        item = DepositItem(caller.grant, asked.sealed.encode(), f"waiting-{asked.kind}")
        (result,) = await self.keeper.call("deposit", [item])
        if result.refusal in SESSION_OVER:
            return "token"
        if result.refusal == "purpose-not-granted":
            return "purpose"
        if result.refusal:
            raise Unavailable(result.refusal)
        sealed: bytes = result.sealed
        return sealed


def waiting_room_routes(desk: WaitingDesk) -> list[HTTPRouteHandler]:
    """The two handlers."""
    return [_read(desk), _leave(desk)]


def _read(desk: WaitingDesk) -> HTTPRouteHandler:
    @get("/v1/waiting-room", tags=["waiting-room"], operation_id="ReadWaitingRoom", responses=REFUSALS)
    async def read(request: Asked) -> Response[WaitingRoom]:
        instant = desk.desk.state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        shut = {kind: found for kind in KINDS if (found := desk.closed(caller, kind)) is not None}
        try:
            async with desk.desk.databases.lend() as database:
                rooms = [await desk.room(database, kind, closure, instant) for kind, closure in shut.items()]
                left, waiting = await stored.of_account(database, caller.client, caller.site)
        except Unavailable:
            return refused("unavailable")
        closure = next(iter(shut.values()), None)
        said = alternatives(closure, desk.profession(caller)) if closure is not None else ()
        told = WaitingRoom(
            closures.told(closure, instant) if closure is not None else None,
            tuple(Alternative(each.french, each.english) for each in said), tuple(rooms),
            tuple(_state(row) for row in left), waiting, MOST_LEFT,
        )  # fmt: skip
        return raw(200, msgspec.json.encode(told))

    return read


def _leave(desk: WaitingDesk) -> HTTPRouteHandler:
    @post(
        "/v1/waiting-room", status_code=201, tags=["waiting-room"], operation_id="LeaveInWaitingRoom",
        responses=REFUSALS | CONFLICT, request_max_body_size=BODY_MOST,
    )  # fmt: skip
    async def leave(request: Asked) -> Response[LeaveReceipt]:
        instant = desk.desk.state.instants.next()
        caller = await desk.caller(request, instant)
        if isinstance(caller, Response):
            return caller
        asked = read_body(LeaveRequest, await request.body())
        if isinstance(asked, Response):
            return asked
        closure, mark = desk.closed(caller, asked.kind), _uuid(asked.mark)
        wrong = [name for name, good in (("mark", mark), ("sealed", parse(asked.sealed))) if good is None]
        if wrong or mark is None:
            return refused("invalid-fields", tuple(FieldError(name, "wrong-shape") for name in wrong))
        if closure is None or room_of(closure) != asked.room:
            return refused("not-closed")
        try:
            sealed = await desk.seal(caller, asked)
            if isinstance(sealed, str):
                return refused(sealed)
            left = stored.Leaving(
                receipt(secrets.token_bytes(10)), asked.room, caller.client, caller.site, asked.kind, mark, sealed,
                instant,
            )  # fmt: skip
            async with desk.desk.databases.lend() as database:
                kept = await stored.leave(database, left)
        except Unavailable:
            return refused("unavailable")
        if isinstance(kept, str):
            return refused(kept)
        told = LeaveReceipt(kept.receipt, iso(kept.received), kept.waiting, MOST_LEFT)
        return raw(201, msgspec.json.encode(told))

    return leave


def _within(site: SiteFacts | None, caller: Caller, kind: str) -> Within:
    """Where a person's request of that kind belongs, before any card is known."""
    portal = caller.vendor.removeprefix("portal:")
    if site is None:
        return Within("portal", portal, purpose=kind)
    return Within("portal", portal, (site.operator,), "", site.profession, site.region, kind)


def _state(row: stored.LeftRow) -> LeftState:
    return LeftState(
        row.receipt, row.kind, iso(row.received), row.state, row.reason,  # type: ignore[arg-type]  # the table's check
        str(row.subject) if row.subject is not None else "", iso(row.ended) if row.ended is not None else "",
    )  # fmt: skip


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
