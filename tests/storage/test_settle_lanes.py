"""`settle` called by several connections at once: caps stay exact, a person is met once, nobody deadlocks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from rempart.application.ports import Settled
from rempart.storage import door
from support.settle_ledger import NO_CAP, OTHER, SITE, TODAY, Ledger, line, people

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def ledger(postgres: Database) -> Ledger:
    made = Ledger(postgres)
    made.fill()
    return made


def test_lanes_at_once_never_exceed_a_cap(ledger: Ledger) -> None:
    """Four connections, mixed sites in different orders, one cap each: exact, and nobody deadlocks."""

    async def lane(number: int) -> list[tuple[str, str]]:
        database = door.Database(ledger.database.url("hub"))
        found: list[tuple[str, str]] = []
        try:
            for batch in range(10):
                order = (SITE, OTHER) if (number + batch) % 2 else (OTHER, SITE)
                lines = [
                    line(1_000 * number + 10 * batch + place, site=order[place % 2], site_cap=50, client_cap=NO_CAP)
                    for place in range(6)
                ]
                settled = await database.settle(lines, 100)
                found += [(asked.site, each.verdict) for asked, each in zip(lines, settled, strict=True)]
        finally:
            await database.close()
        return found

    async def run() -> Sequence[list[tuple[str, str]]]:
        return await asyncio.gather(*(lane(number) for number in range(1, 5)))

    counted = Counter(pair for found in asyncio.run(run()) for pair in found)
    refused = "refused:site-budget"
    assert counted == {(SITE, "ok"): 50, (OTHER, "ok"): 50, (SITE, refused): 70, (OTHER, refused): 70}
    assert ledger.budget(f"site:{SITE}") == (50, 0, 0, 70)


def test_lanes_at_once_share_a_vendors_cap(ledger: Ledger) -> None:
    """Three connections of one vendor, two sites: the vendor's cap is exact although sites are far from theirs."""

    async def lane(number: int) -> list[str]:
        database = door.Database(ledger.database.url("hub"))
        try:
            found: list[str] = []
            for batch in range(8):
                first = 1_000 * number + 10 * batch
                lines = [line(first + n, site=(SITE, OTHER)[n % 2], client_cap=70) for n in range(5)]
                found += [settled.verdict for settled in await database.settle(lines, 100)]
            return found
        finally:
            await database.close()

    async def run() -> Sequence[list[str]]:
        return await asyncio.gather(*(lane(number) for number in range(1, 4)))

    counted = Counter(verdict for found in asyncio.run(run()) for verdict in found)
    assert counted == {"ok": 70, "refused:client-budget": 50}
    assert ledger.budget("client:client-1")[0] == 70


def test_lanes_at_once_meet_a_person_once(ledger: Ledger) -> None:
    """Four connections ask about the same five strangers at the same instant: each counts once and is met once."""

    async def lane(number: int) -> list[Settled]:
        database = door.Database(ledger.database.url("hub"))
        try:
            found: list[Settled] = []
            for batch in range(6):
                asked = people(5, first=10 * batch, site_cap=30, client_cap=NO_CAP, known_until=TODAY + 32 * number)
                found += await database.settle(asked if number % 2 else asked[::-1], 100)
            return found
        finally:
            await database.close()

    async def run() -> Sequence[list[Settled]]:
        return await asyncio.gather(*(lane(number) for number in range(4)))

    settled = [each for found in asyncio.run(run()) for each in found]
    assert {each.verdict for each in settled} == {"ok"}
    assert ledger.budget(f"site:{SITE}") == (30, 0, 0, 0)
    assert ledger.sql("select count(*), min(known_until) from rempart.met") == [(30, TODAY + 96)]
