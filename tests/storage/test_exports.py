"""Signatures for exports: facts of one place, which nobody changes; a day's wishes, each with where it stands."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar
from uuid import UUID

import psycopg
import pytest

from rempart.application.exports import Document, Place, Signed, Wish
from rempart.domain.exports import SECOND_FOR, SIGNED_FOR, Asker
from rempart.storage import exports
from rempart.storage.door import Databases

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from support.databases import Database

pytestmark = pytest.mark.postgres
T = TypeVar("T")
NOW = 1_795_420_800_000_000
HERE, ELSEWHERE = Place("horizon", "123456782"), Place("horizon", "123456790")
TAKER, SECOND = "a1a1a1a1a1a1a1a1", "a2a2a2a2a2a2a2a2"
ADVICE = Document("remittance", UUID(int=1))
WISH = Wish(ADVICE, 640, TAKER)
MINE = Signed(WISH, TAKER, "staff", b"taker---", b"a" * 40, NOW, NOW + SIGNED_FOR)
CHANGES: tuple[LiteralString, ...] = (
    "update rempart.export_signature set until = until + 1", "delete from rempart.export_signature",
)  # fmt: skip
THEIRS = Signed(WISH, SECOND, "manager", b"second--", b"b" * 40, NOW + 1, NOW + SECOND_FOR)


@pytest.fixture
def known(postgres: Database) -> Database:
    """A database that knows both accounts."""
    with psycopg.connect(postgres.url("owner"), autocommit=True) as connection:
        for account in (TAKER, SECOND):
            connection.execute(
                "insert into rempart.client (client, kind, vendor, registered) values (%s, 'account', 'portal:h', 0)",
                (account,),
            )
    return postgres


def hub(database: Database, work: Callable[[Databases], Awaitable[T]]) -> T:
    """As the hub's login."""

    async def inside() -> T:
        databases = Databases(database.url("hub"), 1)
        try:
            return await work(databases)
        finally:
            await databases.close()

    return asyncio.run(inside())


def test_a_wish_is_found_at_its_place_and_seconded_once(known: Database) -> None:
    """The taker's own approval, for a day; elsewhere and of other numbers there is none."""

    async def work(databases: Databases) -> list[bytes | None]:
        books = exports.StoredExports(databases)
        assert await books.first(HERE, WISH, NOW) is None
        await books.add(HERE, MINE)
        await books.add(HERE, THEIRS)
        asked = (
            (HERE, WISH, NOW), (HERE, WISH, NOW + SECOND_FOR), (ELSEWHERE, WISH, NOW),
            (HERE, WISH._replace(invoices=641), NOW), (HERE, WISH._replace(taker=SECOND), NOW),
            (HERE, Wish(Document("remittance", UUID(int=2)), 640, TAKER), NOW),
        )  # fmt: skip
        return [await books.first(*each) for each in asked]

    assert hub(known, work) == [MINE.approval, None, None, None, None, None]


def test_what_stands_is_told_until_it_is_over(known: Database) -> None:
    """Of one document at one place; a list shows one row a wish, one's own as it stands in this session."""

    async def work(databases: Databases) -> Any:
        books = exports.StoredExports(databases)
        for signed in (MINE, THEIRS, MINE._replace(instant=NOW + 2, until=NOW + 2 + SIGNED_FOR, session=b"another-")):
            await books.add(HERE, signed)
        async with databases.lend() as database:
            late = NOW + 3 + SIGNED_FOR
            standing = [await exports.standing(database, HERE, ADVICE, at) for at in (NOW, late)]
            nothing = await exports.standing(database, ELSEWHERE, ADVICE, NOW)
            lists = [
                await exports.asked(database, HERE, asker, NOW + 3)
                for asker in (Asker(TAKER, b"taker---"), Asker(SECOND, b"second--"), Asker(TAKER, b"none----"))
            ]
            return (
                standing,
                nothing,
                lists,
                await exports.asked(database, HERE, Asker(TAKER, b""), NOW + SECOND_FOR + 3),
            )

    (fresh, late), nothing, lists, tomorrow = hub(known, work)
    assert sorted(one.account for one in fresh) == [TAKER, TAKER, SECOND]
    assert [one.account for one in late] == [SECOND]
    assert (nothing, tomorrow) == ([], [])
    assert [[(one.invoices, one.until - NOW, one.second_until - NOW) for one in found] for found in lists] == [
        [(640, SIGNED_FOR, SECOND_FOR)], [(640, SIGNED_FOR + 2, SECOND_FOR)], [(640, -NOW, SECOND_FOR)]
    ]  # fmt: skip


def test_no_signature_is_changed_or_taken_away(known: Database) -> None:
    """Neither by the hub, nor by the worker, nor by who owns the table."""

    async def work(databases: Databases) -> None:
        await exports.StoredExports(databases).add(HERE, MINE)

    hub(known, work)
    for role in ("hub", "worker", "owner"):
        with psycopg.connect(known.url(role), autocommit=True) as connection:
            for change in CHANGES:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(change)
