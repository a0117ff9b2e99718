"""Guarantee tables as XLSX workbooks: what an actuary edits, read back to the very same table.

Five sheets. `table`: format and insurer. `products`: one row each. `pays`: one row for each formula; rows of one domain
with the same case number are one case, in their order, and rows without a number are the domain's own formula.
`allowances`: one row each. `networks`: one row for each membership of a site; this sheet may be missing. Every cell is
text, dates too, so that no spreadsheet turns an amount into a fraction; numbers and dates that a person typed are read
all the same. Formulas of the spreadsheet, styles and comments are not read. Needs `openpyxl`.
"""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import openpyxl
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

from rempart.formats.guarantee_table.faults import TableFault, TableReading
from rempart.formats.guarantee_table.reading import document
from rempart.formats.guarantee_table.writing import as_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rempart.domain.guarantee import GuaranteeTable
    from rempart.formats.guarantee_table.positions import Path

MAX_BYTES = 8 * 1024 * 1024
MAX_UNPACKED = 64 * 1024 * 1024
MAX_ROWS = 50_000

_VERSION = ("code", "level", "from")
_LISTS = ("families", "codes", "items", "baskets", "pricings", "corrections")
_CASE = (*_LISTS, "network", "from-age", "below-age")
_FORMULA = ("kind", "percent", "amount", "except-rates", "allowance", "ceiling", "ceiling-includes-amo")
COLUMNS: dict[str, tuple[str, ...]] = {
    "table": ("format", "insurer"),
    "products": (*_VERSION, "to", "kind", "networks"),
    "pays": (*_VERSION, "domain", "case", *_CASE, *_FORMULA),
    "allowances": (*_VERSION, "name", "limit", "units", "period", "months", "anniversary"),
    "networks": ("network", "site", "from", "to"),
}
_OPTIONAL = frozenset({"networks"})
_NUMBERS = frozenset({"percent", "from-age", "below-age", "units", "months", "case"})
_WORD_LISTS = frozenset({*_LISTS, "networks"})
Row = dict[str, Any]


def to_sheet(table: GuaranteeTable) -> bytes:
    """The table as a workbook."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    rows = _rows(as_document(table))
    for name, columns in COLUMNS.items():
        sheet = book.create_sheet(name)
        sheet.append(columns)
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
        for row in rows[name]:
            sheet.append([_text(row.get(column)) for column in columns])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _rows(made: dict[str, Any]) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {name: [] for name in COLUMNS}
    rows["table"].append({"format": made["format"], "insurer": made["insurer"]})
    for product in made["product"]:
        version = {key: product[key] for key in _VERSION}
        rows["products"].append({key: product.get(key) for key in COLUMNS["products"]})
        for domain, formula in product["formulas"].items():
            rows["pays"].append({**version, "domain": domain, **formula})
        for domain, cases in product.get("cases", {}).items():
            for number, case in enumerate(cases, start=1):
                told = {key: value for key, value in case.items() if key != "pays"}
                pays = case["pays"] if isinstance(case["pays"], list) else [case["pays"]]
                rows["pays"] += [{**version, "domain": domain, "case": number, **told, **each} for each in pays]
        for name, allowance in product.get("allowances", {}).items():
            rows["allowances"].append({**version, "name": name, **allowance})
    for network in made.get("network", ()):
        rows["networks"] += [{"network": network["name"], **member} for member in network["members"]]
    return rows


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return value.isoformat() if isinstance(value, date) else str(value)


def from_sheet(data: bytes) -> TableReading:
    """Read a workbook. A fault's line is the row of its sheet."""
    return numbered(data)[0]


def numbered(data: bytes) -> tuple[TableReading, dict[Path, int]]:
    """The same, and the row of each path of the document, for remarks about a sound table."""
    book = _open(data)
    if isinstance(book, TableFault):
        return TableReading(None, (book,)), {}
    rows: dict[str, list[tuple[int, Row]]] = {}
    for name, columns in COLUMNS.items():
        if name not in book.sheetnames:
            if name in _OPTIONAL:
                rows[name] = []
                continue
            return TableReading(None, (TableFault(1, name, "sheet-missing"),)), {}
        found = list(_read_rows(book[name], columns))
        wrong = [row for row in found if isinstance(row, TableFault)]
        if wrong:
            return TableReading(None, tuple(wrong)), {}
        rows[name] = [row for row in found if not isinstance(row, TableFault)]
    return _assembled(rows)


