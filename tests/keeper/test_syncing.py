"""The journal is synced soon after each block, and an idle keeper has nothing to do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from rempart.keeper.journal import Journal
from rempart.keeper.syncing import Syncing

if TYPE_CHECKING:
    from pathlib import Path

EVERY = 0.01
ENTRY = (bytes(16), 0, bytes(32))


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The files synced so far."""
    found: list[int] = []
    monkeypatch.setattr("rempart.keeper.journal.os.fdatasync", found.append)
    return found


def test_each_block_is_synced_within_the_interval(tmp_path: Path, synced: list[int]) -> None:
    """Blocks of one interval share a sync; the next block has one of its own; none is made without a block."""
    journal = Journal(tmp_path / "j")

    async def go() -> list[int]:
        syncing = Syncing(journal, EVERY)
        running = asyncio.create_task(syncing.run())
        counts = []
        for blocks in (0, 3, 1, 0):
            for _ in range(blocks):
                journal.append(1, [ENTRY])
            await asyncio.sleep(EVERY * 8)
            counts.append(len(synced))
        syncing.stop()
        await asyncio.wait_for(running, 5)
        return counts

    assert asyncio.run(go()) == [0, 1, 2, 2]
    journal.close()


def test_what_was_appended_just_before_the_stop_is_synced(tmp_path: Path, synced: list[int]) -> None:
    """A stop waits for the sync of what was written."""
    journal = Journal(tmp_path / "j")

    async def go() -> None:
        syncing = Syncing(journal, EVERY)
        running = asyncio.create_task(syncing.run())
        await asyncio.sleep(0)
        journal.append(1, [ENTRY])
        syncing.stop()
        await asyncio.wait_for(running, 5)

    asyncio.run(go())
    assert len(synced) == 1
    journal.close()


def test_a_disk_that_refuses_to_sync_ends_the_keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be made durable must not be answered for."""
    journal = Journal(tmp_path / "j")

    def refuse(_file: int) -> None:
        raise OSError(5, "Input/output error")

    async def go() -> None:
        running = asyncio.create_task(Syncing(journal, EVERY).run())
        journal.append(1, [ENTRY])
        await asyncio.wait_for(running, 5)

    with monkeypatch.context() as patch:
        patch.setattr("rempart.keeper.journal.os.fdatasync", refuse)
        with pytest.raises(OSError, match="Input/output"):
            asyncio.run(go())
    journal.close()
