"""The replay of waiting rooms in the worker: what was left is opened by the keeper and sent as if it came now.

One worker does it, by a lock; entries go in their order. An invoice becomes an ordinary deposit in the commit that ends
its entry. A request for an authorization is asked under the receipt as its Idempotency-Key: asked again after a crash,
it gets the first one's answer. Whoever may not any more, or what cannot be right, is refused and the site is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
import structlog

from rempart.api.authorizations import Requests
from rempart.api.deposits import new_inbound
from rempart.api.state import HubState, Instants
from rempart.application.guard import AUTHORIZATION, INVOICE, Caller, Wish, admit
from rempart.application.together import Limits, Together, Unavailable
from rempart.application.tokens import grant_id_of
from rempart.bootstrap.keeper_port import KeeperCounters, KeeperPort
from rempart.domain import waiting_room as domain
from rempart.domain.parties import ACCOUNT
from rempart.formats import invoice_json
from rempart.ground.instants import MICROSECONDS, PARIS, Clock, civil_date
from rempart.ground.settings import Settings
from rempart.sealing.waiting_frames import ForgetWaitingItem, OpenWaitingItem
from rempart.storage import compartment_notices, facts
from rempart.storage import waiting_room as stored
from rempart.storage.door import LOST, UNABLE, Database, Databases
from rempart.storage.facts import Facts
from rempart.storage.waiting_room import Ended, Entry, Inbox

log = structlog.get_logger()
PAUSE = 1.0  # seconds between two looks at what was reopened
OURS = frozenset({"clock-apart", "busy", "unavailable"})
"""Refusals that are about our machines: the entry stays and is taken up again."""
CLOSED = frozenset({"compartment", "compartment-restricted"})
LIFE = 600 * MICROSECONDS  # of a caller made for one entry: the keeper's authority lives longer


@dataclass(slots=True)
class Replaying:
    """Runs until cancelled. `known` gives the worker's last reading of the parties."""

    settings: Settings
    database_url: str
    clock: Clock
    known: Callable[[], Facts]
    state: HubState = field(init=False)

    def __post_init__(self) -> None:
        self.state = HubState(self.settings, Instants(self.clock), Together((), Limits()))

    async def run(self) -> None:
        """Looks every second; what fails is tried again."""
        keeper = KeeperPort(self.settings.paths.keeper_socket("box"))
        database, lent = Database(self.database_url), Databases(self.database_url, 1)
        try:
            while True:
                try:
                    if await stored.alone(database):
                        await self.round(keeper, database, lent)
                        await self._tell(database)
                except Unavailable:
                    log.warning("waiting-room-not-replayed")
                await asyncio.sleep(PAUSE)
        finally:
            await keeper.close()
            await database.close()
            await lent.close()

    async def _tell(self, database: Database) -> None:
        """Every change of state, to the sites that it concerns."""
        instant = self.clock.now()
        more = True
        while more:
            more = await compartment_notices.tell(database, instant, civil_date(instant, PARIS))

    async def round(self, keeper: KeeperPort, database: Database, lent: Databases) -> int:
        """Everything that waits in rooms whose compartment opened; how many entries ended. Raises `Unavailable`."""
        rooms = await stored.open_rooms(database)
        if rooms:
            self.state.facts = await self._current(database)
        requests = Requests(self.state, keeper, lent, KeeperCounters(keeper))
        replay = _Replay(self.state, keeper, database, requests)
        count, after = 0, 0
        while rooms and (entries := await stored.waiting(database, rooms, after)):
            for entry in entries:
                count += await replay.one(entry)
            after = entries[-1].entry
        for room in await stored.empty_rooms(database):
            await keeper.call("forget_waiting", [ForgetWaitingItem(room)])
            await stored.forgotten(database, room, self.clock.now())
        if count:
            log.info("waiting-room-replayed", count=count)
        return count

    async def _current(self, database: Database) -> Facts:
        """The parties as they are now: a refusal is final, and the worker may be busy since its last reading."""
        known, connection = self.known(), await database.connection()
        try:
            return known if await facts.version(connection) == known.version else await facts.read(connection)
        except (*LOST, *UNABLE) as error:
            raise Unavailable("database") from error


@dataclass(frozen=True, slots=True)
class _Replay:
    state: HubState
    keeper: KeeperPort
    database: Database
    requests: Requests

    async def one(self, entry: Entry) -> bool:
        """Whether it ended; what another closure still holds stays."""
        instant = self.state.instants.next()
        (opened,) = await self.keeper.call(
            "open_waiting", [OpenWaitingItem(entry.sealed, entry.room, entry.kind, instant)]
        )
        if opened.refusal in OURS:
            raise Unavailable(opened.refusal)
        if opened.refusal:
            return await self._refused(entry, opened.refusal, instant)
        caller = Caller(
            None, opened.client, ACCOUNT, opened.site, f"portal:{entry.operator}", opened.authority,
            grant_id_of(opened.authority), instant + LIFE, entry.role, opened.probation, watched=opened.watched,
        )  # fmt: skip
        purpose = INVOICE if entry.kind == domain.INVOICE else AUTHORIZATION
        refusal = admit(self.state.facts.snapshot, caller, Wish("api", purpose, "", "typed", instant))
        if refusal in CLOSED:
            return False
        if refusal:
            return await self._refused(entry, refusal, instant)
        if purpose == INVOICE:
            return await self._invoice(entry, opened, caller, instant)
        return await self._authorization(entry, opened, caller, instant)

    async def _invoice(self, entry: Entry, opened: Any, caller: Caller, instant: int) -> bool:
        """Shape first, as at the hub's door; then it is a deposit like any other."""
        found = invoice_json.read(opened.content, caller.site)
        if not isinstance(found, tuple) or not all(isinstance(one, invoice_json.Taken) for one in found):
            return await self._refused(entry, "invalid-fields", instant)
        inbound = new_inbound(instant)
        first = UUID(bytes=inbound[:12] + (1).to_bytes(4, "big"))
        inbox = Inbox(inbound, opened.deposit, len(opened.content), caller.grant_id)
        return await stored.end(self.database, entry, Ended(first, instant, civil_date(instant, PARIS)), inbox)

    async def _authorization(self, entry: Entry, opened: Any, caller: Caller, instant: int) -> bool:
        reply = await self.requests.take(caller, opened.content, f"waiting-room:{entry.receipt}")
        told = msgspec.json.decode(reply.body)
        if reply.status != 201:
            code = str(told["code"])
            if code in OURS:
                raise Unavailable(code)
            return False if code in CLOSED else await self._refused(entry, code, instant)
        how = Ended(UUID(told["authorization"]), instant, civil_date(instant, PARIS))
        return await stored.end(self.database, entry, how)

    async def _refused(self, entry: Entry, reason: str, instant: int) -> bool:
        how = Ended(None, instant, civil_date(instant, PARIS), reason)
        return await stored.end(self.database, entry, how)
