"""What an insurer says it covers: periods by domain, with dates, product and level, for one beneficiary.

A `Coverage` is what a sealed record holds once opened; it carries no name, NIR, birth date or member number.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import NamedTuple

DOMAINS = ("PHAR", "MED", "SVIL", "HOSP", "OPTI", "DESO", "DEPR", "AUDI", "RADL", "LABO", "AUXM", "TRAN", "EXTE")
"""Card columns, in the order cards print them (facts: tiers payant § 1.3; order unsourced)."""


class Period(NamedTuple):  # a tuple hashes fast, and the hub keeps what it worked out by its periods
    """One domain open from `start` to `end`, both included, with the card's formula (`100`, `PEC`, `TM`, `65`…)."""

    domain: str
    start: date
    end: date
    formula: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """The rights of one beneficiary at one insurer. `kind` is `responsible`, `scheme` or `c2s`; `rank` is 1 or 2.

    `newborns`: children born to this person are covered from birth; a line says so, a record does not.
    """

    rank: int
    product: str
    level: str
    kind: str
    periods: tuple[Period, ...]
    last_equipment: tuple[tuple[str, date], ...] = ()
    newborns: bool = False


class Key(NamedTuple):
    """One way of presenting a beneficiary: canonical member number, NIR 13 or None, birth AAMMJJ, birth rank.

    `start` and `end`, both included, bound the care dates for which this way may present; None is no bound.
    `card`: the handle of the signed card that presents it, b"" for none.
    A tuple, like `RightsLine`: 50 million are made in a load, and a frozen dataclass takes four times as long.
    """

    member: str
    nir: str | None
    birth: str
    rank: str
    start: date | None = None
    end: date | None = None
    card: bytes = b""

    def __repr__(self) -> str:
        return "Key(…)"


class RightsLine(NamedTuple):
    """One line of a rights file, checked and canonical. `reference` is the insurer's stable unique one.

    `warnings` are codes of `domain.identifiers` about a NIR that has the right key and cannot exist.
    """

    reference: str
    keys: tuple[Key, ...]
    coverage: Coverage
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "RightsLine(…)"


@dataclass(frozen=True, slots=True)
class ClosedLine:
    """One line of a delta that closes: every right of `reference` ends on `day`, which is the last day covered."""

    reference: str
    day: date

    def __repr__(self) -> str:
        return "ClosedLine(…)"


def prolong(coverage: Coverage, first: date, last: date) -> Coverage:
    """The coverage with periods that are open on `first` honoured until `last`, as while a file waits in quarantine."""
    periods = tuple(
        Period(p.domain, p.start, last, p.formula) if p.start <= first <= p.end < last else p for p in coverage.periods
    )
    return Coverage(coverage.rank, coverage.product, coverage.level, coverage.kind, periods, coverage.last_equipment)


# Packed coverage: what a record's payload holds before the keeper pads and seals it. Layout, big endian:
# version 1, rank, kind, product (length, ASCII), level (length, ASCII), number of periods, each period
# (domain index, start, end as days since 1970-01-01 in 16 bits, formula length and ASCII), number of
# equipments, each (code length, ASCII, day). 16 bits of days reach 2149-06-06, which also says "no end".
KINDS = ("responsible", "scheme", "c2s")
LAST_DAY = date(2149, 6, 6)
_EPOCH = date(1970, 1, 1).toordinal()
_VERSION = 1
_PERIOD = struct.Struct(">BHH")


def _text(value: str) -> bytes:
    raw = value.encode("ascii")
    return bytes((len(raw),)) + raw


def pack(coverage: Coverage) -> bytes:
    """The coverage as bytes; ValueError when a date lies outside 1970-01-01..2149-06-06 or a text beyond 255 ASCII."""
    parts = [bytes((_VERSION, coverage.rank, KINDS.index(coverage.kind)))]
    parts += [_text(coverage.product), _text(coverage.level), bytes((len(coverage.periods),))]
    for period in coverage.periods:
        parts.append(_PERIOD.pack(DOMAINS.index(period.domain), _day(period.start), _day(period.end)))
        parts.append(_text(period.formula))
    parts.append(bytes((len(coverage.last_equipment),)))
    for code, day in coverage.last_equipment:
        parts += [_text(code), _day(day).to_bytes(2, "big")]
    return b"".join(parts)


def _day(value: date) -> int:
    days = value.toordinal() - _EPOCH
    if not 0 <= days <= 0xFFFF:
        raise ValueError("date outside the range of a record")
    return days


@lru_cache(maxsize=65536)
def unpack(packed: bytes) -> Coverage:
    """The coverage that `pack` packed; ValueError when it is not one. Cached: thousands share one product's periods."""
    try:
        return _unpack(packed)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ValueError("not a packed coverage") from error


def _unpack(packed: bytes) -> Coverage:
    if packed[0] != _VERSION:
        raise ValueError("unknown version of a packed coverage")
    rank, kind = packed[1], KINDS[packed[2]]
    product, at = _read_text(packed, 3)
    level, at = _read_text(packed, at)
    count, at = packed[at], at + 1
    periods = []
    for _ in range(count):
        index, start, end = _PERIOD.unpack_from(packed, at)
        formula, at = _read_text(packed, at + _PERIOD.size)
        periods.append(Period(DOMAINS[index], _date(start), _date(end), formula))
    count, at = packed[at], at + 1
    equipment = []
    for _ in range(count):
        code, at = _read_text(packed, at)
        equipment.append((code, _date(int.from_bytes(packed[at : at + 2], "big"))))
        at += 2
    return Coverage(rank, product, level, kind, tuple(periods), tuple(equipment))


def _read_text(packed: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + packed[at]
    return packed[at + 1 : end].decode("ascii"), end


def _date(days: int) -> date:
    return date.fromordinal(_EPOCH + days)


def seen_through(coverage: Coverage, key: Key) -> Coverage | None:
    """The coverage as `key` presents it: its periods cut to the key's own dates; None when nothing is left of them."""
    if key.start is None and key.end is None:
        return coverage
    start, end = key.start or date.min, key.end or date.max
    periods = tuple(
        period._replace(start=max(start, period.start), end=min(end, period.end))
        for period in coverage.periods
        if period.start <= end and period.end >= start
    )
    return replace(coverage, periods=periods) if periods else None
