"""`rempart table`: check a guarantee table, explain what it pays, compare two of them, go to XLSX and back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rempart.cli._output import Exit, emit, fail, table

if TYPE_CHECKING:
    from rempart.domain.guarantee import GuaranteeTable
    from rempart.formats.guarantee_table import TableReading

app = typer.Typer(name="table", help="Guarantee tables.", no_args_is_help=True)

_File = Annotated[Path, typer.Argument(help="A guarantee table, .toml or .xlsx.", exists=True, dir_okay=False)]
_Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


@app.callback()
def main() -> None:
    """Guarantee tables, `rempart-guarantees/1`."""


@app.command()
def check(file: _File, *, as_json: _Json = False) -> None:
    """Say what is wrong, missing, contradictory or forbidden; exit 1 when the table is refused or a law forbids it."""
    reading, places = _read(file)
    rows = [("fault", fault.line, fault.key, fault.code, "") for fault in reading.faults]
    if reading.table is not None:
        rows += _remarks(reading.table, places)
        rows += [("gap", each.line, each.key, each.code, _sentence(each.code)) for each in reading.warnings]
    rows.sort(key=lambda row: (row[1], row[2], row[3]))
    names = ("weight", "line", "key", "code", "sentence")
    shown = {"usable": reading.table is not None, "remarks": [dict(zip(names, row, strict=True)) for row in rows]}
    told = [f"line {line}, {key}: {weight} {code}. {sentence}".rstrip() for weight, line, key, code, sentence in rows]
    emit(shown, as_json=as_json, show=lambda: "\n".join(told).replace("[", "\\[") or "Nothing to remark.")
    bad = reading.table is None or any(row[0] == "forbidden" for row in rows)
    raise typer.Exit(Exit.NO if bad else Exit.DONE)


def _sentence(code: str) -> str:
    from rempart.domain.table_check import SENTENCES

    return SENTENCES.get(code, "")


def _remarks(made: GuaranteeTable, places: dict[tuple[str | int, ...], int]) -> list[tuple[str, int, str, str, str]]:
    from rempart.domain.table_check import remarks
    from rempart.formats.guarantee_table.faults import Notes

    notes = Notes(places)
    rows = []
    for remark in remarks(made):
        fault = notes.at(("product", remark.product, *remark.inside), remark.code)
        rows.append((remark.weight, fault.line, fault.key, remark.code, _sentence(remark.code)))
    return rows


def _read(file: Path) -> tuple[TableReading, dict[tuple[str | int, ...], int]]:
    from rempart.formats.guarantee_table import positions, read

    data = file.read_bytes()
    if file.suffix.lower() == ".xlsx":
        found: tuple[TableReading, dict[tuple[str | int, ...], int]] = _sheet().numbered(data)
        return found
    reading = read(data)
    return reading, positions(data.decode("utf-8")) if reading.table is not None else {}


def _sheet() -> Any:
    try:
        from rempart.formats.guarantee_table import sheet
    except ModuleNotFoundError:
        fail("reading and writing .xlsx needs `pip install rempart[worker]`", Exit.LACKING, code="extra-missing")
    return sheet


def _table(file: Path) -> GuaranteeTable:
    reading, _ = _read(file)
    if reading.table is None:
        first = reading.faults[0]
        fail(f"{file} is not usable: line {first.line}, {first.key}; run `rempart table check`", code=first.code)
    return reading.table


@app.command()
def explain(
    file: _File,
    *,
    act: Annotated[str, typer.Option(help="The act's family, as in the docs: consultation, optics, dental…")],
    product: Annotated[str, typer.Option(help="Product code.")],
    day: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The day of care.")],
    level: Annotated[str, typer.Option(help="Level of the product.")] = "1",
    kind: Annotated[str, typer.Option(help="responsible, scheme or c2s; by default what the table says.")] = "",
    profession: Annotated[str, typer.Option(help="Who bills; changes the card's column.")] = "",
    code: Annotated[str, typer.Option(help="Billing code.")] = "",
    base: Annotated[str, typer.Option(help="Base of the compulsory scheme, in euros.")] = "30.00",
    rate: Annotated[int, typer.Option(min=0, max=100, help="Rate of the compulsory scheme, in percent.")] = 70,
    spent: Annotated[str, typer.Option(help="What the patient spends, in euros; by default the base.")] = "",
    quantity: Annotated[int, typer.Option(min=1, max=9999)] = 1,
    item: Annotated[str, typer.Option(help="frame, lens, aid, daily-fee, private-room…")] = "",
    basket: Annotated[str, typer.Option(help="A, B, 1, 2, no-charge, moderated or free.")] = "",
    pricing: Annotated[str, typer.Option(help="sector-1, optam or non-optam.")] = "",
    price_limit: Annotated[str, typer.Option(help="The basket's price limit, in euros.")] = "",
    days: Annotated[int, typer.Option(min=0, max=999, help="Days of a stay.")] = 0,
    place: Annotated[str, typer.Option(help="stay for care during a stay.")] = "",
    age: Annotated[int, typer.Option(min=0, max=120)] = 40,
    network: Annotated[str, typer.Option(help="A network of care in which the site is.")] = "",
    as_json: _Json = False,
) -> None:
    """Say in sentences what the table pays for one act: each rule, each amount."""
    from rempart.cli._table_explain import Wanted, explained
    from rempart.domain.money import parse_euros
    from rempart.domain.particulars import Particulars

    limit = parse_euros(price_limit) if price_limit else None
    particulars = Particulars(item=item, basket=basket, pricing=pricing, days=days, price_limit=limit)
    cents = parse_euros(base), parse_euros(spent or base)
    if cents[0] is None or cents[1] is None or (price_limit and limit is None):
        fail("amounts are euros, such as 30.00", Exit.USAGE, code="amount-malformed")
    wanted = Wanted(
        product, level, kind, profession, act, code, day.date(), (cents[0], rate, cents[1], quantity),
        None if particulars == Particulars() else particulars, place, age, network,
    )  # fmt: skip
    found = explained(_table(file), wanted)
    if isinstance(found, str):
        fail(found, Exit.USAGE, code="act-unknown")
    emit({"sentences": found.sentences, **found.shares}, as_json=as_json, show=lambda: "\n".join(found.sentences))


@app.command()
def diff(
    old: _File,
    new: _File,
    *,
    invoices: Annotated[Path, typer.Option(help="Past lines without identities, one JSON a line.", exists=True)],
    as_json: _Json = False,
) -> None:
    """Say what the new table would have changed on past lines, in cells of at least 11 people."""
    from rempart.domain.money import format_plain
    from rempart.domain.table_diff import LEAST_PEOPLE, compare
    from rempart.formats.past_lines import PastLineWrong, read_past

    before, after = _table(old), _table(new)
    try:
        with invoices.open("rb") as lines:
            cells = compare(before, after, read_past(lines))
    except PastLineWrong as wrong:
        fail(f"{invoices}, line {wrong.number} cannot be read", code=wrong.code)
    rows = [
        (
            cell.product,
            cell.domain,
            len(cell.people),
            cell.lines,
            format_plain(cell.before),
            format_plain(cell.after),
            format_plain(cell.after - cell.before),
            cell.held,
        )
        for cell in cells
    ]
    names = ("product", "domain", "people", "lines", "before", "after", "difference", "held")
    shown = {"least_people": LEAST_PEOPLE, "cells": [dict(zip(names, row, strict=True)) for row in rows]}
    few = f"Fewer than {LEAST_PEOPLE} people: nothing is shown."
    emit(shown, as_json=as_json, show=lambda: table("Euros", names, rows) if rows else few)


@app.command("export")
def export_sheet(file: _File, out: Annotated[Path, typer.Argument(help="The .xlsx to write.")]) -> None:
    """Write a table as a workbook."""
    out.write_bytes(_sheet().to_sheet(_table(file)))


@app.command("import")
def import_sheet(file: _File, out: Annotated[Path, typer.Argument(help="The .toml to write.")]) -> None:
    """Write a workbook as TOML."""
    from rempart.formats.guarantee_table import write

    out.write_text(write(_table(file)), encoding="utf-8")
