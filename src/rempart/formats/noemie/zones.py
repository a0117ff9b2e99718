"""The letters of the zones and what they mean: one table for writing and reading each."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rempart.domain.returns import Identity
from rempart.formats.noemie import layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rempart.formats._fixed import Value

MODES: Final[Mapping[str, str]] = MappingProxyType({"real": "R", "test": "T", "demo": "D"})
STATES: Final[Mapping[str, str]] = MappingProxyType({"paid": "P", "rejected": "R", "deferred": "D", "untouched": ""})
LEVELS: Final[Mapping[str, str]] = MappingProxyType({"invoice": "F", "line": "L", "refined": "A"})
PARTS: Final[Mapping[str, str]] = MappingProxyType({"amo": "O", "amc": "C"})
MODE_OF: Final = {**{letter: mode for mode, letter in MODES.items()}, "": "real"}
STATE_OF: Final = {letter: state for state, letter in STATES.items()}
LEVEL_OF: Final = {letter: level for level, letter in LEVELS.items()}
PART_OF: Final = {letter: part for part, letter in PARTS.items()}
EURO: Final = "U"
ZERO_FILLED: Final[Mapping[str, int]] = MappingProxyType(
    {"insured_nir": 13, "insured_key": 2, "nir": 13, "key": 2, "birth": 6, "rank": 1, "unit": 4}
)
"""Zones of an identity that are zeros when nothing is told; names are blank then."""
MEMBER_WIDTH: Final = 15


def sign(amount: int) -> str:
    """P, or N below zero."""
    return "N" if amount < 0 else "P"


def signed(amount: Value, letter: Value) -> int | None:
    """The amount with its sign; None for a letter that is none. A blank amount is zero."""
    if letter not in ("P", "N"):
        return None
    number = amount if isinstance(amount, int) else 0
    return -number if letter == "N" else number


def identity_zones(identity: Identity) -> dict[str, Value]:
    """The zones of entity 103; zeros or blanks for what is not told."""
    names = Identity.__slots__
    told = {name: getattr(identity, name) for name in names}
    return {name: value or "0" * ZERO_FILLED.get(name, 0) for name, value in told.items()}


NOBODY: Final = layout.IDENTITY.pack({"level": layout.LEVELS["103"], **identity_zones(Identity())})
"""Entity 103 as a hub writes it of everyone."""


def identity_of(values: Mapping[str, Value]) -> Identity:
    """The inverse of `identity_zones`."""
    return Identity(
        **{name: told(values[name]) if name in ZERO_FILLED else text(values[name]) for name in Identity.__slots__}
    )


def text(value: Value) -> str:
    """A zone of text."""
    return value if isinstance(value, str) else ""


def told(value: Value) -> str:
    """A zone of text that is zero-filled when nothing is told."""
    found = text(value)
    return found if found.strip("0") else ""
