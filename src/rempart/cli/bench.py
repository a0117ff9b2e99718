"""`rempart bench`: measure on this machine, with the real programs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._output import Exit, emit, fail, table

app = typer.Typer(no_args_is_help=True, help="Measure on this machine, with the real programs.")
Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


@app.callback()
def bench() -> None:
    """Each command starts what it needs in a folder of its own and removes it afterwards."""


@app.command()
def load(
    people: Annotated[int, typer.Option(min=1_000, max=80_000_000, help="People in the rights files.")] = 5_000_000,
    folder: Annotated[Path | None, typer.Option(help="Where the work is done; 3 KB a person.")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=8, help="Files loaded at once.")] = 2,
    as_json: Json = False,
) -> None:
    """Rights files into sealed, answering records: people a second, CPU by program, projection for 33 million."""
    import tempfile

    from rempart.bench import load as measured

    place = folder or Path(tempfile.gettempdir())
    if not measured.room(place, people):
        fail(f"{place} has not enough room: choose another with --folder, or fewer --people", Exit.LACKING)
    figures = measured.run(people, folder=folder, jobs=jobs)
    rows = [(name, value) for name, value in measured.flat(figures)]
    emit(asdict(figures), as_json=as_json, show=lambda: table("Loading rights files", ("figure", "value"), rows))
