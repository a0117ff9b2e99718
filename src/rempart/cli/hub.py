"""`rempart hub`: serve the API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rempart.cli._output import Exit, fail, settings_or_fail
from rempart.cli._starting import refuse_danger

app = typer.Typer()


@app.command()
def hub(
    config: Annotated[Path, typer.Option("--config", help="The configuration file.")] = Path("rempart.toml"),
) -> None:
    """Serve the API until SIGTERM or Ctrl-C."""
    from rempart.bootstrap import hub as program
    from rempart.bootstrap.checks.starting import StartRefusedError
    from rempart.bootstrap.provider import ProviderOptionsError
    from rempart.ground import logs

    settings = settings_or_fail(config)
    refuse_danger(settings, "hub")
    logs.start("hub")
    try:
        program.run(settings)
    except StartRefusedError as refused:
        fail(str(refused), Exit.LACKING, code=refused.fault.code)
    except ProviderOptionsError as refused:
        fail(str(refused), Exit.LACKING, code="provider-options")
