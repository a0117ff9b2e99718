"""Control sums of a B2 file: what must be equal, as visible tuples of named checks.

Not sourced, hence checked as written here: record 6 zone 18-21 counts the heads (2) alone or with their complements
(both pass); record 999 zone 56-63 counts every record, 000 and 999 included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from rempart.formats.b2.layout_head import FILE_END, FILE_START, LOT_END, TOTAL

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Check(Generic[Found, Told]):
    """One equality: its code, the position of the zone that announces, and the test (found, announced) -> holds."""

    code: str
    position: int
    holds: Callable[[Found, Told], bool]


class InvoiceSums(NamedTuple):
    """Of the lines (found) or of record 5 (announced): number of lines, spent, AMO, AMC in cents."""

    acts: int
    spent: int
    amo: int
    amc: int


class LotSums(NamedTuple):
    """Of a lot's records (found) or of record 6 (announced; `heads` then one number). `spent` None: not summable."""

    invoices: int
    acts: int
    heads: int
    totals: int
    spent: int | None
    amo: int
    amc: int
    lot: int


class FileSums(NamedTuple):
    """Of the records read (found) or of record 999 (announced)."""

    records: int
    lots: int


def same_acts(found: InvoiceSums, told: InvoiceSums) -> bool:
    """Record 5 counts the act lines."""
    return found.acts == told.acts


def same_spent(found: InvoiceSums, told: InvoiceSums) -> bool:
    """Record 5 sums what was billed."""
    return found.spent == told.spent


def same_amo(found: InvoiceSums, told: InvoiceSums) -> bool:
    """Record 5 sums the AMO amounts."""
    return found.amo == told.amo


def same_amc(found: InvoiceSums, told: InvoiceSums) -> bool:
    """Record 5 sums the AMC amounts."""
    return found.amc == told.amc


INVOICE_CHECKS: Final[tuple[Check[InvoiceSums, InvoiceSums], ...]] = (
    Check("invoice-act-count", TOTAL.field("acts").start, same_acts),
    Check("invoice-spent-total", TOTAL.field("spent").start, same_spent),
    Check("invoice-amo-total", TOTAL.field("amo").start, same_amo),
    Check("invoice-amc-total", TOTAL.field("amc").start, same_amc),
)


def lot_number(found: LotSums, told: LotSums) -> bool:
    """Record 6 repeats the lot number of record 1."""
    return found.lot == told.lot


def lot_invoices(found: LotSums, told: LotSums) -> bool:
    """Record 6 counts the invoices."""
    return found.invoices == told.invoices


def lot_acts(found: LotSums, told: LotSums) -> bool:
    """Record 6 counts the act lines."""
    return found.acts == told.acts


def lot_heads(found: LotSums, told: LotSums) -> bool:
    """Record 6 counts the records of type 2, complements included or not."""
    return told.heads in (found.heads, found.invoices)


def lot_totals(found: LotSums, told: LotSums) -> bool:
    """Record 6 counts the records of type 5."""
    return found.totals == told.totals


def lot_spent(found: LotSums, told: LotSums) -> bool:
    """Record 6 sums what was billed, when every record 5 can be read."""
    return found.spent is None or found.spent == told.spent


def lot_amo(found: LotSums, told: LotSums) -> bool:
    """Record 6 sums the AMO totals, when every record 5 can be read."""
    return found.spent is None or found.amo == told.amo


def lot_amc(found: LotSums, told: LotSums) -> bool:
    """Record 6 sums the AMC totals, when every record 5 can be read."""
    return found.spent is None or found.amc == told.amc


LOT_CHECKS: Final[tuple[Check[LotSums, LotSums], ...]] = (
    Check("lot-invoice-count", LOT_END.field("invoices").start, lot_invoices),
    Check("lot-act-count", LOT_END.field("acts").start, lot_acts),
    Check("lot-head-count", LOT_END.field("heads").start, lot_heads),
    Check("lot-total-count", LOT_END.field("totals").start, lot_totals),
    Check("lot-spent-total", LOT_END.field("spent").start, lot_spent),
    Check("lot-amo-total", LOT_END.field("amo").start, lot_amo),
    Check("lot-amc-total", LOT_END.field("amc").start, lot_amc),
    Check("lot-number-not-repeated", LOT_END.field("lot").start, lot_number),
)


def file_records(found: FileSums, told: FileSums) -> bool:
    """Record 999 counts the records, 000 and 999 included."""
    return found.records == told.records


def file_lots(found: FileSums, told: FileSums) -> bool:
    """Record 999 counts the lots."""
    return found.lots == told.lots


FILE_CHECKS: Final[tuple[Check[FileSums, FileSums], ...]] = (
    Check("record-count", FILE_END.field("records").start, file_records),
    Check("lot-count", FILE_END.field("lots").start, file_lots),
)

# 000 against 999: the same characters in the same places.
IDENTITY: Final[tuple[tuple[str, slice], ...]] = (
    ("sender-not-repeated", FILE_START.span("sender_kind", "sender")),
    ("receiver-not-repeated", FILE_START.span("receiver_kind", "receiver")),
    ("file-id-not-repeated", FILE_START.span("application", "file_id")),
)
