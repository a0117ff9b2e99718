"""Before a closed portal: what is told, what is left, and its replay at the reopening, through real hub and keeper."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import uuid4

import msgspec
import psycopg
import pytest

from rempart.bench.world import OPERATOR
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.bootstrap.registering import registrar
from rempart.bootstrap.waiting_room import Replaying
from rempart.client import calls
from rempart.client.doors import Doors, PortalAccount, SignedIn
from rempart.domain.waves import MINUTE, Plan, Window
from rempart.ground.instants import MICROSECONDS, RealClock, now
from rempart.sealing.keeper_keys import pinned
from rempart.sealing.ringing import Nothing
from rempart.sealing.waiting_jwe import Left, WaitingKey, seal, verified
from rempart.storage import waiting_room as stored
from rempart.storage import waves
from rempart.storage.compartments import Shutting, open_again, shut
from rempart.storage.door import Database, Databases
from rempart.storage.facts import Facts
from rempart.wire.invoices import InvoicesRequest
from rempart.wire.problem import Problem
from rempart.wire.waiting_room import LeaveReceipt, LeaveRequest, WaitingRoom
from support import signing_in as people
from support.hub_world import HubWorld
from support.signing_in import at

T = TypeVar("T")
pytestmark = pytest.mark.postgres
PORTAL = f"portal:{OPERATOR}"
INVOICE = (
    b'{"number":"000000041","issued":"2026-03-02","amc_number":"0099000137","member":"12345678",'
    b'"birth_date":"1985-04-12","lines":[{"care_date":"2026-03-02","code":"PH7","family":"pharmacy","base":1340,'
    b'"rate":65,"amo":871,"spent":1340,"amc":469}]}'
)


@pytest.fixture(scope="module")
def portal(hub_world: HubWorld) -> PortalAccount:
    return people.registered(hub_world.house, OPERATOR)


def database(world: HubWorld, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(world.house.database.url("admin"), autocommit=True) as connection:
        done = connection.execute(statement.encode(), values or None)
        return done.fetchall() if done.description else []


def closed(world: HubWorld, *, still: bool) -> None:
    """One officer closes, two open."""
    with psycopg.connect(world.house.database.url("worker"), autocommit=True) as connection:
        if still:
            assert shut(connection, Shutting(PORTAL, "closed", "attack", "anne"), now()) is None
        else:
            for officer in ("anne", "bruno"):
                open_again(connection, PORTAL, officer, now())


async def until(doors: Doors, session: SignedIn, *, rooms: int) -> WaitingRoom:
    """What the person is told once the hub has seen the change."""
    for _ in range(600):
        told = await doors.perform(session, calls.waiting_room())
        if isinstance(told, WaitingRoom) and len(told.rooms) == rooms:
            return told
        await asyncio.sleep(0.1)
    raise AssertionError("the hub did not see it")


def sealed(told: WaitingRoom, session: SignedIn, kind: str, request: bytes, key: Any) -> LeaveRequest:
    """As the page does it."""
    room = next(each for each in told.rooms if each.kind == kind)
    found = verified(room.key.encode(), room.room, key)
    assert isinstance(found, WaitingKey)
    jwe = seal(Left(session.account, session.site, kind, msgspec.Raw(request)), found)  # type: ignore[arg-type]  # a kind
    return LeaveRequest(kind, room.room, str(uuid4()), jwe)  # type: ignore[arg-type]  # a kind


async def replayed(world: HubWorld) -> int:
    """One round of a worker that has just started, and knows no party yet."""
    url = world.house.settings.database.worker_url
    connection, lent = Database(url), Databases(url, 1)
    keeper = KeeperPort(world.house.settings.paths.keeper_socket("box"))
    try:
        return await Replaying(world.house.settings, url, RealClock(), Facts).round(keeper, connection, lent)
    finally:
        await keeper.close()
        for each in (connection, lent):
            await each.close()


def run(portal: PortalAccount, work: Callable[[Doors], Awaitable[T]]) -> T:
    return at(portal, work)


def test_left_while_closed_and_sent_once_at_the_reopening(
    hub_world: HubWorld, portal: PortalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invoice, a request and a broken invoice; a worker that dies between two commits sends nothing twice."""
    with registrar(hub_world.house.settings) as registering:
        log_key = pinned(registering.ring.call("health", [Nothing()])[0].verifier_key)
    quote = msgspec.json.encode(msgspec.structs.replace(hub_world.quote(), evidence="typed"))

    async def leave(doors: Doors) -> tuple[SignedIn, WaitingRoom, list[Any], WaitingRoom]:
        person = await people.person_at(hub_world.house, hub_world.country, doors)
        session = await person.session()
        await until(doors, session, rooms=0)
        closed(hub_world, still=True)
        told = await until(doors, session, rooms=2)
        asks = [
            sealed(told, session, "invoice", INVOICE, log_key), sealed(told, session, "authorization", quote, log_key),
            sealed(told, session, "invoice", INVOICE.replace(b"1985-04-12", b"soon"), log_key),
        ]  # fmt: skip
        said = [await doors.perform(session, calls.leave(each)) for each in (*asks, asks[0])]
        refused = await doors.perform(session, calls.invoices((msgspec.json.decode(
            b'{"invoices":[' + INVOICE + b"]}", type=InvoicesRequest).invoices), "closed-now"))  # fmt: skip
        assert isinstance(refused, Problem)
        assert refused.code == "compartment"
        return session, told, said, await until(doors, session, rooms=2)

    session, told, said, after = run(portal, leave)
    assert told.closure is not None
    assert told.closure.compartment == PORTAL
    assert all(isinstance(each, LeaveReceipt) for each in said), said
    assert said[3].receipt == said[0].receipt
    assert (after.waiting, [each.state for each in after.left]) == (3, ["waiting"] * 3)
    assert asyncio.run(replayed(hub_world)) == 0, "nothing is sent while it is closed"
    closed(hub_world, still=False)

    ends, real = [], stored.end

    async def dies(database: Database, entry: stored.Entry, *how: Any) -> bool:
        ends.append(entry.kind)
        if ends == ["invoice", "authorization"]:
            raise KeyboardInterrupt  # killed after the request was written, before the entry ended
        return await real(database, entry, *how)

    monkeypatch.setattr(stored, "end", dies)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(replayed(hub_world))
    assert asyncio.run(replayed(hub_world)) == 2
    assert asyncio.run(replayed(hub_world)) == 0
    count = "select count(*) from rempart.{} where client = %s"
    assert database(hub_world, count.format("authorization_request"), session.account) == [(1,)]
    assert database(hub_world, count.format("inbound"), session.account) == [(1,)]
    entries = "select kind, state, reason, subject is null, sealed is null from rempart.waiting_entry order by entry"
    assert database(hub_world, entries) == [
        ("invoice", "sent", "", False, True), ("authorization", "sent", "", False, True),
        ("invoice", "refused", "invalid-fields", True, True),
    ]  # fmt: skip
    assert database(hub_world, "select forgotten is null from rempart.waiting_room") == [(False,)]
    kinds = "select kind from rempart.site_notice where site = %s and kind like %s order by notice"
    told_to_site = [row[0] for row in database(hub_world, kinds, session.site, "waiting-room%")]
    assert told_to_site == ["waiting-room-sent", "waiting-room-sent", "waiting-room-refused"]


