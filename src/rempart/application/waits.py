"""Seals the invoices of a batch that were rejected for their rights, until a load opens them."""

from __future__ import annotations

from collections.abc import Sequence

from rempart.application.invoice_records import REJECTED, Decided
from rempart.application.ports import Derive, Opened, Row
from rempart.application.rights_again import RIGHTS_REASONS, WaitAsk, Waits

Found = tuple[Derive | None, Row | None, Opened | None, str]
"""Who was asked about, the row found, what was opened of it, and the refusal or ""."""


async def with_waits(keeper: Waits, found: Sequence[Found], decided: Sequence[Decided]) -> list[Decided]:
    """The decisions, those rejected for their rights with a sealed wait; nearly always none. Raises `Unavailable`."""
    asks: dict[int, WaitAsk] = {}
    for place, (one, (ask, row, seen, refusal)) in enumerate(zip(decided, found, strict=True)):
        if ask is not None and not refusal and one.state == REJECTED and one.reason in RIGHTS_REASONS:
            coverage = seen.coverage if seen is not None else b""
            closed, version = (row.closed, row.version) if row is not None else (None, 0)
            asks[place] = WaitAsk(ask, one.submitted.invoice, coverage, closed, version)
    sealed = dict(zip(asks, await keeper.wait(list(asks.values())), strict=True)) if asks else {}
    return [one._replace(wait=sealed[place]) if place in sealed else one for place, one in enumerate(decided)]
