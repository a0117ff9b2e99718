"""`rempart operator portal hospital`: whose own OpenID provider signs people in at an operator's portal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._operator import DEFAULT, Config, end_if, registering
from rempart.cli._output import Exit, fail, settings_or_fail

MOST = 64 * 1024  # bytes of a JWKS
Operator = Annotated[str, typer.Argument(help="The operator, as its sites name it.")]


def hospital(
    operator: Operator,
    name: Annotated[str, typer.Argument(help="Its word, as in the configuration's [[federation.hospitals]].")],
    keys: Annotated[Path, typer.Option(help="The provider's public keys, as its jwks_uri gives them.")],
    claim: Annotated[str, typer.Option(help="The claim that says what a person does there.")],
    role: Annotated[list[str], typer.Option(help="A value of it and the role it gives: praticien=professional.")],
    site: Annotated[list[str], typer.Option(help="Billing number of a site for which it speaks.")],
    amr: Annotated[list[str] | None, typer.Option(help="A method that is enough, such as mfa or hwk.")] = None,
    acr: Annotated[list[str] | None, typer.Option(help="A level that is enough.")] = None,
    config: Config = DEFAULT,
) -> None:
    """Let a hospital's people come in by its own provider, or register its new keys. One of --amr, --acr is needed."""
    from rempart.bootstrap.federating import Hospital, set_hospital

    known = settings_or_fail(config).federation.hospitals
    told = next((each for each in known if (each.operator, each.name) == (operator, name)), None)
    if told is None:
        fail(f"{name}: no [[federation.hospitals]] of {operator} has this name", Exit.NO, code="hospital-unknown")
    pairs = [each.partition("=") for each in role]
    try:
        content = keys.read_bytes()[:MOST]
    except OSError as error:
        fail(f"{keys} cannot be read ({type(error).__name__})", Exit.NO, code="keys-unreadable")
    asked = Hospital(
        operator, name, told.issuer, told.client_id, tuple(acr or ()), tuple(amr or ()), claim,
        {value: given for value, _, given in pairs}, tuple(site), content,
    )  # fmt: skip
    with registering(config) as registrar:
        end_if(set_hospital(registrar, asked), name)
    typer.echo(f"{operator}: people of {name} may come in by {told.issuer}")
