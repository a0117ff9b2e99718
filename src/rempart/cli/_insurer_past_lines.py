"""`rempart insurer settlement past-lines`: a month of opened settlement files as what `rempart table diff` reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from rempart.cli._insurer_files import new_private, no, problems
from rempart.formats.opened_settlement import LEFT_OUT, Month, OpenedWrong, cancelled
from rempart.formats.past_lines import write_past


def past_lines(
    files: Annotated[list[Path], typer.Argument(help="Files that `settlement open` wrote, a month of them.")],
    out: Annotated[Path, typer.Option("--out", help="The file to write for `rempart table diff --invoices`.")],
) -> None:
    """Write past lines without references or handles; say what was left out and why."""
    with problems(), new_private(out) as target:
        gone: set[str] = set()
        for file in files:
            with _rows(file) as rows:
                gone |= cancelled(rows)
        month = Month(frozenset(gone))
        for file in files:
            with _rows(file) as rows:
                for past, birth_year in month.read(rows):
                    target.write(write_past(past, birth_year))
    typer.echo(f"{out}: {month.lines} lines of {month.invoices} invoices and {month.people} people.")
    for why, lines in month.left_out.items():
        if lines:
            typer.echo(f"Left out: {lines} lines {LEFT_OUT[why]}.")


@contextmanager
def _rows(file: Path) -> Iterator[BinaryIO]:
    """The file's lines; one that is not what `settlement open` writes ends the command."""
    try:
        with file.open("rb") as rows:
            yield rows
    except OpenedWrong as wrong:
        no(f"{file}: line {wrong.number}: opened-line. `settlement open` of this version did not write it.")
