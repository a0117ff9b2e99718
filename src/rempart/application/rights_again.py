"""Invoices rejected for their rights wait for a load that opens them, and are then sent again in the site's place.

The wait is sealed when the invoice is decided. After a load each is decided like any invoice, by the same rules; one
that is accepted becomes an invoice of its own under the same number, the correction of the rejected one, unless the
site corrected or resent it meanwhile. The rejected one stays as it is: facts are appended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from rempart.application.ports import Derive
from rempart.domain import card_receipt
from rempart.domain.invoice import Invoice

RIGHTS_REASONS = frozenset(
    {"not-confirmed", "rights-closed", "domain-not-covered", "newborn-ceiling", *card_receipt.CODES}
)
"""Why an invoice is rejected that a later rights file may open."""

CAUSE, NOTICE = "rights-opened", "invoice-decided-again"
_AGAIN = 0x80


class WaitAsk(NamedTuple):
    """What the keeper seals of a rejected invoice: who it was about, the invoice, and what was found of the record."""

    ask: Derive
    invoice: Invoice
    coverage: bytes
    closed: int | None
    version: int

    def __repr__(self) -> str:
        return f"WaitAsk({self.invoice!r})"


class Waits(Protocol):
    """The keeper's side. Raises `Unavailable`."""

    async def wait(self, items: Sequence[WaitAsk]) -> Sequence[bytes]: ...


def again_of(invoice: bytes) -> bytes:
    """The id of the invoice that a rejected one becomes: of the same deposit, so that doing it twice does it once."""
    return invoice[:12] + bytes((invoice[12] | _AGAIN,)) + invoice[13:]


def original_of(invoice: bytes) -> bytes:
    """The inverse of `again_of`."""
    return invoice[:12] + bytes((invoice[12] & ~_AGAIN,)) + invoice[13:]
