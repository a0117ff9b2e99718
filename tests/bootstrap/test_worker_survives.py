"""The worker's loop outlives its database: whatever a lost connection raises, the work is taken up again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import psycopg
import pytest

from rempart.bootstrap.worker import Worker
from rempart.ground.settings import Settings, load
from rempart.sealing.client import KeeperUnavailable

LOSSES = (
    asyncpg.InterfaceError("the connection is closed"),
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.AdminShutdownError("terminating connection"),
    asyncpg.DiskFullError("no space left"),
    psycopg.OperationalError("server closed the connection"),
    KeeperUnavailable("connection lost"),
    ConnectionResetError(),
    TimeoutError(),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The smallest configuration a worker can be made of."""
    config = tmp_path / "rempart.toml"
    config.write_text("[worker]\npoll_milliseconds = 1\n")
    found = load(config)
    assert isinstance(found, Settings)
    return found


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_a_lost_connection_is_not_the_end_of_the_worker(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: Exception
) -> None:
    """Wherever it strikes, also between two deposits when the worker looks for changed facts."""
    tries = 0

    async def connected(_: Worker, __: float) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise loss
        raise asyncio.CancelledError

    monkeypatch.setattr(Worker, "_connected", connected)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(Worker(settings, "", tmp_path / "rempart.toml").work())
    assert tries == 3
