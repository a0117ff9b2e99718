"""NOEMIE returns: what is written is read back exactly, each wrong file gives its code, hostile bytes a verdict."""

from __future__ import annotations

import string
from dataclasses import fields, replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.domain.returns import (
    STATES,
    DebtMove,
    Group,
    Identity,
    InvoiceReturn,
    Item,
    Reject,
    Share,
    Signal,
    total,
)
from rempart.formats._fixed import PackError
from rempart.formats.noemie import (
    BY_NAME,
    CODES,
    LAYOUTS,
    Envelope,
    FileEnd,
    FileRefused,
    GroupEnd,
    describe,
    read,
    write,
)
from rempart.formats.noemie.framing import Framing
from rempart.formats.noemie.layout import FIXED_LEVELS, LEVELS, MOST
from rempart.formats.noemie.zones import ZERO_FILLED
from support.noemie_samples import DAY, ENVELOPE, FOLDER, ITEMS, NOT_ON_DISK, PAID, build, entities_of, file_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rempart.formats.noemie import Event

SAMPLES = build()


def blocks_of(data: bytes, size: int) -> Iterator[bytes]:
    """The same bytes in blocks of one size."""
    return (data[at : at + size] for at in range(0, len(data), size))


def told(data: bytes) -> list[Event]:
    """Every event of a file."""
    return list(read([data]))


# ---- round trip ---------------------------------------------------------------------------------------------------

_ASCII = st.characters(codec="ascii", categories=(), include_characters=string.printable[:94].replace("@", ""))
_LATIN = st.characters(codec="latin-1", exclude_categories=("Cc",), exclude_characters="@\xa0")


def texts(most: int, letters: st.SearchStrategy[str] = _LATIN, least: int = 0) -> st.SearchStrategy[str]:
    """Texts that a blank-padded zone gives back: no blank at the end."""
    return st.text(letters, min_size=least, max_size=most).map(lambda text: text.rstrip(" ")).filter(
        lambda text: len(text) >= least
    )  # fmt: skip


CODE = texts(4, _ASCII)
DATES = st.dates(date(2000, 1, 1), date(2099, 12, 31))
CENTS = st.integers(-99_999_999, 99_999_999)
DIGITS = st.text(string.digits, min_size=13, max_size=13).filter(lambda text: text.strip("0"))
SHARES = st.one_of(
    st.builds(Share, st.just("paid"), CENTS, st.integers(0, 99_999_999)),
    st.builds(Share, st.sampled_from(STATES), st.just(0), st.integers(0, 99_999_999)),
)
REJECTS = st.builds(
    Reject, CODE, texts(86), st.sampled_from(("invoice", "line", "refined")), st.sampled_from(("amc", "amo")),
    st.none() | st.integers(0, 999), st.none() | DATES, texts(30, _ASCII),
)  # fmt: skip
IDENTITIES = st.builds(
    Identity, insured_nir=DIGITS, birth_name=texts(25), given_name=texts(15), nir=st.just("") | DIGITS,
    birth=st.sampled_from(("", "690531", "009931")), rank=st.sampled_from(("", "1", "2")),
)  # fmt: skip
INVOICES = st.builds(
    InvoiceReturn, st.text(string.digits + string.ascii_uppercase, min_size=9, max_size=9), texts(10, _ASCII), SHARES,
    st.none() | SHARES, st.lists(REJECTS, max_size=3).map(tuple), st.lists(texts(128), max_size=2).map(tuple),
    st.sampled_from("ABDFPCE"), st.none() | st.integers(0, 999), st.none() | DATES, st.none() | DATES,
    st.just(Identity()) | IDENTITIES, st.sampled_from(("", "AB0012345678", "1")),
)  # fmt: skip
DEBTS = st.builds(
    DebtMove, texts(10, _ASCII), DATES, st.sampled_from(("IND", "IPH", "VMI")), st.sampled_from(("CIN", "RPR", "PAI")),
    CENTS, st.integers(0, 99_999_999), st.integers(0, 99),
)  # fmt: skip
SIGNALS = st.builds(Signal, texts(10, _ASCII), texts(80), st.integers(0, 99))
GROUPS = st.one_of(
    st.builds(Group, texts(15, _ASCII), DATES, texts(32, least=1), texts(32), texts(10, _ASCII), st.just("01")),
    st.builds(Group, texts(15, _ASCII), DATES, kind=st.sampled_from(("01", "04", "05"))),
)
RETURNS = st.lists(
    st.tuples(GROUPS, st.lists(st.one_of(INVOICES, INVOICES, DEBTS, SIGNALS), max_size=5)), max_size=3
).map(lambda groups: [item for group, items in groups for item in (group, *items)])


