"""The waiting room in PostgreSQL: left once, at most 20, only while that closing lasts; ended once, with its notice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, TypeVar
from uuid import UUID, uuid4

import psycopg
import pytest

from rempart.domain.compartments import Closure
from rempart.domain.identifiers import Fault
from rempart.domain.waiting_room import MOST_LEFT, room_of
from rempart.domain.waves import MINUTE, Plan, Window
from rempart.storage import facts, waves
from rempart.storage import waiting_room as stored
from rempart.storage.compartments import Shutting, open_again, shut
from rempart.storage.door import Database as Connection
from rempart.storage.waiting_room import Ended, Inbox, Kept, Leaving
from support.databases import Database

T = TypeVar("T")
pytestmark = pytest.mark.postgres
ANNE, BRUNO = "a000000000000001", "a000000000000002"
SITE = "752300010"
NOW, DAY = 1_900_000_000_000_000, date(2030, 3, 17)
CLOSED = Closure("portal:horizon", "closed", "attack", NOW)
ROOM = room_of(CLOSED)


@pytest.fixture
def closed(postgres: Database) -> Database:
    """Two accounts before a portal that closed at NOW."""
    with psycopg.connect(postgres.url("admin"), autocommit=True) as connection:
        for account in (ANNE, BRUNO):
            connection.execute(
                "insert into rempart.client (client, kind, vendor, registered) "
                "values (%s, 'account', 'portal:horizon', 0)", (account,),
            )  # fmt: skip
            connection.execute(
                "insert into rempart.account (account, operator, role, invited) "
                "values (%s, 'horizon', 'professional', 0)", (account,),
            )  # fmt: skip
    with psycopg.connect(postgres.url("worker"), autocommit=True) as connection:
        assert shut(connection, Shutting("portal:horizon", "closed", "attack", "anne"), NOW) is None
    at(postgres, "hub", lambda hub: stored.opened(hub, CLOSED, NOW))
    return postgres


def at(database: Database, role: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    """One connection of that role."""

    async def run() -> T:
        connection = Connection(database.url(role))
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def left(number: int, client: str = ANNE, mark: UUID | None = None, room: str = ROOM) -> Leaving:
    return Leaving(f"R{number:09d}", room, client, SITE, "invoice", mark or uuid4(), b"sealed", NOW + number)


def reopened(database: Database) -> None:
    with psycopg.connect(database.url("worker"), autocommit=True) as connection:
        for officer in ("anne", "bruno"):
            assert not isinstance(open_again(connection, "portal:horizon", officer, NOW + 999), Fault)


def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.url("admin")) as connection:
        return connection.execute(statement.encode()).fetchall()


def test_twenty_of_an_account_wait_and_not_one_more(closed: Database) -> None:
    """Also when all come at once; another account has its own twenty."""

    async def crowd(_: Connection) -> list[Kept | str]:
        hubs = [Connection(closed.url("hub")) for _ in range(4)]
        try:

            async def one(hub: Connection, first: int) -> list[Kept | str]:
                return [await stored.leave(hub, left(first + step)) for step in range(8)]

            told = await asyncio.gather(*(one(hub, 100 * place) for place, hub in enumerate(hubs)))
            return [each for part in told for each in part]
        finally:
            for hub in hubs:
                await hub.close()

    told = at(closed, "hub", crowd)
    assert sum(isinstance(each, Kept) for each in told) == MOST_LEFT
    assert {each for each in told if isinstance(each, str)} == {"waiting-room-full"}
    assert at(closed, "hub", lambda hub: stored.leave(hub, left(900, BRUNO))) == Kept("R000000900", NOW + 900, 1)


def test_sent_twice_it_is_left_once(closed: Database) -> None:
    """The page's mark gives the first receipt again."""
    mark = uuid4()
    first = at(closed, "hub", lambda hub: stored.leave(hub, left(1, mark=mark)))
    assert (
        first == at(closed, "hub", lambda hub: stored.leave(hub, left(2, mark=mark))) == Kept("R000000001", NOW + 1, 1)
    )


def test_nothing_is_left_once_it_opened_nor_in_another_closing(closed: Database) -> None:
    """The room ends with its closing, in the same instant; a program's client has none."""
    assert at(closed, "hub", lambda hub: stored.leave(hub, left(1, room="portal:horizon@1"))) == "not-closed"
    assert at(closed, "hub", lambda hub: stored.leave(hub, left(1, "nobody"))) == "purpose"
    reopened(closed)
    assert at(closed, "hub", lambda hub: stored.leave(hub, left(2))) == "not-closed"


