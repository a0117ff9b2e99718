"""Writing B2 files from domain invoices, as a stream: lots of any number of sites, control sums kept on the way.

One lot holds at most 999 invoices and 9,999 lines, one file 999 lots (the widths of their counts): 998,001 invoices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rempart.formats._fixed import PackError, day_text
from rempart.formats.b2.layout import LENGTH
from rempart.formats.b2.layout_head import FILE_END, FILE_START, LOT_END, LOT_START
from rempart.formats.b2.rendering import to_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from rempart.domain.invoice import Invoice

MAX_INVOICES: Final = 999
MAX_ACTS: Final = 9_999
MAX_LOTS: Final = 999
MAX_AMOUNT: Final = 10**9 - 1  # cents, nine digits
_BLOCK: Final = 512  # records in one block of output, 64 KiB
_MARKS: Final = {"real": "R", "test": "T", "demo": "D"}


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends a file to whom: kind is TP (a site), SI (a group practice) or OT (a concentrator)."""

    sender: str
    receiver: str
    file_id: str
    created: date
    sender_kind: str = "TP"
    receiver_kind: str = "OT"
    application: str = ""
    norm: str = "PS"


@dataclass(frozen=True, slots=True)
class Lot:
    """Invoices of one site under one lot number (1 to 999); all of them in the lot's mode."""

    site: str
    number: int
    created: date
    invoices: Iterable[Invoice]
    mode: str = "real"


def lots_of(invoices: Iterable[Invoice], created: date, *, first: int = 1) -> Iterator[Lot]:
    """Cut a stream of invoices, grouped by site, into lots that fit; numbers go from `first` to 999 and start over."""
    kept: list[Invoice] = []
    number, acts, spent = first, 0, 0
    for invoice in invoices:
        other = kept and (invoice.site, invoice.mode) != (kept[0].site, kept[0].mode)
        room = len(kept) < MAX_INVOICES and acts + len(invoice.lines) <= MAX_ACTS
        if other or (kept and not (room and spent + invoice.total_spent <= MAX_AMOUNT)):
            yield Lot(kept[0].site, number, created, kept, kept[0].mode)
            number, kept, acts, spent = number % MAX_LOTS + 1, [], 0, 0
        kept.append(invoice)
        acts += len(invoice.lines)
        spent += invoice.total_spent
    if kept:
        yield Lot(kept[0].site, number, created, kept, kept[0].mode)


def write(envelope: Envelope, lots: Iterable[Lot], *, line_end: bytes = b"") -> Iterator[bytes]:
    """Blocks of a whole file. `line_end` is b"", LF or CRLF. Raises PackError for what does not fit the profile."""
    if line_end not in (b"", b"\n", b"\r\n"):
        raise ValueError("line end is nothing, LF or CRLF")
    waiting: list[bytes] = []
    for record in _records(envelope, lots):
        waiting.append(record)
        if len(waiting) >= _BLOCK:
            yield line_end.join(waiting) + line_end
            waiting = []
    yield line_end.join(waiting) + line_end


def _records(envelope: Envelope, lots: Iterable[Lot]) -> Iterator[bytes]:
    same = {
        "sender_kind": envelope.sender_kind,
        "sender": envelope.sender,
        "receiver_kind": envelope.receiver_kind,
        "receiver": envelope.receiver,
        "application": envelope.application,
        "file_id": envelope.file_id,
    }
    start = {**same, "received": None, "created": envelope.created, "norm": envelope.norm, "version": "B2"}
    yield FILE_START.pack({**start, "sesam": "", "record_length": LENGTH, "message": ""})
    count = written = 0
    for lot in lots:
        written += 1
        if written > MAX_LOTS:
            raise PackError("999", "lots", FILE_END.field("lots").start)
        for record in _lot(lot):
            count += 1
            yield record
    yield FILE_END.pack({**same, "records": count + 2, "lots": written})


_LOT_START = LOT_START.template("site", "lot", "created", "currency")
_LOT_END = LOT_END.template("site", "invoices", "acts", "heads", "totals", "spent", "amo", "amc", "lot", "marking")


def _lot(lot: Lot) -> Iterator[bytes]:
    """Records 1 to 6. The counts that do not fit are refused by the zones of record 6."""
    invoices = acts = heads = spent = amo = amc = 0
    yield _LOT_START.fill(lot.site, lot.number, day_text(lot.created), "U")
    for invoice in lot.invoices:
        if invoice.site != lot.site or invoice.mode != lot.mode:
            raise PackError("1", "site" if invoice.site != lot.site else "marking", 2)
        records = to_records(invoice)
        invoices += 1
        acts += len(invoice.lines)
        heads += sum(record[0] == 0x32 for record in records)
        spent, amo, amc = spent + invoice.total_spent, amo + invoice.total_amo, amc + invoice.total_amc
        yield from records
    yield _LOT_END.fill(lot.site, invoices, acts, heads, invoices, spent, amo, amc, lot.number, _MARKS[lot.mode])
