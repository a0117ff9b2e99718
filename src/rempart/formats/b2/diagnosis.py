"""What is wrong with the records of one invoice: every fault with its record, position and code.

Only invoices that `mapping` did not find plainly sound come here, so this looks at everything and builds nothing.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rempart.formats._fixed import FieldFault, Layout, day, printable
from rempart.formats.b2.checks import INVOICE_CHECKS, InvoiceSums
from rempart.formats.b2.details import READERS
from rempart.formats.b2.layout import HOSPITAL, UNUSED, type_name
from rempart.formats.b2.layout_act import ACT
from rempart.formats.b2.layout_head import INDIVIDUAL, INVOICE, ROUTING, TOTAL
from rempart.formats.b2.nir import nir_fault
from rempart.formats.b2.records import Fault

MAX_FAULTS: Final = 100  # of one invoice; the rest would only repeat the same mistake
MAX_RECORDS: Final = 9_999  # record 5 counts 999 act lines; ten records a line is more than any line carries

_NUMBER: Final = INVOICE.zone("number")
_COUNT, _SPENT, _AMO, _AMC = (TOTAL.zone(name) for name in ("acts", "spent", "amo", "amc"))
_HEAD_PARTS: Final = frozenset({"2B", "2C", "2M", "2P", "2S"})
_ACT_KIND: Final = 0x34
_USED_NUMBERS: Final = ("quantity", "coefficient", "count", "unit_price", "base", "rate", "amo", "spent")
_USED_TEXTS: Final = ("exemption", "code", "qualifier", "place")


class Group(NamedTuple):
    """The records of one invoice in order, what record 5 announces (None: unreadable or absent), and where it stands.

    `start` is the number of the first record in the file; `site` (and `lot_site`, as text) that of the lot; `mode` the
    lot's, "real" while it is not known.
    """

    records: list[bytes]
    totals: InvoiceSums | None
    start: int
    site: bytes
    lot_site: str
    mode: str


def read_totals(record: bytes) -> InvoiceSums | None:
    """The announced totals of a record 5, or None when a zone is not a number; AMC may be blank (zero)."""
    count, spent, amo, amc = record[_COUNT], record[_SPENT], record[_AMO], record[_AMC]
    if count.isdigit() and spent.isdigit() and amo.isdigit():
        if amc.isdigit():
            return InvoiceSums(int(count), int(spent), int(amo), int(amc))
        if not amc.strip(b" "):
            return InvoiceSums(int(count), int(spent), int(amo), 0)
    return None


def invoice_number(head: bytes) -> str:
    """The invoice number of a record, or an empty text when it is not 9 digits other than zero."""
    number = head[_NUMBER]
    return number.decode("ascii") if number.isdigit() and number != b"000000000" else ""


def diagnose(group: Group) -> tuple[Fault, ...]:
    """Every fault of one invoice, in order of record and position, at most 100."""
    faults = _Faults(group)
    if len(group.records) > MAX_RECORDS:
        faults.add(0, 1, "invoice-too-long")
        return faults.sorted()
    _head(faults)
    for at in range(1, len(group.records)):
        _repeated(faults, at)
    _walk(faults)
    _totals(faults)
    return faults.sorted()


class _Faults:
    """The faults found so far in one invoice."""

    __slots__ = ("found", "group")

    def __init__(self, group: Group) -> None:
        self.group = group
        self.found: list[Fault] = []

    def add(self, at: int, position: int, code: str) -> None:
        """Note a fault of the record at that index of the group."""
        kind = type_name(self.group.records[at])
        self.found.append(Fault("invoice", self.group.start + at, kind, position, code))

    def zone(self, at: int, layout: Layout, name: str, code: str) -> None:
        """Note a fault of a named zone."""
        self.add(at, layout.field(name).start, code)

    def sorted(self) -> tuple[Fault, ...]:
        """In order of record, then position."""
        return tuple(sorted(self.found, key=lambda fault: (fault.record, fault.position))[:MAX_FAULTS])


def _head(faults: _Faults) -> None:
    group = faults.group
    head = group.records[0]
    if head[INVOICE.zone("site")] != group.site:
        faults.zone(0, INVOICE, "site", "site-not-repeated")
    if not invoice_number(head):
        faults.zone(0, INVOICE, "number", "invoice-number-malformed")
    if day(head[INVOICE.zone("issued")]) is None:
        faults.zone(0, INVOICE, "issued", "date-impossible")
    if not head[INVOICE.zone("birth")].isdigit():
        faults.zone(0, INVOICE, "birth", "birth-malformed")
    rank = head[INVOICE.zone("rank")]
    if not (rank.isdigit() or rank == b" "):
        faults.zone(0, INVOICE, "rank", "rank-malformed")
    for name in ("nature", "exemption"):
        if not printable(head[INVOICE.zone(name)]):
            faults.zone(0, INVOICE, name, "not-ascii")
    _nir(faults)
    for name in ("amc", "member"):
        _routed(faults, name)


def _last(group: Group, kind: bytes) -> int | None:
    """Index of the last record of that type and complement."""
    found = [at for at, record in enumerate(group.records) if record[:1] + record[35:36] == kind]
    return found[-1] if found else None


def _nir(faults: _Faults) -> None:
    """The number that identifies: of 2S when it holds one, else of 2."""
    at, layout, names = 0, INVOICE, ("insured_nir", "insured_key")
    individual = _last(faults.group, b"2S")
    if individual is not None and faults.group.records[individual][INDIVIDUAL.zone("nir")].strip(b" "):
        at, layout, names = individual, INDIVIDUAL, ("nir", "key")
    record = faults.group.records[at]
    code = nir_fault(record[layout.zone(names[0])], record[layout.zone(names[1])])
    if code:
        faults.zone(at, layout, names[0] if code == "nir-malformed" else names[1], code)


def _routed(faults: _Faults, name: str) -> None:
    """AMC or member: that of 2M when it holds one, else of 2."""
    at, layout = _last(faults.group, b"2M"), ROUTING
    if at is None or not faults.group.records[at][layout.zone(name)].strip(b" "):
        at, layout = 0, INVOICE
    zone = faults.group.records[at][layout.zone(name)].strip(b" ")
    if layout is INVOICE and name == "amc" and zone.endswith(b"M"):
        zone = zone[:-1].strip(b" ")
    if not zone:
        faults.zone(at, layout, name, f"{name}-missing")
    elif not printable(zone):
        faults.zone(at, layout, name, "not-ascii")


def _repeated(faults: _Faults, at: int) -> None:
    """Site, insured's number (or blank) and invoice number are those of the head."""
    head, record = faults.group.records[0], faults.group.records[at]
    if type_name(record) in HOSPITAL:
        return  # its zones lie elsewhere
    for name, code in (("site", "site-not-repeated"), ("number", "invoice-number-not-repeated")):
        if record[INVOICE.zone(name)] != head[INVOICE.zone(name)]:
            faults.zone(at, INVOICE, name, code)
    own = INVOICE.span("insured_nir", "insured_key")
    if record[own] != head[own] and record[own].strip(b" "):
        faults.zone(at, INVOICE, "insured_nir", "nir-not-repeated")


