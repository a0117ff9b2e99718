"""Guarantee tables written as TOML and XLSX read back to the same table; workbooks that are none are refused."""

from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.domain.acts import FAMILIES
from rempart.domain.allowances import Allowance
from rempart.domain.guarantee import (
    AMOUNT_KINDS,
    KINDS,
    PERCENT_KINDS,
    Case,
    Formula,
    GuaranteeTable,
    Membership,
    ProductTable,
    checked,
)
from rempart.domain.particulars import BASKETS, CORRECTIONS, ITEMS, PRICINGS
from rempart.domain.rights import DOMAINS
from rempart.formats.guarantee_table import read, write
from rempart.formats.guarantee_table.sheet import COLUMNS, MAX_BYTES, from_sheet, to_sheet

SAMPLES = sorted((Path(__file__).parents[2] / "docs" / "formats" / "guarantee-table").glob("good-*.toml"))
LIMITS = (
    Allowance("money", 15_000, "cents", "calendar-year"),
    Allowance("acts", 4, "units", "rolling", 24),
    Allowance("a.b", 100, "cents", "anniversary", 0, "02-29"),
    Allowance("own", 100, "cents", "anniversary"),
)


def formula(kind: str, figure: int, allowance: str, ceiling: tuple[int, bool]) -> Formula:
    percent, amount = figure if kind in PERCENT_KINDS else 0, figure if kind in AMOUNT_KINDS else 0
    return Formula(kind, percent, amount, (15,) if figure % 3 == 0 else (), allowance, *ceiling)


formulas = st.builds(
    formula,
    st.sampled_from(sorted(KINDS)),
    st.integers(1, 1000),
    st.sampled_from(("", *(limit.name for limit in LIMITS))),
    st.sampled_from(((0, False), (12_345, False), (170_000, True))),
)


def some(words: tuple[str, ...]) -> Any:
    return st.lists(st.sampled_from(words), max_size=2, unique=True).map(tuple)


cases = st.builds(
    Case,
    st.lists(formulas, min_size=1, max_size=3).map(tuple),
    some(FAMILIES),
    some(("IMP", "7")),
    some(ITEMS),
    some(BASKETS),
    some(PRICINGS),
    some(CORRECTIONS),
    st.sampled_from(("", "in", "out")),
    st.integers(0, 20),
    st.sampled_from((16, 1001)),
)
by_domain = st.dictionaries(st.sampled_from(DOMAINS), st.lists(cases, min_size=1, max_size=3).map(tuple), max_size=2)
plain = st.dictionaries(st.sampled_from(DOMAINS), formulas, min_size=1, max_size=3)


memberships = st.lists(
    st.builds(
        Membership,
        st.sampled_from(("NET", "07")),
        st.sampled_from(("123456782", "2A1234567")),
        st.just(date(2026, 1, 1)),
        st.sampled_from((date.max, date(2026, 6, 30))),
    ),
    max_size=4,
).map(lambda found: tuple(sorted(found, key=lambda each: each.network)))


@st.composite
def tables(draw: st.DrawFn) -> GuaranteeTable:
    products = tuple(
        ProductTable(
            code,
            level,
            date(2026, 1, 1),
            draw(st.sampled_from((date.max, date(2026, 12, 31)))),
            tuple(draw(plain).items()),
            tuple(draw(by_domain).items()),
            LIMITS,
            draw(st.sampled_from(("", "responsible", "c2s"))),
            draw(st.sampled_from(((), ("NET", "07")))),
        )
        for code, level in (("P", "1"), ("P", "02"))
    )
    made = checked("0012345678", products, draw(memberships))
    assert isinstance(made, GuaranteeTable), made
    return made


@settings(max_examples=60, deadline=None)
@given(tables())
def test_a_table_written_as_toml_is_read_back(table: GuaranteeTable) -> None:
    """Nothing is lost or added on the way through TOML."""
    reading = read(write(table).encode())
    assert reading.faults == ()
    assert reading.table == table


