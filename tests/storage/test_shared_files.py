"""Parts of a shared file in the database: claimed once, fenced, given back, ended together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import asyncpg
import psycopg
import pytest

from rempart.storage import door
from rempart.storage.inbound import Inbound, Waiting
from rempart.storage.shared_files import Claim, OvertakenError, SharedFiles, Stretch, held, renew
from support.databases import Database

pytestmark = pytest.mark.postgres
NOW, LEASE = 1_795_420_800_000_000, 30_000_000
FILE = Inbound(b"\x07" * 12 + bytes(4), "client-1", "992300010", "file", b"g" * 16, b"f" * 16, NOW)
PARTS = (
    Stretch(0, 128, 2, 1, b"RR", ()),
    Stretch(1, 5, 90, 3, b"R", (95, 99)),
    Stretch(2, 7, 180, 4, b"R-", (181,)),
)


@pytest.fixture
def connection(postgres: Database) -> Iterator[psycopg.Connection]:
    """As the worker, with one file that was received."""
    with psycopg.connect(postgres.url("worker"), autocommit=True) as made:
        made.execute(
            "insert into rempart.inbound (inbound, client, site, channel, grant_id, fingerprint, received, state) "
            "values (%s, %s, %s, %s, %s, %s, %s, 'received')",
            (UUID(bytes=FILE.inbound), *list(vars_of(FILE))[1:]),
        )
        yield made


def vars_of(inbound: Inbound) -> Iterator[object]:
    """Its fields in order."""
    for name in ("inbound", "client", "site", "channel", "grant_id", "fingerprint", "received"):
        yield getattr(inbound, name)


@pytest.fixture
def files(connection: psycopg.Connection) -> SharedFiles:
    """The file, cut in three."""
    made = SharedFiles(connection)
    made.cut(FILE.inbound, PARTS)
    return made


def _claim(files: SharedFiles, instant: int = NOW) -> Claim:
    found = files.claim(instant, LEASE)
    assert found is not None
    return found


def test_parts_are_claimed_in_order_and_each_once(files: SharedFiles) -> None:
    """What is held is nobody else's before its lease ends."""
    claims = [_claim(files) for _ in PARTS]
    assert [claim.stretch for claim in claims] == list(PARTS)
    assert [(claim.part, claim.fence, claim.again, claim.inbound) for claim in claims] == [
        (place, 1, False, FILE) for place in (1, 2, 3)
    ]
    assert files.claim(NOW + LEASE - 1, LEASE) is None
    again = _claim(files, NOW + LEASE)
    assert (again.part, again.fence, again.again) == (1, 2, True)


def test_many_claim_at_once_and_none_twice(files: SharedFiles, postgres: Database) -> None:
    """Sixteen workers at the same instant get the three parts that are there."""

    def claim(_: int) -> int:
        with psycopg.connect(postgres.url("worker"), autocommit=True) as connection:
            found = SharedFiles(connection).claim(NOW, LEASE)
            return found.part if found is not None else 0

    with ThreadPoolExecutor(16) as pool:
        assert sorted(part for part in pool.map(claim, range(16)) if part) == [1, 2, 3]


def test_a_part_given_back_is_free_at_once(files: SharedFiles) -> None:
    """Only by who holds it: a former holder gives nothing back."""
    first = _claim(files)
    files.release(first)
    second = _claim(files)
    assert (second.part, second.fence) == (1, 2)
    files.release(first)
    assert _claim(files).part == 2


def test_what_all_parts_left_is_decided_when_they_are_done(files: SharedFiles) -> None:
    """The last part is free once no other is open, and its report is the last: then the file is whole."""
    claims = [_claim(files) for _ in PARTS]
    for claim in claims[1:]:
        assert files.done(claim, b"report %d" % claim.part) is None
    assert files.claim(NOW, LEASE) is None
    assert files.done(claims[0], b"report 1") is None
    last = _claim(files)
    assert last.last
    assert files.left(FILE.inbound) == [PARTS[1], PARTS[2]]
    assert files.ended() == []
    reports = [b"report 1", b"report 2", b"report 3", b"the rest"]
    assert files.done(last, b"the rest") == reports
    assert files.ended() == [(FILE, reports)]


def test_nothing_left_needs_no_last_part(connection: psycopg.Connection) -> None:
    """The second of two parts that are done gives all reports, in the order of the file."""
    files = SharedFiles(connection)
    files.cut(FILE.inbound, [PARTS[0], PARTS[1]._replace(later=())])
    first, second = _claim(files), _claim(files)
    assert files.done(second, b"2") is None
    assert files.done(first, b"1") == [b"1", b"2"]


def test_who_was_overtaken_ends_nothing(files: SharedFiles) -> None:
    """Its report is refused: the part is in other hands."""
    former = _claim(files)
    present = _claim(files, NOW + LEASE)
    assert present.part == former.part
    with pytest.raises(OvertakenError):
        files.done(former, b"late")
    assert files.done(present, b"in time") is None


def test_a_commit_under_an_older_fence_writes_nothing(files: SharedFiles, postgres: Database) -> None:
    """While a commit holds its part nobody takes it over; once overtaken, the next commit fails."""

    async def commit() -> None:
        connection = await asyncpg.connect(postgres.url("worker"))
        try:
            former = _claim(files)
            async with connection.transaction():
                await held(connection, former)
                assert _claim(files, NOW + LEASE).part == 2  # the first is locked: it is passed over
            await renew(connection, former, NOW + LEASE, LEASE)
            assert _claim(files, NOW + 2 * LEASE - 1).part == 3
            assert _claim(files, NOW + 3 * LEASE).part == 1
            with pytest.raises(OvertakenError):
                await held(connection, former)
        finally:
            await connection.close()

    asyncio.run(commit())


def _taken_over(files: SharedFiles, mine: Claim) -> Claim:
    """The claim by which another takes this part, its lease being over; other parts are taken before it."""
    for _ in range(600):
        taken = files.claim(NOW + LEASE, LEASE)
        if taken is not None and taken.part == mine.part:
            return taken
        time.sleep(0.05)
    raise AssertionError("nobody takes the part over")


def test_who_is_frozen_in_a_commit_gives_its_part_up(
    files: SharedFiles, postgres: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the part's row only as long as the database lets it idle; when it wakes, its connection is lost."""
    monkeypatch.setitem(door.SESSION, "idle_in_transaction_session_timeout", "100ms")
    mine = _claim(files)

    async def freeze() -> None:
        lane = door.Database(postgres.url("worker"))
        connection = await lane.connection()
        await connection.execute("begin")
        await held(connection, mine)
        assert _taken_over(files, mine).fence == 2  # the loop does not run meanwhile, as if the process were frozen
        with pytest.raises(door.LOST):
            await connection.execute("select 1")

    asyncio.run(freeze())


def test_a_shared_file_is_not_taken_whole(files: SharedFiles, connection: psycopg.Connection) -> None:
    """Neither as a deposit nor for the batch window, until it is closed; then its parts are gone."""
    waiting = Waiting(connection)
    assert waiting.take() is None
    assert not waiting.hold(FILE.inbound)
    waiting.end(FILE.inbound, "decided", {})
    assert waiting.hold(FILE.inbound)
    assert files.claim(NOW, LEASE) is None
