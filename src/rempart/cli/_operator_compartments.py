"""`rempart operator compartment`: close a part of the hub at once, open it by two different people, see what is closed.

The database alone is needed: it works while the keeper is away.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rempart.cli._operator import DEFAULT, Config, Json, end_if, instant
from rempart.cli._output import Exit, emit, fail, settings_or_fail, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

app = typer.Typer(no_args_is_help=True, help="Compartments: close at once, open by two people, list.")
Name = Annotated[str, typer.Argument(help="hub, channel:api|files|portal, insurer:…, operator:… or profession:…")]


@app.command()
def close(
    name: Name,
    reason: Annotated[str, typer.Option(help="Why, in small letters and dashes; never a person.")],
    config: Config = DEFAULT,
) -> None:
    """Nothing in it is answered from the next request on, at every hub; invoices are taken in and wait."""
    from rempart.storage import compartments

    with _database(config) as connection:
        fault = compartments.close(connection, name, reason, instant())
    end_if(fault.code if fault else "", name)
    typer.echo(f"{name}: closed")


@app.command("open")
def open_again(
    name: Name,
    officer: Annotated[str, typer.Option(help="Who says so; two different people must.")],
    config: Config = DEFAULT,
) -> None:
    """Agree that it opens; with the second, different person it does."""
    from rempart.domain.identifiers import Fault
    from rempart.storage import compartments

    with _database(config) as connection:
        found = compartments.open_again(connection, name, officer, instant())
    if isinstance(found, Fault):
        end_if(found.code, name)
        return
    agreed = ", ".join(found.agreed)
    typer.echo(f"{name}: {found.state} ({agreed} agreed)")
    if found.state == "closed":
        typer.echo("A second, different person must agree.")
        raise typer.Exit(Exit.NO)


@app.command("list")
def list_all(config: Config = DEFAULT, as_json: Json = False) -> None:
    """What is or was closed, why, and who agreed to open it."""
    from rempart.ground.instants import iso
    from rempart.storage.compartments import compartments

    with _database(config) as connection:
        rows = compartments(connection)
    names = ("compartment", "state", "reason", "since", "agreed to open")
    shown = [(r.compartment, r.state, r.reason, iso(r.changed), ", ".join(r.agreed)) for r in rows]
    emit([asdict(row) for row in rows], as_json=as_json, show=lambda: table("Compartments", names, shown))


@contextmanager
def _database(config: Path) -> Iterator[psycopg.Connection[Any]]:
    from rempart.bootstrap.rights import NotReachableError, database

    try:
        with database(settings_or_fail(config)) as connection:
            yield connection
    except NotReachableError as error:
        fail(str(error), Exit.LACKING, code=error.code)
