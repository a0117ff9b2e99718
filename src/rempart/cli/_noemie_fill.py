"""Fills the zones of a return that the hub left zero, from the site's own B2, by site and invoice number.

Filled are: the insured's and the beneficiary's numbers, names, birth date and rank (103), the member's number and the
amounts asked (198, 199), lot, lot day and day of issue (102). Everything else keeps its bytes, unknown invoices too.
Both files are checked whole before anything is written; the result is for its owner only (mode 0600).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rempart.formats import b2 as invoices
from rempart.formats import noemie
from rempart.formats._fixed import Layout, PackError
from rempart.formats.b2.framing import Framing as Records
from rempart.formats.b2.layout import type_name
from rempart.formats.noemie.framing import Blocks, Framing
from rempart.ground.files import writing_aside

if TYPE_CHECKING:
    from rempart.formats._fixed import Value

_BLOCK: Final = 1 << 16
_LOT: Final = invoices.BY_NAME["1"]
_OF_INVOICE: Final = frozenset({"102", "103", "198", "199"})


@dataclass(frozen=True, slots=True)
class FillRefused:
    """Why nothing was written: which file and a stable code; no value of either."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Filled:
    """How many invoices the return tells of, and how many were found in the B2."""

    invoices: int
    filled: int


@dataclass(slots=True)
class _Own:
    """What the site's B2 says of one invoice, by entity and zone of the return."""

    zones: dict[str, dict[str, Value]] = field(default_factory=lambda: {name: {} for name in _OF_INVOICE})

    def __repr__(self) -> str:
        return "_Own(…)"


def fill(file: Path, own: Sequence[Path], output: Path) -> Filled | FillRefused:
    """Writes `output`; nothing when a file is not sound. Raises OSError as the disk does."""
    refused = next((event for event in noemie.read(_blocks(file)) if isinstance(event, noemie.FileRefused)), None)
    if refused is not None:
        fault = refused.fault
        return FillRefused(fault.code, f"the return is refused at entity {fault.record}, position {fault.position}")
    known: dict[tuple[str, str], _Own] = {}
    for path in own:
        faults = invoices.check(_blocks(path)).faults
        if faults:
            place = f"record {faults[0].record}, position {faults[0].position}"
            return FillRefused(faults[0].code, f"the B2 file {path.name} is refused at {place}")
        _learn(path, known)
    counts = [0, 0]
    with writing_aside(output) as handle:
        for block in _filled(file, known, counts):
            handle.write(block)
    return Filled(*counts)


def _learn(path: Path, known: dict[tuple[str, str], _Own]) -> None:
    """Every invoice of a sound B2 file; a number sent again counts as it was sent last."""
    lot: dict[str, Value] = {}
    for raw in Records().records(_blocks(path)):
        name = type_name(raw)
        entity = invoices.BY_NAME.get(name)
        if entity is None:
            continue
        if name == "1":
            lot = _some(_LOT, raw, ("lot", "created"))
        elif name == "2":
            told = _some(entity, raw, ("site", "number"))
            known[str(told["site"]), str(told["number"])] = _head(entity, raw, lot)
        elif name in _TAKEN:
            told = _some(entity, raw, ("site", "number"))
            one = known.get((str(told["site"]), str(told["number"])))
            if one is not None:
                _take(one, entity, raw)


def _head(entity: Layout, raw: bytes, lot: dict[str, Value]) -> _Own:
    one = _Own()
    one.zones["102"] = {"lot": lot.get("lot"), "lot_day": lot.get("created")}
    _take(one, entity, raw)
    return one


_TAKEN: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "2": (
        ("issued", "102", "issued"), ("insured_nir", "103", "insured_nir"), ("insured_key", "103", "insured_key"),
        ("birth", "103", "birth"), ("rank", "103", "rank"), ("member", "199", "member"),
    ),
    "2B": (("last_name", "103", "last_name"), ("first_name", "103", "given_name")),
    "2C": (("insured_last_name", "103", "birth_name"), ("insured_first_name", "103", "first_name")),
    "2M": (("member", "199", "member"),),
    "2S": (("nir", "103", "nir"), ("key", "103", "key")),
    "5": (("amo", "198", "requested"), ("amc", "199", "requested")),
}  # fmt: skip
"""Of each B2 record: its zone, and the entity and zone of the return that it fills."""


def _take(one: _Own, entity: Layout, raw: bytes) -> None:
    values = _some(entity, raw, tuple(zone for zone, _, _ in _TAKEN[entity.name]))
    for zone, name, filled in _TAKEN[entity.name]:
        if values[zone] not in (None, ""):
            one.zones[name][filled] = values[zone]


def _some(entity: Layout, raw: bytes, names: Iterable[str]) -> dict[str, Value]:
    """The named zones of a record, None for one that cannot be read: its invoice was refused by the hub as well."""
    found: dict[str, Value] = {}
    for name in names:
        values = _part(entity, name).unpack(raw, 1)
        found[name] = values[name] if isinstance(values, dict) else None
    return found


@cache
def _part(entity: Layout, name: str) -> Layout:
    """The same record with one zone only: the rest is filler, kept as it is."""
    return Layout(entity.name, (entity.field(name),), entity.length)


def _filled(file: Path, known: dict[tuple[str, str], _Own], counts: list[int]) -> Iterator[bytes]:
    """The return again, in blocks; only zones of `_OF_INVOICE` change, and no entity is added."""
    blocks = Blocks()
    payee, one = "", None
    for number, entity in enumerate(Framing().entities(_blocks(file)), 1):
        name, raw = entity.type, entity.raw
        if name == "999":
            yield blocks.end()
        if number == 1 or name == "999":
            yield raw
            continue
        if name == "040":
            payee = str(_some(noemie.BY_NAME["040"], raw.ljust(20), ("payee",))["payee"])
        elif name == "102":
            told = str(_some(noemie.BY_NAME["102"], raw.ljust(39), ("number",))["number"])
            one = known.get((payee, told))
            counts[0] += 1
            counts[1] += one is not None
        yield blocks.add(_over(raw, one.zones[name]) if one is not None and name in _OF_INVOICE else raw)


def _over(raw: bytes, zones: dict[str, Value]) -> bytes:
    """The entity with the zones that are known; one that does not fit its zone stays as it was."""
    entity = noemie.BY_NAME[raw[:3].decode("ascii")]
    whole = raw.ljust(entity.length)
    for name, value in zones.items():
        try:
            changed = _part(entity, name).pack({name: value}, over=whole)
        except PackError:
            continue
        if b"@" not in changed:
            whole = changed
    return whole


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block
