"""B2 files of invoices: profile "B2-2007 as publicly documented", PS family, reading and writing.

The norm in force is not public; this profile never claims conformance. `docs/formats/b2.md` tells positions and codes.
"""

from __future__ import annotations

from rempart.formats.b2.codes import CODES, Code
from rempart.formats.b2.layout import BY_NAME, LAYOUTS, LENGTH, PROFILE
from rempart.formats.b2.parts import Part, Plan, plan, read_part
from rempart.formats.b2.reading import check, read
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
from rempart.formats.b2.writing import Envelope, Lot, lots_of, write

__all__ = [
    "BY_NAME", "CODES", "LAYOUTS", "LENGTH", "PROFILE", "Checked", "Code", "Envelope", "Event", "Fault", "FileEnd",
    "FileRefused", "FileStart", "InvoiceRead", "InvoiceRefused", "Lot", "LotChecked", "LotEnd", "LotRef", "LotRefused",
    "LotStart", "Part", "Plan", "check", "lots_of", "plan", "read", "read_part", "write",
]  # fmt: skip