def test_what_may_not_be_sent_any_more_is_refused_with_the_reason(hub_world: HubWorld, portal: PortalAccount) -> None:
    """A site that was suspended meanwhile, an account that spent its budget: each is told why; the others are sent."""
    with registrar(hub_world.house.settings) as registering:
        log_key = pinned(registering.ring.call("health", [Nothing()])[0].verifier_key)
    strangers = [
        msgspec.json.encode(msgspec.structs.replace(hub_world.quote(number), evidence="typed")) for number in (7, 8)
    ]  # whom nobody asked about today: they cost something

    async def leave(doors: Doors) -> tuple[str, str, str, list[Any]]:
        spender, sound = [await people.person_at(hub_world.house, hub_world.country, doors) for _ in range(2)]
        stranger = await people.person_at(hub_world.house, hub_world.country, doors, site=hub_world.other)
        sessions = [await each.session() for each in (stranger, spender, sound)]
        await until(doors, sessions[0], rooms=0)
        closed(hub_world, still=True)
        said = []
        for session, kind, what in zip(sessions, ("invoice", "authorization", "authorization"),
                                       (INVOICE, *strangers), strict=True):  # fmt: skip
            told = await until(doors, session, rooms=2)
            said.append(await doors.perform(session, calls.leave(sealed(told, session, kind, what, log_key))))
        return stranger.account, spender.account, sound.account, said

    stranger, spender, sound, said = run(portal, leave)
    assert all(isinstance(each, LeaveReceipt) for each in said), said
    today = now() // (86_400 * MICROSECONDS)
    for day in (today, today + 1):  # a replay at midnight UTC counts on the new day
        database(hub_world, "insert into rempart.budget (scope, day, typed) values (%s, %s, 1000000)",
                 f"client:{spender}", day)  # fmt: skip
    hub_world.suspend("site", hub_world.other)
    try:
        closed(hub_world, still=False)
        assert asyncio.run(replayed(hub_world)) == 3
    finally:
        hub_world.suspend("site", hub_world.other, good=True)
    ends = "select client, state, reason from rempart.waiting_entry where client = any(%s) order by entry"
    assert database(hub_world, ends, [stranger, spender, sound]) == [
        (stranger, "refused", "site-standing"), (spender, "refused", "client-budget"), (sound, "sent", ""),
    ]  # fmt: skip
    count = "select count(*) from rempart.{} where client = any(%s)"
    assert database(hub_world, count.format("authorization_request"), [spender, sound]) == [(1,)]
    assert database(hub_world, count.format("inbound"), [stranger]) == [(0,)]
    told = "select count(*) from rempart.site_notice where site = %s and kind = 'waiting-room-refused'"
    assert database(hub_world, told, hub_world.other) == [(1,)]


