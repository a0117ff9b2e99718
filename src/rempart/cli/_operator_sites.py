"""`rempart operator site`: register, list, suspend and close the places that ask and invoice."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from rempart.cli._operator import DEFAULT, Config, Json, end_if, instant, registering
from rempart.cli._output import emit, table

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(no_args_is_help=True, help="Sites: register, list, suspend, close.")
Number = Annotated[str, typer.Argument(help="The site's billing number, 9 characters.")]
Day = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="From this civil day at the site on; else at once.")
]
Officer = Annotated[str, typer.Option("--by", help="Who says so; it is kept with a dated change.")]
Because = Annotated[str, typer.Option(help="Why.")]


@app.command()
def add(
    number: Number,
    profession: Annotated[str, typer.Option(help="As in [budgets] of the configuration, e.g. pharmacy.")],
    operator: Annotated[str, typer.Option(help="The operator it belongs to.")],
    finess: Annotated[str, typer.Option(help="Its FINESS, where it has one.")] = "",
    siret: Annotated[str, typer.Option(help="Its SIRET.")] = "",
    zone: Annotated[str, typer.Option(help="Its time zone.")] = "Europe/Paris",
    region: Annotated[str, typer.Option(help="Its department, e.g. 75, 2A or 971: regions can be closed alone.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Register a site, or correct what describes it."""
    from rempart.domain.parties import Site

    with registering(config) as registrar:
        site = Site(number, profession, operator, finess, siret, zone, since=instant(), region=region)
        end_if(registrar.add_site(site), number)
    typer.echo(f"{number} is registered")


@app.command("list")
def list_all(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Every site."""
    with registering(config) as registrar:
        sites = registrar.sites()
    names = ("site", "profession", "operator", "region", "zone", "standing")
    rows = [(site.site, site.profession, site.operator, site.region, site.zone, site.standing) for site in sites]
    emit([asdict(site) for site in sites], as_json=as_json, show=lambda: table("Sites", names, rows))


@app.command()
def suspend(
    number: Number, day: Day = None, said_by: Officer = "", because: Because = "", config: Config = DEFAULT
) -> None:
    """Nothing of it is answered from the next request on, or from a day on; `resume` ends that."""
    if day is None:
        _standing(number, "suspended", config)
    else:
        _change(number, "suspended", (day, said_by, because), config)


@app.command()
def resume(number: Number, config: Config = DEFAULT) -> None:
    """End a suspension."""
    _standing(number, "good", config)


@app.command()
def close(
    number: Number, day: Day = None, said_by: Officer = "", because: Because = "", config: Config = DEFAULT
) -> None:
    """For ever: a place that has ended, or ends on a day. What is due to it is paid all the same."""
    if day is None:
        _standing(number, "closed", config)
    else:
        _change(number, "closed", (day, said_by, because), config)


@app.command("change-owner")
def change_owner(
    number: Number,
    day: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The new owner's first day.")],
    said_by: Officer,
    because: Because = "",
    config: Config = DEFAULT,
) -> None:
    """From that day on: nobody's mandate, and no payee but a new one. Care before it is paid to the old one."""
    _change(number, "owner", (day, said_by, because), config)


@app.command()
def changes(
    every: Annotated[bool, typer.Option("--all", help="Those of the past as well.")] = False,
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Dated changes that wait for their day."""
    from rempart.storage.site_changes import changes as kept

    with registering(config) as registrar:
        found = kept(registrar.connection, done=every)
    names = ("site", "change", "from", "by", "done")
    rows = [(one.site, one.what, one.day.isoformat(), one.officer, "yes" if one.done else "") for one in found]
    told = [one._asdict() | {"day": one.day.isoformat()} for one in found]
    emit(told, as_json=as_json, show=lambda: table("Changes of sites", names, rows))


@app.command()
def apply(config: Config = DEFAULT) -> None:
    """Do what is left of every change whose day has come: run it every morning."""
    from rempart.bootstrap.site_changes import apply as do

    with registering(config) as registrar:
        done, code = do(registrar, instant())
    end_if(code, "changes")
    typer.echo(f"{done} changes done")


def _change(number: str, what: str, said: tuple[datetime, str, str], config: Path) -> None:
    from rempart.bootstrap.site_changes import change
    from rempart.domain.site_changes import SiteChange

    day, said_by, because = said
    with registering(config) as registrar:
        found = change(registrar, SiteChange(number, what, day.date(), said_by, because), instant())
    if isinstance(found, str):
        end_if(found, number)
        return
    typer.echo(f"{number}: {what} from {day.date()}")
    if found.mandates:
        typer.echo(f"  {found.mandates} mandates end with the day before; invite, and let vendors ask again")
    if found.programs:
        typer.echo(f"  its own programs end on the day: {', '.join(found.programs)}")
    if what == "owner":
        typer.echo("  propose the new owner's bank details from that day on: until they are in force, its care waits")


def _standing(number: str, standing: str, config: Path) -> None:
    with registering(config) as registrar:
        end_if(registrar.set_site_standing(number, standing), number)
    typer.echo(f"{number}: {standing}")
