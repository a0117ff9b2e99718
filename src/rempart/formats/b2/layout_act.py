"""Positions of the act line (4) and of its complements (4B, 4C, 4F, 4H, 4M, 4S, 4T, 4U).

Profile, source, age and what is left out: see `layout.py`.
"""

from __future__ import annotations

from typing import Final

from rempart.formats._fixed import Field, Kind, Layout
from rempart.formats.b2.layout_head import head


def repeat(count: int, start: int, parts: tuple[tuple[str, int, Kind], ...]) -> tuple[Field, ...]:
    """The same group of zones, `count` times back to back from `start`: names get _1, _2 and so on."""
    fields: list[Field] = []
    for index in range(1, count + 1):
        for name, width, kind in parts:
            fields.append(Field(f"{name}_{index}", start, start + width - 1, kind))
            start += width
    return tuple(fields)


ACT: Final = Layout(
    "4",
    (
        *head("4", " "),
        Field("sequence", 37, 38, "digits?"),
        Field("treatment_mode", 39, 40, "text"),
        Field("discipline", 41, 43, "text"),
        Field("agreement_asked", 44, 49, "date?"),
        Field("agreement", 50, 50, "text"),
        Field("renewal", 51, 52, "text"),
        Field("exemption", 54, 54, "text"),
        Field("performer", 55, 63, "text"),
        Field("tariff_zone", 64, 65, "text"),
        Field("speciality", 66, 67, "text"),
        Field("care", 68, 73, "date"),
        Field("code", 74, 78, "text"),
        Field("quantity", 79, 80, "digits"),
        Field("coefficient", 81, 86, "digits"),
        Field("count", 87, 88, "digits"),
        Field("unit_price", 89, 95, "digits"),
        Field("base", 96, 102, "digits"),
        Field("rate", 103, 105, "digits"),
        Field("amo", 106, 112, "digits"),
        Field("spent", 113, 119, "digits"),
        Field("qualifier", 120, 120, "text"),
        Field("place", 121, 121, "text"),
        Field("amc", 122, 128, "digits?"),
    ),
)
BIOLOGY: Final = Layout(
    "4B",
    (
        *head("4", "B"),
        Field("sequence", 37, 38, "digits?"),
        *repeat(5, 49, (("care", 6, "date?"), ("quantity", 2, "digits?"), ("code", 8, "text"))),
    ),
)
PHARMACY: Final = Layout(
    "4C",
    (
        *head("4", "C"),
        Field("sequence", 37, 38, "digits?"),
        *repeat(
            5,
            44,
            (
                ("code", 7, "text"),
                ("price", 6, "digits?"),
                ("quantity", 2, "digits?"),
                ("rate", 1, "text"),
                ("substitution", 1, "text"),
            ),
        ),
    ),
)
PRODUCT: Final = Layout(
    "4F",
    (
        *head("4", "F"),
        Field("sequence", 37, 38, "digits?"),
        Field("code", 43, 55, "text"),
        Field("service", 56, 56, "text"),
        Field("maker", 57, 70, "text"),
        Field("from", 77, 82, "date?"),
        Field("to", 83, 88, "date?"),
        Field("tariff", 89, 95, "digits?"),
        Field("quantity", 96, 97, "digits"),
        Field("unit_price", 98, 104, "digits?"),
        Field("base", 105, 111, "digits?"),
        Field("total", 112, 118, "digits?"),
    ),
)
HOSPITAL_DRUG: Final = Layout(
    "4H",
    (
        *head("4", "H"),
        Field("sequence", 37, 38, "digits?"),
        Field("code", 49, 55, "text"),
        Field("rate", 56, 56, "text"),
        Field("bought_at", 67, 73, "digits?"),
        Field("margin", 74, 80, "digits?"),
        Field("unit_price", 81, 87, "digits?"),
        Field("quantity", 88, 90, "digits"),
        Field("total", 91, 97, "digits?"),
    ),
)
CCAM: Final = Layout(
    "4M",
    (
        *head("4", "M"),
        Field("sequence", 37, 38, "digits?"),
        Field("code", 43, 55, "text"),
        Field("extension", 56, 56, "text"),
        Field("activity", 57, 57, "text"),
        Field("phase", 58, 58, "text"),
        *repeat(4, 59, (("modifier", 1, "text"),)),
        Field("association", 63, 63, "text"),
        Field("exceptional", 64, 64, "text"),
        Field("session", 65, 70, "date?"),
        *repeat(16, 71, (("tooth", 2, "text"),)),
        Field("supplement", 103, 103, "text"),
        *repeat(2, 104, (("amc_modifier", 1, "text"),)),
    ),
)
ACT_MORE: Final = Layout(
    "4S",
    (
        *head("4", "S"),
        Field("sequence", 37, 38, "digits?"),
        Field("practice", 39, 39, "text"),
        Field("theoretical_base", 41, 47, "digits?"),
        Field("agreement_asked", 49, 54, "date?"),
        Field("agreement", 55, 55, "text"),
        Field("replacement", 56, 64, "text"),
        Field("replacement_more", 65, 70, "text"),
        Field("amo_forced", 71, 71, "text"),
        Field("place", 72, 85, "text"),
        Field("network", 86, 99, "text"),
        Field("amc_forced", 100, 100, "text"),
        Field("technical_fee", 101, 105, "text"),
        Field("device", 106, 119, "text"),
        Field("ghs", 120, 123, "text"),
        Field("short_stay", 124, 124, "text"),
    ),
)
TRANSPORT: Final = Layout(
    "4T",
    (
        *head("4", "T"),
        Field("sequence", 37, 38, "digits?"),
        Field("series", 46, 46, "text"),
        Field("with_stay", 47, 47, "text"),
        Field("long_distance", 48, 48, "text"),
        Field("flat_fee", 50, 50, "text"),
        Field("flat_price", 51, 56, "digits?"),
        Field("flat_count", 57, 58, "digits?"),
        Field("flat_night", 59, 60, "digits?"),
        Field("flat_sunday", 61, 62, "digits?"),
        Field("km_price", 63, 68, "digits?"),
        *repeat(6, 69, (("km", 4, "digits?"),)),
        Field("supplement", 93, 93, "text"),
        Field("supplement_count", 94, 95, "digits?"),
        Field("supplement_total", 96, 101, "digits?"),
        Field("toll_count", 102, 103, "digits?"),
        Field("toll_total", 104, 109, "digits?"),
        Field("reductions", 110, 116, "digits?"),
    ),
)
JOURNEY: Final = Layout(
    "4U",
    (
        *head("4", "U"),
        Field("sequence", 37, 38, "digits?"),
        Field("left", 39, 44, "date?"),
        Field("left_at", 45, 48, "text"),
        Field("left_from", 49, 53, "text"),
        Field("vehicle", 54, 62, "text"),
        Field("driver", 63, 73, "label"),
        Field("companion", 74, 84, "label"),
        Field("arrived", 85, 90, "date?"),
        Field("arrived_at", 91, 94, "text"),
        Field("arrived_in", 95, 99, "text"),
        Field("patients", 100, 100, "text"),
        Field("reduction_rate", 101, 102, "digits?"),
        Field("reduction", 103, 108, "digits?"),
        Field("distance", 109, 112, "digits?"),
    ),
)
