"""`rempart operator registry`: public directories imported as files, and what they propose about sites."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._operator import DEFAULT, Config, Json, end_if, instant, registering
from rempart.cli._output import Exit, emit, fail, table

app = typer.Typer(no_args_is_help=True, help="Public directories: import a file, confirm or dismiss what it proposes.")
Officer = Annotated[str, typer.Option("--by", help="Who says so; it is kept.")]
Because = Annotated[str, typer.Option(help="Why.")]
Number = Annotated[int, typer.Argument(help="The proposal's number.")]

WHY = {
    "not-this-directory": "its first line is not that of such a file",
    "as-of-differs": "the file says that it is of another day",
    "as-of-not-later": "a file of that day, or a later one, was imported already",
    "directory-empty": "it lists no place",
    "directory-shrank": "it ends more than 5 % of the known places: compare it, then say --although-smaller",
    "directory-faulty": "more than one line in a hundred cannot be read",
    "proposal-unknown": "no such proposal waits",
}


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="The file, unpacked.", exists=True, dir_okay=False)],
    kind: Annotated[str, typer.Option(help="annuaire (PS_LibreAcces_Personne_activite) or finess.")],
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day the file is of.")],
    said_by: Officer,
    although_smaller: Annotated[bool, typer.Option("--although-smaller", help="Many places really ended.")] = False,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Import a directory whole, and tell what opened, closed and moved. No site is changed by it."""
    from rempart.bootstrap.directories import import_file as take_file
    from rempart.domain.directory import DIRECTORIES
    from rempart.storage.directories import Source, proposals

    if kind not in DIRECTORIES:
        fail(f"{kind}: the kind is annuaire or finess", Exit.USAGE, code="kind-unknown")
    with registering(config) as registrar:
        found = take_file(
            registrar.connection, file, Source(kind, as_of.date(), said_by, smaller=although_smaller), instant()
        )
        waiting = proposals(registrar.connection)
    if isinstance(found, str):
        fail(f"{file.name}: nothing was imported: {WHY[found]}", Exit.NO, code=found)
    told = {
        "lines": found.lines, "nowhere": found.nowhere, "faulty": found.faulty, "known": found.differences.known,
        "listed": found.differences.listed, "opened": found.differences.opened, "closed": found.differences.closed,
        "moved": found.differences.moved, "altered": found.differences.altered, "proposals": len(waiting),
        "faults": [each._asdict() for each in found.faults],
    }  # fmt: skip

    def show() -> None:
        typer.echo(f"{kind} of {as_of.date()}: {found.differences.listed} places, from {found.lines} lines.")
        typer.echo(
            f"  opened {found.differences.opened}, closed {found.differences.closed}, "
            f"moved {found.differences.moved}, altered {found.differences.altered}"
        )
        for each in found.faults:
            typer.echo(f"  line {each.line}: {each.code}")
        if found.faulty > len(found.faults):
            typer.echo(f"  and {found.faulty - len(found.faults)} lines more that could not be read")
        if waiting:
            typer.echo(f"{len(waiting)} proposals wait: rempart operator registry proposals")

    emit(told, as_json=as_json, show=show)


@app.command("list")
def list_imports(config: Config = DEFAULT, as_json: Json = False) -> None:
    """The files that were imported."""
    from rempart.storage.directories import imports

    with registering(config) as registrar:
        found = imports(registrar.connection)
    names = ("directory", "of", "places", "opened", "closed", "moved", "faults", "by")
    rows = [
        (one.directory, one.as_of.isoformat(), one.listed, one.opened, one.closed, one.moved, one.faults, one.said_by)
        for one in found
    ]
    told = [one._asdict() | {"as_of": one.as_of.isoformat()} for one in found]
    emit(told, as_json=as_json, show=lambda: table("Directories", names, rows))


@app.command("proposals")
def list_proposals(config: Config = DEFAULT, as_json: Json = False) -> None:
    """What directories say of registered sites; the last care tells which ones still invoice."""
    from rempart.storage.directories import proposals

    with registering(config) as registrar:
        found = proposals(registrar.connection)
    told = [
        one._asdict() | {"as_of": one.as_of.isoformat(), "last_care": one.last_care and one.last_care.isoformat()}
        for one in found
    ]
    names = ("proposal", "site", "operator", "is", "by", "of", "standing", "last care")
    rows = [
        (one.proposal, one.site, one.operator, one.what, one.directory, one.as_of.isoformat(), one.standing,
         one.last_care.isoformat() if one.last_care else "none")
        for one in found
    ]  # fmt: skip
    emit(told, as_json=as_json, show=lambda: table("Proposals", names, rows))


@app.command()
def confirm(
    number: Number,
    said_by: Officer,
    because: Because = "",
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day on which it is closed; else today.")
    ] = None,
    config: Config = DEFAULT,
) -> None:
    """It is so: a site that closed is closed from a day on. One that moved is corrected by `operator site add`."""
    from rempart.bootstrap.site_changes import change
    from rempart.domain.site_changes import CLOSED, SiteChange
    from rempart.ground.instants import PARIS, civil_date
    from rempart.storage.directories import proposals

    at = instant()
    with registering(config) as registrar:
        found = next((one for one in proposals(registrar.connection) if one.proposal == number), None)
        if found is not None and found.what == CLOSED:
            ends = day.date() if day else civil_date(at, PARIS)
            told = change(registrar, SiteChange(found.site, CLOSED, ends, said_by, because or "directory"), at)
            end_if(told if isinstance(told, str) else "", found.site)
    _end(number, "confirmed", (said_by, because), config)


@app.command()
def dismiss(number: Number, said_by: Officer, because: Because, config: Config = DEFAULT) -> None:
    """The directory is wrong about this site."""
    _end(number, "dismissed", (said_by, because), config)


def _end(number: int, outcome: str, said: tuple[str, str], config: Path) -> None:
    from rempart.storage.directories import Said, end_proposal

    with registering(config) as registrar:
        code = end_proposal(registrar.connection, number, outcome, Said(*said, instant()))
    if code:
        fail(f"{number}: nothing was changed: {WHY[code]}", Exit.NO, code=code)
    typer.echo(f"{number}: {outcome}")
