"""Positional records: tables that overlap are refused, values that do not fit are named, nothing is ever shown."""

from __future__ import annotations

from datetime import date

import pytest

from rempart.formats._fixed import Field, FieldFault, Layout, PackError, day, day_text

SMALL = Layout(
    "T",
    (
        Field("type", 1, 1, "const", "T"),
        Field("count", 2, 4, "digits"),
        Field("name", 6, 9, "text"),
        Field("on", 10, 15, "date?"),
    ),
    length=16,
)


def test_overlapping_fields_are_refused() -> None:
    """Two fields cannot share a position."""
    with pytest.raises(ValueError, match="field b overlaps"):
        Layout("X", (Field("a", 1, 4, "text"), Field("b", 4, 5, "text")))


def test_a_field_beyond_the_record_is_refused() -> None:
    """A field ends inside the record."""
    with pytest.raises(ValueError, match="field a"):
        Layout("X", (Field("a", 120, 129, "text"),))


def test_numbers_are_padded_with_zeros_and_texts_with_blanks() -> None:
    """The bytes are what the tables of B2 describe."""
    assert SMALL.pack({"count": 7, "name": "AB", "on": date(2026, 1, 2)}) == b"T007 AB  260102 "


def test_filler_survives() -> None:
    """What no field covers is kept from the record written over."""
    assert SMALL.pack({"count": 7, "name": "AB", "on": None}, over=b"T007#AB  000000#") == b"T007#AB  000000#"


def test_every_unreadable_zone_is_named_by_place_only() -> None:
    """Faults give record, position and code."""
    assert SMALL.unpack(b"XA07 \xe9\x00  269999 ", 12) == (
        FieldFault(12, 1, "constant-expected"),
        FieldFault(12, 2, "not-a-number"),
        FieldFault(12, 6, "not-ascii"),
        FieldFault(12, 10, "date-impossible"),
    )


@pytest.mark.parametrize(
    ("values", "position"),
    [
        ({"count": 1000, "name": "", "on": None}, 2),
        ({"count": -1, "name": "", "on": None}, 2),
        ({"count": 1, "name": "SECRET", "on": None}, 6),
        ({"count": 1, "name": "\u20ac", "on": None}, 6),
        ({"count": 1, "name": "A", "on": date(1999, 12, 31)}, 10),
        ({"count": None, "name": "A", "on": None}, 2),
    ],
)
def test_what_does_not_fit_is_named_by_field_and_position(
    values: dict[str, int | str | date | None], position: int
) -> None:
    """A PackError tells where, and never what."""
    with pytest.raises(PackError) as caught:
        SMALL.pack(values)
    assert caught.value.position == position
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(("values", "field"), [((1000, "A"), "count"), ((-1, "A"), "count"), ((1, "A\nB"), "name")])
def test_a_template_refuses_the_same(values: tuple[int | str, ...], field: str) -> None:
    """The fast packer names the field too."""
    with pytest.raises(PackError) as caught:
        SMALL.template("count", "name").fill(*values)
    assert caught.value.field == field


def test_a_template_writes_what_pack_writes() -> None:
    """Both ways of packing give the same bytes."""
    packed = SMALL.pack({"count": 12, "name": "-X", "on": None})
    assert SMALL.template("count", "name").fill(12, "-X") == packed


def test_dates_are_of_this_century_and_exist() -> None:
    """Two digits of year mean 2000 to 2099."""
    assert day(b"240229") == date(2024, 2, 29)
    assert day(b"230229") is None
    assert day(b"2302 9") is None
    assert day_text(date(2099, 12, 31)) == "991231"
