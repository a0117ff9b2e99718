"""A site's newest authorizations, page by page, on a real PostgreSQL: each once, none of another's, by an index."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest

from rempart.domain.decision import DecidedLine
from rempart.domain.deliveries import AgreedLine
from rempart.storage import authorizations, door
from rempart.storage.authorizations import NEWEST, AuthorizationRow

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres
NOW = 1_795_420_800_000_000  # 23 November 2026, 08:00 UTC
DAY = date(2026, 11, 23).toordinal() - date(1970, 1, 1).toordinal()
SITE, OTHER, INSURER = "992300010", "992300028", "0000401166"
COUNT = 2 * NEWEST + 1


@pytest.fixture
def database(postgres: Database) -> Database:
    """Two sites that asked in turn, one microsecond apart."""
    lines = authorizations.stored_lines(
        [AgreedLine(b"m" * 16, "OPTI", 100, 0, 100, 1)], [DecidedLine(1, "OPTI", 100, 0, 100, 0, ())]
    )
    with closing(psycopg.connect(postgres.url("admin"), autocommit=True)) as connection:
        for site in (SITE, OTHER):
            connection.execute(
                "insert into rempart.site (site, profession, operator, since) values (%s, 'optician', 'o', 0)", (site,)
            )
        connection.execute(
            "insert into rempart.insurer (insurer, name, operator, member_rule, since) values (%s, 'M', 'o', '{}', 0)",
            (INSURER,),
        )
        rows = [
            (uuid4(), f"P{site[-1]}{number:018d}", site, INSURER, NOW + number, *(DAY,) * 4, lines)
            for number in range(COUNT) for site in (SITE, OTHER)
        ]  # fmt: skip
        connection.cursor().executemany(
            "insert into rempart.authorization_request (request, number, mac, site, client, operator, insurer, domain, "
            "site_reference, state, reason, requested, planned_day, first_day, last_day, latest_day, cut, line_cents, "
            "total_cents, lines, spent, amo, amc, tag) values (%s, %s, '', %s, 'c', 'o', %s, 'OPTI', '', 'agreed', '', "
            "%s, %s, %s, %s, %s, false, 0, 0, %s, 100, 0, 100, '')",
            rows,
        )
    return postgres


async def pages(url: str) -> list[list[AuthorizationRow]]:
    """Every page, the newest first, as the hub's role."""
    connection, found, before = door.Database(url), [], 0
    try:
        while True:
            rows, before = await authorizations.recent(connection, SITE, before)
            found.append(rows)
            if not before:
                return found
    finally:
        await connection.close()


def test_pages_follow_without_a_gap_and_end(database: Database) -> None:
    """Fifty, fifty, one: the newest first, each once, only this site's."""
    found = asyncio.run(pages(database.url("hub")))
    assert [len(rows) for rows in found] == [NEWEST, NEWEST, 1]
    assert [row.requested - NOW for rows in found for row in rows] == list(range(COUNT))[::-1]
    assert {row.number[1] for rows in found for row in rows} == {SITE[-1]}


def test_a_page_is_read_by_its_index(database: Database) -> None:
    """A site with a million of them waits no longer than one with ten."""
    with closing(psycopg.connect(database.url("admin"))) as connection:
        connection.execute("set enable_seqscan = off")
        plan = connection.execute(
            "explain select request from rempart.authorization_request where site = %s and requested < %s "
            "order by requested desc limit 51", (SITE, NOW),
        ).fetchall()  # fmt: skip
    told = " ".join(row[0] for row in plan)
    assert "authorization_request_recent" in told
    assert "Sort" not in told
