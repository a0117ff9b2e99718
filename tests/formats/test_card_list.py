"""The list cards are printed from: CSV and NDJSON say the same, and a wrong line says where and why, never what."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.formats.card_list import FIELDS, ListedCard, RowFault, read_list

INSURER = "0000401166"
ROW = {
    "ref": "R1", "last_name": "Armandet", "first_name": "Éliante", "member": "10000001", "birth": "1985-04-12",
    "rank": "1", "product": "CONFORT", "from": "2027-01-01", "to": "2027-12-31", "PHAR": "100", "OPTI": "PEC",
}  # fmt: skip


def csv(*rows: dict[str, str], sign: str = ",") -> bytes:
    lines = [sign.join(ROW), *(sign.join(row.values()) for row in rows)]
    return "\n".join(lines).encode() + b"\n"


def ndjson(*rows: dict[str, str]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


@pytest.mark.parametrize("content", [csv(ROW), csv(ROW, sign=";"), b"\xef\xbb\xbf" + csv(ROW), ndjson(ROW)])
def test_a_list_is_read_in_each_of_its_forms(content: bytes) -> None:
    """Commas, semicolons, a byte order mark, NDJSON: the same card."""
    (found,) = read_list(content, INSURER)
    assert isinstance(found, ListedCard)
    assert (found.name, found.birth, found.birth_shown) == ("ARMANDET Éliante", "850412", "12/04/1985")
    assert (found.amc_number, found.first, found.last) == (INSURER, date(2027, 1, 1), date(2027, 12, 31))
    assert [pair for pair in found.columns if pair[1]] == [("PHAR", "100"), ("OPTI", "PEC")]
    assert "ARMANDET" not in repr(found)


@pytest.mark.parametrize(("birth", "shown"), [("850412", "12/04/85"), ("19540099", "99/00/1954")])
def test_births_are_printed_as_they_were_given(birth: str, shown: str) -> None:
    """Without a century that was not told; lunar dates as they are."""
    (found,) = read_list(ndjson(ROW | {"birth": birth}), INSURER)
    assert isinstance(found, ListedCard)
    assert found.birth_shown == shown


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"birth": "12/04/1985"}, "birth", "birth-shape"), ({"rank": "0"}, "rank", "rank-shape"),
        ({"ref": ""}, "ref", "field-missing"), ({"last_name": "A" * 41}, "last_name", "field-shape"),
        ({"last_name": "A\x07"}, "last_name", "field-shape"), ({"from": "2028-01-01"}, "to", "dates-reversed"),
        ({"to": "31/12/2027"}, "to", "date-shape"), ({"amc": "12"}, "amc_number", "amc-shape"),
        ({"PHAR": "", "OPTI": ""}, "", "domains-none"), ({"PHAR": "1" * 13}, "PHAR", "formula-shape"),
        ({"nir": "1850475100042"}, "nir", "field-unknown"),
    ],
)  # fmt: skip
def test_a_wrong_line_says_where_and_why(wrong: dict[str, str], field: str, code: str) -> None:
    """Number, field and code; no value of anyone. A column for the NIR is not taken."""
    found = list(read_list(ndjson(ROW, ROW | wrong), INSURER))
    assert isinstance(found[0], ListedCard)
    assert found[1] == RowFault(2, field, code)


def test_lines_that_cannot_be_read_are_told() -> None:
    """Cells too many or too few, no JSON, no UTF-8."""
    short = csv(ROW).rsplit(b",", 1)[0] + b"\n"
    assert list(read_list(short, INSURER)) == [RowFault(2, "", "line-unreadable")]
    long = csv(ROW).rstrip(b"\n") + b",9\n"
    assert list(read_list(long, INSURER)) == [RowFault(2, "", "line-unreadable")]
    assert list(read_list(b'{"ref": 1}\n', INSURER)) == [RowFault(1, "", "line-unreadable")]
    assert list(read_list(b"\xff\xfe", INSURER)) == [RowFault(0, "", "list-not-utf8")]


@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=200).map(lambda text: csv(ROW) + text.encode("utf-8", "replace"))
    )
)
def test_no_bytes_make_an_error(content: bytes) -> None:
    """Whatever is handed over, each line is a card or a fault with a code."""
    for found in read_list(content, INSURER):
        assert isinstance(found, ListedCard) or found.code
    assert len(set(FIELDS)) == len(FIELDS)
