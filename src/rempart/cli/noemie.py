"""`rempart noemie`: say what is wrong with a NOEMIE return, by place and code, without showing anything it holds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from rempart.cli._output import Exit
from rempart.domain.money import format_euros
from rempart.domain.returns import InvoiceReturn
from rempart.formats.noemie import CODES, PROFILE, FileEnd, FileRefused, read
from rempart.formats.noemie.describe import generated, reasons_table

app = typer.Typer(name="noemie", help="NOEMIE returns.", no_args_is_help=True)

_BLOCK = 1 << 16


@app.callback()
def main() -> None:
    """NOEMIE returns, profile "NOEMIE-PS 2007 as publicly documented"."""


@app.command("layout")
def layout() -> None:
    """Print positions and codes of the profile as Markdown."""
    typer.echo(generated(), nl=False)


@app.command("reasons")
def reasons() -> None:
    """Print the table of reasons as Markdown."""
    typer.echo(reasons_table(), nl=False)


@app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="The return.", exists=True, dir_okay=False, readable=True)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
) -> None:
    """Check a return and its control totals: exit 0 when it stands, 1 when it is refused."""
    states: Counter[str] = Counter()
    found: dict[str, Any] = {"profile": PROFILE}
    for event in read(_blocks(file)):
        if isinstance(event, InvoiceReturn):
            states[event.amc.state] += 1
        elif isinstance(event, FileRefused):
            fault = event.fault
            found |= {"code": fault.code, "entity": fault.record, "type": fault.type, "position": fault.position}
        elif isinstance(event, FileEnd):
            found |= {"entities": event.records, "groups": event.groups, "amount": event.amount, **dict(states)}
    typer.echo(json.dumps(found) if as_json else _told(found, states))
    raise typer.Exit(Exit.NO if "code" in found else Exit.DONE)


def _told(found: dict[str, Any], states: Counter[str]) -> str:
    if "code" in found:
        place = f"entity {found['entity']} (type {found['type']}) position {found['position']}"
        return f"refused: {place}: {found['code']}: {CODES[found['code']].english}"
    counted = ", ".join(f"{state} {count}" for state, count in sorted(states.items())) or "no invoice"
    return f"{found['groups']} groups, {counted}, {format_euros(found['amount'])}"


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            yield block
