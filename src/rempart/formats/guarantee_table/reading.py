"""TOML bytes to a guarantee table, or every fault with its line.

A parsed document may come from elsewhere too (the XLSX form): `document` reads it with the same care. `tomllib` keeps
no positions: a scan of the text finds the line of each key, and a key it cannot place is reported on the line of the
nearest key above it.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from typing import TYPE_CHECKING, Any

from rempart.domain.acts import FAMILIES
from rempart.domain.allowances import FROM_RIGHTS, Allowance, Unit
from rempart.domain.guarantee import (
    AMOUNT_KINDS,
    KINDS,
    NO_AGE,
    PERCENT_KINDS,
    Case,
    Formula,
    GuaranteeTable,
    ProductTable,
    TableProblem,
    checked,
    formula_problem,
    gaps,
)
from rempart.domain.particulars import BASKETS, CORRECTIONS, ITEMS, PRICINGS
from rempart.domain.rights import DOMAINS
from rempart.domain.rights import KINDS as CONTRACT_KINDS
from rempart.formats.guarantee_table import values
from rempart.formats.guarantee_table.faults import Notes, TableFault, TableReading
from rempart.formats.guarantee_table.networks import members_of
from rempart.formats.guarantee_table.positions import Path, positions

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMAT = "rempart-guarantees/1"
MAX_BYTES = 4 * 1024 * 1024  # a table of 2,000 product versions is under 2 MiB
MAX_LINE = 4096  # characters; keeps the scan for positions linear

_TOP = ("format", "insurer", "product", "network")
_PRODUCT = ("code", "level", "kind", "networks", "from", "to", "formulas", "cases", "allowances")
_FORMULA = ("kind", "except-rates", "allowance", "ceiling", "ceiling-includes-amo")
_LISTS: tuple[tuple[str, tuple[str, ...] | None], ...] = (
    ("families", FAMILIES),
    ("codes", None),
    ("items", ITEMS),
    ("baskets", BASKETS),
    ("pricings", PRICINGS),
    ("corrections", CORRECTIONS),
)
_CASE = (*(name for name, _ in _LISTS), "network", "from-age", "below-age", "pays")


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
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        return TableReading(None, (TableFault(line, "", "toml-syntax"),))
    except RecursionError:
        return TableReading(None, (TableFault(1, "", "toml-too-deep"),))
    # The scan for positions costs as much as the parser: it is for a table about which something has to be said.
    reading = document(parsed, {})
    return document(parsed, positions(text)) if reading.faults or reading.warnings else reading


def document(parsed: dict[str, Any], lines: dict[Path, int]) -> TableReading:
    """Read a parsed document; `lines` says on which line each of its keys stands."""
    notes = Notes(lines)
    values.known_keys(notes, (), parsed, _TOP)
    if values.need(notes, (), parsed, ("format", str)) not in (None, FORMAT):
        notes.fault(("format",), "format-unknown")
    insurer = values.need(notes, (), parsed, ("insurer", str))
    if insurer is not None and re.fullmatch(r"[0-9]{10}", insurer, re.ASCII) is None:
        notes.fault(("insurer",), "insurer-malformed")
    tables = values.need(notes, (), parsed, ("product", list)) or []
    products = [_product(notes, ("product", index), table) for index, table in enumerate(tables)]
    whole = tuple(product for product in products if product is not None)
    members = members_of(notes, parsed.get("network", []))
    if isinstance(parsed.get("product"), list) and not tables:
        notes.fault(("product",), "product-none")
    if insurer is None or len(whole) != len(products):
        return _refused(notes)
    table = checked(insurer, whole, members)
    if not isinstance(table, GuaranteeTable):
        notes.faults += _placed(notes, table)
    if notes.faults or not isinstance(table, GuaranteeTable):
        return _refused(notes)
    return TableReading(table, (), tuple(sorted(_placed(notes, gaps(whole)))))


def _refused(notes: Notes) -> TableReading:
    return TableReading(None, tuple(sorted(set(notes.faults))))


def _placed(notes: Notes, problems: Iterable[TableProblem]) -> list[TableFault]:
    return [
        notes.at(("product", problem.product, *(problem.inside or (problem.where,))), problem.code)
        for problem in problems
    ]


def _product(notes: Notes, path: Path, table: object) -> ProductTable | None:
    if not isinstance(table, dict):
        notes.fault(path, "type-wrong")
        return None
    before = len(notes.faults)
    values.known_keys(notes, path, table, _PRODUCT)
    code = values.code(notes, path, table, "code")
    level = values.code(notes, path, table, "level")
    start = values.day(notes, path, table, "from")
    end = values.day(notes, path, table, "to") if "to" in table else date.max
    kind = _word(notes, path, table, ("kind", CONTRACT_KINDS))
    networks = values.words(notes, path, table, ("networks", None))
    formulas = values.need(notes, path, table, ("formulas", dict))
    if formulas is not None and not formulas:
        notes.fault((*path, "formulas"), "formulas-none")
    pairs = [(domain, _plain(notes, path, domain, each)) for domain, each in (formulas or {}).items()]
    kept = tuple((domain, formula) for domain, formula in pairs if formula is not None)
    cases = _cases(notes, (*path, "cases"), table.get("cases", {}))
    allowances = _allowances(notes, (*path, "allowances"), table.get("allowances", {}))
    if code is None or level is None or start is None or end is None or kind is None or networks is None:
        return None
    if len(kept) != len(pairs) or not kept or _many(notes.faults[before:]):
        return None
    return ProductTable(code, level, start, end, kept, cases, allowances, kind, networks)


def _many(faults: list[TableFault]) -> bool:
    """Whether a fault leaves the product incomplete; an unknown key alone does not hide what comes next."""
    return any(fault.code != "key-unknown" for fault in faults)


def _word(notes: Notes, path: Path, table: dict[str, Any], pick: tuple[str, tuple[str, ...]]) -> str | None:
    """One word of a vocabulary, "" when the key is absent."""
    key, vocabulary = pick
    if key not in table:
        return ""
    word = values.need(notes, path, table, (key, str))
    if word is not None and word not in vocabulary:
        notes.fault((*path, key), "word-unknown")
        return None
    return word


# --- formulas ---


def _plain(notes: Notes, path: Path, domain: str, table: object) -> Formula | None:
    place = (*path, "formulas", domain)
    if domain not in DOMAINS:
        notes.fault(place, "domain-unknown")
        return None
    return _formula(notes, place, table)


def _formula(notes: Notes, path: Path, table: object) -> Formula | None:
    if not isinstance(table, dict):
        notes.fault(path, "type-wrong")
        return None
    kind = values.need(notes, path, table, ("kind", str))
    if kind is None:
        return None
    if kind not in KINDS:
        notes.fault((*path, "kind"), formula_problem(Formula(kind)))
        return None
    own = ("percent",) if kind in PERCENT_KINDS else ("amount",) if kind in AMOUNT_KINDS else ()
    values.known_keys(notes, path, table, (*_FORMULA, *own))
    percent = values.need(notes, path, table, ("percent", int)) if kind in PERCENT_KINDS else 0
    amount = values.euros(notes, path, table, "amount") if kind in AMOUNT_KINDS else 0
    rates = values.rates(notes, path, table)
    allowance = values.code(notes, path, table, "allowance") if "allowance" in table else ""
    ceiling, includes = _ceiling(notes, path, table)
    if percent is None or amount is None or rates is None or allowance is None or ceiling is None:
        return None
    formula = Formula(kind, percent, amount, rates, allowance, ceiling, includes)
    if code := formula_problem(formula):
        notes.fault((*path, *own), code)
        return None
    return formula


def _ceiling(notes: Notes, path: Path, table: dict[str, Any]) -> tuple[int | None, bool]:
    """Cents and whether AMO is inside; a ceiling that does not say so is refused."""
    if "ceiling" not in table:
        if "ceiling-includes-amo" in table:
            notes.fault(path, "key-missing", "ceiling")
            return None, False
        return 0, False
    ceiling = values.euros(notes, path, table, "ceiling")
    if "ceiling-includes-amo" not in table:
        notes.fault((*path, "ceiling"), "ceiling-not-said")
        return None, False
    includes = values.need(notes, path, table, ("ceiling-includes-amo", bool))
    if ceiling == 0:
        notes.fault((*path, "ceiling"), "amount-out-of-range")
        return None, False
    return (None if includes is None else ceiling), bool(includes)


# --- cases and allowances ---


def _cases(notes: Notes, path: Path, table: object) -> tuple[tuple[str, tuple[Case, ...]], ...]:
    if not isinstance(table, dict):
        notes.fault(path, "type-wrong")
        return ()
    found = []
    for domain, given in table.items():
        place = (*path, domain)
        if domain not in DOMAINS:
            notes.fault(place, "domain-unknown")
        elif not isinstance(given, list) or not given:
            notes.fault(place, "type-wrong")
        else:
            cases = [_case(notes, (*place, number), each) for number, each in enumerate(given)]
            found.append((domain, tuple(case for case in cases if case is not None)))
    return tuple(found)


def _case(notes: Notes, path: Path, table: object) -> Case | None:
    if not isinstance(table, dict):
        notes.fault(path, "type-wrong")
        return None
    values.known_keys(notes, path, table, _CASE)
    lists = [values.words(notes, path, table, pick) for pick in _LISTS]
    network = _word(notes, path, table, ("network", ("in", "out")))
    ages = _age(notes, path, table, ("from-age", 0)), _age(notes, path, table, ("below-age", NO_AGE + 1))
    if "pays" not in table:
        notes.fault(path, "key-missing", "pays")
        return None
    given = table["pays"]
    many = given if isinstance(given, list) else [given]
    pays = [
        _formula(notes, (*path, "pays", number) if given is many else (*path, "pays"), each)
        for number, each in enumerate(many)
    ]
    if not many:
        notes.fault((*path, "pays"), "formulas-none")
    whole = tuple(formula for formula in pays if formula is not None)
    words = [each for each in lists if each is not None]
    if len(words) != len(lists) or network is None or ages[0] is None or ages[1] is None or len(whole) != len(many):
        return None
    families, codes, items, baskets, pricings, corrections = words
    return Case(whole, families, codes, items, baskets, pricings, corrections, network, ages[0], ages[1])


def _age(notes: Notes, path: Path, table: dict[str, Any], pick: tuple[str, int]) -> int | None:
    key, default = pick
    if key not in table:
        return default
    age = values.need(notes, path, table, (key, int))
    if age is not None and not 0 <= age <= 150:
        notes.fault((*path, key), "age-out-of-range")
        return None
    return age


def _allowances(notes: Notes, path: Path, table: object) -> tuple[Allowance, ...]:
    if not isinstance(table, dict):
        notes.fault(path, "type-wrong")
        return ()
    found = [_allowance(notes, (*path, name), name, given) for name, given in table.items()]
    return tuple(allowance for allowance in found if allowance is not None)


def _allowance(notes: Notes, path: Path, name: str, table: object) -> Allowance | None:
    if not isinstance(table, dict):
        notes.fault(path, "type-wrong")
        return None
    values.known_keys(notes, path, table, ("limit", "units", "period", "months", "anniversary"))
    if re.fullmatch(r"[A-Za-z0-9._-]{1,20}", name, re.ASCII) is None:
        notes.fault(path, "code-malformed")
        return None
    unit: Unit = "units" if "units" in table else "cents"
    if "units" in table and "limit" in table:
        notes.fault((*path, "units"), "key-unknown")
    limit = (
        values.need(notes, path, table, ("units", int))
        if unit == "units"
        else values.euros(notes, path, table, "limit")
    )
    period = values.need(notes, path, table, ("period", str))
    months = values.need(notes, path, table, ("months", int)) if "months" in table else 0
    anniversary = values.need(notes, path, table, ("anniversary", str)) if "anniversary" in table else FROM_RIGHTS
    if limit is None or period is None or months is None or anniversary is None:
        return None
    return Allowance(name, limit, unit, period, months, anniversary)
