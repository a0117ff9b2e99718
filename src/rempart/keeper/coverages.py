"""Coverages made ready to be sealed, once for all the people who have them: first columns of a row, padded content.

Row layout: sealing.loading. Products are few, so a file of millions of lines holds some thousands of coverages.
"""

from __future__ import annotations

import struct
from datetime import date
from typing import TYPE_CHECKING

from rempart.domain.rights import Coverage, pack
from rempart.formats.rights_file import usual_coverage
from rempart.formats.rights_file.faults import MAX_KEYS
from rempart.sealing.record import pad

from .newborns import stamped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MONTH_ZERO = 2000 * 12
_REMEMBERED = 8_192
NEWBORN_WAY = 64
"""`way` of a row by which a parent presents a newborn; those of the person itself are below."""
CARD_WAY = 96
"""`way` of a row that a signed card's handle finds."""
_HEAD = struct.Struct(">hihiqihihi")  # 7 columns; way, formula, since, until after their lengths; a person's length


class Ready:
    """One coverage: `heads` by way, from the number of columns to the length of the person; `padded` as sealed.

    `head_newborn` is that of a parent's way, `head_card` that of a card's, `packed` the coverage before it is padded.
    """

    __slots__ = ("coverage", "head_card", "head_newborn", "heads", "packed", "padded")

    def __init__(self, coverage: Coverage, weights: tuple[int, int, int], packed: bytes, padded: bytes) -> None:
        self.coverage, self.packed = coverage, packed
        since, until, formula = weights
        self.heads = tuple(_HEAD.pack(7, 2, way, 8, formula, 2, since, 2, until, 16) for way in range(MAX_KEYS))
        self.head_newborn = _HEAD.pack(7, 2, NEWBORN_WAY, 8, formula, 2, since, 2, until, 16)
        self.head_card = _HEAD.pack(7, 2, CARD_WAY, 8, formula, 2, since, 2, until, 16)
        self.padded = padded


class Coverages:
    """Those of one file. `weigh` marks what is open without its dates; `size` is that of the insurer's payloads."""

    def __init__(self, weigh: Callable[[Sequence[str]], bytes], size: int) -> None:
        self._weigh = weigh
        self._size = size
        self._known: dict[int, Ready] = {}
        self._ends: dict[bytes, Ready] = {}
        self.at_end = self._ends.get
        """A function end of a usual line, from its coverage on → what is ready for it, None before it was learnt."""

    def learn(self, end: bytes) -> Ready | None:
        """The same for an end not met yet, which is remembered; None when the line must be parsed."""
        coverage = usual_coverage(end)
        ready = None if coverage is None else self.of(coverage)
        if ready is None or isinstance(ready, str):
            return None
        if len(self._ends) >= _REMEMBERED:
            self._ends.clear()
        self._ends[end] = ready
        return ready

    def of(self, coverage: Coverage) -> Ready | str:
        """A coverage made ready, or a code when a record cannot hold it; equal ones are mostly the same object."""
        known = self._known.get(id(coverage))
        if known is not None and known.coverage is coverage:
            return known
        made = self.once(coverage)
        if isinstance(made, Ready):
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[id(coverage)] = made
        return made

    def once(self, coverage: Coverage) -> Ready | str:
        """The same for a coverage that nobody else has; not remembered."""
        try:
            packed = pack(coverage)
        except ValueError:
            return "coverage-unpackable"
        padded = pad(packed, self._size)
        if padded is None:
            return "coverage-too-long"
        return Ready(coverage, self._weights(coverage), packed, padded)

    def stamped(self, ready: Ready, handle: bytes) -> bytes:
        """What is sealed of a young child, under whose handle it is counted; without it when both are too long."""
        return pad(stamped(handle, ready.packed), self._size) or ready.padded

    def _weights(self, coverage: Coverage) -> tuple[int, int, int]:
        """Months since and until which every domain is open, and the keyed MAC of what is open, without dates."""
        first: dict[str, date] = {}
        last: dict[str, date] = {}
        parts = [str(coverage.rank), coverage.product, coverage.level, coverage.kind]
        for period in coverage.periods:
            first[period.domain] = min(period.start, first.get(period.domain, date.max))
            last[period.domain] = max(period.end, last.get(period.domain, date.min))
        parts += sorted({f"{period.domain}={period.formula}" for period in coverage.periods})
        formula = int.from_bytes(self._weigh(parts), "big", signed=True)
        return _month(max(first.values())), _month(min(last.values())), formula


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1 - _MONTH_ZERO
