"""`rempart operator compartment`: close or restrict a part of the hub at once, open it by two different people, look.

The database alone is needed: it works while the keeper is away.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rempart.cli._operator import DEFAULT, Config, Json, end_if, instant
from rempart.cli._output import Exit, emit, fail, settings_or_fail, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from rempart.storage.compartments import Shutting

app = typer.Typer(no_args_is_help=True, help="Compartments: close, restrict, open by two people, list, history.")
NAMES = (
    "hub, channel:api|files|portal, portal:OPERATOR, operator:…, insurer:…, profession:…, region:DEPARTMENT, "
    "function:authorizations|bank-details"
)
Name = Annotated[str, typer.Argument(help=NAMES)]
Reason = Annotated[str, typer.Option(help="Why, in small letters and dashes: maintenance, incident, attack, …")]
Officer = Annotated[str, typer.Option(help="Who does it.")]
Reopens = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], help="When it is expected to open, Paris time."),
]
French = Annotated[str, typer.Option(help="What the public is told, in place of the reason's sentence.")]
English = Annotated[str, typer.Option(help="The same in English.")]


@app.command()
def close(
    name: Name,
    reason: Reason,
    officer: Officer,
    reopens: Reopens = None,
    french: French = "",
    english: English = "",
    config: Config = DEFAULT,
) -> None:
    """Nothing in it is answered from the next request on, at every hub. Payments go on."""
    from rempart.storage.compartments import Shutting

    _shut(Shutting(name, "closed", reason, officer, _micro(reopens), french, english), config)


@app.command()
def restrict(
    name: Name,
    reason: Reason,
    officer: Officer,
    reopens: Reopens = None,
    french: French = "",
    english: English = "",
    config: Config = DEFAULT,
) -> None:
    """In it a person is looked up by a signed card alone, from the next request on; invoices are taken in and wait."""
    from rempart.storage.compartments import Shutting

    _shut(Shutting(name, "restricted", reason, officer, _micro(reopens), french, english), config)


@app.command("open")
def open_again(
    name: Name,
    officer: Annotated[str, typer.Option(help="Who says so; two different people must.")],
    config: Config = DEFAULT,
) -> None:
    """Agree that it opens; with the second, different person it does."""
    from rempart.domain.identifiers import Fault
    from rempart.storage import compartments

    with reaching(config) as connection:
        found = compartments.open_again(connection, name, officer, instant())
    if isinstance(found, Fault):
        end_if(found.code, name)
        return
    agreed = ", ".join(found.agreed)
    typer.echo(f"{name}: {found.state} ({agreed} agreed)")
    if found.state != "open":
        typer.echo("A second, different person must agree.")
        raise typer.Exit(Exit.NO)


@app.command("list")
def list_all(config: Config = DEFAULT, as_json: Json = False) -> None:
    """What is or was closed or restricted, since when, why, by whom, and who agreed to open it."""
    from rempart.storage.compartments import compartments

    with reaching(config) as connection:
        rows = compartments(connection)
    names = ("compartment", "state", "since (Paris)", "reason", "by", "expected to open", "agreed to open")
    shown = [
        (r.compartment, r.state, _time(r.changed), r.reason, r.officer, _time(r.reopens), ", ".join(r.agreed))
        for r in rows
    ]
    title = "Compartments" if rows else "Every compartment is open, and none was ever closed."
    emit([asdict(row) for row in rows], as_json=as_json, show=lambda: table(title, names, shown) if rows else title)


@app.command()
def history(
    name: Annotated[str, typer.Argument(help="One compartment; left out, all of them.")] = "",
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Every closing, restriction, voice to open and opening, the oldest first. Nobody can edit it."""
    from rempart.storage.compartments import history as read

    with reaching(config) as connection:
        events = read(connection, name)
    names = ("at (Paris)", "compartment", "step", "by", "reason", "expected to open", "told in French")
    shown = [(_time(e.instant), e.compartment, e.step, e.officer, e.reason, _time(e.reopens), e.french) for e in events]
    emit([asdict(one) for one in events], as_json=as_json, show=lambda: table("History", names, shown))


def _shut(asked: Shutting, config: Path) -> None:
    from rempart.domain.compartments import Closure, sentence
    from rempart.storage import compartments

    now = instant()
    with reaching(config) as connection:
        fault = compartments.shut(connection, asked, now)
        end_if(fault.code if fault else "", asked.compartment)
        held = compartments.holds_somebody(connection, asked.compartment)
    told = sentence(
        Closure(asked.compartment, asked.state, asked.reason, now, asked.reopens, asked.french, asked.english)
    )
    typer.echo(f"{asked.compartment}: {asked.state}")
    typer.echo(f"  told in French:   {told.french}\n  told in English:  {told.english}")
    typer.echo(f"  expected to open: {_time(asked.reopens) or 'unknown'}")
    if not held:
        typer.echo(f"  note: nobody registered is in {asked.compartment}; look whether it is written as it should be")


def _micro(day: datetime | None) -> int | None:
    from zoneinfo import ZoneInfo

    from rempart.ground.instants import MICROSECONDS, PARIS

    return None if day is None else int(day.replace(tzinfo=ZoneInfo(PARIS)).timestamp()) * MICROSECONDS


def _time(micro: int | None) -> str:
    from zoneinfo import ZoneInfo

    from rempart.ground.instants import PARIS, as_datetime

    return "" if micro is None else as_datetime(micro).astimezone(ZoneInfo(PARIS)).strftime("%Y-%m-%d %H:%M")


@contextmanager
def reaching(config: Path) -> Iterator[psycopg.Connection[Any]]:
    """The worker's connection, or the command ends with what to do."""
    from rempart.bootstrap.rights import NotReachableError, database

    try:
        with database(settings_or_fail(config)) as connection:
            yield connection
    except NotReachableError as error:
        fail(str(error), Exit.LACKING, code=error.code)
