"""`Database.find`: the sealed record of each key, by the generations its insurer answers by at that instant."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from rempart.application.ports import Row
from rempart.storage import door

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.databases import Database

pytestmark = pytest.mark.postgres

MANY = 40  # insurers: more than a statement names one by one


def insurer(number: int) -> str:
    return f"{number:010d}"


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def made(admin: psycopg.Connection[Any], number: int, records: dict[bytes, bytes], version: int = 1) -> int:
    """An attached generation of that insurer with these payloads by record key; it does not answer yet."""
    make = "select rempart.make_generation(%s, 'full', %s, 0)"
    (generation,) = admin.execute(make, (insurer(number), version)).fetchone() or (0,)
    insert = sql.SQL(
        "insert into rempart.{} (way, formula, since, until, person, record_key, payload) "
        "values (0, 0, 0, 0, %s, %s, %s)"
    ).format(sql.Identifier(f"record_{generation}"))
    for record_key, payload in records.items():
        admin.execute(insert, (b"p" * 16, record_key, payload))
    for step in ("index", "attach"):
        statement = sql.SQL("select rempart.{}(%s)").format(sql.Identifier(f"{step}_generation"))
        admin.execute(statement, (generation,))
    return int(generation)


def answers_by(admin: psycopg.Connection[Any], number: int, generations: Sequence[int]) -> None:
    """The insurer answers by these from now on; the guard against unapplied files is not what is tested here."""
    with admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute(
            "update rempart.insurer set generations = %s where insurer = %s", (list(generations), insurer(number))
        )


@pytest.fixture
def admin(postgres: Database) -> Any:
    with closing(psycopg.connect(postgres.url(), autocommit=True)) as connection:
        for number in range(1, MANY + 1):
            connection.execute(
                "insert into rempart.insurer (insurer, name, operator, member_rule, since) "
                "values (%s, 'x', 'op', '{}', 0)",
                (insurer(number),),
            )
            answers_by(connection, number, [made(connection, number, {key(number): b"first", key(999): b"theirs"})])
        yield connection


def payloads(rows: Sequence[Row | None]) -> list[bytes | None]:
    return [row.payload if row is not None else None for row in rows]


def test_every_size_of_batch_finds_the_same(postgres: Database, admin: psycopg.Connection[Any]) -> None:
    """One insurer, a few, all of them: each key finds its own insurer's record or nothing, twice over."""

    async def run() -> None:
        database = door.Database(postgres.url("hub"))
        try:
            for many in (1, 2, 3, 8, 9, 32, 33, MANY):
                wanted = [(insurer(n), key(n)) for n in range(1, many + 1)]
                wanted += [(insurer(1), key(12_345)), ("9999999999", key(1)), (insurer(many), key(999))]
                expected = [b"first"] * many + [None, None, b"theirs"]
                for _ in range(2):
                    assert payloads(await database.find(wanted)) == expected
            assert await database.find([]) == []
        finally:
            await database.close()

    asyncio.run(run())


def test_a_swap_is_seen_by_the_next_question(postgres: Database, admin: psycopg.Connection[Any]) -> None:
    """What a connection remembers of an insurer's generations is a guess: the new file answers at once, alone."""

    async def run() -> None:
        database = door.Database(postgres.url("hub"))
        wanted = [(insurer(1), key(1)), (insurer(2), key(2)), (insurer(1), key(999))]
        try:
            assert payloads(await database.find(wanted)) == [b"first", b"first", b"theirs"]
            answers_by(admin, 1, [made(admin, 1, {key(1): b"second"})])
            assert payloads(await database.find(wanted)) == [b"second", b"first", None]
            answers_by(admin, 1, [])
            assert payloads(await database.find(wanted)) == [None, b"first", None]
        finally:
            await database.close()

    asyncio.run(run())


def test_the_live_generation_answers_before_its_tail(postgres: Database, admin: psycopg.Connection[Any]) -> None:
    """A key that both hold is the live one's; a key of the tail alone is still found, under its own key version."""
    new = made(admin, 1, {key(1): b"live"}, version=2)
    old = admin.execute("select generations[1] from rempart.insurer where insurer = %s", (insurer(1),)).fetchone()
    assert old is not None
    answers_by(admin, 1, [new, old[0]])
    admin.execute(
        "update rempart.insurer set prolonged_from = 5, prolonged_until = 9 where insurer = %s", (insurer(1),)
    )

    async def run() -> list[Row | None]:
        database = door.Database(postgres.url("hub"))
        try:
            return await database.find([(insurer(1), key(1)), (insurer(1), key(999))])
        finally:
            await database.close()

    assert asyncio.run(run()) == [
        Row(2, b"p" * 16, b"live", None, 5, 9), Row(1, b"p" * 16, b"theirs", None, 5, 9),
    ]  # fmt: skip


def test_a_small_batch_starts_only_the_tables_it_needs(postgres: Database, admin: psycopg.Connection[Any]) -> None:
    """The cost of one question does not grow with the number of insurers."""

    async def run() -> str:
        database = door.Database(postgres.url("hub"))
        try:
            await database.find([(insurer(7), key(7))])
            statement, *values = database._finding([insurer(7)], [key(7)])
            return "\n".join(row[0] for row in await database.fetch(f"explain {statement}", *values))
        finally:
            await database.close()

    plan = asyncio.run(run())
    assert plan.count(" on record_") == 1
