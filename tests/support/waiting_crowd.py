"""People before a closed portal who leave invoices and requests, and what must be true once all of it was replayed.

Whoever dies meanwhile: they send again what got no answer, under the same mark.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from uuid import uuid4

import msgspec
import psycopg

from rempart.bench.world import OPERATOR
from rempart.bootstrap.registering import registrar
from rempart.client import calls
from rempart.client.doors import Doors, NoAnswerError, SignedIn
from rempart.ground.instants import now
from rempart.sealing.keeper_keys import Pinned, pinned
from rempart.sealing.ringing import Nothing
from rempart.sealing.waiting_jwe import Left, WaitingKey, seal, verified
from rempart.simulation.authorizations import QUOTES, presented, request_for
from rempart.storage.compartments import Shutting, open_again, shut
from rempart.wire.waiting_room import LeaveReceipt, LeaveRequest, WaitingRoom
from support import signing_in as people
from support.houses import Town, request_of

PORTAL = f"portal:{OPERATOR}"
SECONDS = 60.0  # for anything that is waited for
EACH = (("invoice", 12), ("authorization", 2), ("broken", 1))  # of one person: 15, the room takes 20
ENDED = "select count(*) from rempart.waiting_entry where state <> 'waiting'"
DISORDER = """
select count(*) from rempart.waiting_entry a join rempart.waiting_entry b on a.client = b.client and a.entry < b.entry
where a.state = 'waiting' or a.ended >= b.ended
"""
DEPOSITS = """
select i.received from rempart.waiting_entry e left join rempart.invoice i on i.invoice = e.subject
where e.client = %s and e.kind = 'invoice' and e.state = 'sent' order by e.entry
"""


@dataclass
class Crowd:
    """Two people of the first site. `receipts` of all that they left, `owed` the sound invoices: number → cents."""

    town: Town
    receipts: list[str] = field(default_factory=list)
    owed: dict[str, int] = field(default_factory=dict)
    clients: list[str] = field(default_factory=list)

    def leave(self, progress: Callable[[], None]) -> None:
        """Closes the portal; everybody leaves 15. `progress` after each."""
        asyncio.run(self._leave(progress))

    def reopened(self, points: Sequence[int], strike: Callable[[int], None]) -> None:
        """Two officers open; `strike(point)` as soon as so many entries have ended; until none waits."""
        self._turn(still=False)
        left, end = list(points), time.monotonic() + SECONDS
        while (ended := self._count()) < len(self.receipts):
            if left and ended >= left[0]:
                strike(left.pop(0))
                end = time.monotonic() + SECONDS
            assert time.monotonic() < end, "what was left is never replayed"
            time.sleep(0.002)
        for point in left:
            strike(point)

    def sent_once(self) -> None:
        """Each entry ended once, in its person's order; what came of it exists once; the invoices are as billed."""
        made = self.town
        assert len(set(self.receipts)) == len(self.receipts) == 2 * sum(many for _, many in EACH)
        states = "select kind, state, reason, count(*) from rempart.waiting_entry group by 1, 2, 3 order by 1, 2"
        told = made.sql(states)
        assert told == [
            ("authorization", "sent", "", 4), ("invoice", "refused", "invalid-fields", 2), ("invoice", "sent", "", 24)
        ], told  # fmt: skip
        assert made.one(DISORDER) == 0
        for client in self.clients:
            for table, many in (("inbound", 12), ("invoice", 12), ("authorization_request", 2)):
                assert made.one(f"select count(*) from rempart.{table} where client = %s", client) == many, table  # noqa: S608 - three names
            received = [row[0] for row in made.sql(DEPOSITS, client)]
            assert received == sorted(received)
        found = made.sql("select number, state, amc from rempart.invoice where client = any(%s)", self.clients)
        assert sorted(found) == sorted((number, "accepted", amc) for number, amc in self.owed.items())
        notices = "select kind, count(*) from rempart.site_notice where kind like %s group by 1 order by 1"
        assert made.sql(notices, "waiting-room%") == [("waiting-room-refused", 2), ("waiting-room-sent", 28)]

    async def _leave(self, progress: Callable[[], None]) -> None:
        house = self.town.house
        account = await asyncio.to_thread(people.registered, house, OPERATOR)
        doors = Doors(account)
        try:
            sessions = [await (await people.person_at(house, self.town.country, doors)).session() for _ in range(2)]
            self.clients = [session.account for session in sessions]
            await asyncio.to_thread(self._turn, still=True)
            asks = [await self._asks(doors, session, place) for place, session in enumerate(sessions)]
            for both in zip(*asks, strict=True):
                for session, ask in zip(sessions, both, strict=True):
                    self.receipts.append(await _left(doors, session, ask))
                    progress()
        finally:
            await doors.close()

    async def _asks(self, doors: Doors, session: SignedIn, place: int) -> list[LeaveRequest]:
        """What one person leaves, sealed as the page does it."""
        room = await _room(doors, session)
        key = verified(room.rooms[0].key.encode(), room.rooms[0].room, await asyncio.to_thread(self._log_key))
        assert isinstance(key, WaitingKey)
        asks = []
        for kind, body in self._requests(place):
            jwe = seal(Left(session.account, session.site, kind, msgspec.Raw(body)), key)  # type: ignore[arg-type]  # one of two words
            asks.append(LeaveRequest(kind, room.rooms[0].room, str(uuid4()), jwe))  # type: ignore[arg-type]  # one of two words
        return asks

    def _requests(self, place: int) -> list[tuple[str, bytes]]:
        country, many = self.town.country, dict(EACH)
        site = country.site(0).number
        day = country.day - timedelta(days=1)  # which nobody lived
        fresh = (bill for bill in self.town.bills(day) if bill.invoice.site == site)
        made: list[tuple[str, bytes]] = []
        for number, bill in enumerate(islice(fresh, place * many["invoice"], (place + 1) * many["invoice"])):
            request = request_of(bill, f"{7_000_000 + 1_000 * place + number:09d}")
            self.owed[request.number] = bill.amc
            made.append(("invoice", msgspec.json.encode(request)))
        for number in range(many["authorization"]):
            shown = presented(country, country.person(4 * place + number))
            quote = request_for(shown, country.day, QUOTES["optician"])
            typed = msgspec.structs.replace(quote, evidence="typed")
            made.insert(3 + 5 * number, ("authorization", msgspec.json.encode(typed)))
        made.insert(6, ("invoice", made[0][1].replace(b'"issued":"', b'"issued":"soon ')))
        return made

    def _log_key(self) -> Pinned | None:
        with registrar(self.town.house.settings) as registering:
            return pinned(registering.ring.call("health", [Nothing()])[0].verifier_key)

    def _turn(self, *, still: bool) -> None:
        """One officer closes, two open."""
        with psycopg.connect(self.town.house.database.url("worker"), autocommit=True) as connection:
            if still:
                assert shut(connection, Shutting(PORTAL, "closed", "attack", "anne"), now()) is None
                return
            for officer in ("anne", "bruno"):
                open_again(connection, PORTAL, officer, now())

    def _count(self) -> int:
        """How many ended; none is known while the database is away."""
        try:
            return int(self.town.one(ENDED))
        except psycopg.OperationalError:
            return 0


async def _left(doors: Doors, session: SignedIn, ask: LeaveRequest) -> str:
    """The receipt; asked again, under the same mark, while nothing answers."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            found = await doors.perform(session, calls.leave(ask))
        except NoAnswerError:
            found = None
        if isinstance(found, LeaveReceipt):
            return found.receipt
        assert found is None or found.status == 503, found
        assert time.monotonic() < end, found
        await asyncio.sleep(0.1)


async def _room(doors: Doors, session: SignedIn) -> WaitingRoom:
    """What the person is told once the hub has seen the closing."""
    end = time.monotonic() + SECONDS
    while True:
        told = await doors.perform(session, calls.waiting_room())
        if isinstance(told, WaitingRoom) and len(told.rooms) == 2:
            return told
        assert time.monotonic() < end, told
        await asyncio.sleep(0.1)
