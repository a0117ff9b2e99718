"""`rempart migrate`: bring the database to this release's schema, as the owner."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._output import Exit, fail, settings_or_fail

app = typer.Typer()


@app.command()
def migrate(
    config: Annotated[Path, typer.Option("--config", help="The configuration file.")] = Path("rempart.toml"),
) -> None:
    """Bring the database to this release's schema, in one transaction; nothing to do is fine."""
    from rempart.storage.migrate import head, upgrade

    url = settings_or_fail(config).database.owner_url
    if not url:
        fail("database.owner_url is empty: migrations run as the owner", Exit.LACKING, code="url-missing")
    upgrade(url)
    typer.echo(f"at {head()}")
