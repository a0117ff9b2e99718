"""`rempart operator portal` and `rempart operator account`: where people sign in, and who is invited to."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from rempart.cli._operator import DEFAULT, Config, Json, end_if, instant, registering
from rempart.cli._output import Exit, emit, fail

portals = typer.Typer(no_args_is_help=True, help="Portals: register an operator's own.")
accounts = typer.Typer(no_args_is_help=True, help="Accounts: invite people, end a passkey.")
Operator = Annotated[str, typer.Argument(help="The operator, as its sites name it.")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="A day at the site; both ends are included.")]


@portals.command()
def add(
    operator: Operator,
    host: Annotated[str, typer.Option(help="Its host name: what passkeys are bound to. It cannot change later.")],
    origin: Annotated[list[str], typer.Option(help="Where its pages are, e.g. https://portail.example.")],
    key: Annotated[list[str], typer.Option(help="Thumbprint of its key: `rempart portal new-key` prints it.")],
    config: Config = DEFAULT,
) -> None:
    """Register an operator's portal, or replace its origins and keys."""
    from rempart.bootstrap.inviting import Portal, add_portal

    with registering(config) as registrar:
        end_if(add_portal(registrar, Portal(operator, host, tuple(origin), tuple(key))), operator)
    typer.echo(f"the portal of {operator} is registered: people may be invited")


@accounts.command()
def invite(
    operator: Operator,
    site: Annotated[str, typer.Option(help="The site's billing number.")],
    role: Annotated[str, typer.Option(help="professional, staff or manager.")],
    first: Day,
    last: Day,
    account: Annotated[str, typer.Option(help="An account there is: for one more site, or a new passkey.")] = "",
    config: Config = DEFAULT,
    as_json: Json = False,
) -> None:
    """Invite a person to one site for some days. The code is shown once: hand it over, or call a known number."""
    from rempart.bootstrap import inviting

    asked = inviting.Invitation(operator, site, role, first.date(), last.date(), account)
    with registering(config) as registrar:
        found = inviting.invite(registrar, asked, instant())
    if isinstance(found, str):
        end_if(found, account or site)
        return

    def show() -> None:
        typer.echo(f"{found.account} is invited to {site}, from {first.date()} to {last.date()}.")
        typer.echo(f"code: {found.code}   good once, for seven days, with the site's number")

    emit(asdict(found), as_json=as_json, show=show)


@accounts.command("end-passkey")
def end_passkey(
    account: Annotated[str, typer.Argument(help="The account.")],
    credential: Annotated[str, typer.Argument(help="The passkey's id, hexadecimal.")],
    config: Config = DEFAULT,
) -> None:
    """A passkey that was lost or stolen opens nothing more. The whole account ends by `client revoke`."""
    from rempart.bootstrap.inviting import revoke_passkey

    try:
        raw = bytes.fromhex(credential)
    except ValueError:
        fail("a passkey's id is hexadecimal", Exit.NO, code="passkey-malformed")
    with registering(config) as registrar:
        end_if(revoke_passkey(registrar, account, raw, instant()), account)
    typer.echo(f"{account}: that passkey is ended")
