"""Several processes decide: of the looks that loads leave, one worker does each, as it stands when its turn comes."""

from __future__ import annotations

import asyncio
import time
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest

from rempart.storage.waits import Looked, Waits, stirred
from rempart.worker.rights_again import RightsAgain
from support.money import FIRST, NOW, OPERATOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rempart.sealing.client import KeeperSync
    from rempart.storage.waits import Job
    from rempart.worker.deciding import Lane
    from support.databases import Database

pytestmark = pytest.mark.postgres


@pytest.fixture
def workers(postgres: Database) -> Iterator[tuple[psycopg.Connection[Any], psycopg.Connection[Any]]]:
    """Two deciding processes' connections; a load has left a look to do."""
    with psycopg.connect(postgres.url()) as admin:
        admin.execute(
            "insert into rempart.insurer (insurer, name, operator, member_rule, since) values (%s, 'One', %s, '{}', 0)",
            (FIRST, OPERATOR),
        )
    url = postgres.url("worker")
    with psycopg.connect(url, autocommit=True) as one, psycopg.connect(url, autocommit=True) as other:
        stirred(one, FIRST, 1, NOW)
        yield one, other


def again(waits: Waits) -> RightsAgain:
    """Neither keeper nor lane: no invoice waits."""
    return RightsAgain(
        waits, cast("KeeperSync", None), cast("Lane", None), {}, 10, lambda: NOW, lambda _: date(2026, 11, 24)
    )


def done(connection: psycopg.Connection[Any]) -> list[int]:
    rows = connection.execute("select rights_file from rempart.rights_again_done order by rights_file")
    return [row[0] for row in rows]


def test_one_worker_looks_at_a_time(workers: tuple[psycopg.Connection[Any], psycopg.Connection[Any]]) -> None:
    """While one holds the look another has nothing to do; a worker that died holds nothing up."""
    one, other = workers
    assert Waits(one).hold()
    assert not asyncio.run(again(Waits(other)).round())
    assert done(other) == []
    gone = one.info.backend_pid
    one.close()
    alive = "select exists (select from pg_stat_activity where pid = %s)"
    while other.execute(alive, (gone,)).fetchone() == (True,):  # a server process ends a little after its client
        time.sleep(0.01)
    assert asyncio.run(again(Waits(other)).round())
    assert done(other) == [1]
    assert not asyncio.run(again(Waits(other)).round())


class Overtaken(Waits):
    """Before it gets its turn, another worker ends the job, and `newer` comes in."""

    def __init__(self, connection: psycopg.Connection[Any], newer: int) -> None:
        super().__init__(connection)
        self.connection = connection
        self.newer = newer

    def hold(self) -> bool:
        self.ended(cast("Job", self.job()), Looked(), NOW)
        if self.newer:
            stirred(self.connection, FIRST, self.newer, NOW)
        return super().hold()


@pytest.mark.parametrize(("newer", "told"), [(0, [1]), (2, [1, 2])])
def test_a_look_is_taken_as_it_stands_under_the_lock(
    workers: tuple[psycopg.Connection[Any], psycopg.Connection[Any]], newer: int, told: list[int]
) -> None:
    """A look that ended meanwhile is not done twice, and never ends a newer load's in its place."""
    _, other = workers
    assert asyncio.run(again(Overtaken(other, newer)).round()) is bool(newer)
    assert done(other) == told