@settings(max_examples=80)
@given(items=RETURNS, size=st.integers(1, 700), mode=st.sampled_from(("real", "test", "demo")))
def test_what_is_written_is_read_back_exactly(items: list[Item], size: int, mode: str) -> None:
    """Envelope, every item, control sums: nothing is lost and nothing is added, however the bytes are cut."""
    envelope = replace(ENVELOPE, mode=mode)
    data = b"".join(write(envelope, items))
    assert len(data) % 128 == 0
    events = list(read(blocks_of(data, size)))
    assert events[0] == envelope
    assert [event for event in events[1:-1] if not isinstance(event, GroupEnd)] == items
    end = events[-1]
    assert isinstance(end, FileEnd)
    assert (end.groups, end.amount) == (sum(isinstance(item, Group) for item in items), total(items))
    again = b"".join(write(envelope, [event for event in events[1:-1] if not isinstance(event, GroupEnd)]))  # type: ignore[misc]  # what stays are items
    assert again == data


def test_a_return_of_nothing_is_a_whole_file() -> None:
    """No group: 000, one last block, 999."""
    data = b"".join(write(ENVELOPE, []))
    assert len(data) == 3 * 128
    assert told(data) == [ENVELOPE, FileEnd(2, 0, 0)]


def test_the_bytes_are_where_the_tables_say() -> None:
    """Amounts, state, code and label of one paid and one rejected invoice, at the positions of the source."""
    entities = entities_of(SAMPLES["good-payment"].data)
    transfer = next(raw for raw in entities if raw.startswith(b"071"))
    assert transfer[3:11] == b"02261123"
    assert transfer[11:43].rstrip() == b"RMP4ZK8M2Q7T1V5X9B3C6D0F2G4H6"
    paid, rejected = (raw for raw in entities if raw.startswith(b"199"))
    assert (paid[13:14], paid[14:22], paid[22:23]) == (b"P", b"00001234", b"P")
    assert (rejected[13:14], rejected[14:22]) == (b"R", b"00000000")
    reject = next(raw for raw in entities if raw.startswith(b"294"))
    assert (reject[5:9], reject[95:97]) == (b"R410", b"FC")


def test_what_a_hub_writes_of_a_person_is_zeros() -> None:
    """Number, key, birth and rank are zeros, names are blank, the member's number is zeros."""
    entities = entities_of(SAMPLES["good-payment"].data)
    person = next(raw for raw in entities if raw.startswith(b"103"))
    assert set(person[5:]) == {0x30, 0x20}
    assert (person[5:20], person[100:107]) == (b"0" * 15, b"0" * 7)
    assert next(raw for raw in entities if raw.startswith(b"199"))[33:48] == b"0" * 15


# ---- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_each_sample_gives_exactly_its_fault(name: str) -> None:
    """Entity, type, position and code, or none."""
    sample = SAMPLES[name]
    end = told(sample.data)[-1]
    if sample.fault is None:
        assert isinstance(end, FileEnd)
    else:
        assert isinstance(end, FileRefused)
        assert (end.fault.record, end.fault.type, end.fault.position, end.fault.code) == sample.fault


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - NOT_ON_DISK))
def test_the_file_in_the_docs_is_this_one(name: str) -> None:
    """The published sample is the one built here (run tests/support/noemie_samples.py otherwise)."""
    assert (FOLDER / f"{name}.noemie").read_bytes() == SAMPLES[name].data


def test_no_other_file_lies_there_and_every_code_has_a_sample() -> None:
    """Every published sample is tested, and there is no code without a file that gives it."""
    assert {path.stem for path in FOLDER.glob("*.noemie")} == set(SAMPLES) - NOT_ON_DISK
    assert {sample.fault[3] for sample in SAMPLES.values() if sample.fault} == set(CODES)


