"""`counters`: the keys under which a person's allowances are counted, for who has presented that person.

A key is a PRF of person, counter and period: the database adds up under it without knowing whose it is, and a decision
that stores it is cancelled later without an identity. Format: docs/formats/sealed-record.md § 4.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rempart.domain.newborns import NEWBORN
from rempart.sealing.frames import CountersItem, CountersResult
from rempart.sealing.record import unpad

from .newborns import counted_as
from .questions import of_version

if TYPE_CHECKING:
    from .ring import Ring
    from .tickets import Tickets

LABELS_MOST = 256  # counters of one invoice
LABEL_MOST = 255  # bytes of a counter's name or period


class Counters:
    """The operation, over a ring and the tickets of `derive`; nothing new is told about anybody, so no journal."""

    def __init__(self, ring: Ring, tickets: Tickets) -> None:
        self._ring = ring
        self._tickets = tickets

    def counters(self, items: list[CountersItem]) -> list[CountersResult]:
        """Refusals: those of tickets, `insurer-unknown`, `version-unknown`, `payload-mismatch`, `labels-malformed`."""
        return [self._counters(item) for item in items]

    def _counters(self, item: CountersItem) -> CountersResult:
        opened = self._tickets.open(item.ticket, time.monotonic_ns())
        if isinstance(opened, str):
            return CountersResult(opened)
        insurer = self._ring.insurers.get(opened[2].decode())
        if insurer is None:
            return CountersResult("insurer-unknown")
        found, index = of_version(opened[6], item.version), insurer.index.get(item.version & ~NEWBORN)
        if found is None or index is None:
            return CountersResult("version-unknown")
        # The seal binds the person to the row: no ticket makes keys of somebody seen in the database.
        padded = index.open(found[1], found[2], item.person, item.payload) if len(item.person) == 16 else None
        if padded is None:
            return CountersResult("payload-mismatch")
        person = counted_as(opened[6], item.version, unpad(padded))[1] or item.person
        if len(item.labels) > LABELS_MOST or any(
            len(text.encode()) > LABEL_MOST for pair in item.labels for text in pair
        ):
            return CountersResult("labels-malformed")
        return CountersResult("", tuple([insurer.counter(person, *label) for label in item.labels]))
