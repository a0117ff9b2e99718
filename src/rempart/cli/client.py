"""`rempart client`: what a site's own software runs on its side. Needs the base install only."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rempart.cli import _client_batch, _client_calls, _client_optics
from rempart.cli._noemie_fill import FillRefused, fill
from rempart.cli._output import Exit, emit, fail

app = typer.Typer(name="client", help="What a site's software runs on its side.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """What a site's software runs on its side."""


@app.command("noemie-fill")
def noemie_fill(
    file: Annotated[Path, typer.Argument(help="The NOEMIE return.", exists=True, dir_okay=False, readable=True)],
    *,
    b2: Annotated[
        list[Path], typer.Option("--b2", help="Your own B2 file; may be repeated.", exists=True, dir_okay=False)
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write the filled return.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a line.")] = False,
) -> None:
    """Fill the identity zones of a return from your own B2, by invoice number. Nothing leaves this machine."""
    if output.exists():
        fail(f"{output} exists already: name another file", Exit.USAGE, code="output-exists")
    found = fill(file, b2, output)
    if isinstance(found, FillRefused):
        fail(f"{found.sentence}; nothing was written", Exit.NO, code=found.code)
    emit(
        {"invoices": found.invoices, "filled": found.filled, "unknown": found.invoices - found.filled},
        as_json=as_json,
        show=lambda: f"{found.filled} of {found.invoices} invoices filled, written to {output}",
    )


app.command("enrol")(_client_calls.enrol)
app.command("eligibility")(_client_calls.eligibility)
app.command("batch")(_client_batch.batch)
app.command("invoice")(_client_calls.invoice)
app.command("optics")(_client_optics.optics)
app.command("conformance")(_client_calls.conformance)
