"""`rempart binding`: check and load what binds an insurer although rights are closed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rempart.cli._money import DEFAULT, Config, Json, now, reaching
from rempart.cli._output import Exit, emit, fail, settings_or_fail, table

if TYPE_CHECKING:
    from rempart.formats.binding_table import Read

app = typer.Typer(no_args_is_help=True, help="Check and load what binds an insurer although rights are closed.")


@app.command()
def check(file: Path, as_json: Json = False) -> None:
    """Read a table as the hub would, and show its rows."""
    found = _read(file)
    rows = [
        (row.kind, row.starts.isoformat(), row.ends.isoformat(), ", ".join(sorted(row.professions)) or "every one",
         "" if row.most is None else f"{row.most / 100:,.2f}", row.days if row.kind in {"card", "paper"} else "")
        for row in found.table.rows
    ]  # fmt: skip
    columns = ("kind", "from", "to", "professions", "at most, euros", "days")
    told = [dict(zip(columns, row, strict=True)) for row in rows]
    emit(told, as_json=as_json, show=lambda: table(f"What binds {found.insurer}", columns, rows))


@app.command()
def load(
    file: Path,
    said_by: Annotated[str, typer.Option("--by", help="Who loads it.")],
    config: Config = DEFAULT,
) -> None:
    """Keep an insurer's table: invoices decided from now on are judged by it. Earlier versions stay."""
    import psycopg

    from rempart.storage.insurer_tables import add_bindings

    found, settings = _read(file), settings_or_fail(config)
    with reaching(), psycopg.connect(settings.database.worker_url, autocommit=True) as connection:
        try:
            added = add_bindings(connection, found.insurer, file.read_text("utf-8"), said_by, instant=now())
        except psycopg.errors.ForeignKeyViolation:
            fail(f"{found.insurer} is not registered here", Exit.NO, code="unknown-insurer")
    typer.echo(f"{found.insurer}: {len(found.table.rows)} rows{'' if added else ', the same as before'}.")


def _read(file: Path) -> Read:
    from rempart.formats import binding_table

    try:
        found = binding_table.read(file.read_bytes())
    except OSError as error:
        fail(f"{file}: {error.strerror}", Exit.USAGE)
    if isinstance(found, binding_table.Fault):
        fail(f"{file}: {found.where or 'the file'} is not as expected", Exit.NO, code=found.code)
    return found
