"""`rempart b2`: say what is wrong with a B2 file, by place and code, without showing anything it holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._output import Exit
from rempart.formats.b2 import (
    CODES,
    PROFILE,
    Fault,
    FileEnd,
    FileRefused,
    InvoiceRead,
    InvoiceRefused,
    LotEnd,
    LotRefused,
    check,
    read,
)
from rempart.formats.b2.describe import generated

app = typer.Typer(name="b2", help="B2 invoice files.", no_args_is_help=True)

_BLOCK = 1 << 16
_MAX_SHOWN = 1_000  # faults; the rest is counted


@app.callback()
def main() -> None:
    """B2 invoice files, profile "B2-2007 as publicly documented"."""


@app.command("layout")
def layout() -> None:
    """Print positions, families and codes of the profile as Markdown."""
    typer.echo(generated(), nl=False)


@app.command("check")
def check_file(
    file: Annotated[Path, typer.Argument(help="The B2 file.", exists=True, dir_okay=False, readable=True)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
) -> None:
    """Check a file: exit 0 when everything in it can be taken, 1 when something is refused."""
    counts, faults = _survey(file)
    if as_json:
        shown = [{**asdict(fault), "sentence": CODES[fault.code].english} for fault in faults]
        typer.echo(json.dumps({"profile": PROFILE, **counts, "faults": shown}))
    else:
        for fault in faults:
            place = f"record {fault.record} (type {fault.type}) position {fault.position}"
            typer.echo(f"{fault.level}: {place}: {fault.code}: {CODES[fault.code].english}")
        typer.echo(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in counts.items()))
    raise typer.Exit(Exit.NO if counts["faults_found"] else Exit.DONE)


def _survey(file: Path) -> tuple[dict[str, int], list[Fault]]:
    """Counts of what stands and what is refused, and the first faults of every level."""
    names = ("records", "lots", "lots_refused", "invoices", "invoices_refused", "faults_found")
    counts = dict.fromkeys(names, 0)
    faults: list[Fault] = []
    checked = check(_blocks(file))
    counts["records"] = checked.records
    for event in read(_blocks(file), checked=checked):
        if isinstance(event, InvoiceRead):
            counts["invoices"] += 1
        elif isinstance(event, LotEnd):
            counts["lots"] += 1
        elif isinstance(event, (InvoiceRefused, LotRefused, FileRefused)):
            counts["invoices_refused"] += isinstance(event, InvoiceRefused)
            counts["lots_refused"] += isinstance(event, LotRefused)
            counts["faults_found"] += len(event.faults)
            faults += event.faults[: max(_MAX_SHOWN - len(faults), 0)]
        elif isinstance(event, FileEnd):
            counts["records"] = event.records
    if checked.faults:
        counts["invoices"] = counts["lots"] = 0  # nothing of a refused file stands
    return counts, faults


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block
