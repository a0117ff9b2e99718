"""Which guarantee an invoice stands under, by its insurer's table: an accreditation first, then what the site saw.

Of what it saw, a receipt of a card check without network counts before what is only declared.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from rempart.domain.binding import (
    ACCREDITATION,
    AUTHORIZATION,
    CARD,
    DEFAULT,
    BindingTable,
    Declared,
    declared_until,
)
from rempart.domain.card_receipt import Receipt
from rempart.domain.invoice import Invoice
from rempart.domain.line_facts import Honoured
from rempart.domain.rights import DOMAINS
from rempart.ground.instants import MICROSECONDS, civil_date


class Checked(NamedTuple):
    """A receipt that holds, and its civil day at the site."""

    receipt: Receipt
    seen: date

    @classmethod
    def of(cls, receipt: Receipt | str, zone: str) -> Checked | None:
        """None for the code of one that does not hold."""
        return None if isinstance(receipt, str) else cls(receipt, civil_date(receipt.seconds * MICROSECONDS, zone))


class Bound(NamedTuple):
    """What binds: its kind or "", for which domains and days, and cents an invoice may be owed by it (None: any)."""

    kind: str = ""
    honoured: Honoured | None = None
    most: int | None = None


NOT_BOUND = Bound()


def bound_by(
    table: BindingTable | None,
    invoice: Invoice,
    profession: str,
    honoured: Honoured | None,
    *,
    authorized: bool,
    checked: Checked | None = None,
) -> Bound:
    """What an invoice that was found and checked stands under.

    `honoured`: its accreditation, verified. `authorized`: it matches an authorization that was agreed. `checked`: its
    receipt of a card check without network, verified.
    """
    rows = table or DEFAULT
    care = _care(invoice)
    if authorized:
        row = rows.row(AUTHORIZATION, profession, care)
        return Bound(AUTHORIZATION, honoured, row.most if row is not None else None)
    if honoured is not None:
        row = rows.row(ACCREDITATION, profession, care)
        return Bound(ACCREDITATION, honoured, row.most if row is not None else None)
    row = rows.row(CARD, profession, care) if checked is not None else None
    if row is not None and checked is not None:
        receipt, seen = checked
        last = declared_until(row, Declared(CARD, seen, receipt.last))
        return Bound(CARD, Honoured(frozenset(receipt.domains), seen, last), row.most)
    declared = invoice.declared
    if declared is None:
        return NOT_BOUND
    row = rows.row(declared.kind, profession, care)
    if row is None:
        return NOT_BOUND
    period = Honoured(frozenset(DOMAINS), declared.seen, declared_until(row, declared))
    return Bound(declared.kind, period, row.most)


def _care(invoice: Invoice) -> date:
    return invoice.lines[0].care_date if invoice.lines else invoice.issued
