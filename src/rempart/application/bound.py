"""Which guarantee an invoice stands under, by its insurer's table: an accreditation first, then what the site saw."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from rempart.domain.binding import (
    ACCREDITATION,
    AUTHORIZATION,
    DEFAULT,
    BindingTable,
    declared_until,
)
from rempart.domain.invoice import Invoice
from rempart.domain.line_facts import Honoured
from rempart.domain.rights import DOMAINS


class Bound(NamedTuple):
    """What binds: its kind or "", for which domains and days, and cents an invoice may be owed by it (None: any)."""

    kind: str = ""
    honoured: Honoured | None = None
    most: int | None = None


NOT_BOUND = Bound()


def bound_by(
    table: BindingTable | None, invoice: Invoice, profession: str, honoured: Honoured | None, *, authorized: bool
) -> Bound:
    """What an invoice that was found and checked stands under.

    `honoured`: its accreditation, verified. `authorized`: it matches an authorization that was agreed.
    """
    rows = table or DEFAULT
    care = _care(invoice)
    if authorized:
        row = rows.row(AUTHORIZATION, profession, care)
        return Bound(AUTHORIZATION, honoured, row.most if row is not None else None)
    if honoured is not None:
        row = rows.row(ACCREDITATION, profession, care)
        return Bound(ACCREDITATION, honoured, row.most if row is not None else None)
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
