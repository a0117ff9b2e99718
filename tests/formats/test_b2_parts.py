"""Parts of a B2 file: together they give what the whole gives, and what repeats an invoice is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.domain.invoice import Invoice, Line, Presented
from rempart.formats import b2

SITES = ("992300010", "992300028")
DAY = date(2026, 11, 20)


def _invoice(number: int, site: int = 0, *, spent: int = 4_000, birth: str = "800101") -> Invoice:
    line = Line(1, DAY, "PH7", "pharmacy", spent, 65, 2_600, spent, 1_400, unit_price=spent)
    shown = Presented("0000401166", "INVENTED", None, birth, "1")
    return Invoice(SITES[site], f"{number:09d}", DAY, shown, (line,), spent, 2_600, 1_400)


def _file(lots: list[list[Invoice]], line_end: bytes = b"", modes: str = "") -> bytes:
    envelope = b2.Envelope(sender=SITES[0], receiver="00990001", file_id="000001", created=DAY)
    named = {"R": "real", "T": "test"}
    made = [
        b2.Lot(own[0].site, place, DAY, [replace(one, mode=mode) for one in own], mode)
        for place, own in enumerate(lots, 1)
        for mode in [named[modes[place - 1] if modes else "R"]]
    ]
    return b"".join(b2.write(envelope, made, line_end=line_end))


def _whole(content: bytes) -> list[b2.Event]:
    events = b2.read([content], checked=b2.check([content]))
    return [event for event in events if not isinstance(event, b2.FileStart | b2.FileEnd)]


def _parted(content: bytes, most: int, block: int = 700) -> list[b2.Event]:
    plan = b2.plan([content], most)
    found: list[b2.Event] = []
    for part in plan.parts:
        rest = content[part.at :]
        found += b2.read_part((rest[at : at + block] for at in range(0, len(rest), block)), part)
    return found


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=9), most=st.integers(1, 30),
    line_end=st.sampled_from([b"", b"\n", b"\r\n"]), data=st.data(),
)  # fmt: skip
def test_parts_together_are_the_whole(sizes: list[int], most: int, line_end: bytes, data: st.DataObject) -> None:
    """Whatever the lots, their modes and the size of a part: the same events, each once, in order."""
    modes = "".join(data.draw(st.sampled_from("RT")) for _ in sizes)
    numbers = iter(range(1, 100))
    lots = [[_invoice(next(numbers), place % 2) for _ in range(size)] for place, size in enumerate(sizes)]
    content = _file(lots, line_end, modes)
    assert _parted(content, most) == _whole(content)
    parts = b2.plan([content], most).parts
    assert "".join(part.modes.decode() for part in parts) == modes
    assert sum(part.at for part in parts[:1]) == 128 + len(line_end)


@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=6), most=st.integers(1, 12), data=st.data())
def test_of_a_part_only_what_is_wanted_is_made(sizes: list[int], most: int, data: st.DataObject) -> None:
    """Whatever is wanted of a part: those invoices, as all of it gives them, and no other."""
    numbers = iter(range(1, 100))
    content = _file([[_invoice(next(numbers), place % 2) for _ in range(size)] for place, size in enumerate(sizes)])
    for part in b2.plan([content], most).parts:
        made = [each for each in b2.read_part([content[part.at :]], part) if isinstance(each, b2.InvoiceRead)]
        wanted = data.draw(st.frozensets(st.sampled_from([each.record for each in made])))
        found = b2.read_part([content[part.at :]], part, only=wanted)
        assert [each for each in found if isinstance(each, b2.InvoiceRead)] == [
            each for each in made if each.record in wanted
        ]


def test_a_refused_lot_is_refused_in_its_part_alone() -> None:
    """A control sum that is wrong refuses its lot as it does in the whole; the others stand."""
    content = bytearray(_file([[_invoice(1)], [_invoice(2)], [_invoice(3)]]))
    ends = [at for at in range(0, len(content), 128) if content[at : at + 1] == b"6"]
    content[ends[1] + 30] ^= 1
    told = bytes(content)
    assert [part.modes for part in b2.plan([told], 1).parts] == [b"R", b"-", b"R"]
    assert _parted(told, 1) == _whole(told)
    assert sum(isinstance(event, b2.LotRefused) for event in _parted(told, 1)) == 1


def test_a_lot_without_its_end_does_not_reach_into_the_next_part() -> None:
    """Its record 6 is missing: it is refused when the next lot begins, and the next lot is read by its own part."""
    content = _file([[_invoice(1)], [_invoice(2)]])
    records = [content[at : at + 128] for at in range(0, len(content), 128)]
    place = next(place for place, record in enumerate(records) if record[:1] == b"6")
    records.pop(place)
    records[-1] = records[-1][:55] + f"{len(records):08d}".encode() + records[-1][63:]
    told = b"".join(records)
    assert b2.plan([told], 1).faults == ()
    assert _parted(told, 1) == _whole(told)


def test_a_broken_file_has_no_parts() -> None:
    """The fault is the one that the whole file's check gives."""
    content = _file([[_invoice(1)]])[:-128]
    assert b2.plan([content], 1) == b2.Plan(b2.check([content]).faults)


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (_invoice(1, spent=5_000), True),
        (_invoice(1, 1, spent=5_000), False),
        (_invoice(9), True),
        (_invoice(9, 1), False),
        (_invoice(9, birth="810101"), False),
        (_invoice(9, spent=5_000), False),
    ],
    ids=["same number", "same number elsewhere", "same content", "same elsewhere", "of another", "other acts"],
)
def test_what_repeats_an_earlier_invoice_is_left_to_the_end(second: Invoice, told: bool) -> None:  # noqa: FBT001 - a case's expectation
    """By site and number, or by site, birth date and acts; only the later one is told, by its record."""
    content = _file([[_invoice(1), _invoice(2, spent=7_000)], [_invoice(3, 1, spent=8_000)], [second]])
    found = [one for part in b2.plan([content], 1).parts for one in part.later]
    records = [event.record for event in _whole(content) if isinstance(event, b2.InvoiceRead)]
    assert found == (records[-1:] if told else [])
