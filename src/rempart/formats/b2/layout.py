"""The dated profile "B2-2007 as publicly documented", family PS: positions of every record type, as data.

Source: sesamviewer `data/b2.xml` (public project, read at commit c462b13), a description of about 2007; only its facts
are used, expressed anew. Two misprints there are corrected: AMC total of record 6 is 43-51, filler of 999 starts at 20.
The current norm is not public: correct these tables, not the code. Left out: the hospital family (CP), record 4D.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rempart.formats.b2.layout_act import (
    ACT,
    ACT_MORE,
    BIOLOGY,
    CCAM,
    HOSPITAL_DRUG,
    JOURNEY,
    PHARMACY,
    PRODUCT,
    TRANSPORT,
)
from rempart.formats.b2.layout_head import (
    ADDRESS,
    BENEFICIARY,
    FILE_END,
    FILE_START,
    INDIVIDUAL,
    INVOICE,
    LOT_END,
    LOT_START,
    ROUTING,
    SETTLEMENT,
    TOTAL,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rempart.formats._fixed import Layout

PROFILE: Final = "B2-2007 as publicly documented"
LENGTH: Final = 128

LAYOUTS: Final[tuple[Layout, ...]] = (
    FILE_START, LOT_START, INVOICE, BENEFICIARY, ADDRESS, ROUTING, SETTLEMENT, INDIVIDUAL,
    ACT, BIOLOGY, PHARMACY, PRODUCT, HOSPITAL_DRUG, CCAM, ACT_MORE, TRANSPORT, JOURNEY,
    TOTAL, LOT_END, FILE_END,
)  # fmt: skip
BY_NAME: Final[Mapping[str, Layout]] = MappingProxyType({layout.name: layout for layout in LAYOUTS})

# Known types whose content we do not use: skipped and counted. 4D is known by name only, its zones are not described.
UNUSED: Final[frozenset[str]] = frozenset({"2B", "2C", "4D", "4S", "4T", "4U"})
HOSPITAL: Final[frozenset[str]] = frozenset({"3", "3S", "3F", "3H"})


def type_name(record: bytes) -> str:
    """The type as people write it ("000", "2M", "4"), from the characters that hold it; "?" for what is no type."""
    first = record[:1]
    if first in (b"0", b"9"):
        text = record[:3].decode("latin-1")
        return text if text in BY_NAME else "?"
    if first in (b"1", b"5", b"6"):
        return first.decode("ascii")
    if first in (b"2", b"3", b"4"):
        letter = record[35:36] if first != b"3" else b""
        name = (first + letter).decode("latin-1").rstrip(" ")  # a blank complement only, no other white space
        return name if name in BY_NAME or name in UNUSED or name in HOSPITAL else first.decode("ascii") + "?"
    return "?"
