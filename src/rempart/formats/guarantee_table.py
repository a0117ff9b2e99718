"""Guarantee tables in TOML, `rempart-guarantees/1`: bytes to `domain.guarantee`, or every fault with its line.

The format is ours: docs/formats/guarantee-table.md, with a JSON Schema of the parsed document beside it. Reading only;
an insurer or operator writes the file by hand or by its own tool. `tomllib` keeps no positions: a light scan of the
text finds the line of each key, and a key it cannot place is reported on the line of the nearest key above it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from rempart.domain.guarantee import (
    AMOUNT_KINDS,
    KINDS,
    PERCENT_KINDS,
    Formula,
    GuaranteeTable,
    ProductTable,
    TableProblem,
    checked,
    formula_problem,
    gaps,
)
from rempart.domain.money import parse_euros
from rempart.domain.rights import DOMAINS

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = "rempart-guarantees/1"
MAX_BYTES = 4 * 1024 * 1024  # a table of 2,000 product versions is under 2 MiB
MAX_LINE = 4096  # characters; keeps the scan for positions linear

T = TypeVar("T")
Path = tuple[str | int, ...]
"""Where a value stands: keys and array indexes, e.g. ("product", 0, "formulas", "PHAR", "kind")."""


@dataclass(frozen=True, slots=True, order=True)
class TableFault:
    """One thing wrong: 1-based line, dotted key (never a value), stable code."""

    line: int
    key: str
    code: str


@dataclass(frozen=True, slots=True)
class TableReading:
    """`table` is None as soon as there is one fault. Warnings (gaps between dates) do not refuse the file."""

    table: GuaranteeTable | None
    faults: tuple[TableFault, ...] = ()
    warnings: tuple[TableFault, ...] = ()


def read(data: bytes) -> TableReading:
    """Read one insurer's table. All faults are reported, in line order; nothing is applied when there is one.

    Dates of versions are compared with each other once every product can be read.
    """
    if len(data) > MAX_BYTES:
        return TableReading(None, (TableFault(1, "", "file-too-large"),))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return TableReading(None, (TableFault(data.count(b"\n", 0, error.start) + 1, "", "not-utf8"),))
    for number, content in enumerate(text.split("\n"), start=1):
        if len(content) > MAX_LINE:
            return TableReading(None, (TableFault(number, "", "line-too-long"),))
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        return TableReading(None, (TableFault(line, "", "toml-syntax"),))
    except RecursionError:
        return TableReading(None, (TableFault(1, "", "toml-too-deep"),))
    return _Reader(positions(text)).read(document)


# --- from the parsed document to the domain ---

_TOP = ("format", "insurer", "product")
_PRODUCT = ("code", "level", "from", "to", "formulas")


class _Reader:
    """One reading: collects faults as it goes; every method returns None for what could not be read."""

    def __init__(self, lines: dict[Path, int]) -> None:
        self._lines = lines
        self._faults: list[TableFault] = []

    def read(self, document: dict[str, Any]) -> TableReading:
        self._known_keys((), document, _TOP)
        if self._need((), document, "format", str) not in (None, FORMAT):
            self._fault(("format",), "format-unknown")
        insurer = self._need((), document, "insurer", str)
        if insurer is not None and re.fullmatch(r"[0-9]{10}", insurer, re.ASCII) is None:
            self._fault(("insurer",), "insurer-malformed")
        tables = self._need((), document, "product", list) or []
        products = [self._product(("product", index), table) for index, table in enumerate(tables)]
        whole = tuple(product for product in products if product is not None)
        if "product" in document and isinstance(document["product"], list) and not tables:
            self._fault(("product",), "product-none")
        if insurer is None or len(whole) != len(products):
            return self._refused()
        table = checked(insurer, whole)
        if not isinstance(table, GuaranteeTable):
            self._faults += self._placed(table)
        if self._faults or not isinstance(table, GuaranteeTable):
            return self._refused()
        return TableReading(table, (), tuple(sorted(self._placed(gaps(whole)))))

    def _refused(self) -> TableReading:
        return TableReading(None, tuple(sorted(set(self._faults))))

    def _placed(self, problems: Iterable[TableProblem]) -> list[TableFault]:
        return [self._at(("product", problem.product, problem.where), problem.code) for problem in problems]

    def _product(self, path: Path, table: object) -> ProductTable | None:
        if not isinstance(table, dict):
            self._fault(path, "type-wrong")
            return None
        self._known_keys(path, table, _PRODUCT)
        code = self._text(path, table, "code")
        level = self._text(path, table, "level")
        start = self._day(path, table, "from")
        end = self._day(path, table, "to") if "to" in table else date.max
        formulas = self._need(path, table, "formulas", dict)
        if formulas is not None and not formulas:
            self._fault((*path, "formulas"), "formulas-none")
        pairs = [
            (domain, self._formula((*path, "formulas", domain), domain, f)) for domain, f in (formulas or {}).items()
        ]
        kept = tuple((domain, formula) for domain, formula in pairs if formula is not None)
        if code is None or level is None or start is None or end is None or not kept or len(kept) != len(pairs):
            return None
        return ProductTable(code, level, start, end, kept)

    def _formula(self, path: Path, domain: str, table: object) -> Formula | None:
        if domain not in DOMAINS:
            self._fault(path, "domain-unknown")
            return None
        if not isinstance(table, dict):
            self._fault(path, "type-wrong")
            return None
        kind = self._need(path, table, "kind", str)
        if kind is None:
            return None
        if kind not in KINDS:
            self._fault((*path, "kind"), formula_problem(Formula(kind)))
            return None
        own = ("percent",) if kind in PERCENT_KINDS else ("amount",) if kind in AMOUNT_KINDS else ()
        self._known_keys(path, table, ("kind", "except-rates", *own))
        percent = self._need(path, table, "percent", int) if kind in PERCENT_KINDS else 0
        amount = self._euros(path, table) if kind in AMOUNT_KINDS else 0
        rates = self._rates(path, table)
        if percent is None or amount is None or rates is None:
            return None
        formula = Formula(kind, percent, amount, rates)
        if code := formula_problem(formula):
            self._fault((*path, *own), code)
            return None
        return formula

    def _rates(self, path: Path, table: dict[str, Any]) -> tuple[int, ...] | None:
        rates = table.get("except-rates", [])
        if isinstance(rates, list) and all(type(rate) is int and 0 <= rate <= 100 for rate in rates):
            return tuple(rates)
        self._fault((*path, "except-rates"), "rate-out-of-range")
        return None

    def _euros(self, path: Path, table: dict[str, Any]) -> int | None:
        """Amounts are quoted text: a bare 12.50 would be a binary fraction before anyone could look at it."""
        text = self._need(path, table, "amount", str)
        amount = None if text is None else parse_euros(text)
        if text is not None and (amount is None or amount < 0):
            self._fault((*path, "amount"), "amount-malformed")
            return None
        return amount

    def _text(self, path: Path, table: dict[str, Any], key: str) -> str | None:
        text = self._need(path, table, key, str)
        if text is not None and re.fullmatch(r"[A-Za-z0-9._-]{1,20}", text, re.ASCII) is None:
            self._fault((*path, key), "code-malformed")
            return None
        return text

    def _day(self, path: Path, table: dict[str, Any], key: str) -> date | None:
        day = self._need(path, table, key, date)
        if isinstance(day, datetime):
            self._fault((*path, key), "type-wrong")
            return None
        return day

    def _need(self, path: Path, table: dict[str, Any], key: str, kind: type[T]) -> T | None:
        if key not in table:
            self._fault(path, "key-missing", key)
            return None
        value = table[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            self._fault((*path, key), "type-wrong")
            return None
        return value

    def _known_keys(self, path: Path, table: dict[str, Any], known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                self._fault((*path, key), "key-unknown")

    def _fault(self, path: Path, code: str, missing: str = "") -> None:
        self._faults.append(self._at(path, code, missing))

    def _at(self, path: Path, code: str, missing: str = "") -> TableFault:
        place = path
        while place and place not in self._lines:
            place = place[:-1]
        return TableFault(self._lines.get(place, 1), dotted((*path, missing) if missing else path), code)


def dotted(path: Path) -> str:
    """`product[2].formulas.PHAR`: array indexes count from 1, as a person would. An outlandish key is cut."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part[:40]}"
    return text.lstrip(".")


