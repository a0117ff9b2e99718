"""Positional records as data: a table of fields says where each one starts, ends and how it is written.

Positions are 1-based and inclusive, as the specifications print them. Nothing here knows a format. An error names the
record number, the position and a code, never what was found there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal["const", "digits", "digits?", "text", "label", "date", "date?"]
Value = int | str | date | None

CENTURY: Final = 2000  # dates are AAMMJJ: no act of care billed today was given before the year 2000


class Bad(Enum):
    """What a zone can be instead of readable; the value is the stable code."""

    NUMBER = "not-a-number"
    DATE = "date-impossible"
    TEXT = "not-ascii"
    CONST = "constant-expected"


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One unreadable zone: record number in the file, position of its first character, code; never the content."""

    record: int
    position: int
    code: str


class PackError(ValueError):
    """A value that does not fit its zone. Carries the record type, the field and its position, never the value."""

    def __init__(self, layout: str, field: str, position: int) -> None:
        super().__init__(f"record {layout}: field {field} at position {position} does not fit")
        self.layout = layout
        self.field = field
        self.position = position


@dataclass(frozen=True, slots=True)
class Field:
    """One zone: `start` and `end` are 1-based inclusive.

    kinds: `const` always `literal`; `digits` right-aligned zero-padded; `digits?` the same or blank (None); `text`
    printable ASCII, left-aligned, blank-padded; `label` any latin-1; `date` AAMMJJ; `date?` the same, or blank or
    zeros (None).
    """

    name: str
    start: int
    end: int
    kind: Kind
    literal: str = ""

    @property
    def width(self) -> int:
        """Number of characters."""
        return self.end - self.start + 1


# Only possible dates enter the cache, so it cannot pass 36,525 entries whatever is read.
_DAYS: dict[bytes, date] = {}


def day(zone: bytes) -> date | None:
    """The civil date written AAMMJJ in six bytes, or None when there is no such date."""
    found = _DAYS.get(zone)
    return found if found is not None else _new_day(zone)


def _new_day(zone: bytes) -> date | None:
    if len(zone) != 6 or not zone.isdigit():
        return None
    try:
        found = date(CENTURY + int(zone[:2]), int(zone[2:4]), int(zone[4:]))
    except ValueError:
        return None
    _DAYS[bytes(zone)] = found
    return found


def day_text(value: date) -> str:
    """AAMMJJ. Raises ValueError outside the century the two digits stand for."""
    if not CENTURY <= value.year < CENTURY + 100:
        raise ValueError("a date of another century cannot be written with two digits")
    return value.strftime("%y%m%d")


def printable(zone: bytes) -> bool:
    """True when every byte is printable ASCII (32 to 126)."""
    return zone.isascii() and zone.decode("ascii").isprintable()


def _read_digits(zone: bytes) -> Value | Bad:
    return int(zone) if zone.isdigit() else Bad.NUMBER


def _read_digits_or_blank(zone: bytes) -> Value | Bad:
    return None if not zone.strip(b" ") else _read_digits(zone)


def _read_text(zone: bytes) -> Value | Bad:
    return zone.decode("ascii").rstrip(" ") if printable(zone) else Bad.TEXT


def _read_label(zone: bytes) -> Value | Bad:
    return zone.decode("latin-1").rstrip(" ")


def _read_date(zone: bytes) -> Value | Bad:
    return day(zone) or Bad.DATE


def _read_date_or_blank(zone: bytes) -> Value | Bad:
    return None if not zone.strip(b" ") or not zone.strip(b"0") else _read_date(zone)


_READERS: Final[dict[Kind, Callable[[bytes], Value | Bad]]] = {
    "digits": _read_digits,
    "digits?": _read_digits_or_blank,
    "text": _read_text,
    "label": _read_label,
    "date": _read_date,
    "date?": _read_date_or_blank,
}


def _write(field: Field, value: Value) -> str | None:
    """The value as the characters of its zone, or None when it does not fit."""
    if field.kind == "const":
        return field.literal
    if value is None:
        return " " * field.width if field.kind.endswith("?") else None
    if field.kind.startswith("digits"):
        fits = isinstance(value, int) and 0 <= value < 10**field.width
        return f"{value:0{field.width}d}" if fits else None
    if field.kind.startswith("date"):
        fits = isinstance(value, date) and CENTURY <= value.year < CENTURY + 100
        return day_text(value) if fits and isinstance(value, date) else None
    fits = isinstance(value, str) and len(value) <= field.width
    return f"{value:<{field.width}}" if fits else None