@pytest.mark.parametrize(
    ("item", "zone"),
    [
        (replace(PAID, number="12"), "number"), (replace(PAID, amc=Share("paid", 100_000_000)), "paid"),
        (replace(PAID, amc=Share("rejected", 5)), "paid"), (replace(PAID, insurer="12345678901"), "insurer"),
        (replace(PAID, comments=("a" * 129,)), "text"), (replace(PAID, rejects=(Reject("R4100", ""),)), "code"),
        (Signal("A", "one@two"), "terminator"), (Group("1", DAY, payer="X"), "label"),
        (DebtMove("R", DAY, "INDU", "RPR", 0, 0), "nature"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_by_zone(item: Item, zone: str) -> None:
    """A PackError says where, never what."""
    with pytest.raises(PackError) as caught:
        list(write(ENVELOPE, [ITEMS[0], item]))
    assert caught.value.field == zone


def test_an_item_before_any_group_cannot_be_written() -> None:
    """There is no payee to tell it to."""
    with pytest.raises(PackError):
        list(write(ENVELOPE, [PAID]))


def test_a_debt_moves_the_transfer_only_when_it_is_deducted_or_paid() -> None:
    """A first finding is told and moves nothing."""
    items = [
        Group("1", DAY, "L"),
        DebtMove("D1", DAY, "IND", "CIN", -500, 500),
        DebtMove("D1", DAY, "IND", "RPR", -200, 300),
    ]
    ends = [event for event in told(file_of(items)) if isinstance(event, GroupEnd)]
    assert [(end.items, end.amount) for end in ends] == [(2, -200)]


def test_entities_that_are_not_used_are_counted() -> None:
    """Acts, flat payments and archive numbers of another writer are read past."""
    end = told(SAMPLES["good-foreign-entities"].data)[-1]
    assert isinstance(end, FileEnd)
    assert dict(end.skipped) == {"020": 1, "080": 1, "110": 1, "120": 1, "150": 1, "160": 1, "210": 1, "295": 1}


# ---- hostile bytes ------------------------------------------------------------------------------------------------

FILES = st.sampled_from([sample.data for _, sample in sorted(SAMPLES.items()) if len(sample.data) < 9_000])
BYTES = st.sampled_from(b"\x00\n 019@PNR\xe9\xff") | st.integers(0, 255)


def sound(data: bytes, size: int) -> None:
    """A verdict, one, at the end, whose fault is documented."""
    events = list(read(blocks_of(data, size)))
    assert isinstance(events[-1], (FileEnd, FileRefused))
    assert sum(isinstance(event, (FileEnd, FileRefused)) for event in events) == 1
    if isinstance(events[-1], FileRefused):
        fault = events[-1].fault
        assert fault.code in CODES
        assert fault.type in {*BY_NAME, "?"}
        assert 1 <= fault.position <= MOST + 1


@settings(max_examples=150)
@given(data=st.binary(max_size=700), size=st.integers(1, 300))
def test_noise_is_refused(data: bytes, size: int) -> None:
    """Random bytes give one refusal, never an exception."""
    sound(data, size)


@settings(max_examples=300)
@given(
    data=FILES,
    edits=st.lists(st.tuples(st.integers(0, 20_000), BYTES), min_size=1, max_size=6),
    cut=st.integers(0, 9_000),
)
def test_a_few_bytes_changed_or_the_end_cut(data: bytes, edits: list[tuple[int, int]], cut: int) -> None:
    """A sample with bytes replaced, and cut anywhere, still gives a verdict."""
    changed = bytearray(data)
    for at, byte in edits:
        changed[at % len(data)] = byte
    sound(bytes(changed), 997)
    sound(bytes(changed[:cut]), 128)


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None)
@given(data=FILES, edits=st.lists(st.tuples(st.integers(0, 20_000), BYTES), min_size=1, max_size=6))
def test_many_more_bytes_changed(data: bytes, edits: list[tuple[int, int]]) -> None:
    """The same, for long."""
    changed = bytearray(data)
    for at, byte in edits:
        changed[at % len(data)] = byte
    sound(bytes(changed), 997)


@settings(max_examples=200)
@given(order=st.lists(st.sampled_from(entities_of(SAMPLES["good-payment"].data)[1:-1]), max_size=15))
def test_entities_in_any_order(order: list[bytes]) -> None:
    """Sound entities shuffled, repeated and dropped give a verdict."""
    from support.noemie_samples import framed

    whole = entities_of(SAMPLES["good-payment"].data)
    sound(framed([whole[0], *order, whole[-1]]), 65_536)


def test_an_endless_entity_takes_no_memory() -> None:
    """A megabyte without a terminator is refused as soon as it is longer than any entity."""
    start = entities_of(SAMPLES["good-payment"].data)[0]
    framing = Framing()
    pieces = (start, *(b"0" + b"x" * 127 for _ in range(10_000)))
    assert len(list(framing.entities(pieces))) == 1
    assert framing.fault == "entity-too-long"
    assert len(framing._held) < 1_000


# ---- tables -------------------------------------------------------------------------------------------------------


def test_the_tables_are_whole() -> None:
    """Every entity but the ends has a level, the source's where it states one; zero-filled zones are zones of 103."""
    assert set(LEVELS) == {entity.name for entity in LAYOUTS} - {"000", "999"}
    assert all(LEVELS[name] == level for name, level in FIXED_LEVELS.items())
    zones = {field.name: field.width for field in BY_NAME["103"].fields}
    assert {name: zones[name] for name in ZERO_FILLED} == dict(ZERO_FILLED)
    assert {field.name for field in fields(Identity)} == set(zones) - {"type", "level"}


def test_no_repr_shows_an_identity() -> None:
    """Neither an identity nor an invoice that carries one shows it."""
    one = replace(PAID, identity=Identity(insured_nir="2690575100001", last_name="IMAGINAIRE"), member="AB0012345678")
    for hidden in ("2690575100001", "IMAGINAIRE", "AB0012345678"):
        assert hidden not in repr(one)


def test_an_envelope_is_as_it_was_given() -> None:
    """Sender, receiver, day, reference and mode come back."""
    envelope = Envelope("REMPART001", "992300010", "A1B2C3", DAY, "908", application="NR", mode="demo")
    assert told(b"".join(write(envelope, [])))[0] == envelope


DOCS = FOLDER.parents[1]


@pytest.mark.parametrize(
    ("page", "begin", "text"),
    [
        ("noemie.md", describe.BEGIN, describe.generated()),
        ("reasons.md", describe.REASONS_BEGIN, describe.reasons_table()),
    ],
)
def test_the_pages_show_the_tables_as_they_are(page: str, begin: str, text: str) -> None:
    """The generated part of each page is what `rempart noemie layout` and `rempart noemie reasons` print."""
    shown = (DOCS / page).read_text("utf-8")
    assert shown[shown.index(begin) : shown.index(describe.END)] == text[: text.index(describe.END)]
