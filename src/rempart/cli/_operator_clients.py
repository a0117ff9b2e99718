"""`rempart operator client`: the programs that sign in: their keys, their mandates, their end."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from rempart.cli._operator import DEFAULT, Config, Json, end_if, instant, registering
from rempart.cli._output import Exit, emit, fail, table

app = typer.Typer(no_args_is_help=True, help="Clients: register, keys, mandates, revoke.")
Id = Annotated[str, typer.Argument(help="The client's id.")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="A day at the site; both ends are included.")]
KEY_HELP = "Its public key: a JWK (P-256 or Ed25519) with a `kid`, no private part; or an SSH key's .pub, for files."
Key = Annotated[Path, typer.Option(help=KEY_HELP)]


@app.command()
def add(
    client: Id,
    kind: Annotated[str, typer.Option(help="site, vendor, concentrator, insurer or gateway.")],
    key: Key,
    site: Annotated[str, typer.Option(help="Its own site, for kind site.")] = "",
    vendor: Annotated[str, typer.Option(help="Whose software it is; for kind insurer, its AMC number.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Register a client with its first key."""
    from rempart.domain.parties import KINDS, Client

    end_if("" if kind in KINDS else "kind-unknown", client)
    end_if("" if (kind == "site") == bool(site) else "client-site", client)
    jwk = _jwk(key)
    with registering(config) as registrar:
        end_if(registrar.add_client(Client(client, kind, site, vendor, registered=instant()), jwk), client)
    typer.echo(f"{client} is registered with key {jwk['kid']}")


@app.command("list")
def list_all(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Every client."""
    with registering(config) as registrar:
        clients = registrar.clients()
    names = ("client", "kind", "own site", "vendor", "standing")
    rows = [(client.client, client.kind, client.own_site, client.vendor, client.standing) for client in clients]
    emit([asdict(client) for client in clients], as_json=as_json, show=lambda: table("Clients", names, rows))


@app.command("key")
def add_key(client: Id, key: Key, config: Config = DEFAULT) -> None:
    """Register one more key beside the others; the old one is then revoked by `revoke --kid`."""
    jwk = _jwk(key)
    with registering(config) as registrar:
        end_if(registrar.add_key(client, jwk, instant()), client)
    typer.echo(f"{client}: key {jwk['kid']} is registered")


@app.command()
def mandate(
    client: Id,
    site: Annotated[str, typer.Option(help="The site that gives it.")],
    first: Day,
    last: Day,
    config: Config = DEFAULT,
) -> None:
    """The site lets a vendor's or concentrator's client act for it, from its first to its last day."""
    from rempart.domain.parties import Mandate

    with registering(config) as registrar:
        given = Mandate(client, site, first.date(), last.date(), given=instant())
        end_if(registrar.add_mandate(given), client)
    typer.echo(f"{client} may act for {site} from {first.date()} to {last.date()}")


@app.command()
def agents(
    client: Id,
    required: Annotated[bool, typer.Option("--required/--optional", help="Must it say who sits at it?")] = True,
    config: Config = DEFAULT,
) -> None:
    """Whether a site's or vendor's program must send Rempart-Agent: from its next token on, 15 minutes at the most."""
    wanted = "required" if required else "optional"
    with registering(config) as registrar:
        end_if(registrar.set_agents(client, wanted), client)
    typer.echo(f"{client}: who sits at it is {wanted}")


@app.command()
def suspend(client: Id, config: Config = DEFAULT) -> None:
    """Nothing of it is answered from the next request on; `resume` ends that."""
    _standing(client, "suspended", config)


@app.command()
def resume(client: Id, config: Config = DEFAULT) -> None:
    """End a suspension."""
    _standing(client, "good", config)


@app.command()
def revoke(
    client: Id,
    kid: Annotated[str, typer.Option(help="Only this key.")] = "",
    site: Annotated[str, typer.Option(help="Only what this site mandated.")] = "",
    config: Config = DEFAULT,
) -> None:
    """Revoke one key, one site's mandates, or the whole client for ever; its live tokens end in each case."""
    if kid and site:
        fail("revoke one thing at a time", Exit.USAGE)
    with registering(config) as registrar:
        if kid:
            refusal = registrar.revoke_key(client, kid, instant())
        elif site:
            refusal = registrar.end_mandates(client, site, instant())
        else:
            refusal = registrar.revoke_client(client, instant())
        end_if(refusal, client)
    what = f"key {kid} is revoked" if kid else f"acts no more for {site}" if site else "is revoked for ever"
    typer.echo(f"{client}: {what}")


def _standing(client: str, standing: str, config: Path) -> None:
    with registering(config) as registrar:
        end_if(registrar.set_client_standing(client, standing), client)
    typer.echo(f"{client}: {standing}")


def _jwk(path: Path) -> dict[str, str]:
    from rempart.client import ssh_keys

    try:
        content = path.read_bytes()
        if ssh_keys.is_line(content):
            return ssh_keys.jwk_of(content) or fail(
                f"{path} is no Ed25519 or P-256 key", Exit.NO, code="unsupported-key"
            )
        return msgspec.json.decode(content, type=dict[str, str])
    except FileNotFoundError:
        fail(f"{path} does not exist", Exit.USAGE, code="file-absent")
    except msgspec.MsgspecError:
        fail(f"{path} is no JWK", Exit.NO, code="malformed-key")
