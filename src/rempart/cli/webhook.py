"""`rempart webhook`: where sites' software is told of changes, on hosts that the operator has agreed to."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from rempart.cli._money import DEFAULT, Config, Json, now, reaching
from rempart.cli._output import Exit, emit, fail, settings_or_fail, table

if TYPE_CHECKING:
    import psycopg

app = typer.Typer(no_args_is_help=True, help="Webhooks: make the key, add, list, resume, end.")
Id = Annotated[UUID, typer.Argument(help="The webhook's id.")]


@app.command()
def keygen(
    out: Annotated[Path, typer.Option("--out", help="The file to write, mode 0600; never overwritten.")],
) -> None:
    """Make the key that signs webhooks, and print its public part for the sites' software."""
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from rempart.gateways.webhooks import key_id

    key = Ed25519PrivateKey.generate()
    try:
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        fail(f"{out} is not written: {error.strerror}", Exit.USAGE, code="key-unusable")
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = key.public_key().public_bytes_raw()
    typer.echo(f"kid {key_id(public)} public {base64.b64encode(public).decode()}")


@app.command()
def add(
    site: Annotated[str, typer.Argument(help="Billing number.")],
    url: Annotated[str, typer.Argument(help="https, on a host of [webhooks] hosts.")],
    config: Config = DEFAULT,
) -> None:
    """Tell this site's software of every change from now on."""
    from rempart.bootstrap.telling import egress
    from rempart.gateways.webhooks import Refused, target_of
    from rempart.storage import webhooks

    found = target_of(url, egress(settings_or_fail(config)))
    if isinstance(found, Refused):
        fail("not added: the address is not allowed", Exit.NO, code=found.code)
    identity = UUID(bytes=secrets.token_bytes(16), version=4)
    with _connected(config) as connection:
        if not webhooks.add(connection, identity, site, url, instant=now()):
            fail("not added: the site is unknown, or has it already", Exit.NO, code="webhook-not-added")
    typer.echo(f"{identity} tells {site}")


@app.command("list")
def list_all(config: Config = DEFAULT, as_json: Json = False) -> None:
    """Every webhook that has not ended; a stopped one says why."""
    from rempart.storage import webhooks

    with _connected(config) as connection:
        rows = [tuple(map(str, row)) for row in webhooks.listed(connection)]
    names = ("webhook", "site", "url", "state", "reason")
    told = [dict(zip(names, row, strict=True)) for row in rows]
    emit(told, as_json=as_json, show=lambda: table("Webhooks", names, rows))


@app.command()
def resume(webhook: Id, config: Config = DEFAULT) -> None:
    """Tell a stopped one again, from where it stopped."""
    from rempart.storage import webhooks

    with _connected(config) as connection:
        if not webhooks.resume(connection, webhook, instant=now()):
            fail("not resumed: it is not stopped", Exit.NO, code="webhook-not-stopped")
    typer.echo(f"{webhook} is told again")


@app.command()
def end(webhook: Id, config: Config = DEFAULT) -> None:
    """Tell it nothing any more."""
    from rempart.storage import webhooks

    with _connected(config) as connection:
        if not webhooks.end(connection, webhook, instant=now()):
            fail("not ended: it is unknown, or ended before", Exit.NO, code="webhook-unknown")
    typer.echo(f"{webhook} is told nothing any more")


@contextmanager
def _connected(config: Path) -> Iterator[psycopg.Connection[Any]]:
    import psycopg

    settings = settings_or_fail(config)
    with reaching(), psycopg.connect(settings.database.worker_url, autocommit=True) as connection:
        yield connection