# --- where each key stands in the text ---

_KEY = r"(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')"
_DOTTED = rf"({_KEY}(?:\s*\.\s*{_KEY})*)"
_HEADER = re.compile(rf"\s*(\[\[?)\s*{_DOTTED}\s*\]\]?\s*(?:#.*)?")
_ASSIGN = re.compile(rf"{_DOTTED}\s*=")
_PART = re.compile(_KEY)
_STRINGS = re.compile(
    r"\"\"\".*?\"\"\"|'''.*?'''|\"(?:[^\"\\\n]|\\.)*\"(?!\s*[=.])|'[^'\n]*'(?!\s*[=.])|#[^\n]*", re.DOTALL
)


def positions(text: str) -> dict[Path, int]:
    """The 1-based line of every table and key that the scan can place. Strings and comments are blanked first."""
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    blanked = _STRINGS.sub(_blank, text).split("\n")
    for number, (line, raw) in enumerate(zip(blanked, text.split("\n"), strict=True), start=1):
        header = _HEADER.fullmatch(raw) if line.lstrip().startswith("[") else None
        if header is not None:
            table = _entered(_parts(header.group(2)), counts, array=header.group(1) == "[[")
            lines.setdefault(table, number)
            continue
        outer: Path = ()
        for assign in _ASSIGN.finditer(line):
            parts = _parts(assign.group(1))
            inline = line[: assign.start()].count("{") > line[: assign.start()].count("}")
            path = (*(outer if inline else table), *parts)
            outer = outer if inline else path
            lines.setdefault(path, number)
    return lines


def _parts(dotted_key: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted_key))


def _entered(parts: Path, counts: dict[Path, int], *, array: bool) -> Path:
    """The full path of a header: arrays of tables on the way stand at their last element; `[[…]]` opens one."""
    path: Path = ()
    for place, part in enumerate(parts):
        path = (*path, part)
        if array and place == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _blank(match: re.Match[str]) -> str:
    """Spaces instead of what was matched, keeping its line ends so that numbers stay right."""
    return re.sub(r"[^\n]", " ", match.group())
