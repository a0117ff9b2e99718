"""What a hub keeps in memory of parties, contracts and compartments: read again every second, and how old it may be.

Whoever waits on it reads `state.facts` anew for each request, so that one reading reaches every route.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import asyncpg

from rempart.api.state import HubState
from rempart.application.together import Unavailable
from rempart.ground.instants import monotonic
from rempart.storage import facts
from rempart.storage.door import LOST, UNABLE

REFRESH_SECONDS = 1.0
STALE_SECONDS = 5.0  # without a reading of the database, after which the hub is not ready


class Reader(Protocol):
    """A lane of its own to the database; a reading takes its command timeout at most."""

    async def connection(self) -> asyncpg.Connection[asyncpg.Record]: ...


async def refresh(
    state: HubState, reader: Reader, *,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep, clock: Callable[[], float] = monotonic,
) -> None:  # fmt: skip
    """Reads until cancelled; a reading that fails is tried again, and `state.read_at` tells how old the last one is."""
    while True:
        await pause(REFRESH_SECONDS)
        try:
            await _look(state, await reader.connection())
        except (Unavailable, *UNABLE):
            continue
        state.read_at = clock()


async def _look(state: HubState, connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Raises `Unavailable` when the connection was lost, which then is made anew."""
    try:
        if await facts.version(connection) != state.facts.version:
            state.facts = await facts.read(connection)
    except LOST as error:
        connection.terminate()
        raise Unavailable("database") from error


def stale(state: HubState, *, clock: Callable[[], float] = monotonic) -> bool:
    """Whether the last reading is too old for this hub to be asked."""
    return clock() - state.read_at > STALE_SECONDS