def _open(data: bytes) -> Any:
    if len(data) > MAX_BYTES:
        return TableFault(1, "", "file-too-large")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED:
                return TableFault(1, "", "file-too-large")
        return openpyxl.load_workbook(io.BytesIO(data), data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError):
        return TableFault(1, "", "not-a-workbook")


def _read_rows(sheet: Any, columns: tuple[str, ...]) -> Iterator[tuple[int, Row] | TableFault]:
    """Each row that holds something, by column name, with its number."""
    if sheet.max_row > MAX_ROWS:
        yield TableFault(MAX_ROWS, sheet.title, "too-many-rows")
        return
    lines = sheet.iter_rows(values_only=True)
    header = [str(cell or "").strip() for cell in next(lines, ())]
    for column in header:
        if column and column not in columns:
            yield TableFault(1, f"{sheet.title}.{column[:40]}", "key-unknown")
    for number, cells in enumerate(lines, start=2):
        row = {name: cell for name, cell in zip(header, cells, strict=False) if name and cell not in (None, "")}
        if row:
            yield number, {name: _value(name, cell) for name, cell in row.items()}


def _value(name: str, cell: object) -> Any:
    """A cell as the document's own type; what does not look like it stays text, which the reader then refuses."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, float):
        cell = f"{cell:.2f}" if not cell.is_integer() else str(int(cell))
    text = str(cell).strip()
    if name == "ceiling-includes-amo":
        return {"yes": True, "no": False}.get(text.lower(), text)
    if name in _WORD_LISTS:
        return [word.strip() for word in text.split(",")]
    if name == "except-rates":
        return [int(word) if word.strip().isdecimal() else word for word in text.split(",")]
    if name in _NUMBERS:
        return int(text) if text.isdecimal() else text
    if name in {"from", "to"}:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text


def _assembled(rows: dict[str, list[tuple[int, Row]]]) -> tuple[TableReading, dict[Path, int]]:
    """The document of the rows, read as any document is, with rows for lines."""
    lines: dict[Path, int] = {(): 1, ("product",): 1}
    head = rows["table"][0][1] if rows["table"] else {}
    made: dict[str, Any] = {**head, "product": []}
    where: dict[tuple[Any, ...], int] = {}
    numbered: list[dict[str, list[Any]]] = []
    for number, row in rows["products"]:
        place = len(made["product"])
        where[_version_of(row)] = place
        made["product"].append({**row, "formulas": {}, "cases": {}, "allowances": {}})
        numbered.append({})
        lines["product", place] = number
    for name in ("pays", "allowances"):
        for number, row in rows[name]:
            found = where.get(_version_of(row))
            if found is None:
                return TableReading(None, (TableFault(number, name, "product-not-listed"),)), {}
            product = made["product"][found]
            told = {key: value for key, value in row.items() if key not in _VERSION}
            path = _pays(product, told, numbered[found]) if name == "pays" else _allowance(product, told)
            lines["product", found, *path] = number
    _networks(made, lines, rows["networks"])
    return document(made, lines), lines


def _networks(made: dict[str, Any], lines: dict[Path, int], rows: list[tuple[int, Row]]) -> None:
    """Put the rows of `networks` under their network, in their order."""
    places: dict[Any, int] = {}
    for number, row in rows:
        name = row.pop("network", "")
        if name not in places:
            places[name] = len(places)
            made.setdefault("network", []).append({"name": name, "members": []})
            lines["network", places[name]] = number
        members = made["network"][places[name]]["members"]
        lines["network", places[name], "members", len(members)] = number
        members.append(row)


def _version_of(row: Row) -> tuple[Any, ...]:
    return tuple(row.get(key) for key in _VERSION)


def _pays(product: dict[str, Any], row: Row, numbered: dict[str, list[Any]]) -> Path:
    """Put one row of `pays` where it belongs; its path in the product. `numbered`: case numbers by domain."""
    domain = str(row.pop("domain", ""))
    case = row.pop("case", None)
    formula = {key: row.pop(key) for key in _FORMULA if key in row}
    if case is None:
        product["formulas"][domain] = formula | row  # columns of cases on a plain row are told as unknown keys
        return ("formulas", domain)
    cases = product["cases"].setdefault(domain, [])
    numbers = numbered.setdefault(domain, [])
    if case in numbers:
        cases[numbers.index(case)]["pays"].append(formula)
    else:
        numbers.append(case)
        cases.append({**row, "pays": [formula]})
    return ("cases", domain, numbers.index(case))


def _allowance(product: dict[str, Any], row: Row) -> Path:
    name = str(row.pop("name", ""))
    product["allowances"][name] = row
    return ("allowances", name)
