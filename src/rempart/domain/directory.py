"""What public directories of places say, and what follows: places opened, closed, moved; proposals about sites.

A directory proposes and a person decides: a place that still invoices is never closed by a file.
Left out: everything about persons. Directories are read for places alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

ANNUAIRE, FINESS = "annuaire", "finess"
DIRECTORIES = (ANNUAIRE, FINESS)
"""ANS's directory of professionals (their places only), and the national register of establishments."""

FOREVER = date(9999, 12, 31)
MOST_GONE_PERCENT = 5
"""A file that ends more of the known places than this is held to be cut short, until somebody says otherwise."""
LEAST_GONE = 20
"""Fewer than this many ended places never hold a file up: small directories of tests and of islands."""

CLOSED, MOVED = "closed", "moved"
PROPOSALS = (CLOSED, MOVED)
CONFIRMED, DISMISSED, WITHDRAWN = "confirmed", "dismissed", "withdrawn"
ENDS = (CONFIRMED, DISMISSED, WITHDRAWN)
"""How a proposal ends: an agent confirms or dismisses it, or a later file lists the place again."""


class Listed(NamedTuple):
    """A place on one line of a directory. `place`: FINESS (9) or SIRET (14); any other value may be "".

    `commune`: INSEE code of 5 characters; `category`: FINESS category of 3 digits, or a profession (TRE_G15).
    """

    place: str
    siret: str
    commune: str
    category: str


class LineFault(NamedTuple):
    """A line that could not be read: its number from 1, a stable code, never what it held."""

    line: int
    code: str


@dataclass(frozen=True, slots=True)
class Differences:
    """How a file differs from the one before it, in places; `known` is how many there were."""

    known: int
    listed: int
    opened: int
    closed: int
    moved: int
    altered: int = 0  # SIRET or category, at the same commune


def cut_short(found: Differences) -> str:
    """`directory-shrank` when a file ends so many places that it is likelier to be incomplete; else ""."""
    gone = found.closed
    return "directory-shrank" if gone >= LEAST_GONE and gone * 100 > found.known * MOST_GONE_PERCENT else ""


def too_early(as_of: date, latest: date | None) -> str:
    """`as-of-not-later` when a file is no later than the one imported before; else ""."""
    return "as-of-not-later" if latest is not None and as_of <= latest else ""
