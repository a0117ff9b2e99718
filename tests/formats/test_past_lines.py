"""Past lines for comparing tables: read whole, or refused without a word of their content."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from rempart.domain.invoice import Line
from rempart.domain.particulars import Correction, Particulars
from rempart.domain.table_diff import PastLine
from rempart.formats.past_lines import PastLineWrong, read_past, write_past

LINE = {
    "person": "a1", "product": "P", "level": "1", "kind": "responsible", "profession": "doctor",
    "care_date": "2026-05-04", "family": "consultation", "base": 3000, "rate": 70, "amo": 2100, "spent": 3000,
    "amc": 900,
}  # fmt: skip


def test_a_line_is_read_with_what_it_tells() -> None:
    """An everyday line has no particulars; told ones carry them; blank lines are skipped."""
    told = LINE | {"item": "lens", "correction": [-200, 50, True], "birth_year": 2010}
    plain, lens = read_past([json.dumps(LINE).encode(), b"\n", json.dumps(told).encode()])
    assert plain.line.particulars is None
    assert plain.birth == ""
    assert lens.line.particulars is not None
    assert lens.line.particulars.correction == Correction(-200, 50, multifocal=True)
    assert lens.birth == "100101"
    assert (lens.line.number, lens.line.amc) == (3, 900)


def test_what_is_written_is_read_back() -> None:
    """Every word of a past line, an empty description too; of its birth the year alone."""
    told = Particulars(
        "lens", "left", ("11", "12"), Correction(-200, 50, multifocal=True), "B", 0, "optam", 3, "sight-worsened",
        "refused", 1, 2, date(2025, 1, 2), blind=True,
    )  # fmt: skip
    line = Line(
        1, date(2026, 5, 4), "LPP", "optics", 1, 60, 2, 3, 4, 5, exemption="4", qualifier="E", place="stay",
        particulars=told,
    )  # fmt: skip
    past = PastLine(
        "p1", "P", "2", "scheme", "optician", line, "13", "660101", frozenset({"N"}), "i1", "123456782", "C"
    )  # fmt: skip
    empty = past._replace(line=replace(line, particulars=Particulars()))
    bare = past._replace(line=replace(line, particulars=None))
    written = [write_past(one, 1966) for one in (past, empty, bare)]
    numbered = [one._replace(line=replace(one.line, number=n)) for n, one in enumerate((past, empty, bare), 1)]
    assert list(read_past(written)) == numbered


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "line-malformed"),
        (b"\xff", "line-malformed"),
        (json.dumps(LINE | {"name": "x"}).encode(), "line-malformed"),
        (json.dumps(LINE | {"base": "30.00"}).encode(), "line-malformed"),
        (json.dumps(LINE | {"person": "x-195017262676215"}).encode(), "person-identifies"),
    ],
)
def test_a_wrong_line_is_told_by_its_number(raw: bytes, code: str) -> None:
    """The fault holds a number and a code, nothing of the line."""
    with pytest.raises(PastLineWrong) as caught:
        list(read_past([json.dumps(LINE).encode(), raw]))
    assert (caught.value.number, caught.value.code) == (2, code)
    assert str(caught.value) == f"line 2: {code}"
