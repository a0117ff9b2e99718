"""`rempart portal`: serve the professionals' pages of one operator, and make the portal's key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._output import Exit, fail

app = typer.Typer(help="Serve the professionals' portal of one operator.", invoke_without_command=True)


@app.callback()
def portal(
    context: typer.Context,
    config: Annotated[Path, typer.Option("--config", help="The portal's configuration file.")] = Path("portal.toml"),
) -> None:
    """Serve the pages until SIGTERM or Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    from rempart.bootstrap import portal as program
    from rempart.ground import logs
    from rempart.portal.settings import load

    settings = load(config)
    if isinstance(settings, tuple):
        lines = "".join(f"\n  {fault}" for fault in settings)
        fail(f"the configuration {config} is not usable:{lines}", Exit.LACKING, code=settings[0].code)
    logs.start("portal")
    try:
        program.run(settings)
    except program.StartRefusedError as refused:
        fail(str(refused), Exit.LACKING, code=refused.code)


@app.command("new-key")
def new_key(
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write it, mode 0600.")] = Path(
        "portal-key.json"
    ),
) -> None:
    """Make the portal's private key, and print its thumbprint for the operator to register."""
    from rempart.bootstrap.portal import new_key as make

    try:
        thumbprint = make(output)
    except FileExistsError:
        fail(f"{output} exists already: name another file", Exit.USAGE, code="output-exists")
    except OSError as error:
        fail(f"{output} cannot be written ({type(error).__name__})", Exit.BROKEN, code="not-written")
    typer.echo(thumbprint)
