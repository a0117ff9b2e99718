"""Ports that tell how long the outside took; one measure a batch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rempart.storage.invoices import Batch, InvoiceBooks, Restate

if TYPE_CHECKING:
    from rempart.application.invoice_records import Decided
    from rempart.application.ports import Derive, Derived, KeeperPort, Open, Opened, Row, Settle, Settled
    from rempart.ground.figures import Spread, Tally
    from rempart.storage.door import Database

_now = time.perf_counter


class MeasuredKeeper:
    """The keeper's two steps, measured."""

    def __init__(self, keeper: KeeperPort, spread: Spread) -> None:
        self._keeper, self._spread = keeper, spread

    async def derive(self, items: Sequence[Derive]) -> Sequence[Derived]:
        """Record keys and tickets."""
        began = _now()
        try:
            return await self._keeper.derive(items)
        finally:
            self._spread.saw(_now() - began)

    async def open(self, items: Sequence[Open]) -> Sequence[Opened]:
        """Coverage, day tag and PRFs."""
        began = _now()
        try:
            return await self._keeper.open(items)
        finally:
            self._spread.saw(_now() - began)


class MeasuredDatabase:
    """The read of sealed records and the door's last word, measured."""

    def __init__(self, database: Database, find: Spread, settle: Spread) -> None:
        self._database, self._find, self._settle = database, find, settle

    async def find(self, wanted: Sequence[tuple[str, bytes]]) -> Sequence[Row | None]:
        """The live record for each (insurer, record key), or None."""
        began = _now()
        try:
            return await self._database.find(wanted)
        finally:
            self._find.saw(_now() - began)

    async def settle(self, lines: Sequence[Settle], hour_share: int) -> Sequence[Settled]:
        """The verdicts, durable."""
        began = _now()
        try:
            return await self._database.settle(lines, hour_share)
        finally:
            self._settle.saw(_now() - began)


class MeasuredBooks(InvoiceBooks):
    """The books, counting what was decided by outcome."""

    def __init__(self, database: Database, decided: Tally) -> None:
        super().__init__(database)
        self._decided = decided

    async def write(self, batch: Batch, restate: Restate | None = None) -> list[Decided]:
        """As the books; what was written is counted."""
        written = await super().write(batch, restate)
        for decided in written:
            self._decided.add(decided.state)
        return written
