"""`rempart operator site`: register, list, suspend and close the places that ask and invoice."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from rempart.cli._operator import DEFAULT, Config, Json, end_if, instant, registering
from rempart.cli._output import emit, table

if TYPE_CHECKING:
    from pathlib import Path

app = typer.Typer(no_args_is_help=True, help="Sites: register, list, suspend, close.")
Number = Annotated[str, typer.Argument(help="The site's billing number, 9 characters.")]


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
def suspend(number: Number, config: Config = DEFAULT) -> None:
    """Nothing of it is answered from the next request on; `resume` ends that."""
    _standing(number, "suspended", config)


@app.command()
def resume(number: Number, config: Config = DEFAULT) -> None:
    """End a suspension."""
    _standing(number, "good", config)


@app.command()
def close(number: Number, config: Config = DEFAULT) -> None:
    """For ever: a place that has ended."""
    _standing(number, "closed", config)


def _standing(number: str, standing: str, config: Path) -> None:
    with registering(config) as registrar:
        end_if(registrar.set_site_standing(number, standing), number)
    typer.echo(f"{number}: {standing}")
