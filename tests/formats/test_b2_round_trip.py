"""B2 both ways: bytes to values to bytes for every record type, invoices to a file and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.domain.invoice import Invoice, Line, Presented
from rempart.formats._fixed import Field, PackError, Value
from rempart.formats.b2 import LAYOUTS, FileEnd, FileStart, InvoiceRead, Lot, LotEnd, check, lots_of, read, write
from rempart.formats.b2.diagnosis import Group, diagnose, read_totals
from rempart.formats.b2.families import family_of
from rempart.formats.b2.layout import type_name
from rempart.formats.b2.mapping import to_invoice
from rempart.formats.b2.rendering import to_records
from support.b2_world import DAY, ENVELOPE, OTHER_SITE, SITE, blocks_of, concentrator_lots, invoice, pharmacy_invoice

if TYPE_CHECKING:
    from rempart.formats._fixed import Layout

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
PRINTABLE = st.characters(min_codepoint=33, max_codepoint=126)
LATIN = st.characters(min_codepoint=33, max_codepoint=255, exclude_categories=["Cc"])
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def values_of(field: Field) -> st.SearchStrategy[Value]:
    """Canonical values of one field."""
    match field.kind:
        case "const":
            return st.just(field.literal)
        case "digits":
            return st.integers(0, 10**field.width - 1)
        case "digits?":
            return st.none() | st.integers(0, 10**field.width - 1)
        case "date":
            return DAYS
        case "date?":
            return st.none() | DAYS
        case "label":
            return st.text(LATIN, max_size=field.width)
        case _:
            return st.text(PRINTABLE, max_size=field.width)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@settings(max_examples=20)
@given(data=st.data())
def test_values_come_back_from_the_bytes(layout: Layout, data: st.DataObject) -> None:
    """For every record type, what is packed unpacks to the same values, over any filler."""
    filler = data.draw(st.binary(min_size=128, max_size=128))
    values = data.draw(st.fixed_dictionaries({field.name: values_of(field) for field in layout.fields}))
    packed = layout.pack(values, over=filler)
    assert len(packed) == 128
    assert layout.unpack(packed, 1) == values


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@settings(max_examples=20)
@given(data=st.data())
def test_bytes_come_back_from_the_values(layout: Layout, data: st.DataObject) -> None:
    """For every record type, unpacking then packing over the same record gives the same bytes, filler included."""
    filler = data.draw(st.binary(min_size=128, max_size=128))
    raw = layout.pack(data.draw(st.fixed_dictionaries({f.name: values_of(f) for f in layout.fields})), over=filler)
    raw = raw[:127] + filler[127:] if all(field.end < 128 for field in layout.fields) else raw
    values = layout.unpack(raw, 1)
    assert isinstance(values, dict)
    assert layout.pack(values, over=raw) == raw


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_type_is_read_from_the_bytes(layout: Layout) -> None:
    """Each record type is recognised by the characters that hold it."""
    packed = layout.template().fill()
    assert type_name(packed) == layout.name


CENTS = st.integers(0, 99_999)
CODES = st.sampled_from(["PH7", "B", "OPT", "AMI", "C", "ATM", "ADI", "QQ", "ZZZZZ"])
DETAILS = st.one_of(
    st.tuples(st.just("CIP"), st.from_regex(r"[1-9][0-9]{6}", fullmatch=True), st.integers(0, 99)),
    st.tuples(st.just("BIO"), st.from_regex(r"[1-9][0-9]{3}", fullmatch=True), st.integers(0, 99)),
    st.tuples(st.just("LPP"), st.from_regex(r"[1-9][0-9]{6}", fullmatch=True), st.integers(0, 99)),
    st.tuples(st.just("UCD"), st.from_regex(r"[1-9][0-9]{6}", fullmatch=True), st.integers(0, 999)),
    st.tuples(st.just("CCAM"), st.from_regex(r"[A-Z]{4}[0-9]{3}", fullmatch=True), st.just(1)),
)
LETTERS = {"CIP": "C", "BIO": "B", "LPP": "F", "UCD": "H", "CCAM": "M"}


@st.composite
def lines(draw: st.DrawFn, number: int) -> Line:
    """Any line B2 can hold."""
    code, detail = draw(CODES), tuple(draw(st.lists(DETAILS, max_size=7)))
    letters = "".join(LETTERS[system] for system, _, _ in detail)
    char = st.sampled_from(["", "1", "C", "D"])
    return Line(
        number, draw(DAYS), code, family_of(code, letters), draw(CENTS), draw(st.integers(0, 100)), draw(CENTS),
        draw(CENTS), draw(CENTS), draw(st.integers(0, 99)), draw(st.integers(0, 999_999)), draw(CENTS), draw(char),
        draw(char), draw(char), detail,
    )  # fmt: skip


@st.composite
def presented(draw: st.DrawFn) -> Presented:
    """Any beneficiary B2 can name, Corsica and absent numbers included; "M" in last place marks a mutual insurer."""
    nir = draw(st.none() | st.from_regex(r"[12][0-9]{2}(0[1-9]|1[0-2])(2[AB]|[0-9]{2})[0-9]{6}", fullmatch=True))
    amc = draw(st.text("0123456789", min_size=8, max_size=10))
    member = draw(st.text(UPPER, min_size=1, max_size=15))
    birth = draw(st.text("0123456789", min_size=6, max_size=6))
    rank = draw(st.none() | st.sampled_from("123456789"))
    return Presented(amc, member, nir, birth, rank, draw(st.text(UPPER, max_size=2)), draw(st.text(UPPER, max_size=8)))


@st.composite
def invoices(draw: st.DrawFn, site: str = SITE, mode: str = "real") -> Invoice:
    """Any invoice B2 can hold."""
    made = tuple(draw(lines(number)) for number in range(1, draw(st.integers(1, 4)) + 1))
    spent, amo, amc = (sum(getattr(line, name) for line in made) for name in ("spent", "amo", "amc"))
    source = {"operator": draw(st.sampled_from(["", "REMPART001"])), "payee": draw(st.sampled_from(["", "25", "05"]))}
    source["contract"] = draw(st.sampled_from(["", "89"]))
    return Invoice(
        site, f"{draw(st.integers(1, 999_999_999)):09d}", draw(DAYS), draw(presented()), made, spent, amo, amc,
        draw(st.sampled_from(["10", "13", "30", "41", "90"])), draw(st.sampled_from(["", "0", "4"])),
        draw(st.none() | st.text(UPPER, min_size=20, max_size=20)), "", mode, None,
        source=tuple((name, value) for name, value in source.items() if value),
    )  # fmt: skip


@settings(max_examples=30)
@given(
    made=st.lists(invoices(), min_size=1, max_size=4),
    line_end=st.sampled_from([b"", b"\n", b"\r\n"]),
    size=st.integers(1, 700),
)
def test_invoices_come_back_from_a_file(made: list[Invoice], line_end: bytes, size: int) -> None:
    """What is written is read equal, whatever the line end and however the bytes are cut."""
    data = b"".join(write(ENVELOPE, lots_of(made, DAY), line_end=line_end))
    events = list(read(blocks_of(data, size)))
    assert [event.invoice for event in events if isinstance(event, InvoiceRead)] == made
    assert isinstance(events[-1], FileEnd)
    assert check(blocks_of(data, size)).faults == ()


@settings(max_examples=60)
@given(made=invoices())
def test_records_come_back_from_the_invoice(made: Invoice) -> None:
    """Records to invoice to records gives the same bytes for what we wrote, and diagnosis finds nothing in it."""
    records = to_records(made)
    group = Group(records, read_totals(records[-1]), 1, made.site.encode(), made.site, "real")
    again = to_invoice(group)
    assert isinstance(again, Invoice)
    assert to_records(again) == records
    assert diagnose(group) == ()


def test_a_concentrators_file_holds_many_sites() -> None:
    """Lots of three sites come through one file, each invoice under its own site."""
    made = concentrator_lots()
    events = list(read(write(ENVELOPE, made)))
    got = [(event.lot.place, event.invoice) for event in events if isinstance(event, InvoiceRead)]
    assert got == [(place, one) for place, lot in enumerate(made, start=1) for one in lot.invoices]
    assert [event.lot.site for event in events if isinstance(event, LotEnd)] == [lot.site for lot in made]


@pytest.mark.parametrize("mode", ["test", "demo"])
def test_test_and_demo_lots_say_so(mode: str) -> None:
    """Their invoices carry the mode, and so does the end of the lot."""
    made = replace(invoice(1), mode=mode)
    events = list(read(write(ENVELOPE, [Lot(made.site, 1, DAY, [made], mode)])))
    assert [event.invoice.mode for event in events if isinstance(event, InvoiceRead)] == [mode]
    assert [event.mode for event in events if isinstance(event, LotEnd)] == [mode]


def test_a_lot_marked_test_governs_unmarked_invoices_in_the_second_pass() -> None:
    """Only record 6 marks the lot: the checked pass stamps its invoices, the single pass tells at LotEnd."""
    data = bytearray(b"".join(write(ENVELOPE, [Lot(SITE, 1, DAY, [invoice(1)])])))
    end = len(data) - 256
    data[end + 54] = ord("T")
    raw = bytes(data)
    checked = check([raw])
    assert checked.lots[0].mode == "test"
    modes = {event.invoice.mode for event in read([raw], checked=checked) if isinstance(event, InvoiceRead)}
    assert modes == {"test"}


def test_the_header_is_told() -> None:
    """The first event says who sends, under which file id, and how lines end."""
    first = next(iter(read(write(ENVELOPE, [], line_end=b"\r\n"))))
    assert first == FileStart("TP", SITE, "75999999", "000042", "PS", DAY, "crlf")


def test_lots_are_cut_where_site_mode_or_room_changes() -> None:
    """A lot holds one site, one mode, at most 999 invoices."""
    stream = [invoice(at) for at in range(1, 1001)] + [
        invoice(1, OTHER_SITE),
        replace(invoice(2, OTHER_SITE), mode="test"),
    ]
    shapes = [(lot.number, lot.site, len(list(lot.invoices)), lot.mode) for lot in lots_of(stream, DAY)]
    assert shapes == [
        (1, SITE, 999, "real"),
        (2, SITE, 1, "real"),
        (3, OTHER_SITE, 1, "real"),
        (4, OTHER_SITE, 1, "test"),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": "12"}, "number"),
        ({"number": "000000000"}, "number"),
        ({"site": "12345678"}, "site"),
        ({"accreditation": "SHORT"}, "accreditation"),
        ({"lines": ()}, "sequence"),
        ({"nature": "TOO LONG"}, "nature"),
    ],
)
def test_what_b2_cannot_hold_is_refused_by_name(change: dict[str, object], field: str) -> None:
    """The writer names the field and never writes what the reader would refuse."""
    with pytest.raises(PackError) as caught:
        to_records(replace(pharmacy_invoice(), **change))  # type: ignore[arg-type]  # deliberately mixed fields
    assert caught.value.field == field


def test_lines_are_numbered_from_one_without_gaps() -> None:
    """A numbering that reading would not give back is refused."""
    made = invoice(1)
    with pytest.raises(PackError):
        to_records(replace(made, lines=(replace(made.lines[0], number=2),)))
