"""A hub's memory of the parties is as old as one pause, or it is not ready. No clock of the wall is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import date
from typing import Any

import psycopg
import pytest

from rempart.api.state import HubState, Instants
from rempart.application.guard import Caller, Wish, client_in_good_standing, site_in_good_standing
from rempart.application.together import Limits, Together, Unavailable
from rempart.bootstrap.refreshing import REFRESH_SECONDS, STALE_SECONDS, refresh, stale
from rempart.ground.instants import RealClock
from rempart.ground.settings import Settings
from rempart.storage.door import Database as Reader
from support.databases import Database

pytestmark = pytest.mark.postgres
SITE, INSURER, TILL = "992300010", "0000401166", "till"
CALLER = Caller(None, TILL, "site", SITE, "", b"", b"", 0)
WISH = Wish("api", "eligibility", INSURER, "typed", 0)
Step = Callable[[], None]


class Hours:
    """A clock that only `pause` moves: before each reading the next step happens, after the last one it is over."""

    def __init__(self, *steps: Step) -> None:
        self.now, self.steps = 0.0, list(steps)
        self.paused: list[float] = []

    async def pause(self, seconds: float) -> None:
        self.paused.append(seconds)
        self.now += seconds
        if not self.steps:
            raise asyncio.CancelledError
        self.steps.pop(0)()

    def clock(self) -> float:
        return self.now


def sql(database: Database, statement: str, *values: object) -> None:
    with closing(psycopg.connect(database.url("admin"), autocommit=True)) as admin:
        admin.execute(statement.encode(), values)


@pytest.fixture
def known(postgres: Database) -> Database:
    """One site with its till, and an insurer."""
    sql(postgres, "insert into rempart.site (site, profession, operator, since) values (%s, 'nurse', 'op', 0)", SITE)
    sql(postgres, "insert into rempart.client (client, kind, own_site, registered) values (%s, 'site', %s, 0)", TILL,
        SITE)  # fmt: skip
    sql(postgres, "insert into rempart.insurer (insurer, name, operator, member_rule, since) "
        "values (%s, 'X', 'op', '{}', 0)", INSURER)  # fmt: skip
    return postgres


def run(state: HubState, hours: Hours, reader: Any) -> None:
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(_until_over(refresh(state, reader, pause=hours.pause, clock=hours.clock), reader))


async def _until_over(reading: Awaitable[None], reader: Any) -> None:
    try:
        await reading
    finally:
        await reader.close()


def hub() -> HubState:
    return HubState(Settings(), Instants(RealClock()), Together((), Limits()))


def test_what_changed_counts_after_the_next_pause_for_everyone_who_waits_on_it(known: Database) -> None:
    """Standings and a contract: what the guard and the contracts say is what the last look found."""
    state, seen = hub(), list[tuple[str, str, str]]()

    def look() -> tuple[str, str, str]:
        snapshot, contracts = state.facts.snapshot, state.facts.contracts
        place = snapshot.sites.get(SITE)
        return (
            client_in_good_standing(snapshot, CALLER, WISH), site_in_good_standing(snapshot, CALLER, WISH),
            contracts.refusal(place, INSURER, date(2026, 11, 23)) if place is not None else "unread",
        )  # fmt: skip

    def then(statement: str, *values: object) -> Step:
        def step() -> None:
            seen.append(look())
            if statement:
                sql(known, statement, *values)

        return step

    hours = Hours(
        then(""),
        then("update rempart.site set standing = 'suspended' where site = %s", SITE),
        then("update rempart.client set standing = 'suspended' where client = %s", TILL),
        then("insert into rempart.insurer_contract (operator, insurer, starts, said_by, noted) "
             "values ('azur', %s, '2026-01-01', 'anne', 0)", INSURER),
        then("update rempart.site set standing = 'good' where site = %s", SITE), then(""),
    )  # fmt: skip
    run(state, hours, Reader(known.url("hub"), timeout=60))
    assert set(hours.paused) == {REFRESH_SECONDS}
    suspended = ("client-standing", "site-standing")
    assert seen == [
        ("client-standing", "site-standing", "unread"), ("", "", ""), ("", "site-standing", ""), (*suspended, ""),
        (*suspended, "handled-elsewhere"), ("client-standing", "", "handled-elsewhere"),
    ]  # fmt: skip


def test_a_lost_connection_ends_no_looking(known: Database) -> None:
    """The server ends it in the middle: the next look has a new one, and what changed meanwhile is read."""
    state, reader, old = hub(), Reader(known.url("hub"), timeout=60), []

    def ends() -> None:
        sql(known, "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and datname = current_database()")  # fmt: skip
        sql(known, "update rempart.site set standing = 'suspended' where site = %s", SITE)

    run(state, Hours(lambda: None, ends, lambda: old.append(state.read_at), lambda: None), reader)
    assert state.facts.snapshot.sites[SITE].standing == "suspended"
    assert old == [REFRESH_SECONDS], "the look in the middle failed, and nothing pretends otherwise"
    assert state.read_at == 4 * REFRESH_SECONDS


def test_a_hub_whose_database_is_silent_says_so_within_a_bound(known: Database) -> None:
    """While every look fails the memory ages, and once it is too old the hub is not ready; one good look ends that."""
    state, reader, ages = hub(), Reader(known.url("hub"), timeout=60), []
    away = int(STALE_SECONDS / REFRESH_SECONDS) + 1

    class Away:
        left = away

        async def connection(self) -> Any:
            if self.left:
                self.left -= 1
                raise Unavailable("database")
            return await reader.connection()

        async def close(self) -> None:
            await reader.close()

    hours = Hours(*[lambda: ages.append(stale(state, clock=hours.clock))] * (away + 2))
    run(state, hours, Away())
    assert ages == [False] * (away - 1) + [True] * 2 + [False]
