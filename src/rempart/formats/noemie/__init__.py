"""NOEMIE returns to professionals: profile "NOEMIE-PS 2007 as publicly documented", read and written as streams.

The norm in force is not public; this profile never claims conformance. `docs/formats/noemie.md` tells positions, what
is ours where the source is silent, and every code.
"""

from __future__ import annotations

from rempart.formats._fixed import PackError
from rempart.formats.noemie.codes import CODES, Code
from rempart.formats.noemie.layout import BY_NAME, LAYOUTS, PROFILE
from rempart.formats.noemie.reading import read
from rempart.formats.noemie.records import Envelope, Event, Fault, FileEnd, FileRefused, GroupEnd
from rempart.formats.noemie.writing import write

__all__ = [
    "BY_NAME", "CODES", "LAYOUTS", "PROFILE", "Code", "Envelope", "Event", "Fault", "FileEnd", "FileRefused",
    "GroupEnd", "PackError", "read", "write",
]  # fmt: skip
