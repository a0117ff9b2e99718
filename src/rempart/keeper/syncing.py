"""When the journal is made durable against a loss of power: within an interval of each block, and never while idle."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .journal import Journal


class Syncing:
    """Syncs the journal within an interval of each entry, and does nothing while there is none."""

    def __init__(self, journal: Journal, every_seconds: float) -> None:
        self._journal = journal
        self._every = every_seconds
        self._wake = asyncio.Event()
        self._stopping = False
        journal.on_append = self._wake.set

    def stop(self) -> None:
        """Lets `run` return."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Until told to stop. A disk that refuses to sync ends the keeper: OSError."""
        while not self._stopping:
            await self._wake.wait()
            await asyncio.sleep(self._every)
            if not self._stopping:
                self._wake.clear()
            self._journal.sync()