def test_the_hub_never_reads_what_was_sealed(closed: Database) -> None:
    """Not by its own grants, whatever statement it makes."""
    with psycopg.connect(closed.url("hub")) as hub, pytest.raises(psycopg.errors.InsufficientPrivilege):
        hub.execute("select sealed from rempart.waiting_entry")


def test_an_entry_ends_once_with_its_deposit_and_its_notice(closed: Database) -> None:
    """Nothing is replayed before the opening; then in order, and a worker that comes second finds it ended."""
    for number in (1, 2, 3):
        at(closed, "hub", lambda hub, number=number: stored.leave(hub, left(number)))
    assert at(closed, "worker", stored.open_rooms) == []
    reopened(closed)
    assert at(closed, "worker", stored.open_rooms) == [ROOM]
    entries = at(closed, "worker", lambda worker: stored.waiting(worker, [ROOM], 0))
    assert [each.receipt for each in entries] == ["R000000001", "R000000002", "R000000003"]
    assert (entries[0].operator, entries[0].role) == ("horizon", "professional")
    inbound = bytes(12) + (0).to_bytes(4, "big")
    how = Ended(UUID(bytes=bytes(15) + b"\1"), NOW + 2000, DAY)
    ends = [
        at(closed, "worker", lambda worker: stored.end(worker, entries[0], how, Inbox(inbound, b"chunk", 5, b"g" * 16)))
        for _ in range(2)
    ]
    assert ends == [True, False]
    refused = Ended(None, NOW + 2001, DAY, "site-budget")
    assert at(closed, "worker", lambda worker: stored.end(worker, entries[1], refused))
    assert rows(closed, "select count(*) from rempart.inbound") == [(1,)]
    assert rows(closed, "select kind from rempart.site_notice order by notice") == [
        ("waiting-room-sent",), ("waiting-room-refused",),
    ]  # fmt: skip
    states = "select state, reason, sealed is null from rempart.waiting_entry order by entry"
    assert rows(closed, states) == [("sent", "", True), ("refused", "site-budget", True), ("waiting", "", False)]


def test_a_room_is_forgotten_once_it_is_empty_and_over(closed: Database) -> None:
    """Not while it lasts, not while something waits."""
    assert at(closed, "worker", stored.empty_rooms) == []
    at(closed, "hub", lambda hub: stored.leave(hub, left(1)))
    reopened(closed)
    assert at(closed, "worker", stored.empty_rooms) == []
    (entry,) = at(closed, "worker", lambda worker: stored.waiting(worker, [ROOM], 0))
    at(closed, "worker", lambda worker: stored.end(worker, entry, Ended(None, NOW + 9, DAY, "no-mandate")))
    assert at(closed, "worker", stored.empty_rooms) == [ROOM]
    at(closed, "worker", lambda worker: stored.forgotten(worker, ROOM, NOW + 10))
    assert at(closed, "worker", stored.empty_rooms) == []


def test_the_newest_plan_of_waves_counts_and_none_is_edited(closed: Database) -> None:
    """Hubs read it with everything else; one without windows ends it."""
    windows = (Window(NOW + MINUTE, 10, 40), Window(NOW + 20 * MINUTE, 10, 60))
    with psycopg.connect(closed.url("worker"), autocommit=True) as worker:
        assert waves.drawn(worker, "horizon") == NOW
        plan = Plan("horizon", NOW, windows)
        assert waves.write(worker, plan, "anne", NOW) is None
        assert waves.write(worker, Plan("horizon", NOW, windows[:1]), "anne", NOW) == Fault(
            "windows", "shares-not-whole"
        )
        assert waves.write(worker, plan, " ", NOW) == Fault("officer", "officer-missing")
        assert waves.write(worker, plan, "anne", NOW + 60 * MINUTE) == Fault("windows", "windows-past")
        assert waves.plans(worker) == (plan,)

        async def read(hub: Connection) -> Any:
            return (await facts.read(await hub.connection())).snapshot.waves

        assert at(closed, "hub", read) == {"horizon": plan}
        assert waves.write(worker, Plan("horizon", NOW, ()), "bruno", NOW) is None
        assert waves.plans(worker)[0].ends == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.execute("delete from rempart.wave_window")
