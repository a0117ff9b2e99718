"""An account that was let back in: its tokens end and its sites are told at once, by hub and command alike."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import psycopg
import pytest

from rempart.application.tokens import TokenFacts, digest_of
from rempart.domain.parties import Account, Client, Mandate, Site
from rempart.ground.instants import MICROSECONDS
from rempart.storage.parties import Registry, StoredTokens, single

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres

NOW = 1_772_445_600 * MICROSECONDS  # 2 March 2026, 10:00 UTC
LATE = NOW + 13 * 3_600 * MICROSECONDS  # 23:00 UTC: the 3rd in Réunion and in Paris
PERSON, OTHER, DESK = "a000000000000one", "a000000000000two", "a00000000000desk"
HERE, ISLAND, PAST, LATER, ELSEWHERE = "751111111", "972222222", "753333333", "754444444", "755555555"
SITES = tuple(
    Site(number, "pharmacy", "horizon", zone="Indian/Reunion" if number == ISLAND else "Europe/Paris", since=NOW)
    for number in (HERE, ISLAND, PAST, LATER, ELSEWHERE)
)
DAY = date(2026, 3, 2)
SESSION = TokenFacts(
    digest_of(b"1"), PERSON, "account", HERE, "portal:horizon", b"grant", b"g" * 16, "jkt:x", LATE + 10, "staff",
    NOW + 5, watched=NOW + 7,
)  # fmt: skip


@pytest.fixture
def settled(postgres: Database) -> Database:
    """A person at two sites today, who worked at a third and will at a fourth; a colleague; an agent's account."""

    async def fill() -> None:
        async with await psycopg.AsyncConnection.connect(postgres.url("owner"), autocommit=True) as connection:
            known = Registry(single(connection))
            await known.add_sites(SITES)
            for account, role in ((PERSON, "staff"), (OTHER, "manager"), (DESK, "agent")):
                await known.add_clients([Client(account, "account", "", "portal:horizon", registered=NOW)])
                await known.add_account(Account(account, "horizon", role, NOW, ""))
            await known.add_mandates([
                Mandate(PERSON, HERE, DAY, date(2026, 12, 31), given=NOW),
                Mandate(PERSON, HERE, date(2026, 1, 1), date(2026, 6, 30), given=NOW),
                Mandate(PERSON, ISLAND, date(2026, 3, 3), date(2026, 3, 4), given=NOW),
                Mandate(PERSON, PAST, date(2025, 1, 1), date(2026, 3, 1), given=NOW),
                Mandate(PERSON, ELSEWHERE, date(2026, 1, 1), date(2026, 12, 31), given=NOW),
                Mandate(PERSON, LATER, date(2026, 3, 10), date(2026, 3, 20), given=NOW),
                Mandate(OTHER, ELSEWHERE, DAY, date(2026, 12, 31), given=NOW),
            ])  # fmt: skip
            await known.end_mandates(PERSON, ELSEWHERE, NOW)

    asyncio.run(fill())
    return postgres


def ended(database: Database, account: str, instant: int, role: str = "hub") -> int:
    async def end() -> int:
        async with await psycopg.AsyncConnection.connect(database.url(role), autocommit=True) as connection:
            return await StoredTokens(single(connection)).end_recovered(account, instant)

    return asyncio.run(end())


def told(database: Database) -> list[tuple[str, str, date]]:
    with psycopg.connect(database.url("admin")) as connection:
        return connection.execute("select site, kind, day from rempart.site_notice order by site, notice").fetchall()


def opened(database: Database, *rows: TokenFacts) -> list[TokenFacts | None]:
    async def use() -> list[TokenFacts | None]:
        async with await psycopg.AsyncConnection.connect(database.url("hub"), autocommit=True) as connection:
            tokens = StoredTokens(single(connection))
            for row in rows:
                await tokens.add(row)
            return [await tokens.read(row.digest, NOW) for row in rows]

    return asyncio.run(use())


def test_sessions_end_and_each_site_of_today_is_told_once(settled: Database) -> None:
    """Two mandates at one site are one notice; a mandate that ended, begins later or is another's is none."""
    theirs = replace(SESSION, digest=digest_of(b"2"), client=OTHER)
    assert opened(settled, SESSION, theirs) == [SESSION, theirs]
    assert ended(settled, PERSON, NOW) == 1
    assert told(settled) == [(HERE, "account-recovered", DAY)]


@pytest.mark.parametrize("role", ["hub", "worker"])
def test_a_second_recovery_is_told_again_by_the_sites_own_clock(settled: Database, role: str) -> None:
    """Hub and command alike. It is the next day already in Réunion and in Paris: a locum's day there has begun."""
    assert ended(settled, PERSON, NOW, role) == 0
    assert ended(settled, PERSON, NOW, role) == 0
    assert ended(settled, PERSON, LATE, role) == 0
    kind, morning, night = "account-recovered", DAY, date(2026, 3, 3)
    assert told(settled) == [(HERE, kind, morning), (HERE, kind, night), (ISLAND, kind, night)]


def test_a_desk_has_no_site_to_tell(settled: Database) -> None:
    """Its tokens end all the same."""
    assert ended(settled, DESK, NOW) == 0
    assert told(settled) == []


def test_a_renewal_keeps_until_when_the_account_is_watched(settled: Database) -> None:
    """The hub writes what the keeper said last."""
    opened(settled, SESSION)
    later = replace(SESSION, watched=0, probation=0, expires=SESSION.expires + 1)

    async def renew() -> tuple[bool, TokenFacts | None]:
        async with await psycopg.AsyncConnection.connect(settled.url("hub"), autocommit=True) as connection:
            tokens = StoredTokens(single(connection))
            return await tokens.renew(SESSION.digest, later, NOW), await tokens.read(SESSION.digest, NOW)

    assert asyncio.run(renew()) == (True, later)