@settings(max_examples=15, deadline=None)
@given(tables())
def test_a_table_written_as_a_workbook_is_read_back(table: GuaranteeTable) -> None:
    """Nothing is lost or added on the way through XLSX."""
    reading = from_sheet(to_sheet(table))
    assert reading.faults == ()
    assert reading.table == table


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_samples_survive_both_forms(path: Path) -> None:
    """Each good sample is the same table after TOML and after XLSX."""
    table = read(path.read_bytes()).table
    assert table is not None
    assert read(write(table).encode()).table == table
    assert from_sheet(to_sheet(table)).table == table


def book() -> Any:
    table = read(SAMPLES[0].read_bytes()).table
    assert table is not None
    return openpyxl.load_workbook(io.BytesIO(to_sheet(table)))


def saved(workbook: Any) -> bytes:
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def column(sheet: Any, name: str) -> int:
    return [cell.value for cell in sheet[1]].index(name) + 1


def test_what_a_person_types_is_read() -> None:
    """Numbers, dates and amounts that a spreadsheet made its own are read all the same."""
    workbook = book()
    products, pays = workbook["products"], workbook["pays"]
    products.cell(2, column(products, "from")).value = datetime(2026, 1, 1)  # noqa: DTZ001 - spreadsheets have no zone
    for row in range(2, pays.max_row + 1):
        pays.cell(row, column(pays, "from")).value = datetime(2026, 1, 1)  # noqa: DTZ001 - spreadsheets have no zone
        cell = pays.cell(row, column(pays, "amount"))
        cell.value = float(cell.value) if cell.value else None
    allowances = workbook["allowances"]
    for row in range(2, allowances.max_row + 1):
        allowances.cell(row, column(allowances, "from")).value = date(2026, 1, 1)
    assert from_sheet(saved(workbook)).table == read(SAMPLES[0].read_bytes()).table


@pytest.mark.parametrize(
    ("sheet", "name", "value", "code"),
    [
        ("pays", "kind", "percent", "amo-not-said"),
        ("pays", "domain", "DENT", "domain-unknown"),
        ("pays", "percent", "a lot", "key-unknown"),
        ("pays", "code", "OTHER", "product-not-listed"),
        ("allowances", "period", "yearly", "period-unknown"),
        ("products", "from", "soon", "type-wrong"),
        ("table", "insurer", "12", "insurer-malformed"),
    ],
)
def test_a_wrong_cell_is_told_with_its_row(sheet: str, name: str, value: str, code: str) -> None:
    """The fault names the row of the sheet, never the value."""
    workbook = book()
    row = 3 if sheet == "pays" else 2
    workbook[sheet].cell(row, column(workbook[sheet], name)).value = value
    if sheet == "products":  # keep the rows of the other sheets with it
        for other in ("pays", "allowances"):
            for number in range(2, workbook[other].max_row + 1):
                workbook[other].cell(number, column(workbook[other], "from")).value = value
    reading = from_sheet(saved(workbook))
    assert reading.table is None
    told = [fault for fault in reading.faults if fault.code == code]
    assert told
    assert sheet == "table" or told[0].line == row
    assert value not in repr([fault.key for fault in reading.faults]) or code == "domain-unknown"


def test_what_is_no_workbook_is_refused() -> None:
    """Text, an empty file, a zip of something else, too many bytes, a sheet or column that is not ours."""
    assert from_sheet(b"").faults[0].code == "not-a-workbook"
    assert from_sheet(b"PK\x03\x04 no").faults[0].code == "not-a-workbook"
    assert from_sheet(b"0" * (MAX_BYTES + 1)).faults[0].code == "file-too-large"
    workbook = book()
    workbook["pays"].cell(1, len(COLUMNS["pays"]) + 1).value = "more"
    assert [fault.code for fault in from_sheet(saved(workbook)).faults] == ["key-unknown"]
    del workbook["allowances"]
    assert from_sheet(saved(workbook)).faults[0].code in {"key-unknown", "sheet-missing"}