def _walk(faults: _Faults) -> None:
    """Types and their order, then what each act and its complements hold."""
    acts = 0
    for at, record in enumerate(faults.group.records):
        kind = type_name(record)
        if kind in HOSPITAL:
            faults.add(at, 1, "hospital-family-not-handled")
        elif kind.endswith("?"):
            faults.add(at, 1 if kind == "?" else 36, "record-type-unknown")
        elif kind == "4":
            acts += 1
            _act(faults, at)
        elif (kind in _HEAD_PARTS and acts) or (record[0] == _ACT_KIND and not acts):
            faults.add(at, 1, "record-out-of-place")
        elif record[0] == _ACT_KIND and kind not in UNUSED:
            found = READERS[record[35]](record)
            if isinstance(found, FieldFault):
                faults.add(at, found.position, found.code)
    if not acts:
        faults.add(len(faults.group.records) - 1, 1, "lines-missing")


def _act(faults: _Faults, at: int) -> None:
    act = faults.group.records[at]
    for name in _USED_NUMBERS:
        if not act[ACT.zone(name)].isdigit():
            faults.zone(at, ACT, name, "not-a-number")
    amc = act[ACT.zone("amc")]
    if not amc.isdigit() and amc.strip(b" "):
        faults.zone(at, ACT, "amc", "not-a-number")
    for name in _USED_TEXTS:
        if not printable(act[ACT.zone(name)]):
            faults.zone(at, ACT, name, "not-ascii")
    if day(act[ACT.zone("care")]) is None:
        faults.zone(at, ACT, "care", "date-impossible")
    if not act[ACT.zone("code")].strip(b" "):
        faults.zone(at, ACT, "code", "act-code-missing")


def _totals(faults: _Faults) -> None:
    """Record 5: there, readable, and the sum of the lines; sums are judged only once everything else is sound."""
    group = faults.group
    at = len(group.records) - 1
    if group.records[at][:1] != b"5":
        faults.add(at, 1, "total-missing")
    elif group.totals is None:
        _unreadable_totals(faults, at)
    elif not faults.found:
        acts = [record for record in group.records if record[:1] == b"4" and record[35:36] == b" "]
        found = InvoiceSums(len(acts), *(_sum(acts, name) for name in ("spent", "amo", "amc")))
        for check in INVOICE_CHECKS:
            if not check.holds(found, group.totals):
                faults.add(at, check.position, check.code)


def _unreadable_totals(faults: _Faults, at: int) -> None:
    record = faults.group.records[at]
    for name in ("acts", "spent", "amo", "amc"):
        zone = record[TOTAL.zone(name)]
        if not zone.isdigit() and not (name == "amc" and not zone.strip(b" ")):
            faults.zone(at, TOTAL, name, "not-a-number")


def _sum(acts: list[bytes], name: str) -> int:
    where = ACT.zone(name)
    return sum(int(act[where]) for act in acts if act[where].strip(b" "))
