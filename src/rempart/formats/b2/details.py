"""Coded products of a line: records 4B (BIO), 4C (CIP), 4F (LPP), 4H (UCD), 4M (CCAM), as (system, code, quantity)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rempart.formats._fixed import FieldFault, Layout, printable
from rempart.formats.b2.layout_act import BIOLOGY, CCAM, HOSPITAL_DRUG, PHARMACY, PRODUCT

if TYPE_CHECKING:
    from collections.abc import Callable

Detail = tuple[str, str, int]
Found = list[Detail] | FieldFault

# A 4C slot so marked names the medicine that was prescribed and replaced, not the one handed over.
_PRESCRIBED_ONLY: Final = b"P"


def _slots(layout: Layout) -> tuple[tuple[slice, slice, slice | None], ...]:
    substitutions = any(field.name == "substitution_1" for field in layout.fields)
    return tuple(
        (
            layout.zone(f"code_{index}"),
            layout.zone(f"quantity_{index}"),
            layout.zone(f"substitution_{index}") if substitutions else None,
        )
        for index in range(1, 6)
    )


def _read_slots(record: bytes, system: str, slots: tuple[tuple[slice, slice, slice | None], ...]) -> Found:
    """Five slots; a blank or zero code means an empty one."""
    found: list[Detail] = []
    for code, quantity, substitution in slots:
        zone, count = record[code], record[quantity]
        if not zone.strip(b" 0"):
            continue
        if not printable(zone):
            return FieldFault(0, code.start + 1, "not-ascii")
        if not count.isdigit():
            return FieldFault(0, quantity.start + 1, "not-a-number")
        if substitution is None or record[substitution] != _PRESCRIBED_ONLY:
            found.append((system, zone.decode("ascii").strip(), int(count)))
    return found


def _read_one(record: bytes, system: str, code: slice, quantity: slice | None) -> Found:
    zone = record[code]
    if not printable(zone):
        return FieldFault(0, code.start + 1, "not-ascii")
    count = record[quantity] if quantity is not None else b"1"
    if not count.isdigit():
        return FieldFault(0, quantity.start + 1 if quantity is not None else 1, "not-a-number")
    text = zone.decode("ascii").strip()
    return [(system, text, int(count))] if text else []


_BIOLOGY_SLOTS, _PHARMACY_SLOTS = _slots(BIOLOGY), _slots(PHARMACY)
_LPP: Final = (PRODUCT.zone("code"), PRODUCT.zone("quantity"))
_UCD: Final = (HOSPITAL_DRUG.zone("code"), HOSPITAL_DRUG.zone("quantity"))
_ACT: Final = CCAM.zone("code")

# Keyed by the complement's letter as a byte.
READERS: Final[dict[int, Callable[[bytes], Found]]] = {
    ord("B"): lambda record: _read_slots(record, "BIO", _BIOLOGY_SLOTS),
    ord("C"): lambda record: _read_slots(record, "CIP", _PHARMACY_SLOTS),
    ord("F"): lambda record: _read_one(record, "LPP", *_LPP),
    ord("H"): lambda record: _read_one(record, "UCD", *_UCD),
    ord("M"): lambda record: _read_one(record, "CCAM", _ACT, None),
}
