"""Copies of decisions that a counter has overtaken, sealed anew before they are written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rempart.application.invoice_records import Decided, KeepAsk, Needs


async def keep_again(needs: Needs, stale: Sequence[Decided], today: date) -> list[Decided]:
    """Decisions made anew because a counter had moved, with copies that say so. Raises `Unavailable`."""
    month = today.year * 12 + today.month - 1
    asks = [
        KeepAsk(
            one.counted.ticket, one.submitted.identity, month,
            *needs.copies.of(one.counted.person, one.submitted, one.decision, one.counted.coverage),
        )
        for one in stale if one.counted is not None
    ]  # fmt: skip
    return [one._replace(kept=kept) for one, kept in zip(stale, await needs.box.keep(asks), strict=True)]
