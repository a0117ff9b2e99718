"""`rempart operator portal provider`, `… account link` and `… account unlink`: who comes in by Pro Santé Connect."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._operator import DEFAULT, Config, end_if, instant, registering
from rempart.cli._output import Exit, fail, settings_or_fail

MOST = 64 * 1024  # bytes of a JWKS
Operator = Annotated[str, typer.Argument(help="The operator, as its sites name it.")]
AccountId = Annotated[str, typer.Argument(help="The account, which was invited before.")]


def provider(
    operator: Operator,
    client_id: Annotated[str, typer.Option(help="What the provider knows this portal by.")],
    keys: Annotated[Path, typer.Option(help="The provider's public keys, as its jwks_uri gives them.")],
    config: Config = DEFAULT,
) -> None:
    """Let people come in by Pro Santé Connect, or register its new keys. Its address is the configuration's."""
    from rempart.bootstrap.linking import Provider, set_provider

    told = settings_or_fail(config).pro_sante_connect
    try:
        content = keys.read_bytes()[:MOST]
    except OSError as error:
        fail(f"{keys} cannot be read ({type(error).__name__})", Exit.NO, code="keys-unreadable")
    with registering(config) as registrar:
        end_if(set_provider(registrar, Provider(operator, told.issuer, client_id, told.acr, content)), operator)
    typer.echo(f"{operator}: people who are linked may come in by {told.issuer}")


def link(
    operator: Operator,
    account: AccountId,
    site: Annotated[str, typer.Option(help="The billing number of one of its sites.")],
    rpps: Annotated[str, typer.Option(prompt=True, help="The professional's number; asked for when it is left out.")],
    config: Config = DEFAULT,
) -> None:
    """Link a professional's RPPS number to an account at one site. For seven days no passkey is needed."""
    from rempart.bootstrap import linking

    production = settings_or_fail(config).production
    with registering(config) as registrar:
        asked = linking.Link(operator, account, site, rpps)
        end_if(linking.link(registrar, asked, instant(), checked=production), account)
    typer.echo(f"{account} is linked at {site}: its person comes in by Pro Santé Connect, and makes a passkey")


def unlink(operator: Operator, account: AccountId, config: Config = DEFAULT) -> None:
    """End what links an account to Pro Santé Connect; sessions end with it. Passkeys stay."""
    from rempart.bootstrap import linking

    with registering(config) as registrar:
        end_if(linking.unlink(registrar, operator, account, instant()), account)
    typer.echo(f"{account}: nobody comes in by Pro Santé Connect any more")
