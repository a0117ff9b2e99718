"""The dated profile "NOEMIE-PS 2007 as publicly documented": positions of every entity, as data.

Source: sesamviewer `data/noemie-ps.xml` (public project, read at commit 94e3f12), a description of about 2007; only
its facts are used, expressed anew. The current norm is not public: correct these tables, not the code. Ours, where the
source is silent: the break level of entities whose level it does not fix (`LEVELS`), and what 990 and 999 count.
Left out: returns of clinics, affiliation exchanges, the second currency of 999.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from rempart.formats._fixed import Field, Layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rempart.formats._fixed import Kind

PROFILE: Final = "NOEMIE-PS 2007 as publicly documented"
LENGTH: Final = 128  # of 000, of 999 and of each block between them
FIXED_LEVELS: Final[Mapping[str, int]] = MappingProxyType({"020": 1, "040": 2, "070": 2, "071": 2, "081": 2, "990": 99})
"""Break levels that the source states."""
LEVELS: Final[Mapping[str, int]] = MappingProxyType(
    {**FIXED_LEVELS, "080": 2, "100": 3, "102": 3, "103": 4, "110": 4, "120": 4, "150": 4, "160": 4, "198": 4, "199": 4,
     "210": 5, "250": 3, "261": 3, "262": 4, "290": 3, "294": 5, "295": 5}
)  # fmt: skip
"""Break levels as we write them; of the entities above only, another one is refused when read."""


def _ends(kind: str) -> tuple[Field, ...]:
    return (
        Field("type", 1, 3, "const", kind),
        Field("sender_kind", 4, 5, "text"),
        Field("sender", 6, 19, "text"),
        Field("sender_program", 20, 25, "text"),
        Field("receiver_kind", 26, 27, "text"),
        Field("receiver", 28, 41, "text"),
        Field("receiver_program", 42, 47, "text"),
        Field("application", 48, 49, "text"),
        Field("file_id", 50, 55, "text"),
    )


def _entity(kind: str, *zones: tuple[str, int, int, Kind]) -> Layout:
    """An entity: type, break level, zones; its length is that of its last zone (the terminator @ comes after)."""
    fixed = FIXED_LEVELS.get(kind)
    level = Field("level", 4, 5, "digits") if fixed is None else Field("level", 4, 5, "const", f"{fixed:02d}")
    fields = (Field("type", 1, 3, "const", kind), level, *(Field(*zone) for zone in zones))
    return Layout(kind, fields, fields[-1].end)


FILE_START: Final = Layout(
    "000",
    (
        *_ends("000"),
        Field("created", 56, 61, "date"),
        Field("reference", 62, 65, "text"),
        Field("version", 66, 67, "text"),
        Field("compressed", 68, 68, "text"),
        Field("encrypted", 69, 69, "text"),
        Field("currency", 70, 70, "text"),
        Field("mode", 71, 71, "text"),
        Field("record_length", 83, 85, "digits"),
        Field("password", 86, 91, "text"),
        Field("message", 92, 128, "label"),
    ),
)
FILE_END: Final = Layout(
    "999",
    (
        *_ends("999"),
        Field("records", 56, 63, "digits"),
        Field("mode", 64, 64, "text"),
        Field("groups", 83, 85, "digits"),
        Field("amount", 86, 96, "digits"),
        Field("sign", 97, 97, "text"),
    ),
)
PAYEE: Final = _entity("040", ("payee", 6, 20, "text"))
DAY: Final = _entity("070", ("day", 6, 11, "date"))
TRANSFER: Final = _entity(
    "071", ("day", 6, 11, "date"), ("label", 12, 43, "label"), ("label_more", 44, 75, "label"),
    ("payer", 76, 85, "text"),
)  # fmt: skip
RETURN_KIND: Final = _entity("081", ("kind", 6, 7, "text"), ("place", 8, 21, "text"))
OLD_INVOICE: Final = _entity("100", ("number", 6, 14, "text"))
INVOICE: Final = _entity(
    "102", ("number", 6, 14, "text"), ("complement", 15, 20, "text"), ("lot", 21, 23, "digits?"),
    ("lot_day", 24, 29, "date?"), ("kind", 30, 30, "text"), ("issued", 31, 36, "date?"),
    ("amc_treatment", 37, 37, "text"), ("nature", 38, 39, "text"),
)  # fmt: skip
IDENTITY: Final = _entity(
    "103", ("insured_nir", 6, 18, "text"), ("insured_key", 19, 20, "text"), ("birth_name", 21, 45, "label"),
    ("used_name", 46, 70, "label"), ("first_name", 71, 85, "label"), ("nir", 86, 98, "text"), ("key", 99, 100, "text"),
    ("birth", 101, 106, "text"), ("rank", 107, 107, "text"), ("last_name", 108, 132, "label"),
    ("given_name", 133, 147, "label"), ("unit", 148, 151, "text"),
)  # fmt: skip
_SHARE: Final[tuple[tuple[str, int, int, Kind], ...]] = (
    ("requested", 6, 13, "digits"), ("state", 14, 14, "text"), ("paid", 15, 22, "digits?"), ("sign", 23, 23, "text"),
)  # fmt: skip
AMO: Final = _entity("198", *_SHARE)
AMC: Final = _entity("199", *_SHARE, ("insurer", 24, 33, "text"), ("member", 34, 48, "text"))
DEBT: Final = _entity(
    "250", ("line", 6, 7, "digits"), ("reference", 8, 17, "text"), ("day", 18, 23, "date"), ("nature", 24, 26, "text"),
    ("operation", 27, 29, "text"), ("amount", 30, 37, "digits"), ("sign", 38, 38, "text"),
    ("balance", 39, 46, "digits?"),
)  # fmt: skip
SIGNAL: Final = _entity("290", ("line", 6, 7, "digits"), ("code", 8, 17, "text"), ("label", 18, 97, "label"))
REJECT: Final = _entity(
    "294", ("code", 6, 9, "text"), ("label", 10, 95, "label"), ("level_of", 96, 96, "text"), ("part", 97, 97, "text"),
    ("act", 98, 102, "text"), ("care", 103, 108, "date?"), ("performer", 109, 117, "text"),
    ("line", 118, 120, "digits?"), ("rank", 121, 122, "digits?"), ("info", 123, 152, "text"),
)  # fmt: skip
COMMENT: Final = _entity("295", ("code", 6, 6, "text"), ("text", 7, 134, "label"))
CONTROL: Final = _entity(
    "990", ("payee", 6, 22, "text"), ("items", 23, 30, "digits"), ("amount", 31, 41, "digits"), ("sign", 42, 42, "text")
)  # fmt: skip

# Described so that a file can be read past them and filled exactly; nothing here uses what they hold.
_OTHERS: Final = (
    _entity("020", ("agent", 6, 20, "text")),
    _entity("080", ("day", 6, 11, "date?"), ("lot", 12, 14, "digits?")),
    _entity(
        "110", ("insured_nir", 6, 18, "text"), ("insured_key", 19, 20, "text"), ("name_kind", 21, 21, "text"),
        ("name", 22, 46, "label"), ("first_name", 73, 87, "label"),
    ),
    _entity(
        "120", ("birth", 6, 11, "text"), ("rank", 12, 12, "text"), ("last_name", 13, 37, "label"),
        ("given_name", 38, 52, "label"), ("unit", 53, 56, "text"),
    ),
    _entity("150", ("nature", 6, 7, "text")),
    _entity("160", ("archive", 6, 22, "text")),
    _entity(
        "210", ("line", 6, 7, "digits?"), ("regime", 8, 9, "text"), ("exemption", 10, 10, "text"),
        ("treatment", 11, 12, "text"), ("discipline", 13, 15, "text"), ("prescribed", 16, 21, "date?"),
        ("from", 22, 27, "date?"), ("to", 28, 33, "date?"), ("unit_price", 34, 41, "digits?"),
        ("base", 42, 49, "digits?"), ("rate", 50, 52, "digits?"), ("paid", 53, 60, "digits?"), ("sign", 61, 61, "text"),
        ("nature", 62, 64, "text"), ("nature_more", 65, 66, "text"), ("quantity", 67, 69, "digits?"),
        ("coefficient", 70, 74, "digits?"), ("count", 75, 77, "digits?"), ("spent", 78, 85, "digits?"),
        ("qualifier", 86, 87, "text"), ("local_rate", 88, 90, "digits?"), ("local_amount", 91, 98, "digits?"),
        ("amc_rate", 99, 101, "digits?"), ("amc", 102, 109, "digits?"), ("amc_base", 110, 117, "digits?"),
    ),
    _entity("261", ("code", 6, 10, "text"), ("amount", 11, 18, "digits?")),
    _entity(
        "262", ("code", 6, 10, "text"), ("label", 11, 90, "label"), ("nir", 91, 103, "text"), ("key", 104, 105, "text"),
        ("birth", 106, 111, "text"), ("rank", 112, 112, "text"), ("period", 113, 113, "text"),
        ("from", 114, 119, "date?"), ("to", 120, 125, "date?"), ("amount", 126, 133, "digits?"),
    ),
)  # fmt: skip
LAYOUTS: Final[tuple[Layout, ...]] = tuple(
    sorted(
        (FILE_START, PAYEE, DAY, TRANSFER, RETURN_KIND, OLD_INVOICE, INVOICE, IDENTITY, AMO, AMC, DEBT, SIGNAL, REJECT,
         COMMENT, CONTROL, FILE_END, *_OTHERS),
        key=lambda layout: layout.name,
    )
)  # fmt: skip
BY_NAME: Final[Mapping[str, Layout]] = MappingProxyType({layout.name: layout for layout in LAYOUTS})
UNUSED: Final[frozenset[str]] = frozenset(layout.name for layout in _OTHERS)
MOST: Final = max(layout.length for layout in LAYOUTS)