@dataclass(frozen=True, slots=True)
class Layout:
    """One record type: its name, its fields in order, its length. What no field covers is filler, kept as it is."""

    name: str
    fields: tuple[Field, ...]
    length: int = 128

    def __post_init__(self) -> None:
        """Refuse a table whose fields overlap, go back or leave the record."""
        last = 0
        for field in self.fields:
            if not last < field.start <= field.end <= self.length:
                raise ValueError(f"record {self.name}: field {field.name} overlaps or leaves the record")
            last = field.end

    def field(self, name: str) -> Field:
        """The field of that name; KeyError otherwise."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def zone(self, name: str) -> slice:
        """The slice of one field, for hot paths: computed once, used on every record."""
        field = self.field(name)
        return slice(field.start - 1, field.end)

    def span(self, first: str, last: str) -> slice:
        """The slice from the start of one field to the end of another, the fields between them included."""
        return slice(self.field(first).start - 1, self.field(last).end)

    def unpack(self, raw: bytes, record: int) -> dict[str, Value] | tuple[FieldFault, ...]:
        """Every field by name, or every fault found, in order of position."""
        values: dict[str, Value] = {}
        faults: list[FieldFault] = []
        for field in self.fields:
            value = _decode(field, raw[field.start - 1 : field.end])
            if isinstance(value, Bad):
                faults.append(FieldFault(record, field.start, value.value))
            else:
                values[field.name] = value
        return tuple(faults) or values

    def pack(self, values: Mapping[str, Value], *, over: bytes | None = None) -> bytes:
        """The record as bytes; `over` gives the filler, and the exact spelling of any zone already holding its value.

        Raises PackError for a missing value or one that does not fit.
        """
        out = bytearray(over if over is not None else b" " * self.length)
        for field in self.fields:
            where = slice(field.start - 1, field.end)
            value = field.literal if field.kind == "const" else values.get(field.name)
            if over is not None and _decode(field, over[where]) == value:
                continue
            text = _write(field, value)
            if text is None:
                raise PackError(self.name, field.name, field.start)
            try:
                out[where] = text.encode("ascii" if field.kind == "text" else "latin-1")
            except UnicodeEncodeError:
                raise PackError(self.name, field.name, field.start) from None
        return bytes(out)

    def template(self, *names: str) -> Template:
        """A fast packer for the named fields, in that order; constants are set, the rest is blank."""
        return Template(self, names)


def _decode(field: Field, zone: bytes) -> Value | Bad:
    if field.kind == "const":
        return field.literal if zone == field.literal.encode("ascii") else Bad.CONST
    return _READERS[field.kind](zone)


class Template:
    """A record's table turned once into one format string; `fill` then costs one formatting per record."""

    __slots__ = ("_format", "_layout", "_length", "_order")

    def __init__(self, layout: Layout, names: tuple[str, ...]) -> None:
        pieces: list[str] = []
        order: list[Field] = []
        at = 1
        for field in layout.fields:
            pieces.append(" " * (field.start - at))
            at = field.end + 1
            if field.kind == "const":
                pieces.append(field.literal.replace("%", "%%"))
            elif field.name in names:
                order.append(field)
                pieces.append(f"%0{field.width}d" if field.kind.startswith("digits") else f"%-{field.width}s")
            else:
                pieces.append(" " * field.width)
        pieces.append(" " * (layout.length + 1 - at))
        if tuple(field.name for field in order) != names:
            raise ValueError(f"record {layout.name}: template fields must exist and follow the order of positions")
        self._format = "".join(pieces)
        self._layout = layout
        self._length = layout.length
        self._order = tuple(order)

    def fill(self, *values: int | str) -> bytes:
        """The record; dates come as AAMMJJ text, numbers as int. Raises PackError for what does not fit."""
        text = self._format % values
        # The format pads and never cuts, so a value too long always lengthens the record.
        if len(text) != self._length or not text.isprintable() or not text.isascii():
            raise self._misfit(values)
        if "-" in text and _negative(values):
            raise self._misfit(values)
        return text.encode("ascii")

    def _misfit(self, values: tuple[int | str, ...]) -> PackError:
        for field, value in zip(self._order, values, strict=True):
            text = str(value)
            if len(text) > field.width or not text.isprintable() or not text.isascii() or _negative((value,)):
                return PackError(self._layout.name, field.name, field.start)
        return PackError(self._layout.name, "record", 1)


def _negative(values: tuple[int | str, ...]) -> bool:
    return any(value.__class__ is int and value < 0 for value in values)
