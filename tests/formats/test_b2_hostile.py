"""Hostile bytes: any input gives events, never an exception, and no fault carries a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.formats.b2 import (
    CODES,
    FileEnd,
    FileRefused,
    InvoiceRead,
    InvoiceRefused,
    LotEnd,
    LotRefused,
    check,
    read,
)
from rempart.formats.b2.nir import nir_key
from support.b2_samples import build
from support.b2_world import base_records, blocks_of, put

if TYPE_CHECKING:
    from rempart.formats.b2 import Event

BASE = base_records()
EVERY = [
    data[at : at + 128]
    for name, sample in build().items()
    if name in ("good-every-type", "good-concentrator")
    for data in (sample.data,)
    for at in range(0, len(data), 128)
]


def sound(data: bytes, size: int = 65_536) -> list[Event]:
    """Read, and hold what every reading must hold."""
    events = list(read(blocks_of(data, size)))
    assert isinstance(events[-1], (FileEnd, FileRefused))
    assert sum(isinstance(event, (FileEnd, FileRefused)) for event in events) == 1
    for event in events:
        if isinstance(event, (InvoiceRefused, LotRefused, FileRefused)):
            assert event.faults
            for fault in event.faults:
                assert fault.code in CODES
                assert fault.level in CODES[fault.code].levels
                assert 0 <= fault.position <= 128
    checked = check(blocks_of(data, size))
    assert checked.faults == (events[-1].faults if isinstance(events[-1], FileRefused) else ())
    lots = [(event.lot, event.faults if isinstance(event, LotRefused) else ()) for event in events
            if isinstance(event, (LotEnd, LotRefused))]  # fmt: skip
    assert [(lot.lot, lot.faults) for lot in checked.lots] == lots
    refused = {lot for lot, faults in lots if faults}
    second = read(blocks_of(data, size), checked=checked)
    assert not any(event.lot in refused for event in second if isinstance(event, InvoiceRead))
    return events


@settings(max_examples=150)
@given(data=st.binary(max_size=600), size=st.integers(1, 300))
def test_random_bytes(data: bytes, size: int) -> None:
    """Noise is refused, not raised."""
    assert isinstance(sound(data, size)[-1], FileRefused)


# Bytes that programs take for blanks, digits, ends or letters, and any other.
BYTES = st.sampled_from(b"\x00\t\n\r\x1a 019ADMPSTXZ\x85\xa0\xe9\xff") | st.integers(0, 255)
EDITS = st.lists(st.tuples(st.integers(0, 19 * 128 - 1), BYTES), min_size=1, max_size=6)
FILES = st.sampled_from([sample.data for _, sample in sorted(build().items()) if 600 < len(sample.data) < 9000])


def edited(data: bytes, edits: list[tuple[int, int]]) -> bytes:
    """The file with those bytes replaced."""
    changed = bytearray(data)
    for at, byte in edits:
        changed[at % len(data)] = byte
    return bytes(changed)


@settings(max_examples=300)
@given(data=FILES, edits=EDITS)
def test_a_few_bytes_changed_anywhere(data: bytes, edits: list[tuple[int, int]]) -> None:
    """A sample with some bytes replaced still gives a verdict, and a refusal always says why."""
    sound(edited(data, edits))


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None)
@given(data=FILES, edits=EDITS)
def test_many_more_bytes_changed_anywhere(data: bytes, edits: list[tuple[int, int]]) -> None:
    """The same, for long."""
    sound(edited(data, edits))


@pytest.mark.parametrize("byte", [0x09, 0x4D, 0xFF])
def test_filler_is_not_judged(byte: int) -> None:
    """What lies in a position that no zone covers refuses nothing."""
    assert isinstance(sound(edited(b"".join(BASE), [(5 * 128 + 10, byte)]))[-1], FileEnd)
    read_back = [e for e in sound(edited(b"".join(BASE), [(9 * 128 + 10, byte)])) if isinstance(e, InvoiceRead)]
    assert len(read_back) == 2


def test_another_white_space_is_not_a_blank_complement() -> None:
    """A record 4 whose complement is a no-break space is of no known type."""
    refused = [e for e in sound(edited(b"".join(BASE), [(6 * 128 + 35, 0xA0)])) if isinstance(e, InvoiceRefused)]
    assert [(fault.record, fault.code) for fault in refused[0].faults] == [(7, "record-type-unknown")]


@settings(max_examples=300)
@given(order=st.lists(st.sampled_from(EVERY), max_size=25))
def test_records_in_any_order(order: list[bytes]) -> None:
    """Sound records shuffled, repeated and dropped give a verdict."""
    sound(b"".join([BASE[0], *order, BASE[-1]]))


@settings(max_examples=150)
@given(
    cut=st.integers(0, 14 * 130),
    line_end=st.sampled_from([b"", b"\n", b"\r\n"]),
    insert=st.binary(max_size=5),
)
def test_cut_or_shifted(cut: int, line_end: bytes, insert: bytes) -> None:
    """A file cut anywhere, or with bytes inserted, gives a verdict."""
    data = b"".join(record + line_end for record in BASE)
    sound(data[:cut])
    sound(data[:cut] + insert + data[cut:])


def test_no_event_shows_an_identity() -> None:
    """The repr of every event of a file with faults holds no identity zone of it."""
    records = put(put(BASE, 3, 25, "00"), 9, 96, "0000X0")
    text = repr(sound(b"".join(records)))
    for hidden in ("269057510", "690531", "AB0012345678"):
        assert hidden not in text


def test_another_operators_context_is_left_alone() -> None:
    """Zone 47-80 of 2P that is no accreditation gives none, and no fault."""
    records = put(BASE, 5, 47, "RP 0001 CONTEXT OF ANOTHER PARTY  ")
    read_back = [event.invoice for event in sound(b"".join(records)) if isinstance(event, InvoiceRead)]
    assert read_back[0].accreditation is None
    assert (read_back[0].presented.convention, read_back[0].presented.csr) == ("", "")


def test_a_medicine_prescribed_but_replaced_is_not_counted() -> None:
    """A 4C slot marked P names what was not handed over."""
    records = put(BASE, 7, 60, "P")
    read_back = [event.invoice for event in sound(b"".join(records)) if isinstance(event, InvoiceRead)]
    assert [code for _, code, _ in read_back[0].lines[0].detail] == ["3400002", "3400003"]


def with_individual(nir: str, key: str) -> bytes:
    """A file whose record 8 (2S) carries an individual NIR."""
    data = build()["good-every-type"].data
    records = [data[at : at + 128] for at in range(0, len(data), 128)]
    assert records[7][35:36] == b"S"
    return b"".join(put(records, 8, 50, nir + key))


def test_the_individual_nir_comes_first() -> None:
    """A 2S with a number of its own gives the beneficiary's NIR, not the insured's."""
    nir = "299052A001001"
    read_back = [event.invoice for event in sound(with_individual(nir, nir_key(nir))) if isinstance(event, InvoiceRead)]
    assert [one.presented.nir for one in read_back] == [nir]


def test_the_key_of_the_individual_nir_is_checked() -> None:
    """A wrong key in 2S is named there."""
    refused = [event for event in sound(with_individual("299052A001001", "00")) if isinstance(event, InvoiceRefused)]
    assert [(fault.type, fault.position, fault.code) for fault in refused[0].faults] == [("2S", 63, "nir-key-wrong")]


def test_without_2m_the_zones_of_record_2_stand_in() -> None:
    """The AMC number of record 2 serves, without the mark of a mutual insurer in its last place."""
    records = put(put(BASE, 4, 37, " " * 10), 3, 119, "00759900 M")
    read_back = [event.invoice for event in sound(b"".join(records)) if isinstance(event, InvoiceRead)]
    assert read_back[0].presented.amc_number == "00759900"


def test_a_blank_nir_is_a_number_not_given() -> None:
    """NIR and key blank on every record of an invoice give None."""
    records = BASE
    for record in range(3, 9):
        records = put(records, record, 12, " " * 15)
    read_back = [event.invoice for event in sound(b"".join(records)) if isinstance(event, InvoiceRead)]
    assert [one.presented.nir is None for one in read_back] == [True, False]


def test_unused_types_are_counted() -> None:
    """Names, addresses and transport detail are skipped and counted by type."""
    ends = [event for event in sound(build()["good-every-type"].data) if isinstance(event, LotEnd)]
    assert ends[0].skipped == (("2B", 1), ("2C", 1), ("4S", 1), ("4T", 1), ("4U", 1))
