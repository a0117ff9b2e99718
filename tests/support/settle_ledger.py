"""A database with two sites, two clients and one token, and the lines that `settle` is asked about."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from rempart.application.ports import Settle, Settled
from rempart.storage import door

if TYPE_CHECKING:
    from support.databases import Database

HOUR, DAY = 3_600_000_000, 86_400_000_000
NOW = 1_795_420_800_000_000  # 23 November 2026, 08:00 UTC
TODAY = NOW // DAY
SITE, OTHER = "992300010", "992300028"
TOKEN = b"t" * 32
INSURER = "0000401166"
NO_CAP = 2**31 - 1


def line(person: int, **changes: Any) -> Settle:
    """One question of a stranger's counter about that person, covered, but for what is said of it."""
    usual: dict[str, Any] = {
        "instant": NOW,
        "token": TOKEN,
        "grant_id": b"g" * 16,
        "client": "client-1",
        "site": SITE,
        "operator": "operator-1",
        "insurer": INSURER,
        "channel": "api",
        "purpose": "eligibility",
        "evidence": "typed",
        "template": "stranger/1",
        "template_known": "known/1",
        "outcome": "not-confirmed",
        "outcome_known": "closed",
        "tag": person.to_bytes(32, "big"),
        "meeting": person.to_bytes(16, "big"),
        "cost": 1,
        "site_cap": 100,
        "client_cap": 100,
    }
    return Settle(**(usual | changes))


@dataclass
class Ledger:
    """A database with two sites, two clients and one token."""

    database: Database

    def fill(self) -> None:
        for site in (SITE, OTHER):
            self.sql(
                "insert into rempart.site (site, profession, operator, since) values (%s, 'pharmacy', 'op', 0)", site
            )
        for client in ("client-1", "client-2"):
            self.sql("insert into rempart.client (client, kind, registered) values (%s, 'vendor', 0)", client)
        self.sql(
            "insert into rempart.token (hash, client, site, grant_bytes, grant_id, binding, expires) "
            "values (%s, 'client-1', %s, 'grant', 'id', 'jkt:x', %s)", TOKEN, SITE, NOW + DAY,
        )  # fmt: skip

    def sql(self, statement: str, *values: object, role: str = "admin") -> list[tuple[Any, ...]]:
        with closing(psycopg.connect(self.database.url(role), autocommit=True)) as connection:
            done = connection.execute(statement.encode(), values)
            return done.fetchall() if done.description else []

    def settle(self, *lines: Settle, hour_share: int = 100) -> list[Settled]:
        """One batch through the hub's own connection."""

        async def run() -> list[Settled]:
            database = door.Database(self.database.url("hub"))
            try:
                return await database.settle(lines, hour_share)
            finally:
                await database.close()

        return asyncio.run(run())

    def verdicts(self, *lines: Settle, hour_share: int = 100) -> list[str]:
        return [settled.verdict for settled in self.settle(*lines, hour_share=hour_share)]

    def disclosed(self) -> list[tuple[Any, ...]]:
        return self.sql("select evidence, template, outcome, tag from rempart.disclosure order by id")

    def budget(self, scope: str) -> tuple[Any, ...]:
        (row,) = self.sql("select typed, machine, invoice, refused from rempart.budget where scope = %s", scope)
        return row


def people(many: int, first: int = 1, **changes: Any) -> list[Settle]:
    return [line(person, **changes) for person in range(first, first + many)]
