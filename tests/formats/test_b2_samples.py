"""Each sample file gives exactly its faults, at the smallest level, and every code has a sample."""

from __future__ import annotations

import pytest

from rempart.formats.b2 import CODES, FileEnd, InvoiceRead, LotEnd, check, read
from support.b2_samples import FOLDER, NOT_ON_DISK, build
from support.b2_world import blocks_of, faults_of

SAMPLES = build()
# A file of a foreign or mixed shape can also lose an invoice on the way; these refuse nothing else.
LEVELS = ("file", "lot", "invoice")


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_gives_exactly_its_faults(name: str) -> None:
    """A sample gives the faults listed for it, no more, no less, at that record and position."""
    sample = SAMPLES[name]
    found = tuple(
        (fault.level, fault.record, fault.type, fault.position, fault.code) for fault in faults_of([sample.data])
    )
    assert found == sample.faults


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - NOT_ON_DISK))
def test_the_file_in_the_docs_is_this_one(name: str) -> None:
    """The published sample is the one built here (run tests/support/b2_samples.py otherwise)."""
    assert (FOLDER / f"{name}.b2").read_bytes() == SAMPLES[name].data


def test_no_other_file_lies_there() -> None:
    """Every published sample is tested."""
    assert {path.stem for path in FOLDER.glob("*.b2")} == set(SAMPLES) - NOT_ON_DISK


def test_every_code_has_a_sample() -> None:
    """There is no code without a file that gives it."""
    assert {fault[4] for sample in SAMPLES.values() for fault in sample.faults} == set(CODES)


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_codes_are_told_at_their_levels(name: str) -> None:
    """A fault's level is among those its code is documented for."""
    for fault in SAMPLES[name].faults:
        assert fault[0] in CODES[fault[4]].levels.split(", ")


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_what_stands_beside_a_fault(name: str) -> None:
    """A wrong invoice leaves its lot, a wrong lot leaves the file, a wrong file leaves nothing."""
    sample = SAMPLES[name]
    levels = {fault[0] for fault in sample.faults}
    checked = check([sample.data])
    events = list(read(blocks_of(sample.data), checked=checked))
    assert bool(checked.faults) == ("file" in levels)
    assert any(isinstance(event, FileEnd) for event in events) == ("file" not in levels)
    if levels == {"lot"}:
        assert not any(isinstance(event, (InvoiceRead, LotEnd)) for event in events)
    if levels == {"invoice"}:
        assert any(isinstance(event, LotEnd) and event.refused == 1 for event in events)
    if name.startswith("good-"):
        assert any(isinstance(event, InvoiceRead) for event in events)
