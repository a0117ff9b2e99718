"""Cutting a B2 file into parts of whole lots that can be read apart, and finding what must be decided after the rest.

Two invoices of one file may bear the same number, or the same acts for one person; the first must be decided first,
whoever decides the parts. `plan` finds the later ones by what the records show: too many at worst, never by name.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from rempart.formats.b2.framing import Framing
from rempart.formats.b2.layout import LENGTH
from rempart.formats.b2.layout_act import ACT
from rempart.formats.b2.layout_head import INVOICE
from rempart.formats.b2.reading import STEPS, Pass
from rempart.formats.b2.records import (
    Checked,
    Event,
    Fault,
    FileRefused,
    FileStart,
    LotChecked,
    LotEnd,
    LotRef,
    LotRefused,
    LotStart,
)

_MARKS: Final = {"real": b"R", "test": b"T", "demo": b"D"}
_MODES: Final = {0x52: "real", 0x54: "test", 0x44: "demo"}
_REFUSED: Final = b"-"
_STRIDES: Final = {"none": LENGTH, "lf": LENGTH + 1, "crlf": LENGTH + 2}
_ELSEWHERE: Final = LotChecked(LotRef(0, "", 0, 0), "", (Fault("lot", 0, "1", 1, "lot-elsewhere"),))
_BLANK, _TWO, _FOUR, _NINE = 0x20, 0x32, 0x34, 0x39
_SITE, _NUMBER, _BIRTH = INVOICE.zone("site"), INVOICE.zone("number"), INVOICE.zone("birth")
_ACT, _SPENT = ACT.span("care", "coefficient"), ACT.zone("spent")


class Part(NamedTuple):
    """Lots that are read together: `at` is the byte of the file where the first begins, `lot` and `record` its numbers.

    `modes` has one byte a lot: R, T, D, or - for one that is refused. `later`: the record numbers of its invoices that
    are decided after all others of the file, in their order.
    """

    at: int
    record: int
    lot: int
    modes: bytes
    later: tuple[int, ...] = ()


class Plan(NamedTuple):
    """`faults` of the file, empty when it is sound; then its parts, in order."""

    faults: tuple[Fault, ...]
    parts: tuple[Part, ...] = ()


def plan(blocks: Iterable[bytes], most: int) -> Plan:
    """One quick pass for envelope, control sums and repeats; a part ends with the lot that brings it to `most`."""
    repeats = _Repeats()
    stride, room = LENGTH, 0
    parts: list[Part] = []
    for event in Pass(build=False, checked=None).run(blocks, repeats.watch):
        if isinstance(event, FileStart):
            stride = _STRIDES[event.line_end]
        elif isinstance(event, FileRefused):
            return Plan(event.faults)
        elif isinstance(event, LotEnd | LotRefused):
            mode = _MARKS[event.mode] if isinstance(event, LotEnd) else _REFUSED
            if room <= 0:
                parts.append(Part((event.lot.record - 1) * stride, event.lot.record, event.lot.place, b""))
                room = most
            parts[-1] = parts[-1]._replace(modes=parts[-1].modes + mode)
            room -= repeats.passed()
    return Plan((), _with_later(parts, repeats.later()))


def read_part(blocks: Iterable[bytes], part: Part, *, only: frozenset[int] | None = None) -> Iterator[Event]:
    """Events of the part's lots as `read` gives them; `blocks` begin at the byte `part.at` of the file.

    `only`: the record numbers of the invoices that are wanted; of the others none is made.
    """
    machine = Pass(build=True, checked=_checked(part), only=only)
    machine.lots, machine.count = part.lot - 1, part.record - 1
    last = machine.lots + len(part.modes)
    for record in Framing().records(blocks):
        machine.count += 1
        if record[0] == _NINE:
            yield from machine.abandon_lot()
            return
        for event in STEPS[record[0]](machine, record):
            if isinstance(event, LotStart) and event.lot.place > last:
                return
            yield event
        if machine.lot is None and machine.lots == last:
            return


class _Repeats:
    """Looks at records on their way, and remembers two short hashes an invoice: 16 bytes of memory each."""

    def __init__(self) -> None:
        self._numbers, self._contents, self._starts = array("q"), array("q"), array("q")
        self._told = 0

    def watch(self, records: Iterator[bytes]) -> Iterator[bytes]:
        """The same records. An invoice is known by its site and number, and by its site, birth date and acts."""
        content: list[bytes] = []
        for count, record in enumerate(records, 1):
            kind = record[0]
            if kind == _FOUR and record[35] == _BLANK:
                content.append(record[_ACT] + record[_SPENT])
            elif kind == _TWO and record[35] == _BLANK:
                self._close(content)
                site = record[_SITE]
                content = [site, record[_BIRTH]]
                self._numbers.append(hash((site, record[_NUMBER])))
                self._starts.append(count)
            yield record
        self._close(content)

    def passed(self) -> int:
        """How many invoices began since it was asked last."""
        before, self._told = self._told, len(self._starts)
        return self._told - before

    def later(self) -> list[int]:
        """Record numbers of invoices with the number or the content of one before them."""
        twice = _twice(self._numbers) | _twice(self._contents)
        if not twice:
            return []
        met: set[int] = set()
        found = []
        for number, content, start in zip(self._numbers, self._contents, self._starts, strict=True):
            if number in met or content in met:
                found.append(start)
            met.update(twice.intersection((number, content)))
        return found

    def _close(self, content: list[bytes]) -> None:
        if content:
            self._contents.append(hash(tuple(content)))


def _twice(values: array[int]) -> set[int]:
    ordered = sorted(values)
    return {one for one, other in pairwise(ordered) if one == other}


def _with_later(parts: list[Part], later: Sequence[int]) -> tuple[Part, ...]:
    ends = [part.record for part in parts[1:]] + [max(later, default=0) + 1]
    return tuple(
        part._replace(later=tuple(one for one in later if part.record <= one < end))
        for part, end in zip(parts, ends, strict=False)
    )


def _checked(part: Part) -> Checked:
    """What the pass over control sums said of the part's lots; others are never asked about."""
    lots = [
        LotChecked(LotRef(place, "", 0, 0), _MODES[mode], ()) if mode in _MODES else _ELSEWHERE
        for place, mode in enumerate(part.modes, part.lot)
    ]
    return Checked((), (_ELSEWHERE,) * (part.lot - 1) + tuple(lots), 0)
