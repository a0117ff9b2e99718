"""What reading a B2 file yields: events in the order of the file, and faults that name a place and a code, no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date

    from rempart.domain.invoice import Invoice

Level = Literal["file", "lot", "invoice"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong: what it refuses (level), record number from 1, record type, position from 1, stable code."""

    level: Level
    record: int
    type: str
    position: int
    code: str


@dataclass(frozen=True, slots=True)
class LotRef:
    """A lot: its place in the file from 1, its site (billing number), number (0 when unreadable), first record."""

    place: int
    site: str
    number: int
    record: int


@dataclass(frozen=True, slots=True)
class FileStart:
    """Record 000: who sends (kind TP, TE, SI, OT and number), to whom, file id, day of creation, line end found."""

    sender_kind: str
    sender: str
    receiver: str
    file_id: str
    norm: str
    created: date
    line_end: str


@dataclass(frozen=True, slots=True)
class LotStart:
    """Record 1: from here on, invoices belong to this lot."""

    lot: LotRef


@dataclass(frozen=True, slots=True)
class InvoiceRead:
    """One sound invoice; to be applied only once its lot and its file are known to be sound."""

    invoice: Invoice
    lot: LotRef
    record: int


@dataclass(frozen=True, slots=True)
class InvoiceRefused:
    """One invoice with its faults. `number` is empty when it could not be read as an invoice number."""

    site: str
    number: str
    faults: tuple[Fault, ...]
    lot: LotRef


@dataclass(frozen=True, slots=True)
class LotEnd:
    """Record 6, all its totals right. `mode` is real, test or demo and governs the whole lot. Amounts in cents.

    `skipped` counts known records that are not used, by type.
    """

    lot: LotRef
    mode: str
    invoices: int
    refused: int
    spent: int
    amo: int
    amc: int
    skipped: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class LotRefused:
    """A lot none of whose invoices may be applied."""

    lot: LotRef
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class FileEnd:
    """Record 999, envelope right: what is below stands, lot by lot. Counts of the whole file."""

    records: int
    lots: int
    lots_refused: int
    invoices: int
    invoices_refused: int


@dataclass(frozen=True, slots=True)
class FileRefused:
    """The whole file is refused: nothing of it may be applied, whatever was yielded before. Reading stops."""

    faults: tuple[Fault, ...]


Event = FileStart | LotStart | InvoiceRead | InvoiceRefused | LotEnd | LotRefused | FileEnd | FileRefused


@dataclass(frozen=True, slots=True)
class LotChecked:
    """What the pass over control sums says of one lot; `faults` empty when it is sound."""

    lot: LotRef
    mode: str
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """The pass over control sums: faults of the file (empty when sound), and each lot in order of place."""

    faults: tuple[Fault, ...]
    lots: tuple[LotChecked, ...]
    records: int
