"""The list an insurer prints cards from: CSV with a header, or NDJSON, the same field names in both.

It holds names, so it never leaves the insurer. Our own format, described in docs/formats/card.md.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import msgspec

from rempart.domain.identifiers import Fault, parse_amc, parse_birth, parse_rank
from rempart.domain.rights import DOMAINS

MAX_BYTES = 512 * 1024 * 1024
NEEDED = ("ref", "last_name", "first_name", "member", "birth", "rank", "product", "from", "to")
MAY = ("amc", "convention", "csr", "responsible")
FIELDS = (*NEEDED, *MAY, *DOMAINS)
_LONGEST = {"ref": 36, "last_name": 40, "first_name": 30, "product": 20}
_FORMULA = 12  # characters that fit a column


@dataclass(frozen=True, slots=True)
class ListedCard:
    """One card to print. `birth` is AAMMJJ, `birth_shown` as the card prints it; `columns` are (domain, formula)."""

    reference: str
    name: str
    amc_number: str
    convention: str
    csr: str
    member: str
    first: date
    last: date
    birth: str
    birth_shown: str
    rank: str
    product: str
    responsible: bool
    columns: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return "ListedCard(…)"


class RowFault(NamedTuple):
    """Why a line is not taken: its number (from 1, a CSV header included), the field and a code. Never a value."""

    line: int
    field: str
    code: str


def read_list(content: bytes, amc_number: str) -> Iterator[ListedCard | RowFault]:
    """Each line's card or first fault; `amc_number` (10 digits) where a line has none. NDJSON starts with a brace."""
    if len(content) > MAX_BYTES:
        yield RowFault(0, "", "list-too-large")
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield RowFault(0, "", "list-not-utf8")
        return
    for number, row in _ndjson(text) if text.lstrip().startswith("{") else _csv(text):
        if row is None:
            yield RowFault(number, "", "line-unreadable")
        elif unknown := sorted(row.keys() - set(FIELDS)):
            yield RowFault(number, unknown[0] if unknown[0].isidentifier() else "", "field-unknown")
        else:
            found = _card(row, amc_number)
            yield RowFault(number, found.field, found.code) if isinstance(found, Fault) else found


def _ndjson(text: str) -> Iterator[tuple[int, dict[str, str] | None]]:
    for number, line in enumerate(text.splitlines(), 1):
        try:
            yield number, msgspec.json.decode(line, type=dict[str, str])
        except (msgspec.DecodeError, RecursionError):
            yield number, None


def _csv(text: str) -> Iterator[tuple[int, dict[str, str] | None]]:
    head = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",", strict=True)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield rows.line_num, None
            return
        whole = None not in row and None not in row.values()  # neither a cell too many nor one too few
        yield rows.line_num, dict(row) if whole else None


def _card(row: Mapping[str, str], amc_number: str) -> ListedCard | Fault:
    cells = {field: row.get(field, "").strip() for field in FIELDS}
    for field in NEEDED:
        if not cells[field] or len(cells[field]) > _LONGEST.get(field, 40) or not cells[field].isprintable():
            return Fault(field, "field-missing" if not cells[field] else "field-shape")
    amc, birth = parse_amc(cells["amc"] or amc_number), parse_birth(cells["birth"])
    rank = parse_rank(cells["rank"])
    for checked in (amc, birth, rank):
        if isinstance(checked, Fault):
            return checked
    days = [_day(cells[field]) for field in ("from", "to")]
    first, last = days
    if first is None or last is None or first > last:
        return Fault("from" if first is None else "to", "dates-reversed" if None not in days else "date-shape")
    columns = tuple((domain, cells[domain]) for domain in DOMAINS)
    wrong = next((domain for domain, formula in columns if len(formula) > _FORMULA or not formula.isascii()), "")
    if wrong or not any(formula for _, formula in columns):
        return Fault(wrong, "formula-shape" if wrong else "domains-none")
    return ListedCard(
        cells["ref"], f"{cells['last_name'].upper()} {cells['first_name']}", str(amc), cells["convention"],
        cells["csr"], cells["member"], first, last, str(birth), _shown(cells["birth"]), str(rank), cells["product"],
        cells["responsible"].lower() in ("r", "yes", "oui", "1"), columns,
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _shown(birth: str) -> str:
    """JJ/MM/AAAA, or JJ/MM/AA where the century was not told; lunar dates too."""
    digits = birth.replace("-", "")
    return f"{digits[-2:]}/{digits[-4:-2]}/{digits[:-4]}"
