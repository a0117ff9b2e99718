"""`rempart payee`: a site's bank details change by two people, and are paid 72 hours later."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from rempart.cli._money import DEFAULT, Config, Json, named, now, reaching, read, secret
from rempart.cli._output import Exit, emit, fail, settings_or_fail, table

app = typer.Typer(no_args_is_help=True, help="Change a site's bank details: propose, approve, cancel.")
By = Annotated[str, typer.Option("--by", help="Who says so.")]

SEALED = frozenset({"sealed", "signed", "second_signed"})
"""What is nobody's to read."""
_WHY = {
    "change-open": "a change of this site waits already",
    "compartment": "bank details are closed: rempart operator compartment list",
}


@app.command()
def propose(file: Path, config: Config = DEFAULT) -> None:
    """Propose new details from a 0600 JSON object: site, operator, name, iban, document, proposed_by."""
    import psycopg

    from rempart.bootstrap import bank_details
    from rempart.domain.identifiers import Fault

    settings, new = settings_or_fail(config), read(secret(file), 1, bank_details.NewDetails)
    with reaching():
        try:
            found = bank_details.propose(settings, new, now())
        except psycopg.IntegrityError as error:
            fail(f"not proposed: {error.diag.constraint_name} does not hold", Exit.NO, code="details-refused")
    if isinstance(found, Fault):
        fail(f"not proposed: {found.field}: {found.code}", Exit.NO, code=found.code)
    if isinstance(found, str):
        fail(f"not proposed: {_WHY.get(found, found)}", Exit.NO, code=found)
    typer.echo(f"Change {found} waits for a second person. The file {file} still holds the account number: delete it.")


@app.command()
def approve(
    change: UUID,
    approved_by: By,
    called_back: Annotated[str, typer.Option(help="Whom you called, at a number known for 30 days.")],
    because: Annotated[str, typer.Option(help="Why although something does not match.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Approve a change as another person: it is paid there 72 hours from now, unless it is cancelled."""
    from rempart.application.bank_details import Said
    from rempart.bootstrap.bank_details import changing

    with reaching(), changing(settings_or_fail(config)) as (details, _):
        said = details.approve(change, Said(approved_by, called_back, because), now())
    if said:
        fail(f"not approved: {_WHY[said]}" if said in _WHY else "not approved", Exit.NO, code=said)
    typer.echo("Approved; the wait of 72 hours begins, and the site is told by its old channel.")


@app.command()
def cancel(change: UUID, said_by: By, config: Config = DEFAULT) -> None:
    """Cancel a change that is not active yet. Say `--by site` when the site itself says that it is not its own."""
    from rempart.bootstrap.bank_details import changing

    with reaching(), changing(settings_or_fail(config)) as (details, _):
        refused = details.cancel(change, said_by=said_by, instant=now())
    if refused:
        fail("not cancelled", Exit.NO, code=refused)
    typer.echo("Cancelled.")


@app.command("list")
def list_changes(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Changes that wait: for a second person, or for their 72 hours."""
    from rempart.bootstrap.bank_details import changing
    from rempart.ground.instants import iso

    with reaching(), changing(settings_or_fail(config)) as (_, books):
        found = books.listed()
    rows = [
        (str(one.change), one.site, one.state, one.proposed_by, one.ending, one.verification, one.elsewhere,
         iso(one.payable_from) if one.payable_from is not None else "")
        for one in found
    ]  # fmt: skip
    columns = (
        "change", "site", "state", "proposed by", "account ends in", "verification", "same account elsewhere",
        "paid from",
    )  # fmt: skip
    told = [{name: value for name, value in each.items() if name not in SEALED} for each in named(found)]
    emit(told, as_json=as_json, show=lambda: table("Changes of bank details", columns, rows))


@app.command()
def shared(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Sites that are paid on one and the same account, without showing it."""
    from rempart.bootstrap.bank_details import changing

    with reaching(), changing(settings_or_fail(config)) as (_, books):
        found = books.shared()
    rows = [(len(one.sites), ", ".join(one.sites)) for one in found]
    emit(named(found), as_json=as_json, show=lambda: table("Accounts of several sites", ("sites", "which"), rows))
