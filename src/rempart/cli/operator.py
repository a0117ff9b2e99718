"""`rempart operator`: register insurers, sites, clients and portals; invite people; close and open compartments."""

from __future__ import annotations

import typer

from rempart.cli import (
    _operator_clients,
    _operator_compartments,
    _operator_contracts,
    _operator_doors,
    _operator_enrolment,
    _operator_hospital,
    _operator_insurers,
    _operator_provider,
    _operator_registry,
    _operator_sites,
    _operator_status,
    _operator_waves,
)

app = typer.Typer(
    no_args_is_help=True,
    help="Register insurers, sites, clients and portals; invite people; close and open compartments.",
)
app.add_typer(_operator_insurers.app, name="insurer")
app.add_typer(_operator_sites.app, name="site")
app.add_typer(_operator_clients.app, name="client")
_operator_doors.portals.command()(_operator_provider.provider)
_operator_doors.portals.command()(_operator_hospital.hospital)
_operator_doors.accounts.command()(_operator_provider.link)
_operator_doors.accounts.command()(_operator_provider.unlink)
_operator_doors.portals.command("require-passkeys")(_operator_waves.require_passkeys)
app.add_typer(_operator_doors.portals, name="portal")
app.add_typer(_operator_doors.accounts, name="account")
app.add_typer(_operator_registry.app, name="registry")
app.add_typer(_operator_contracts.app, name="contract")
app.add_typer(_operator_contracts.networks, name="network")
app.add_typer(_operator_enrolment.app, name="enrolment")
_operator_compartments.app.command()(_operator_waves.wave)
_operator_compartments.app.command()(_operator_waves.letters)
app.add_typer(_operator_compartments.app, name="compartment")
app.command("status-page")(_operator_status.status_page)