def test_in_waves_who_comes_early_is_told_when(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Before any keeper: place and hour; without a site the door asks for one; a desk is not held."""
    site, start = hub_world.country.site(0).number, now() + 30 * MINUTE

    def plan(*windows: Window) -> None:
        with psycopg.connect(hub_world.house.database.url("worker"), autocommit=True) as connection:
            assert waves.write(connection, Plan(OPERATOR, 7, windows), "anne", now()) is None

    async def come(doors: Doors) -> tuple[Problem, Problem, object, object, object]:
        person = await people.person_at(hub_world.house, hub_world.country, doors)
        session = await person.session()
        plan(Window(start, 60, 100))
        for _ in range(600):
            early = await doors.challenge("sign-in", site)
            if isinstance(early, Problem):
                break
            await asyncio.sleep(0.1)
        nameless, desk = await doors.challenge("sign-in"), await doors.challenge("sign-in", OPERATOR)
        renewed = await doors.renew(session)
        plan()
        for _ in range(600):
            later = await doors.challenge("sign-in")
            if not isinstance(later, Problem):
                break
            await asyncio.sleep(0.1)
        assert isinstance(early, Problem)
        assert isinstance(nameless, Problem)
        return early, nameless, desk, renewed, later

    early, nameless, desk, renewed, later = run(portal, come)
    assert (early.code, early.status, nameless.code) == ("turn", 503, "turn-site")
    assert early.turn is not None
    assert 1 <= early.turn.place <= early.turn.of
    assert 29 * 60 < early.turn.retry_after < 91 * 60
    assert not isinstance(desk, Problem)
    assert not isinstance(later, Problem)
    assert isinstance(renewed, Problem)
    assert renewed.turn == msgspec.structs.replace(
        early.turn, retry_after=renewed.turn.retry_after if renewed.turn else 0
    )
    assert site
