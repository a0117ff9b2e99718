"""One line of a rights file: bytes → a checked, canonical `RightsLine`, or the first fault found in it.

Members of a product share the same coverage to the byte, so coverages are checked once and remembered by their bytes.
A remembered coverage holds no identity.
"""

from __future__ import annotations

import base64
import re
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from rempart.domain.identifiers import Fault, parse_birth, parse_nir
from rempart.domain.member import MemberRule, canonical_member
from rempart.domain.rights import DOMAINS, ClosedLine, Coverage, Key, Period, RightsLine
from rempart.formats.rights_file.faults import (
    MAX_EQUIPMENT,
    MAX_KEYS,
    MAX_LINE,
    MAX_PERIODS,
    MAX_REFERENCE,
    LineFault,
    explain,
)

EARLIEST = date(1970, 1, 1)  # what a record's packed dates can hold
LATEST = date(2099, 12, 31)
_DOMAINS = frozenset(DOMAINS)
_RANKS = frozenset("123456789")
HANDLE = r"[A-Za-z0-9_-]{21}[AQgw]"
"""A card's handle: 16 bytes in base64url without padding, which can be written in this one way."""
_is_handle = re.compile(HANDLE).fullmatch

Name = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9._-]{1,20}\Z")]
OptionalName = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z0-9._-]{0,20}\Z")]
Formula = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z0-9%+./ -]{1,12}\Z")]
Equipment = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z0-9-]{1,12}\Z")]


class _Key(
    msgspec.Struct,
    forbid_unknown_fields=True,
    gc=False,
    rename={"start": "from", "end": "to"},
):
    member: str
    nir: str | None
    birth: str
    rank: str
    start: date | None = None
    end: date | None = None
    card: str | None = None


class _Full(msgspec.Struct, forbid_unknown_fields=True):
    ref: str
    keys: list[_Key]
    coverage: msgspec.Raw


class _Put(msgspec.Struct, forbid_unknown_fields=True, tag_field="op", tag="put"):
    ref: str
    keys: list[_Key]
    coverage: msgspec.Raw


class _Close(msgspec.Struct, forbid_unknown_fields=True, tag_field="op", tag="close"):
    ref: str
    date: date


