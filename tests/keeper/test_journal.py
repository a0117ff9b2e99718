"""The journal: chained, read by offset, whole after a kill, and every changed byte is found."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.keeper.journal import Journal, JournalDamagedError, verify

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import sys
from pathlib import Path
from rempart.keeper.journal import Journal
journal = Journal(Path(sys.argv[1]), segment=20_000)
number = 0
while True:
    journal.append(number, [(number.to_bytes(16, "big"), 0, bytes(32))] * 3)
    number += 1
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def entry(number: int) -> tuple[bytes, int, bytes]:
    return number.to_bytes(16, "big"), number % 3, bytes(32)


def written(folder: Path, blocks: int, segment: int = 1 << 20) -> Journal:
    journal = Journal(folder, segment=segment)
    for number in range(blocks):
        journal.append(number, [entry(number), entry(number + 1)])
    return journal


def test_blocks_are_read_from_any_offset(tmp_path: Path) -> None:
    """Reading on from a block's end continues, across segments."""
    journal = written(tmp_path, 50, segment=500)
    first = list(journal.read(0, 20))
    rest = list(journal.read(first[-1].end, 1000))
    assert [block.minute for block in first + rest] == list(range(50))
    assert [block.entries[0] for block in first + rest] == [entry(number) for number in range(50)]
    assert rest[-1].end == journal.end
    journal.close()
    assert verify(tmp_path) == 100
    assert len(list(tmp_path.glob("journal-*"))) > 3


def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    """Closing and opening again loses nothing and breaks nothing."""
    for _ in range(3):
        written(tmp_path, 5, segment=700).close()
    assert verify(tmp_path) == 30


@given(cut=st.integers(1, 137))
def test_a_torn_tail_is_cut_off(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    """A block that was half written when the power went is dropped whole; the ones before stay."""
    folder = tmp_path_factory.mktemp("torn")
    written(folder, 3).close()
    path = next(folder.glob("journal-*"))
    path.write_bytes(path.read_bytes()[:-cut])
    journal = Journal(folder)
    journal.append(9, [entry(9)])
    journal.close()
    assert verify(folder) == 5


def test_each_changed_byte_is_found(tmp_path: Path) -> None:
    """Whatever byte is altered, verification fails."""
    written(tmp_path, 4, segment=300).close()
    for path in tmp_path.glob("journal-*"):
        whole = path.read_bytes()
        for place in range(len(whole)):
            path.write_bytes(whole[:place] + bytes((whole[place] ^ 0x10,)) + whole[place + 1 :])
            with pytest.raises(JournalDamagedError):
                verify(tmp_path)
        path.write_bytes(whole)
    assert verify(tmp_path) == 8


def test_a_missing_segment_is_found(tmp_path: Path) -> None:
    """A segment taken away from the middle breaks the chain."""
    written(tmp_path, 20, segment=300).close()
    sorted(tmp_path.glob("journal-*"))[1].unlink()
    with pytest.raises(JournalDamagedError):
        verify(tmp_path)


def test_a_kill_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    """After `kill -9` every block whose writing had returned is there, and the chain holds."""
    for _ in range(3):
        folder = tmp_path / str(time.monotonic_ns())
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        confirmed = 0
        while confirmed < 400:
            confirmed = int(process.stdout.readline())
        process.kill()
        confirmed = int((process.stdout.read().split(b"\n")[-2:-1] or [str(confirmed).encode()])[0])
        process.stdout.close()
        process.wait()
        journal = Journal(folder, segment=20_000)
        journal.close()
        assert verify(folder) >= 3 * confirmed


def test_a_full_disk_leaves_the_chain_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that stops half way is cut off, and later ones go on."""
    journal = written(tmp_path, 2)
    real = os.write
    monkeypatch.setattr("rempart.keeper.journal.os.write", lambda file, data: real(file, data[: len(data) // 2]))
    with pytest.raises(OSError, match="short write"):
        journal.append(7, [entry(7)])
    monkeypatch.undo()
    journal.append(8, [entry(8)])
    journal.close()
    assert verify(tmp_path) == 5
