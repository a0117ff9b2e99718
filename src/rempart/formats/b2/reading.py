"""Reading a B2 file as a stream of events, with flat memory; refusal at the smallest level (file, lot, invoice).

How a consumer must stage. A lot can only be judged at its record 6 and a file at its record 999, so an invoice that was
yielded may still fall with its lot or its file. There are two safe ways:

1. One pass: keep what `InvoiceRead` gives apart, release a lot's invoices after its `LotEnd` (with the mode it states),
   drop them after its `LotRefused`, and apply nothing at all before `FileEnd`; after `FileRefused` drop everything.
2. Two passes over the same bytes: `checked = check(blocks)`; if `checked.faults` is empty, `read(blocks,
   checked=checked)` yields the invoices of sound lots only, each already with its lot's mode, to be applied at once.

Nothing here raises for what a file contains: hostile bytes give events.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, TypeAlias

from rempart.formats.b2.checks import FILE_CHECKS, IDENTITY, LOT_CHECKS, FileSums, InvoiceSums, LotSums
from rempart.formats.b2.diagnosis import MAX_RECORDS, Group, invoice_number, read_totals
from rempart.formats.b2.framing import Framing
from rempart.formats.b2.layout import LENGTH, UNUSED, type_name
from rempart.formats.b2.layout_head import FILE_END, FILE_START, LOT_END, LOT_START
from rempart.formats.b2.mapping import to_invoice
from rempart.formats.b2.records import (
    Checked,
    Event,
    Fault,
    FileEnd,
    FileRefused,
    FileStart,
    InvoiceRead,
    InvoiceRefused,
    LotChecked,
    LotEnd,
    LotRef,
    LotRefused,
    LotStart,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rempart.formats._fixed import Value

MAX_LOT_FAULTS: Final = 100
_MODES: Final = {"": "real", "R": "real", "T": "test", "D": "demo"}
_EURO: Final = ("E", "U")
_LINE_ENDS: Final = {b"": "none", b"\n": "lf", b"\r\n": "crlf"}
_HOSPITAL_NORM: Final = "CP"
_BLANK, _TWO, _FOUR = 0x20, 0x32, 0x34
_UNUSED: Final = {kind.encode("ascii"): kind for kind in UNUSED}
_UNUSED_LETTERS: Final = frozenset(kind[1] for kind in _UNUSED)
_SITE, _LOT = LOT_START.zone("site"), LOT_START.zone("lot")
_NO_EVENTS: Final[tuple[Event, ...]] = ()
Watch: TypeAlias = "Callable[[Iterator[bytes]], Iterator[bytes]]"


def _text(values: dict[str, Value], name: str) -> str:
    value = values[name]
    return value if isinstance(value, str) else ""


def _day(value: Value) -> date:
    if not isinstance(value, date):
        raise TypeError("the table says this zone is a date")
    return value


def _number(value: Value) -> int:
    return value if isinstance(value, int) else 0


def read(blocks: Iterable[bytes], *, checked: Checked | None = None) -> Iterator[Event]:
    """Events of a B2 file given as blocks of any size; see the module for how to stage them.

    `checked` is what `check` said of the same bytes: lots it refuses yield no invoice, and modes are already known.
    """
    return Pass(build=True, checked=checked).run(blocks)


def check(blocks: Iterable[bytes]) -> Checked:
    """One quick pass for envelope and control sums; what is wrong inside one invoice is left to `read`."""
    faults: tuple[Fault, ...] = ()
    lots: list[LotChecked] = []
    machine = Pass(build=False, checked=None)
    for event in machine.run(blocks):
        if isinstance(event, LotEnd):
            lots.append(LotChecked(event.lot, event.mode, ()))
        elif isinstance(event, LotRefused):
            lots.append(LotChecked(event.lot, "", event.faults))
        elif isinstance(event, FileRefused):
            faults = event.faults
    return Checked(faults, tuple(lots), machine.count)


class _Lot:
    """The lot being read: its reference, its faults, its running counts and sums."""

    __slots__ = ("acts", "amc", "amo", "faults", "heads", "invoices", "mode", "read", "ref", "refused", "site",
                 "skipped", "spent", "totals", "unreadable")  # fmt: skip

    def __init__(self, ref: LotRef, site: bytes) -> None:
        self.ref = ref
        self.site = site
        self.mode = "real"
        self.faults: list[Fault] = []
        self.skipped: dict[str, int] = {}
        self.invoices = self.acts = self.heads = self.totals = self.spent = self.amo = self.amc = 0
        self.read = self.refused = 0
        self.unreadable = False

    def sums(self) -> LotSums:
        """What was found, to be held against record 6."""
        spent = None if self.unreadable else self.spent
        return LotSums(self.invoices, self.acts, self.heads, self.totals, spent, self.amo, self.amc, self.ref.number)


class Pass:
    """One pass over a file. `build` makes invoices (of these records `only`); else the envelope alone is checked."""

    __slots__ = ("build", "checked", "count", "end", "group", "head", "invoices", "lot", "lots", "lots_refused", "only",
                 "over", "refused", "start")  # fmt: skip

    def __init__(self, *, build: bool, checked: Checked | None, only: frozenset[int] | None = None) -> None:
        self.build = build
        self.checked = checked
        self.only = only
        self.count = 0
        self.head: bytes = b""
        self.lot: _Lot | None = None
        self.lots = self.lots_refused = self.invoices = self.refused = 0
        self.group: list[bytes] | None = None
        self.start = 0
        self.end: FileEnd | None = None
        self.over = False

    def run(self, blocks: Iterable[bytes], watch: Watch = iter) -> Iterator[Event]:
        """All events, in the order of the file; `watch` sees each record first."""
        framing = Framing()
        records = watch(framing.records(blocks))
        for record in records:
            self.count = 1
            yield from self.first(record, framing)
            break
        for record in records if not self.over else ():
            self.count += 1
            events = STEPS[record[0]](self, record)
            if events:
                yield from events
                if self.over:
                    return
        if self.over:
            return
        yield from self.last(framing)

    # --- envelope -----------------------------------------------------------------------------------------------

    def refuse(self, record: bytes, *found: tuple[int, str]) -> tuple[Event, ...]:
        """Refuse the file: nothing is read after this."""
        self.over = True
        kind = type_name(record)
        return (FileRefused(tuple(Fault("file", self.count, kind, position, code) for position, code in found)),)

    def first(self, record: bytes, framing: Framing) -> tuple[Event, ...]:
        """Record 000 opens the file."""
        if record[:3] != b"000" or record[65:67] != b"B2":
            return self.refuse(record, (1 if record[:3] != b"000" else 66, "not-b2"))
        values = FILE_START.unpack(record, 1)
        if isinstance(values, tuple):
            return self.refuse(record, *((fault.position, fault.code) for fault in values))
        if _text(values, "norm") == _HOSPITAL_NORM:
            return self.refuse(record, (FILE_START.field("norm").start, "hospital-family-not-handled"))
        if values["record_length"] != LENGTH:
            return self.refuse(record, (FILE_START.field("record_length").start, "record-length-announced"))
        self.head = record
        names = ("sender_kind", "sender", "receiver", "file_id", "norm")
        kind, sender, receiver, file_id, norm = (_text(values, name) for name in names)
        created, line_end = _day(values["created"]), _LINE_ENDS[framing.line_end]
        return (FileStart(kind, sender, receiver, file_id, norm, created, line_end),)

    def again(self, record: bytes) -> tuple[Event, ...]:
        """A second record 000, or one that only starts with a zero."""
        known = type_name(record) == "000"
        return self.refuse(record, (1, "record-out-of-place" if known else "record-type-unknown"))

    def file_end(self, record: bytes) -> tuple[Event, ...]:
        """Record 999: hold it against 000 and against what was read; the end itself waits for the end of the bytes."""
        if self.end is not None:
            return self.refuse(record, (1, "after-end"))
        if record[:3] != b"999":
            return self.unknown(record)
        events = self.abandon_lot()
        values = FILE_END.unpack(record, self.count)
        if isinstance(values, tuple):
            return (*events, *self.refuse(record, *((fault.position, fault.code) for fault in values)))
        told = FileSums(_number(values["records"]), _number(values["lots"]))
        found = FileSums(self.count, self.lots)
        wrong = [(zone.start + 1, code) for code, zone in IDENTITY if record[zone] != self.head[zone]]
        wrong += [(check.position, check.code) for check in FILE_CHECKS if not check.holds(found, told)]
        if wrong:
            return (*events, *self.refuse(record, *wrong))
        self.end = FileEnd(self.count, self.lots, self.lots_refused, self.invoices, self.refused)
        return events

    def last(self, framing: Framing) -> tuple[Event, ...]:
        """After the last record: a broken cut, a missing 999, or the end that was waiting."""
        if framing.fault is not None:
            self.count += 1
            return self.refuse(b"", (1, framing.fault if self.count > 1 else "not-b2"))
        if self.end is None:
            return self.refuse(b"", (1, "file-end-missing" if self.count else "not-b2"))
        return (self.end,)

    def unknown(self, record: bytes) -> tuple[Event, ...]:
        """A record of no known type: refuses the invoice it stands in, else the lot, else the file."""
        if self.end is not None:
            return self.refuse(record, (1, "after-end"))
        if self.lot is None:
            return self.refuse(record, (1, "record-type-unknown"))
        if self.group is None:
            self.lot_fault(record, 1, "record-type-unknown")
        else:
            self.keep(record)
        return _NO_EVENTS

    # --- lots ---------------------------------------------------------------------------------------------------

    def lot_fault(self, record: bytes, position: int, code: str) -> None:
        """Note a fault of the current lot."""
        if self.lot is not None and len(self.lot.faults) < MAX_LOT_FAULTS:
            self.lot.faults.append(Fault("lot", self.count, type_name(record), position, code))

    def lot_start(self, record: bytes) -> tuple[Event, ...]:
        """Record 1 opens a lot."""
        if self.end is not None:
            return self.refuse(record, (1, "after-end"))
        events = self.abandon_lot()
        self.lots += 1
        site = record[_SITE]
        sound = site.isascii() and site.isalnum()
        values = LOT_START.unpack(record, self.count)
        number = record[_LOT]
        ref = LotRef(
            self.lots, site.decode("ascii") if sound else "", int(number) if number.isdigit() else 0, self.count
        )
        self.lot = _Lot(ref, site)
        if not sound:
            self.lot_fault(record, 2, "site-malformed")
        if isinstance(values, tuple):
            for fault in values:
                self.lot_fault(record, fault.position, fault.code)
        else:
            if values["currency"] not in _EURO:
                self.lot_fault(record, LOT_START.field("currency").start, "currency-not-euro")
            if values["norm_code"] == _HOSPITAL_NORM:
                self.lot_fault(record, LOT_START.field("norm_code").start, "hospital-family-not-handled")
        if self.checked is not None and self.lots <= len(self.checked.lots):
            self.lot.mode = self.checked.lots[self.lots - 1].mode
        return (*events, LotStart(ref))

    def lot_end(self, record: bytes) -> tuple[Event, ...]:
        """Record 6: hold it against the records of the lot."""
        lot = self.lot
        if self.end is not None or lot is None:
            return self.refuse(record, (1, "after-end" if self.end is not None else "record-out-of-place"))
        events = self.close_invoice()
        values = LOT_END.unpack(record, self.count)
        if isinstance(values, tuple):
            for fault in values:
                self.lot_fault(record, fault.position, fault.code)
            return (*events, self.close_lot(lot, ""))
        if record[_SITE] != lot.site:
            self.lot_fault(record, 2, "site-not-repeated")
        told = LotSums(*(_number(values[name]) for name in _LOT_NUMBERS))
        found = lot.sums()
        for check in LOT_CHECKS:
            if not check.holds(found, told):
                self.lot_fault(record, check.position, check.code)
        mode = _MODES.get(_text(values, "marking"))
        if mode is None:
            self.lot_fault(record, LOT_END.field("marking").start, "lot-mode-unknown")
        return (*events, self.close_lot(lot, mode or ""))

    def abandon_lot(self) -> tuple[Event, ...]:
        """A lot left without its record 6 is refused."""
        lot = self.lot
        if lot is None:
            return _NO_EVENTS
        events = self.close_invoice()
        self.lot_fault(b"6", 1, "lot-end-missing")
        return (*events, self.close_lot(lot, ""))

    def close_lot(self, lot: _Lot, mode: str) -> Event:
        """The verdict on a lot."""
        self.lot = None
        if lot.faults:
            self.lots_refused += 1
            return LotRefused(lot.ref, tuple(lot.faults))
        self.invoices += lot.read
        self.refused += lot.refused
        skipped = tuple(sorted(lot.skipped.items()))
        return LotEnd(lot.ref, mode, lot.read, lot.refused, lot.spent, lot.amo, lot.amc, skipped)

    # --- invoices -----------------------------------------------------------------------------------------------

    def keep(self, record: bytes) -> None:
        """Add a record to the invoice being read, within a bound."""
        group = self.group
        if self.build and group is not None and len(group) <= MAX_RECORDS:
            group.append(record)

    def part(self, record: bytes) -> tuple[Event, ...]:
        """Records 2x, 3x, 4x: they belong to the invoice being read."""
        lot, group = self.lot, self.group
        if group is None or lot is None:
            return self.misplaced(record)
        letter = record[35]
        if letter == _BLANK:
            lot.acts += record[0] == _FOUR
        else:
            lot.heads += record[0] == _TWO
            if letter in _UNUSED_LETTERS and (kind := _UNUSED.get(record[:1] + record[35:36])) is not None:
                lot.skipped[kind] = lot.skipped.get(kind, 0) + 1
        if self.build and len(group) <= MAX_RECORDS:
            group.append(record)
        return _NO_EVENTS

    def invoice_head(self, record: bytes) -> tuple[Event, ...]:
        """Record 2 opens an invoice; 2B, 2M … continue it."""
        if record[35] != _BLANK:
            return self.part(record)
        if self.lot is None:
            return self.misplaced(record)
        events = self.close_invoice()
        self.lot.invoices += 1
        self.lot.heads += 1
        self.group = [record]
        self.start = self.count
        return events

    def invoice_total(self, record: bytes) -> tuple[Event, ...]:
        """Record 5 closes an invoice."""
        if self.group is None or self.lot is None:
            return self.misplaced(record)
        lot = self.lot
        lot.totals += 1
        totals = read_totals(record)
        if totals is None:
            lot.unreadable = True
        else:
            lot.spent += totals.spent
            lot.amo += totals.amo
            lot.amc += totals.amc
        self.keep(record)
        return self.close_invoice(totals)

    def misplaced(self, record: bytes) -> tuple[Event, ...]:
        """A record of an invoice outside any: refuses its lot, or the file when there is no lot."""
        if self.end is not None or self.lot is None:
            return self.refuse(record, (1, "after-end" if self.end is not None else "record-out-of-place"))
        code = "hospital-family-not-handled" if record[0] == 0x33 else "record-out-of-place"
        self.lot_fault(record, 1, code)
        return _NO_EVENTS

    def close_invoice(self, totals: InvoiceSums | None = None) -> tuple[Event, ...]:
        """The verdict on the invoice being read, if any. A lot known to be wrong yields its refusals only."""
        group, lot = self.group, self.lot
        self.group = None
        if group is None or lot is None or not self.build or (self.only is not None and self.start not in self.only):
            return _NO_EVENTS
        result = to_invoice(Group(group, totals, self.start, lot.site, lot.ref.site, lot.mode or "real"))
        if isinstance(result, tuple):
            lot.refused += 1
            return (InvoiceRefused(lot.ref.site, invoice_number(group[0]), result, lot.ref),)
        lot.read += 1
        if lot.faults or (self.checked is not None and not self.lot_sound()):
            return _NO_EVENTS
        return (InvoiceRead(result, lot.ref, self.start),)

    def lot_sound(self) -> bool:
        """Whether the pass over control sums found the current lot sound."""
        checked = self.checked
        return checked is not None and self.lots <= len(checked.lots) and not checked.lots[self.lots - 1].faults


_LOT_NUMBERS: Final = ("invoices", "acts", "heads", "totals", "spent", "amo", "amc", "lot")
_BY_FIRST: Final[dict[int, Callable[[Pass, bytes], tuple[Event, ...]]]] = {
    0x30: Pass.again,
    0x31: Pass.lot_start,
    0x32: Pass.invoice_head,
    0x33: Pass.part,
    0x34: Pass.part,
    0x35: Pass.invoice_total,
    0x36: Pass.lot_end,
    0x39: Pass.file_end,
}
# By the first byte of a record, whatever it is.
STEPS: Final = tuple(_BY_FIRST.get(byte, Pass.unknown) for byte in range(256))