class _Span(msgspec.Struct, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    start: date
    end: date
    domains: dict[str, Formula]


class _Equipment(msgspec.Struct, forbid_unknown_fields=True):
    equipment: Equipment
    date: date


class _Coverage(msgspec.Struct, forbid_unknown_fields=True):
    rank: Literal[1, 2]
    product: Name
    level: OptionalName
    kind: Literal["responsible", "scheme", "c2s"]
    periods: list[_Span]
    last_equipment: list[_Equipment] = []
    newborns: bool = False


_decode_full = msgspec.json.Decoder(_Full).decode
_decode_delta = msgspec.json.Decoder(_Put | _Close).decode
_decode_coverage = msgspec.json.Decoder(_Coverage).decode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

DeltaLine = RightsLine | ClosedLine


def parse_line(raw: bytes, number: int, rule: MemberRule, *, delta: bool = False) -> DeltaLine | LineFault:
    """One raw line → its checked form; `number` counts from 1 with the header as line 1. Never raises on any bytes.

    A full file gives `RightsLine` only. In a delta (`delta=True`) each line carries its `op`, and a close gives
    `ClosedLine`.
    """
    if len(raw) > MAX_LINE:
        return LineFault(number, "", "line-too-long")
    try:
        wire: _Full | _Put | _Close = _decode_delta(raw) if delta else _decode_full(raw)
    except _UNREADABLE as error:
        return _unreadable(raw, number, error)
    reference = wire.ref
    if (
        not (0 < len(reference) <= MAX_REFERENCE and reference.isascii() and reference.isprintable())
        or " " in reference
    ):
        return LineFault(number, "ref", "reference-shape")
    if isinstance(wire, _Close):
        return (
            ClosedLine(reference, wire.date)
            if EARLIEST <= wire.date <= LATEST
            else LineFault(number, "date", "date-range")
        )
    keys = _keys(wire.keys, rule)
    if isinstance(keys, Fault):
        return LineFault(number, keys.field, keys.code)
    coverage = parse_coverage(bytes(wire.coverage))
    if isinstance(coverage, Fault):
        return LineFault(number, coverage.field, coverage.code)
    return RightsLine(reference, keys[0], coverage, keys[1])


def _unreadable(raw: bytes, number: int, error: Exception) -> LineFault:
    if not raw.strip():
        return LineFault(number, "", "line-empty")
    field, code = explain(error)
    return LineFault(number, field, code)


def _card(text: str) -> bytes | Fault:
    return base64.urlsafe_b64decode(text + "==") if _is_handle(text) else Fault("card", "card-shape")


def _keys(given: list[_Key], rule: MemberRule) -> tuple[tuple[Key, ...], tuple[str, ...]] | Fault:
    """The checked keys of a line and the warnings about their NIRs.

    The keys of one person mostly share member number and birth date, so each is checked again only when it differs.
    """
    keys: list[Key] = []
    warnings: tuple[str, ...] = ()
    seen_member = seen_birth = None
    member = birth = ""
    for index, key in enumerate(given):
        if key.member != seen_member:
            seen_member = key.member
            checked = canonical_member(seen_member, rule)
            if isinstance(checked, Fault):
                return _within(index, checked)
            member = checked
        if key.birth != seen_birth:
            seen_birth = key.birth
            checked = parse_birth(seen_birth)
            if isinstance(checked, Fault):
                return _within(index, checked)
            birth = checked
        nir: str | None = None
        if key.nir is not None:
            found = parse_nir(key.nir)
            if isinstance(found, Fault):
                return _within(index, found)
            nir, doubts = found
            warnings += doubts
        if key.rank not in _RANKS:
            return _within(index, Fault("rank", "rank-shape"))
        if (key.start is not None or key.end is not None) and (wrong := _dates_fault(key)) is not None:
            return _within(index, wrong)
        card = b"" if key.card is None else _card(key.card)
        if isinstance(card, Fault):
            return _within(index, card)
        keys.append(Key(member, nir, birth, key.rank, key.start, key.end, card))
    return _together(keys) or (tuple(keys), warnings)


def _together(keys: list[Key]) -> Fault | None:
    """What is wrong with the keys of a line as a whole."""
    if not 0 < len(keys) <= MAX_KEYS:
        return Fault("keys", "keys-too-many" if keys else "keys-none")
    return Fault("keys", "keys-repeated") if _repeated(keys) else None


def _repeated(keys: list[Key]) -> bool:
    """Whether a way comes twice, whatever card presents it, or a card."""
    if len(keys) < 2:
        return False
    cards = [key.card for key in keys if key.card]
    if len(set(cards)) != len(cards):
        return True
    ways = [key[:6] for key in keys] if cards else keys
    return len(set(ways)) != len(ways)


def _within(index: int, fault: Fault) -> Fault:
    return Fault(f"keys[{index}].{fault.field}", fault.code)


def _dates_fault(key: _Key) -> Fault | None:
    start, end = key.start or EARLIEST, key.end or LATEST
    if start < EARLIEST or end > LATEST:
        return Fault("from" if start < EARLIEST else "to", "date-range")
    return Fault("to", "dates-reversed") if start > end else None


@lru_cache(maxsize=4096)
def parse_coverage(raw: bytes) -> Coverage | Fault:
    """A coverage, one JSON value, checked once for all lines with the same bytes; a fault tells a path in the line."""
    try:
        wire = _decode_coverage(raw)
    except _UNREADABLE as error:
        field, code = explain(error)
        return Fault(f"coverage.{field}" if field else "coverage", code)
    if len(wire.last_equipment) > MAX_EQUIPMENT:
        return Fault("coverage.last_equipment", "equipment-too-many")
    for index, item in enumerate(wire.last_equipment):
        if not EARLIEST <= item.date <= LATEST:
            return Fault(f"coverage.last_equipment[{index}].date", "date-range")
    periods = _periods(wire.periods)
    if isinstance(periods, Fault):
        return periods
    return Coverage(
        rank=wire.rank,
        product=wire.product,
        level=wire.level,
        kind=wire.kind,
        periods=periods,
        last_equipment=tuple((item.equipment, item.date) for item in wire.last_equipment),
        newborns=wire.newborns,
    )


def _periods(spans: list[_Span]) -> tuple[Period, ...] | Fault:
    """Periods sorted by domain, in card order, then by date; two of one domain may not share a day."""
    found: list[Period] = []
    for index, span in enumerate(spans):
        path = f"coverage.periods[{index}]"
        if not (span.start >= EARLIEST and span.end <= LATEST):
            return Fault(f"{path}.from" if span.start < EARLIEST else f"{path}.to", "date-range")
        if span.start > span.end:
            return Fault(f"{path}.to", "dates-reversed")
        if not span.domains:
            return Fault(f"{path}.domains", "domains-none")
        if not _DOMAINS.issuperset(span.domains):
            return Fault(f"{path}.domains", "domain-unknown")
        found += [Period(domain, span.start, span.end, formula) for domain, formula in span.domains.items()]
        if len(found) > MAX_PERIODS:
            return Fault("coverage.periods", "periods-too-many")
    if not found:
        return Fault("coverage.periods", "periods-none")
    found.sort(key=lambda period: (DOMAINS.index(period.domain), period.start))
    for before, after in pairwise(found):
        if before.domain == after.domain and after.start <= before.end:
            return Fault("coverage.periods", "periods-overlap")
    return tuple(found)
